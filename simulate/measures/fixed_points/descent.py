"""From many states at once down to where a map stands still, or nearly so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from simulate.measures.fixed_points.static_map import StaticMap, StaticTarget

ROUNDING = 64 * np.finfo(float).eps
"""A residual below this, relative to the larger of one and the state's length, is as small as it gets."""
_FLAT = 1e-7
"""Cosine, of the residual and what it can be changed by, below which a start has come to rest at what is no zero."""
_STEEPEST = 1e150
"""Slopes beyond have squares that are no finite numbers."""
_ENOUGH = 0.25
"""Part of the square of the residual: where Newton's step leaves no more of it, no damped one is tried beside it."""
_LARGEST_DAMPING = 1e16
"""Damping, relative to the largest entry of the normal matrix, at which steps are too short to be seen."""
_AT_ONCE, _ENTRIES = 128, 2**18
"""States that the compiled program takes, at most, and entries of all their Jacobians, which are to stay in cache."""


AnyMap: TypeAlias = StaticMap | StaticTarget


@dataclass(frozen=True)
class Ends:
    """Where each start ended, how long F(h) - h is there, and whether it came to rest."""

    states: Float[np.ndarray, "starts size"]
    residuals: Float[np.ndarray, " starts"]
    rests: Bool[np.ndarray, " starts"]


def descend(step: AnyMap, starts: Float[np.ndarray, "starts size"], *, steps: int = 1000) -> Ends:
    """Levenberg and Marquardt's descent on |F(h) - h|^2 from every start, with Newton's step where it is better.

    F is the map, or its target. The damping is in units of the square, so that the descent ends as Newton's does. A
    start rests where the residual is rounding, or where its gradient vanishes: at a point, or at a slow one. Linear
    systems are NumPy's: XLA solves many at once more slowly on a processor, and two such solves in one program can wait
    for one another for ever.
    """
    states, damping = np.array(starts), np.ones(len(starts))
    residuals = np.full(len(starts), np.inf)
    taken, rests = np.zeros(len(starts), dtype=int), np.zeros(len(starts), dtype=bool)
    while (moving := np.flatnonzero(~rests & (taken < steps))).size:
        these = moving[: at_once(states.shape[1])]
        states[these], residuals[these], damping[these], rests[these] = _step(step, states[these], damping[these])
        taken[these] = np.where(np.isfinite(residuals[these]), taken[these] + 1, steps)  # no way leads back from NaN
    return Ends(states, residuals, rests)


def _step(step: AnyMap, states: np.ndarray, damping: np.ndarray) -> tuple[np.ndarray, ...]:
    residual, jacobian = linearised(step, states)
    with np.errstate(over="ignore", invalid="ignore"):  # of a residual whose square is no finite number
        wild = ~np.all(_columns(jacobian) <= _STEEPEST**2, axis=1)
        if wild.any():
            jacobian = np.where(wild[:, None, None], np.eye(states.shape[1]), jacobian)
        return _moved(step, states, damping, residual, jacobian)


def _columns(jacobian: np.ndarray) -> np.ndarray:
    """The diagonal of the normal matrix."""
    return np.asarray(np.einsum("kij,kij->kj", jacobian, jacobian))


def _moved(
    step: AnyMap, states: np.ndarray, damping: np.ndarray, residual: np.ndarray, jacobian: np.ndarray
) -> tuple[np.ndarray, ...]:
    square, columns = (residual**2).sum(axis=1), _columns(jacobian)
    gradient = (residual[:, None] @ jacobian)[:, 0]
    flat = np.linalg.norm(gradient, axis=1) <= _FLAT * np.sqrt(columns.sum(axis=1) * square)
    stuck = damping * square > _LARGEST_DAMPING * np.maximum(columns.max(axis=1), 1.0)  # as at a kink
    rests = flat | stuck | _at_zero(states, square)
    going = np.flatnonzero(~rests)
    tried, after = _newton(step, states[going], residual[going], jacobian[going])
    rest = np.flatnonzero(~(after <= _ENOUGH * square[going]))
    if len(rest):
        these = going[rest]
        damped = _damped(jacobian[these], columns[these], damping[these] * square[these])
        other = states[these] - solved(damped, gradient[these])
        squares = _squares(step, other)
        better = (squares <= after[rest]) | np.isnan(after[rest])
        tried[rest[better]], after[rest[better]] = other[better], squares[better]
    falls = after < square[going]
    damping, states = damping.copy(), states.copy()
    damping[going] = np.where(falls, damping[going] / 4, np.maximum(damping[going], 1e-12) * 4)
    states[going[falls]], square[going[falls]] = tried[falls], after[falls]
    return states, np.sqrt(square), damping, rests | _at_zero(states, square)


