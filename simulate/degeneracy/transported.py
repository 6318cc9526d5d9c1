"""Infinitely many neurons in training, and how all that becomes of them answers to the share of each row.

Rows of any share, zero included, are moved by the field of those that have one. What is measured in the end is then
differentiated in the shares, in reverse, through every step: the influence of each row, exact on these nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.low_rank_latent import by_latent_state
from simulate.cells.nonlinearity import known_function
from simulate.degeneracy.training_map import TrainingMap, root
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.integrate import require_double_precision
from simulate.overlaps import SobolNodes, TensorNodes, infinite_width
from simulate.tasks.task import Batch
from theory.degeneracy import Influence

Theta = Float[Array, "rows d"]
Shares = Float[Array, " rows"]
Pair = tuple[Array, Array]
MOST_NODES, FEWEST = 3125, 4
"""Of products of Gauss's nodes, where those are so many along each axis at least; else Sobol's."""


class Kinked(ValueError):
    """A nonlinearity whose derivative jumps: derivatives on nodes do not see the jump."""


@dataclass(frozen=True, eq=False)
class TransportedRows:
    """Rows before and after training, and the influence of each on what is measured then.

    Those with a share are the nodes of the limit of infinitely many neurons, the last ones are rows that were asked
    for. `found` has the names of `dispersed`: sigma, loss, change, and unseen_loss where there are such trials.

    >>> import numpy as np
    >>> from simulate.degeneracy import TransportedRows
    >>> TransportedRows(np.eye(2), np.eye(2), np.array([1.0, 0.0]), {}).asked.shape
    (1, 2)
    """

    before: Float[np.ndarray, "rows d"]
    after: Float[np.ndarray, "rows d"]
    shares: Float[np.ndarray, " rows"]
    found: Mapping[str, Influence]

    @property
    def asked(self) -> Float[np.ndarray, "asked d"]:
        """Rows that were asked for, after training."""
        return self.after[self.shares == 0]


def transported_rows(
    learning: TrainingMap,
    covariance: ArrayLike,
    *,
    epochs: int,
    trials: OtherTrials = NOTHING_ASKED,
    nodes: SobolNodes | TensorNodes | None = None,
    rows: Float[np.ndarray, "asked d"] | None = None,
) -> TransportedRows:
    """Train infinitely many neurons with normal rows of this covariance (d x d), and differentiate what they become.

    Of `learning` its task, rule, shape and nonlinearity are used, and not the closure. `rows` are moved by the field of
    the limit and change nothing. Without `nodes` they are `usual_nodes`. The cost grows with epochs x steps x trials x
    rows, times twelve for rank one.

    Raises:
        Kinked: if phi has a kink.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.degeneracy import TrainingMap, transported_rows
    >>> from simulate.overlaps import TensorNodes, closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=10), GradientDescent(0.05))
    >>> found = transported_rows(learning, 0.8 * np.eye(4) + 0.2, epochs=2, nodes=TensorNodes(4)).found
    >>> sorted(found), float(found["loss"].dispersion.spread(neurons=1000)) > 0
    (['change', 'loss', 'sigma'], True)
    """
    require_double_precision()
    phi = known_function(learning.closure.nonlinearity)
    if not phi.smooth:
        raise Kinked(f"{phi.name} has a kink, at which derivatives on nodes miss a jump: give a smooth nonlinearity")
    theta, shares = _begun(learning, covariance, nodes, rows)
    after, values, slopes = jax.tree.map(
        np.asarray, _differentiated(learning, jnp.asarray(theta), jnp.asarray(shares), epochs, trials)
    )
    found = {name: Influence(values[name], slopes[name], shares) for name in values}
    return TransportedRows(theta, after, shares, found)


def moved_rows(
    learning: TrainingMap,
    covariance: ArrayLike,
    rows: Float[np.ndarray, "asked d"],
    *,
    epochs: int,
    nodes: SobolNodes | TensorNodes | None = None,
) -> Float[np.ndarray, "asked d"]:
    """Rows after training in the field of infinitely many neurons, which they do not change; nothing is differentiated.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    theta, shares = _begun(learning, covariance, nodes, rows)
    return np.asarray(_moved(learning, jnp.asarray(theta), jnp.asarray(shares), epochs))[shares == 0]


def usual_nodes(size: int) -> SobolNodes | TensorNodes:
    """For rows of d entries: of up to five Gauss's, whose error in a spread is far below that of 2,048 of Sobol's.

    >>> usual_nodes(4), usual_nodes(5), usual_nodes(6)
    (TensorNodes(points=7), TensorNodes(points=5), SobolNodes(count=2048, seed=0))
    """
    along = max(points for points in range(1, MOST_NODES + 1) if points**size <= MOST_NODES)
    return TensorNodes(along) if along >= FEWEST else SobolNodes(2048)


def _begun(
    learning: TrainingMap,
    covariance: ArrayLike,
    nodes: SobolNodes | TensorNodes | None,
    rows: Float[np.ndarray, "asked d"] | None,
) -> tuple[Float[np.ndarray, "rows d"], Float[np.ndarray, " rows"]]:
    """Rows before training, and their shares: the nodes of the limit, then rows of share zero."""
    shape, phi = learning.closure.shape, known_function(learning.closure.nonlinearity)
    limit = infinite_width(covariance, shape.counts, phi, nodes or usual_nodes(shape.size))
    asked = np.zeros((0, shape.size)) if rows is None else rows
    theta = np.concatenate([np.asarray(limit.connectivity.theta), asked])
    return theta, np.concatenate([np.asarray(limit.share), np.zeros(len(asked))])


