"""A certificate for the Euler step that is simulated, from the metric that certifies the flow."""

import numpy as np
import scipy.optimize

from theory.contraction.claims.euler_step import EulerStep, euler_blocks
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.network import Network

_FINEST = 1e-6


def certify_euler_step(network: Network, step: float, claim: Multiplier) -> EulerStep | None:
    """That x -> x + step x' contracts in the claim's metric; None where that metric does not show it.

    The multiplier is the flow's, scaled by the step and by one number more, which is searched for together with the
    smallest factor. `step` is in units of time.
    """
    metric, multiplier = claim.metric.approximate(), np.array(claim.multiplier.approximate().diagonal())
    gain = np.diag(step / network.time_constants)
    keep = np.eye(network.size) - gain

    def smallest_factor(logarithm: float) -> float:
        blocks = euler_blocks(
            network.form, network.gained, keep, gain, metric, np.exp(logarithm) * step * np.diag(multiplier), 0.0
        )
        return _smallest_factor(metric, *blocks)

    trials = np.linspace(-3, 3, 25)
    values = [smallest_factor(trial) for trial in trials]
    best = int(np.argmin(values))
    if not np.isfinite(values[best]):
        return None
    found = scipy.optimize.minimize_scalar(
        smallest_factor, bounds=(trials[max(best - 1, 0)], trials[min(best + 1, 24)]), method="bounded"
    )
    logarithm = found.x if found.fun <= values[best] else trials[best]
    scaled = on_grid(np.exp(logarithm) * step * multiplier, bits=40)
    factor = min(found.fun, values[best])
    for slack in (1e-7, 1e-6, 1e-5, 1e-4):
        claimed = rational(float(np.ceil((factor + slack * (1 - factor)) * 2**40) / 2**40))
        if claimed >= 1:
            return None
        proved = EulerStep(rational(step), claimed, claim.metric, ExactMatrix.diagonal(scaled.tolist()))
        if proved.holds(network.exact):
            return proved
    return None


def _smallest_factor(metric: np.ndarray, kept: np.ndarray, corner: np.ndarray, bottom: np.ndarray) -> float:
    """rho with rho^2 P + `kept` - corner bottom^-1 corner^T singular, `kept` being -a P a.

    Infinite where bottom is not > 0.
    """
    try:
        half = np.linalg.solve(np.linalg.cholesky(bottom), corner.T)
    except np.linalg.LinAlgError:
        return np.inf
    factor = np.linalg.cholesky(metric)
    needed = np.linalg.solve(factor, np.linalg.solve(factor, half.T @ half - kept).T)
    return float(np.sqrt(max(np.linalg.eigvalsh((needed + needed.T) / 2)[-1], _FINEST)))