def _newton(
    step: AnyMap, states: np.ndarray, residual: np.ndarray, jacobian: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's step, and the square of the residual there."""
    tried = states - solved(jacobian, residual)
    return tried, _squares(step, tried)


def _damped(jacobian: np.ndarray, columns: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """The normal matrices, damped."""
    normal = np.swapaxes(jacobian, 1, 2) @ jacobian
    np.einsum("kii->ki", normal)[:] += np.maximum(damping, ROUNDING * columns.max(axis=1))[:, None]
    return normal


def _squares(step: AnyMap, states: np.ndarray) -> np.ndarray:
    return np.asarray((_residuals(step, states) ** 2).sum(axis=1))


def _at_zero(states: np.ndarray, square: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(square) <= ROUNDING * scales(states))


def solved(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """What each matrix makes of which its vector; of singular ones the shortest that comes nearest."""
    try:
        return np.linalg.solve(matrices, vectors[..., None])[..., 0]
    except np.linalg.LinAlgError:  # one of them is singular
        return np.stack([np.linalg.lstsq(*pair, rcond=None)[0] for pair in zip(matrices, vectors, strict=True)])


def linearised(
    step: AnyMap, states: Float[np.ndarray, "states size"]
) -> tuple[Float[np.ndarray, "states size"], Float[np.ndarray, "states size size"]]:
    """F(h) - h at each state, and its Jacobian."""
    count = at_once(states.shape[1])
    residuals, slopes = _joined([_padded(_linearised, step, part, count) for part in _parts(states, count)])
    return residuals, slopes


def slopes(step: AnyMap, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, "states size size"]:
    """The Jacobian of F(h) - h at each state."""
    return linearised(step, states)[1]


def readings(step: StaticMap, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, "states outputs"]:
    """What is read at each state."""
    (read,) = _joined([_padded(_read, step, part, _AT_ONCE) for part in _parts(states, _AT_ONCE)])
    return read


def scales(states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, " states"]:
    """The length of each state, or one if that is larger: what is near is near relative to this."""
    return np.maximum(1.0, lengths(states))


def speeds(step: AnyMap, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, " states"]:
    """|F(h) - h| at each state."""
    return lengths(_residuals(step, states))


def lengths(vectors: Float[np.ndarray, "some size"]) -> Float[np.ndarray, " some"]:
    """Of each vector; those beyond 1e154, as memories behind a shut gate, have squares that are no finite numbers."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    unit = np.where((largest > _STEEPEST) & np.isfinite(largest), largest, 1.0)
    return np.asarray(unit * np.linalg.norm(vectors / unit[:, None], axis=1))


def at_once(size: int) -> int:
    """How many states of so many numbers are linearised together."""
    return max(1, min(_AT_ONCE, _ENTRIES // max(1, size) ** 2))


def iterated(
    step: AnyMap, states: Float[np.ndarray, "states size"], *, steps: int = 1
) -> tuple[Float[np.ndarray, "states size"], Float[np.ndarray, "states size"]]:
    """The states but one of so many steps of the map later, and all of them."""
    before, after = _joined([_padded(_iterated, step, part, _AT_ONCE, steps) for part in _parts(states, _AT_ONCE)])
    return before, after


def _residuals(step: AnyMap, states: np.ndarray) -> np.ndarray:
    before, after = iterated(step, states)
    with np.errstate(over="ignore", invalid="ignore"):
        return after - before


def _parts(states: np.ndarray, count: int) -> list[np.ndarray]:
    """At least one."""
    return [states[first : first + count] for first in range(0, max(1, len(states)), count)]


def _joined(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    return parts[0] if len(parts) == 1 else [np.concatenate(each) for each in zip(*parts, strict=True)]


def _padded(
    function: Callable[..., tuple[Array, ...]], step: AnyMap, states: np.ndarray, count: int, *more: int
) -> list[np.ndarray]:
    """For all states, by the program for so many at once: each new number of states would be compiled anew."""
    padded = np.resize(states, (count, states.shape[1]))
    return [np.asarray(each)[: len(states)] for each in function(step, padded, *more)]


@jax.jit
def _linearised(step: AnyMap, states: Float[Array, "states size"]) -> tuple[Array, Array]:
    identity = jnp.eye(states.shape[1])
    return jax.vmap(step)(states) - states, jax.vmap(step.jacobian)(states) - identity


@jax.jit
def _iterated(step: AnyMap, states: Float[Array, "states size"], steps: Int[Array, ""]) -> tuple[Array, Array]:
    """One program for residuals and for trajectories."""
    before, after = jax.lax.fori_loop(0, steps, lambda _, pair: (pair[1], jax.vmap(step)(pair[1])), (states, states))
    return before, after


@jax.jit
def _read(step: StaticMap, states: Float[Array, "states size"]) -> tuple[Array]:
    return (jax.vmap(step.read)(states),)
