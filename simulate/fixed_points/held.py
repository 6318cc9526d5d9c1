"""The outputs that a network holds once its input is silent: lines of slow states, with or without fixed points."""

from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from simulate.measures.fixed_points.descent import readings
from simulate.measures.fixed_points.static_map import StaticMap


@dataclass(frozen=True, eq=False)
class HeldOutputs:
    """What a network holds of outputs from -reach to reach, in `parts` equal bins.

    `states` are the held ones nearest the middle of each bin that has any, `bins` the numbers of these bins. `spread`
    is the share of the variance of all held states that is within bins: small where they lie on one curve, along which
    the output goes; NaN where none is held. `drift` is by how much outputs within reach change at most in as many steps
    as states were given to settle: the median; NaN where there are none.

    >>> import numpy as np
    >>> HeldOutputs(np.zeros((2, 3)), np.array([0, 4]), parts=10, spread=0.01, drift=0.2).covered
    0.2
    """

    states: Float[np.ndarray, "held size"]
    bins: Int[np.ndarray, " held"]
    parts: int
    spread: float
    drift: float

    @property
    def covered(self) -> float:
        """The share of the bins in which an output is held."""
        return len(self.bins) / self.parts


def held_outputs(
    step: StaticMap, starts: Float[np.ndarray, "starts size"], *, steps: int, reach: float, parts: int
) -> HeldOutputs:
    """Let states settle for `steps` of the map, and see whose output then changes by less than a bin in as many more.

    A slow line is met however the state moves along it: no fixed point and no minimum of the speed is asked for. What
    is not slow is forgotten while states settle; what remains beside the line shows in the `spread`. An output that
    swings and is back at the end has changed. The network's one output counts, or its first.

    Arguments:
        step: the network at its constant input.
        starts: states, as trials visit them.
        steps: what a trial takes.
        reach: outputs from minus that to that are looked at.
        parts: bins in which they are sorted.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, numpy as np
    >>> from simulate.cells import LINEAR, Vanilla
    >>> W, b = jnp.diag(jnp.array([1.0, 0.1])), jnp.array([0.01, 0.0])  # a line along which the state drifts
    >>> network = Vanilla(W, jnp.eye(2), b, jnp.eye(2), jnp.zeros(2), phi=LINEAR)
    >>> starts = np.linspace(-1, 1, 50)[:, None] * np.ones(2)
    >>> held_outputs(StaticMap.of(network), starts, steps=10, reach=1.0, parts=4).covered
    1.0
    """
    settled = np.asarray(_run(step, jnp.asarray(starts), steps)[0])
    changes = output_changes(step, settled, steps=steps)
    outputs, width = readings(step, settled)[:, 0], 2 * reach / parts
    changes = np.where(np.isnan(changes), np.inf, changes)  # of states that grow beyond all numbers
    inside = np.abs(outputs) < reach
    held = np.flatnonzero(inside & (changes < width))
    drift = float(np.median(changes[inside])) if inside.any() else float("nan")
    if not len(held):
        return HeldOutputs(settled[:0], np.zeros(0, dtype=int), parts, float("nan"), drift)
    states, at = settled[held], (outputs[held] + reach) / width
    numbers = bins_of(outputs[held], reach=reach, parts=parts)
    bins = np.unique(numbers)
    members = [np.flatnonzero(numbers == each) for each in bins]
    middle = [each[np.abs(at[each] - numbers[each] - 0.5).argmin()] for each in members]
    within = sum(_squares(states[each]) for each in members)
    whole = _squares(states)
    return HeldOutputs(states[middle], bins, parts, within / whole if whole else 1.0, drift)


def bins_of(outputs: Float[np.ndarray, " outputs"], *, reach: float, parts: int) -> Int[np.ndarray, " outputs"]:
    """In which of so many equal bins each output from -reach to reach is.

    >>> import numpy as np
    >>> bins_of(np.array([-1.0, -0.1, 0.1, 1.0]), reach=1.0, parts=4).tolist()
    [0, 1, 2, 3]
    """
    return np.minimum(((outputs + reach) / (2 * reach / parts)).astype(int), parts - 1)


def output_changes(
    step: StaticMap, states: Float[np.ndarray, "states size"], *, steps: int
) -> Float[np.ndarray, " states"]:
    """By how much the output changes at most within so many steps from each state: the network's one, or its first.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, numpy as np
    >>> from simulate.cells import LINEAR, Vanilla
    >>> turn = jnp.array([[0.0, -1.0], [1.0, 0.0]])  # a quarter of a turn a step
    >>> network = Vanilla(turn, jnp.eye(2), jnp.zeros(2), jnp.eye(2), jnp.zeros(2), phi=LINEAR)
    >>> output_changes(StaticMap.of(network), np.array([[3.0, 0.0], [0.0, 0.0]]), steps=4).tolist()
    [6.0, 0.0]
    """
    return np.asarray(_run(step, jnp.asarray(states), steps)[1])


@eqx.filter_jit
@partial(jax.vmap, in_axes=(None, 0, None))
def _run(step: StaticMap, state: Float[Array, " size"], steps: int) -> tuple[Array, Array]:
    """Where the state is after so many steps, and by how much its output has changed at most on the way."""
    first = step.read(state)[0]

    def advance(_: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        now, most = step(carried[0]), carried[1]
        return now, jnp.maximum(most, jnp.abs(step.read(now)[0] - first))

    end: tuple[Array, Array] = jax.lax.fori_loop(0, steps, advance, (state, jnp.zeros_like(first)))
    return end


def _squares(states: Float[np.ndarray, "states size"]) -> float:
    """About their mean."""
    return float(((states - states.mean(axis=0)) ** 2).sum())
