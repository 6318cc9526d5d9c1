"""A certificate for the Euler step that is simulated, which the certificate of the flow does not cover."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

from theory.contraction.candidates import RANGED_UP_TO
from theory.contraction.claims.euler_step import EulerStep, euler_blocks
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.conditions.centre_norm import CENTRE_NORM
from theory.contraction.conditions.ranged_multiplier import RANGED
from theory.contraction.conditions.registry import MULTIPLIER
from theory.contraction.conditions.step_registry import STEP_MULTIPLIER
from theory.contraction.exact_matrix import ExactMatrix, rational, to_digits
from theory.contraction.form import MAPS
from theory.contraction.network import LeakyMap, Matrix, Network, Vector
from theory.contraction.search.euler_lmi import best_euler_metric
from theory.contraction.search.scaled_multiplier import rounded_metric
from theory.contraction.search.smallest_step import least_factor

PROGRAMMED = 12
"""Neurons up to which semidefinite programs are solved."""
_SMALLEST = 1e-6
"""Squares of factors below are not told apart from zero."""
_RANGE, _TRIALS = 3.0, 13
_NONE = 1e9
"""Stands for the factor of a metric that proves none."""
_SHARES = (0.999, 0.99, 0.9, 0.5)
"""Of the flow's rate: metrics at lower rates are rounder, and serve longer steps."""
_CLOSE = 0.98
"""A step of which the factor keeps this part of the flow's rate is not improved upon."""
_ROOM = (1e-7, 1e-6, 1e-5, 1e-4, 1e-2)


@dataclass(frozen=True)
class _Proposal:
    """A metric, a multiplier with its scale (the step included), and the factor that they give in floating point."""

    metric: ExactMatrix
    multiplier: Vector
    factor: float


def certify_euler_step(network: Network, step: float, claim: Multiplier | None) -> EulerStep | None:
    """That x -> x + step x' contracts; None where no metric that was tried shows it. `step` is in units of time.

    With time constants of one a step of at most one is a map with the leak `step`, and is decided as such. Else, and
    where that finds nothing, are tried the metric of the flow's claim and those at lower rates, with the flow's
    multiplier scaled by one number that is searched for, and for few neurons the semidefinite program of the step. The
    smallest factor is taken. Of slopes that are not from zero a step of any size is decided as a map.
    """
    if not network.from_zero:
        return _of_ranged_map(network, step)
    if network.uniform and step <= 1 and (of_map := _of_map(network, step)) is not None:
        return of_map
    proposals = [] if claim is None else [_of_flow(network, step, flow) for flow in _flows(network, claim)]
    least = min((p.factor for p in proposals if p is not None), default=1.0)
    loses = claim is None or 1 - least < _CLOSE * step * float(claim.rate)
    if network.size <= PROGRAMMED and loses:
        proposals.append(_of_program(network, step))
    for proposal in sorted((p for p in proposals if p is not None), key=lambda p: p.factor):
        multiplier = ExactMatrix.diagonal(to_digits(proposal.multiplier, bits=40).tolist())
        for claimed in claimable_factors(proposal.factor):
            proved = EulerStep(rational(step), rational(claimed), proposal.metric, multiplier)
            if proved.holds(network.exact):
                return proved
    return None


def _of_map(network: Network, step: float) -> EulerStep | None:
    """The best factor of the map that the step is, by its multiplier LMI."""
    leaks = np.full(network.size, step)
    form = next(form for form in MAPS if form.power == network.form.power)
    as_map = LeakyMap(network.weights, form, network.slopes, 1 / leaks, leaks)
    for claimed in claimable_factors(least_factor(as_map.gained, 1 - step)):
        proved = STEP_MULTIPLIER.prove_step(as_map, 1 - claimed)
        if proved is not None:
            return EulerStep(rational(step), proved.factor, proved.metric, proved.multiplier)
    return None


