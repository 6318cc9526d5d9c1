"""An adversary who sets the slopes: at which slopes differences grow.

What it finds is a witness; what it does not find proves nothing, except that all corners were tried.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jaxtyping import Array, Float

from simulate.contraction.form import Slopes, Weights
from simulate.contraction.metric import Metric
from simulate.contraction.network import System
from simulate.outcome import Outcome

ALL_CORNERS = 12
"""Up to this many units all corners are tried."""
ALL_FLIPS = 64
"""Up to this many units the search ends with a test of every single flip."""


class SlopesOutcome(Outcome):
    """What the largest logarithmic norm found says about contraction in the metric."""

    none_expands = 0, "no slopes that were tried let differences grow in this metric"
    some_expand = 1, "at the slopes given, differences grow in this metric: it is no metric of contraction"


@dataclass(frozen=True)
class WorstSlopes:
    """The slopes at which differences grow fastest in a metric, among those tried.

    `log_norm` is the logarithmic norm there, in units of 1/time: minus the contraction rate. It is convex in the
    slopes, so its maximum is at a corner of the box; `exhaustive` says that all corners were tried.
    """

    slopes: Float[np.ndarray, " units"]
    log_norm: float
    exhaustive: bool
    tried: int

    @property
    def outcome(self) -> SlopesOutcome:
        """Whether anything grows."""
        return SlopesOutcome.some_expand if self.log_norm > 0 else SlopesOutcome.none_expands


def log_norm(system: System, metric: Metric, slopes: Slopes) -> Float[Array, ""]:
    """The largest d log |x|_M / dt of x' = J(slopes) x."""
    return jnp.linalg.eigvalsh(_symmetric(system, _factor(metric), slopes))[-1]


def worst_slopes(system: System, metric: Metric, restarts: int = 16, seed: int = 0, rounds: int = 50) -> WorstSlopes:
    """The worst slopes in [0, g] for every unit: by all corners if there are few, else by climbing from many starts.

    A climb goes to the corner that is best for the linear part at the top eigenvector; by convexity no such step
    goes down, and it ends after finitely many.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> from simulate.contraction import VOLTAGE, RecurrentNetwork, euclidean
    >>> turning = RecurrentNetwork(jnp.array([[0.0, -3.0], [3.0, 0.0]]), VOLTAGE, TANH)
    >>> worst = worst_slopes(turning, euclidean(2))
    >>> worst.outcome.name, round(worst.log_norm, 6), worst.exhaustive
    ('some_expand', 0.5, True)
    """
    if system.units <= ALL_CORNERS:
        bits = (np.arange(2**system.units)[:, None] >> np.arange(system.units)) & 1
        corners = jnp.asarray(bits, float) * system.steepest
        norms = _log_norms(system, metric, corners)
        return _worst(corners, norms, exhaustive=True, tried=len(corners))
    corners, norms, steps = _climbs(_LogNorm(), system, metric, _starts(system, restarts, seed), rounds)
    found = _worst(corners, norms, exhaustive=False, tried=int(jnp.sum(steps)))
    while system.units <= ALL_FLIPS:
        flips = jnp.where(jnp.eye(system.units, dtype=bool), system.steepest - found.slopes, found.slopes)
        best = _worst(flips, _log_norms(system, metric, flips), exhaustive=False, tried=found.tried + len(flips))
        if best.log_norm <= found.log_norm + 1e-12:
            break
        found = best
    return found


@dataclass(frozen=True)
class WorstStep:
    """The slopes at which an Euler step lengthens a difference most in a metric, among those tried, and by how much.

    `factor` is convex in the slopes, so its maximum is at a corner of the box; here it is climbed to, not proved.
    """

    slopes: Float[np.ndarray, " units"]
    factor: float
    tried: int


