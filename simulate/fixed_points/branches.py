"""Where saddles lead: both branches of each one-dimensional unstable manifold, followed to where they rest."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from simulate.fixed_points.following import OF_THE_WAY, apart, follow
from simulate.measures.fixed_points.descent import scales
from simulate.measures.fixed_points.find import FixedPoints

AWAY = 1e-6
"""How far from a saddle, relative to the larger of one and its length, a branch is entered."""


@dataclass(frozen=True, eq=False)
class Branches:
    """Both branches of the saddles with one unstable dimension.

    `saddles` are their numbers among the points; `nodes` the points where their branches end, -1 where at none of them,
    and `outcomes` how they ended, numbers of `Arrival`; `ends` their last states, where a search may begin anew.

    >>> import numpy as np
    >>> from simulate.fixed_points import Branches
    >>> branches = Branches(np.array([2]), np.array([[0, 1]]), np.zeros((1, 2), int), np.zeros((1, 2, 1)))
    >>> branches.edges, branches.shares(points=3).tolist()
    (((2, 0), (2, 1)), [[0.5, 0.5, 0.0]])
    """

    saddles: Int[np.ndarray, " saddles"]
    nodes: Int[np.ndarray, "saddles 2"]
    outcomes: Int[np.ndarray, "saddles 2"]
    ends: Float[np.ndarray, "saddles 2 size"]

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """From which saddle to which point, in order; each once."""
        pairs = zip(np.repeat(self.saddles, 2).tolist(), self.nodes.ravel().tolist(), strict=True)
        return tuple(sorted({(saddle, node) for saddle, node in pairs if node >= 0}))

    def shares(self, points: int) -> Float[np.ndarray, "saddles points"]:
        """Of each saddle, the probability that a small perturbation of any direction ends at each of the points.

        One half a branch: to first order the stable manifold is a plane, with as many directions on either side.
        """
        shares = np.zeros((len(self.saddles), points))
        for row, ends in zip(shares, self.nodes, strict=True):
            np.add.at(row, ends[ends >= 0], 0.5)
        return shares


def follow_branches(found: FixedPoints, *, steps: int = 20_000) -> Branches:
    """Follow both branches of the unstable manifold of every point that has one unstable dimension.

    A branch is entered 1e-6 from the saddle along the eigenvector of its one unstable eigenvalue. The manifold bends
    away from that by 1e-12 or so, in stable directions, where it is forgotten: what is followed is the branch. Where
    the unstable eigenvalue is below -1 every step changes sides; both branches are then one set, and often lead to a
    cycle.

    Arguments:
        found: the points of a network.
        steps: of the map along each branch, at most.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> from simulate.fixed_points import follow_branches
    >>> wells = Vanilla(2.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
    >>> found = find_fixed_points(wells, [[-1.0], [0.1], [1.0]])
    >>> branches = follow_branches(found)
    >>> branches.saddles.size, sorted(found.points[branches.nodes[0], 0].round(3).tolist())
    (1, [-0.958, 0.958])
    """
    values, vectors = found.modes
    unstable = np.abs(values) > 1
    saddles = np.flatnonzero(unstable.sum(axis=1) == 1)  # a complex one would bring its conjugate
    if not len(saddles):
        none = np.zeros((0, 2), dtype=int)
        return Branches(saddles, none, none, np.zeros((0, 2, found.step.size)))
    along = np.real(vectors[saddles, :, unstable[saddles].argmax(axis=1)])
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    away = np.minimum(AWAY * scales(found.points), OF_THE_WAY * apart(found.points))[saddles, None]
    starts = np.stack([found.points[saddles] + sign * away * along for sign in (1, -1)], axis=1)
    followed = follow(found, starts.reshape(-1, found.step.size), steps=steps)
    pairs = len(saddles), 2
    return Branches(
        saddles, followed.nodes.reshape(pairs), followed.outcomes.reshape(pairs), followed.ends.reshape(starts.shape)
    )
