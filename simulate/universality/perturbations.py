"""How often each point is left for each other when its state is moved a little, many times."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from simulate.fixed_points.following import Arrival, apart, follow
from simulate.measures.fixed_points.find import FixedPoints
from simulate.universality.binomial import Bounds, clopper_pearson


@dataclass(frozen=True, eq=False)
class Perturbations:
    """Where small perturbations of each point ended.

    `counts[i, j]` is how many of the `trials` perturbations of point i came to rest at point j, and `outcomes[i, k]`
    how many ended as the k-th `Arrival`: known points, unknown ones, cycles, unsettled, lost.

    >>> import numpy as np
    >>> from simulate.universality import Perturbations
    >>> seen = Perturbations(np.array([[10, 0], [8, 0]]), np.array([[10, 0, 0, 0, 0], [8, 0, 2, 0, 0]]), trials=10)
    >>> seen.shares[1].tolist(), seen.elsewhere.tolist(), [bound[1, 0].round(2).item() for bound in seen.intervals()]
    ([0.8, 0.0], [0, 2], [0.44, 0.97])
    """

    counts: Int[np.ndarray, "points points"]
    outcomes: Int[np.ndarray, "points arrivals"]
    trials: int

    @property
    def shares(self) -> Float[np.ndarray, "points points"]:
        """The estimated probability of each transition; a row sums to less than one where trials ended elsewhere."""
        return self.counts / self.trials

    @property
    def elsewhere(self) -> Int[np.ndarray, " points"]:
        """How many trials of each point ended at none of the points."""
        return self.trials - self.counts.sum(axis=1)

    def intervals(self, confidence: float = 0.95) -> Bounds:
        """Lower and upper bounds of each probability by itself (Clopper and Pearson)."""
        return clopper_pearson(self.counts, self.trials, confidence=confidence)


def perturb_points(
    found: FixedPoints, *, trials: int = 100, size: float = 0.01, steps: int = 20_000, seed: int = 0
) -> Perturbations:
    """Move each point by a little in random directions, and see where it goes: the edges of Maheswaranathan et al.

    Directions are uniform on the sphere in the whole state space; the length is `size` times the distance to the
    nearest other point (of a point alone, times the larger of one and its length). The paper perturbs each point 100
    times by "a small distance", which it does not tell. Of a saddle with several unstable dimensions the shares depend
    on where in its unstable subspace the directions fall: eigenvectors that are not orthogonal favour some of them. Its
    connections to other saddles have probability zero, and are no edges here.

    Arguments:
        found: the points of a network.
        trials: perturbations of each.
        size: of a perturbation, relative.
        steps: of the map from each, at most.
        seed: of the directions.

    Raises:
        ValueError: if `trials` or `size` is not positive.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> from simulate.universality import perturb_points
    >>> wells = Vanilla(2.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
    >>> found = find_fixed_points(wells, [[-1.0], [0.1], [1.0]])
    >>> perturbed = perturb_points(found, trials=50)
    >>> saddle, stable = found.unstable_dimensions.argmax(), found.unstable_dimensions == 0
    >>> perturbed.counts[stable].max(axis=1).tolist(), int(perturbed.counts[saddle, stable].sum())
    ([50, 50], 50)
    """
    if trials < 1 or not 0 < size < np.inf:
        raise ValueError(f"{trials} trials of size {size}: give one or more, of a positive size")
    count, arrivals = len(found.points), len(Arrival)
    if not count:
        return Perturbations(np.zeros((0, 0), int), np.zeros((0, arrivals), int), trials)
    directions = np.random.default_rng(seed).normal(size=(count, trials, found.step.size))
    directions *= size / np.linalg.norm(directions, axis=2, keepdims=True)
    starts = found.points[:, None] + apart(found.points)[:, None, None] * directions
    followed = follow(found, starts.reshape(count * trials, -1), steps=steps)
    nodes, outcomes = (each.reshape(count, trials) for each in (followed.nodes, followed.outcomes))
    counts = np.stack([np.bincount(row[row >= 0], minlength=count) for row in nodes])
    return Perturbations(counts, np.stack([np.bincount(row, minlength=arrivals) for row in outcomes]), trials)