def _of_ranged_map(network: Network, step: float) -> EulerStep | None:
    """The best factor that is found of the map, whose leaks may be above one here."""
    leaks = step / network.time_constants
    form = next(form for form in MAPS if form.power == network.form.power)
    as_map = LeakyMap(network.weights, form, network.slopes, 1 / leaks, leaks, lowest=network.lowest)
    for condition in (RANGED, CENTRE_NORM) if network.size <= RANGED_UP_TO else (CENTRE_NORM,):
        best = condition.supremum(as_map)
        for claimed in () if best is None else claimable_factors(1 - best.rate):
            proved = condition.prove(as_map, 1 - claimed)
            if isinstance(proved, StepMultiplier):
                found = EulerStep(rational(step), proved.factor, proved.metric, proved.multiplier)
                if found.holds(network.exact):
                    return found
    return None


def claimable_factors(factor: float) -> Iterator[float]:
    """Numbers a little above, as short ones and below one."""
    for room in _ROOM:
        claimed = float(np.ceil((factor + room * (1 - factor)) * 2**40) / 2**40)
        if 0 < claimed < 1:
            yield claimed


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
    if values[best] >= _NONE:
        return None
    ends = (trials[max(best - 1, 0)], trials[min(best + 1, _TRIALS - 1)])
    found = scipy.optimize.minimize_scalar(smallest, bounds=ends, method="bounded", options={"maxiter": 20})
    logarithm, factor = (found.x, found.fun) if found.fun <= values[best] else (trials[best], values[best])
    return float(np.exp(logarithm)), float(factor)


def _flows(network: Network, claim: Multiplier) -> Iterator[Multiplier]:
    """The flow's claim, and claims of the same network at lower rates."""
    yield claim
    for share in _SHARES:
        slower = MULTIPLIER.prove(network, share * float(claim.rate))
        if slower is not None:
            yield slower


def _of_flow(network: Network, step: float, claim: Multiplier) -> _Proposal | None:
    return _proposed(network, step, claim.metric, np.array(claim.multiplier.approximate().diagonal()))


def _of_program(network: Network, step: float) -> _Proposal | None:
    found = best_euler_metric(network, step)
    if found is None:
        return None
    return _proposed(network, step, ExactMatrix.of(rounded_metric(found.metric, bits=40)), found.multiplier / step)


def _proposed(network: Network, step: float, metric: ExactMatrix, multiplier: Vector) -> _Proposal | None:
    """The best scale of a multiplier of the flow; None where the factor is not below one."""
    dense, stride = metric.approximate(), np.diag(step / network.time_constants)
    keep, through = np.eye(network.size) - stride, network.form.driven(stride, network.gained)

    def blocks(scale: float) -> tuple[Any, Any, Any]:
        turned = scale * step * np.diag(multiplier)
        return euler_blocks(
            keep, through, network.form.sensed(network.gained, turned), metric=dense, multiplier=turned, factor=0.0
        )

    found = best_multiplier_scale(dense, blocks)
    if found is None or found[1] >= 1:
        return None
    scale, factor = found
    return _Proposal(metric, scale * step * multiplier, factor)


def _smallest_factor(metric: Matrix, kept: Matrix, corner: Matrix, bottom: Matrix) -> float:
    """rho with rho^2 P + `kept` - corner bottom^-1 corner^T singular; `_NONE` where `bottom` or P is not > 0."""
    try:
        half = np.linalg.solve(np.linalg.cholesky(bottom), corner.T)
        root = np.linalg.cholesky(metric)
        needed = np.linalg.solve(root, np.linalg.solve(root, half.T @ half - kept).T)
        largest = float(np.linalg.eigvalsh((needed + needed.T) / 2)[-1])
    except np.linalg.LinAlgError:
        return _NONE
    return min(float(np.sqrt(max(largest, _SMALLEST))), _NONE) if np.isfinite(largest) else _NONE
