"""From many states at once down to where a map stands still, or nearly so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from simulate.measures.fixed_points.static_map import StaticMap, StaticTarget

ROUNDING = 64 * np.finfo(float).eps
"""A residual below this, relative to the larger of one and the state's length, is as small as it gets."""
_FLAT = 1e-7
"""Cosine, of the residual and what it can be changed by, below which a start has come to rest at what is no zero."""
_STEEPEST = 1e150
"""Slopes beyond have squares that are no finite numbers."""
_LARGEST_DAMPING = 1e16
"""Damping, relative to the largest entry of the normal matrix, at which steps are too short to be seen."""
_AT_ONCE, _ENTRIES = 128, 2**22
"""States that the compiled program takes, and entries of all their Jacobians, at most."""


AnyMap: TypeAlias = StaticMap | StaticTarget
MapT = TypeVar("MapT", bound=AnyMap)


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
        these = moving[: _at_once(states.shape[1])]
        states[these], residuals[these], damping[these], rests[these] = _step(step, states[these], damping[these])
        taken[these] = np.where(np.isfinite(residuals[these]), taken[these] + 1, steps)  # no way leads back from NaN
    return Ends(states, residuals, rests)


def _step(step: AnyMap, states: np.ndarray, damping: np.ndarray) -> tuple[np.ndarray, ...]:
    residual, jacobian = _in_parts(_linearised, step, states)
    jacobian[~(np.abs(jacobian) <= _STEEPEST).all(axis=(1, 2))] = np.eye(states.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # of a residual whose square is no finite number
        return _moved(step, states, damping, residual, jacobian)


def _moved(
    step: AnyMap, states: np.ndarray, damping: np.ndarray, residual: np.ndarray, jacobian: np.ndarray
) -> tuple[np.ndarray, ...]:
    square = (residual**2).sum(axis=1)
    gradient = np.einsum("kij,ki->kj", jacobian, residual)
    normal = np.swapaxes(jacobian, 1, 2) @ jacobian
    flat = np.linalg.norm(gradient, axis=1) <= _FLAT * np.linalg.norm(jacobian, axis=(1, 2)) * np.sqrt(square)
    diagonal = np.einsum("kii->ki", normal)  # a view
    largest = diagonal.max(axis=1)
    stuck = damping * square > _LARGEST_DAMPING * np.maximum(largest, 1.0)  # as at a kink
    rests = flat | stuck | (np.sqrt(square) <= ROUNDING * scales(states))
    diagonal += np.maximum(damping * square, ROUNDING * largest)[:, None]
    tried = [states - _solved(normal, gradient), states - _solved(jacobian, residual)]
    squares = [(each**2).sum(axis=1) for each in (_in_parts(_residual, step, one)[0] for one in tried)]
    newton = squares[1] < squares[0]
    states_after = np.where(newton[:, None], tried[1], tried[0])
    after = np.where(newton, squares[1], squares[0])
    falls = (after < square) & ~rests
    damping = np.where(falls, damping / 4, np.maximum(damping, 1e-12) * 4)
    return np.where(falls[:, None], states_after, states), np.sqrt(np.where(falls, after, square)), damping, rests


def _solved(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrices, vectors[..., None])[..., 0]
    except np.linalg.LinAlgError:  # one of them is singular
        return np.stack([np.linalg.lstsq(*pair, rcond=None)[0] for pair in zip(matrices, vectors, strict=True)])


def linearised(
    step: AnyMap, states: Float[np.ndarray, "states size"]
) -> tuple[Float[np.ndarray, "states size"], Float[np.ndarray, "states size size"]]:
    """F(h) - h at each state, and its Jacobian."""
    size = states.shape[1]
    parts = [_in_parts(_linearised, step, part) for part in _parts(states)]
    residuals, slopes = ([part[k] for part in parts] for k in range(2))
    return np.concatenate([np.zeros((0, size)), *residuals]), np.concatenate([np.zeros((0, size, size)), *slopes])


def slopes(step: AnyMap, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, "states size size"]:
    """The Jacobian of F(h) - h at each state."""
    return linearised(step, states)[1]


def readings(step: StaticMap, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, "states outputs"]:
    """What is read at each state."""
    (outputs,) = jax.eval_shape(step.read, jax.ShapeDtypeStruct((step.size,), np.float64)).shape
    parts = [_in_parts(_read, step, part)[0] for part in _parts(states)]
    return np.concatenate([np.zeros((0, outputs)), *parts])


def scales(states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, " states"]:
    """The length of each state, or one if that is larger: what is near is near relative to this."""
    return np.maximum(1.0, _lengths(states))


def speeds(step: AnyMap, states: Float[np.ndarray, "states size"]) -> Float[np.ndarray, " states"]:
    """|F(h) - h| at each state."""
    parts = [_lengths(_in_parts(_residual, step, part)[0]) for part in _parts(states)]
    return np.concatenate([np.zeros(0), *parts])


def _lengths(vectors: Float[np.ndarray, "some size"]) -> Float[np.ndarray, " some"]:
    """Of each vector; those beyond 1e154, as memories behind a shut gate, have squares that are no finite numbers."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    unit = np.where((largest > _STEEPEST) & np.isfinite(largest), largest, 1.0)
    return np.asarray(unit * np.linalg.norm(vectors / unit[:, None], axis=1))


def _parts(states: np.ndarray) -> list[np.ndarray]:
    count = _at_once(states.shape[1])
    return [states[first : first + count] for first in range(0, len(states), count)]


def _at_once(size: int) -> int:
    return max(1, min(_AT_ONCE, _ENTRIES // max(1, size) ** 2))


def _in_parts(function: Callable[[MapT, Array], tuple[Array, ...]], step: MapT, states: np.ndarray) -> list[np.ndarray]:
    """For all states, by the program for so many at once: each new number of states would be compiled anew."""
    padded = np.resize(states, (_at_once(states.shape[1]), states.shape[1]))
    return [np.array(each)[: len(states)] for each in function(step, jnp.asarray(padded))]


@eqx.filter_jit
def _linearised(step: AnyMap, states: Float[Array, "states size"]) -> tuple[Array, Array]:
    identity = jnp.eye(states.shape[1])
    return jax.vmap(step)(states) - states, jax.vmap(step.jacobian)(states) - identity


@eqx.filter_jit
def _residual(step: AnyMap, states: Float[Array, "states size"]) -> tuple[Array]:
    return (jax.vmap(step)(states) - states,)


@eqx.filter_jit
def _read(step: StaticMap, states: Float[Array, "states size"]) -> tuple[Array]:
    return (jax.vmap(step.read)(states),)