def worst_step(
    system: System, metric: Metric, step: float, *, restarts: int = 16, seed: int = 0, rounds: int = 50
) -> WorstStep:
    """The worst slopes for x -> x + step x', by climbing from many corners as `worst_slopes` does."""
    measure = _StepFactor(jnp.asarray(step))
    corners, factors, steps = _climbs(measure, system, metric, _starts(system, restarts, seed), rounds)
    at = int(jnp.argmax(factors))
    return WorstStep(np.asarray(corners[at]), float(factors[at]), int(jnp.sum(steps)))


def _worst(corners: Array, norms: Array, exhaustive: bool, tried: int) -> WorstSlopes:
    at = int(jnp.argmax(norms))
    return WorstSlopes(np.asarray(corners[at]), float(norms[at]), exhaustive, tried)


def _factor(metric: Metric) -> Weights:
    """F with M = F^T F."""
    return jnp.linalg.cholesky(metric.dense()).T


def _symmetric(system: System, factor: Weights, slopes: Slopes) -> Weights:
    """The symmetric part of F J F^-1."""
    moved = jsp.linalg.solve_triangular(factor, (factor @ system.jacobian(slopes)).T, trans=1).T
    return (moved + moved.T) / 2


@eqx.filter_jit
def _log_norms(system: System, metric: Metric, corners: Float[Array, "tries units"]) -> Float[Array, " tries"]:
    factor = _factor(metric)
    return jax.lax.map(
        lambda slopes: jnp.linalg.eigvalsh(_symmetric(system, factor, slopes))[-1], corners, batch_size=64
    )


Pull = tuple[Float[Array, ""], Float[Array, " units"], Float[Array, " units"]]
"""A value that is convex in the slopes, and x and p with derivative p J'(slopes) x."""


class _LogNorm(eqx.Module):
    """The logarithmic norm at some slopes."""

    def __call__(self, system: System, factor: Weights, slopes: Slopes) -> Pull:
        values, vectors = jnp.linalg.eigh(_symmetric(system, factor, slopes))
        return values[-1], jsp.linalg.solve_triangular(factor, vectors[:, -1]), factor.T @ vectors[:, -1]


class _StepFactor(eqx.Module):
    """By how much an Euler step lengthens a difference at most."""

    step: Float[Array, ""]

    def __call__(self, system: System, factor: Weights, slopes: Slopes) -> Pull:
        moved = jnp.eye(system.units) + self.step * system.jacobian(slopes)
        turned = jsp.linalg.solve_triangular(factor, (factor @ moved).T, trans=1).T
        left, values, right = jnp.linalg.svd(turned)
        return values[0], jsp.linalg.solve_triangular(factor, right[0]), factor.T @ left[:, 0]


@eqx.filter_jit
def _climbs(
    measure: _LogNorm | _StepFactor,
    system: System,
    metric: Metric,
    starts: Float[Array, "tries units"],
    rounds: int,
) -> tuple[Float[Array, "tries units"], Float[Array, " tries"], Float[Array, " tries"]]:
    """From each start the corner where the climb ended, the value there, and how many were tried."""
    factor = _factor(metric)

    def climb(start: Array) -> tuple[Array, Array, Array]:
        def better(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
            slopes, _, _, steps = state
            value, x, pull = measure(system, factor, slopes)
            uphill = jax.grad(lambda s: pull @ system.tangent(s, x))(slopes)
            return jnp.where(uphill > 0, system.steepest, 0.0), slopes, value, steps + 1

        def moving(state: tuple[Array, Array, Array, Array]) -> Array:
            slopes, before, _, steps = state
            return jnp.any(slopes != before) & (steps < rounds)

        first = better((start, start, jnp.zeros(()), jnp.zeros(())))
        _, measured, value, steps = jax.lax.while_loop(moving, better, first)
        return measured, value, steps

    return jax.lax.map(climb, starts)


def _starts(system: System, restarts: int, seed: int) -> Float[Array, "tries units"]:
    """No slopes, all at their largest, and random corners."""
    drawn = jax.random.bernoulli(jax.random.key(seed), 0.5, (restarts, system.units)).astype(float)
    ends = jnp.stack([jnp.zeros(system.units), jnp.ones(system.units)])
    return jnp.concatenate([ends, drawn]) * system.steepest
