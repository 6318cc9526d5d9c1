"""A certificate for the Euler step that is simulated, from the metric that certifies the flow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from theory.contraction.claims.euler_step import EulerStep, euler_blocks
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.network import Matrix, Network

_SMALLEST = 1e-6
"""Squares of factors below are not told apart from zero."""
_RANGE, _TRIALS = 3.0, 13


def certify_euler_step(network: Network, step: float, claim: Multiplier) -> EulerStep | None:
    """That x -> x + step x' contracts in the claim's metric; None where that metric does not show it.

    The multiplier is the flow's, scaled by the step and by one number more, which is searched for together with the
    smallest factor. `step` is in units of time.
    """
    metric, multiplier = claim.metric.approximate(), np.array(claim.multiplier.approximate().diagonal())
    gain = np.diag(step / network.time_constants)
    keep = np.eye(network.size) - gain

    def blocks(scale: float) -> tuple[Any, Any, Any]:
        return euler_blocks(network.form, network.gained, keep, gain, metric, scale * step * np.diag(multiplier), 0.0)

    found = best_multiplier_scale(metric, blocks)
    if found is None:
        return None
    scale, factor = found
    scaled = ExactMatrix.diagonal(on_grid(scale * step * multiplier, bits=40).tolist())
    for slack in (1e-7, 1e-6, 1e-5, 1e-4):
        claimed = rational(float(np.ceil((factor + slack * (1 - factor)) * 2**40) / 2**40))
        if claimed >= 1:
            return None
        proved = EulerStep(rational(step), claimed, claim.metric, scaled)
        if proved.holds(network.exact):
            return proved
    return None


def best_multiplier_scale(
    metric: Matrix, blocks: Callable[[float], tuple[Any, Any, Any]]
) -> tuple[float, float] | None:
    """The scale of the multiplier with the smallest factor, and that; None where no scale gives one.

    `blocks` are those of `euler_blocks` at the factor zero, for a given scale.
    """

    def smallest(logarithm: float) -> float:
        return _smallest_factor(metric, *blocks(float(np.exp(logarithm))))

    trials = np.linspace(-_RANGE, _RANGE, _TRIALS)
    values = [smallest(trial) for trial in trials]
    best = int(np.argmin(values))
    if not np.isfinite(values[best]):
        return None
    ends = (trials[max(best - 1, 0)], trials[min(best + 1, _TRIALS - 1)])
    found = scipy.optimize.minimize_scalar(smallest, bounds=ends, method="bounded", options={"maxiter": 20})
    logarithm, factor = (found.x, found.fun) if found.fun <= values[best] else (trials[best], values[best])
    return float(np.exp(logarithm)), float(factor)


def _smallest_factor(metric: Matrix, kept: Matrix, corner: Matrix, bottom: Matrix) -> float:
    """rho with rho^2 P + `kept` - corner bottom^-1 corner^T singular; infinite where bottom is not > 0."""
    try:
        half = np.linalg.solve(np.linalg.cholesky(bottom), corner.T)
    except np.linalg.LinAlgError:
        return np.inf
    factor = np.linalg.cholesky(metric)
    needed = np.linalg.solve(factor, np.linalg.solve(factor, half.T @ half - kept).T)
    return float(np.sqrt(max(np.linalg.eigvalsh((needed + needed.T) / 2)[-1], _SMALLEST)))