@eqx.filter_jit
def _moved(learning: TrainingMap, theta: Theta, shares: Shares, epochs: int) -> Theta:
    return trained(learning, theta, shares, epochs)


@eqx.filter_jit
def _differentiated(
    learning: TrainingMap, theta: Theta, shares: Shares, epochs: int, trials: OtherTrials
) -> tuple[Theta, dict[str, Array], dict[str, Array]]:
    """Rows after training, what is measured, and its derivatives in the shares."""

    def measured(weights: Shares) -> tuple[Array, tuple[Theta, dict[str, Array]]]:
        after = trained(learning, theta, weights, epochs)
        found = measured_of_rows(learning, (theta, after), weights, trials, learning.task(jnp.asarray(epochs)))
        above = jnp.triu_indices(theta.shape[1])
        kept = {**found, "sigma": found["sigma"][above]}
        return jnp.concatenate([jnp.atleast_1d(kept[name]) for name in sorted(kept)]), (after, found)

    flat, back, (after, found) = jax.vjp(measured, shares, has_aux=True)
    (slopes,) = jax.lax.map(back, jnp.eye(len(flat)))
    d, by_name, first = theta.shape[1], {}, 0
    for name in sorted(found):
        count = d * (d + 1) // 2 if name == "sigma" else 1
        by_name[name] = slopes[first : first + count].T
        first += count
    place = np.zeros((d, d), dtype=int)
    place[np.triu_indices(d)] = np.arange(d * (d + 1) // 2)
    place = np.maximum(place, place.T)
    return after, found, {n: s[:, place] if n == "sigma" else s[:, 0] for n, s in by_name.items()}


def trained(learning: TrainingMap, theta: Theta, shares: Shares, epochs: int) -> Theta:
    """Rows after so many epochs; what may be differentiated in reverse keeps the rows of each epoch alone."""
    rule, counts = learning.rule, learning.closure.shape.counts
    relative = jnp.repeat(jnp.asarray(rule.block_rates or (1.0,) * 4, float), np.array(counts))
    left = 1.0 if rule.weight_decay is None else 1 - rule.weight_decay

    @jax.checkpoint
    def stepped(state: tuple[Theta, Theta | None], epoch: Int[Array, ""]) -> tuple[tuple[Theta, Theta | None], None]:
        rows, velocity = state
        step = -rule.rate * relative * slope_of_rows(learning, rows, shares, learning.task(epoch))
        if velocity is not None and rule.momentum is not None:
            step = velocity = rule.momentum * velocity + step
        return (left * rows + step, velocity), None

    start = theta, None if rule.momentum is None else jnp.zeros_like(theta)
    return jax.lax.scan(stepped, start, jnp.arange(epochs))[0][0]


def slope_of_rows(learning: TrainingMap, theta: Theta, shares: Shares, batch: Batch) -> Theta:
    """The gradient in each row of psi, the first variation of the loss: N times the gradient of N rows of share 1/N.

    psi(row) = sum over steps and trials of `felt` . (v, z) phi(m k_m + u k_u), where `felt` is what the loss feels of a
    change of kappa or y in that step.
    """
    phi, rank = known_function(learning.closure.nonlinearity), learning.closure.shape.rank
    split = sum(learning.closure.shape.counts[:2])
    driving, reading = theta[:, :split], theta[:, split:]
    unread, steps = batch.inputs.shape[1] - batch.targets.shape[1], batch.inputs.shape[1]
    rest = jnp.zeros((len(batch.inputs), split))

    def loss(nudge: Float[Array, "later trials reads"]) -> tuple[Array, Array]:
        def advance(carry: Pair, given: Pair) -> tuple[Pair, Pair]:
            (k, kappa), (s, p) = carry, given
            k = k + batch.dt * (-k + jnp.concatenate([s, kappa], axis=1))
            read = phi(k @ driving.T) @ (shares[:, None] * reading) + p
            return (k, read[:, :rank]), (k, read[:, rank:])

        start = phi(rest @ driving.T) @ (shares[:, None] * reading) + nudge[0]
        _, (k, y) = jax.lax.scan(advance, (rest, start[:, :rank]), (jnp.swapaxes(batch.inputs, 0, 1), nudge[1:]))
        return batch.loss(jnp.swapaxes(y, 0, 1)[:, unread:]), k

    nothing = jnp.zeros((steps + 1, len(batch.inputs), reading.shape[1]))
    felt, k = jax.grad(loss, has_aux=True)(nothing)
    states = jnp.concatenate([rest[None], k])

    def potential(rows: Theta) -> Array:
        return jnp.sum((felt @ rows[:, split:].T) * phi(states @ rows[:, :split].T))

    return jax.grad(potential)(theta)


def measured_of_rows(
    learning: TrainingMap, rows: tuple[Theta, Theta], shares: Shares, trials: OtherTrials, last: Batch
) -> dict[str, Array]:
    """What `measured_by_product` says of a linear network, of rows before and after training."""
    before, after = rows
    network = _network(learning, after, shares)
    found = {
        "sigma": network.sigma(),
        "loss": last.loss(network.outputs(last)),
        "change": root(jnp.sum(shares[:, None] * (after - before) ** 2)),
    }
    if trials.unseen is not None:
        found["unseen_loss"] = trials.unseen.loss(network.outputs(trials.unseen))
    return found


def _network(learning: TrainingMap, theta: Theta, shares: Shares) -> LowRank:
    m, u, v, z = jnp.split(theta, np.cumsum(learning.closure.shape.counts)[:-1].tolist(), axis=1)
    return by_latent_state(LowRank(Connectivity(m, u, v, z), shares, known_function(learning.closure.nonlinearity)))
