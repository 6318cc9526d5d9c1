"""The metric in which an Euler step contracts most, by semidefinite programs; for a dozen neurons.

With time constants of one, a = 1 - h, a metric with a multiplier for the factor rho exists exactly if for some
diagonal D > 0 the numerical range of D M D^-1 lies inside the ellipse rho |s| + a Re s < (rho^2 - a^2) / h with a
focus at zero, which at rho = 1 - c h tends to the parabola of the flow as h falls (`conic`).
"""

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.balanced_units import balancing

_SMALLEST_MARGIN = 1e-8


@dataclass(frozen=True)
class EulerMetric:
    """P and the diagonal of Q, and the factor that they serve, in floating point."""

    metric: Matrix
    multiplier: Vector
    factor: float


def best_euler_metric(network: Network, step: float, precision: float = 0.01) -> EulerMetric | None:
    """Those of the smallest factor found by bisection; None where there is none below one.

    The factor is approached to `precision`, relative to one minus it.
    """
    program = StepProgram(network, step)
    best = program.solve(1.0)
    if best is None:
        return None
    low, high = float(np.abs(1 - step / network.time_constants).max()), 1.0
    while high - low > precision * (1 - low):
        middle = (low + high) / 2
        found = program.solve(middle)
        low, high, best = (middle, high, best) if found is None else (low, middle, found)
    return EulerMetric(*best, high)


class StepProgram:
    """The program for one network and step, compiled once for all factors."""

    def __init__(self, network: Network, step: float) -> None:
        self._cvxpy: Any = importlib.import_module("cvxpy")
        cvxpy, size = self._cvxpy, network.size
        self._network = network
        self._scaling = balancing(network.gained)
        self._scaled = network.gained * np.outer(self._scaling, 1 / self._scaling)
        self._stride = np.diag(step / network.time_constants)
        self._metric, self._multiplier = cvxpy.Variable((size, size), symmetric=True), cvxpy.Variable(size)
        self._square, margin = cvxpy.Parameter(nonneg=True), cvxpy.Variable()
        top, corner, bottom = self._blocks(self._metric, cvxpy.diag(self._multiplier))
        whole = cvxpy.bmat([[top + self._square * self._metric, corner], [corner.T, bottom]])
        self._problem = cvxpy.Problem(
            cvxpy.Maximize(margin),
            [
                (whole + whole.T) / 2 >> margin * np.eye(2 * size),
                self._metric >> margin * np.eye(size),
                cvxpy.trace(self._metric) + cvxpy.sum(self._multiplier) == 2 * size,
            ],
        )

    def solve(self, factor: float) -> tuple[Matrix, Vector] | None:
        """P and the diagonal of Q with the largest margin at this factor; None where that is not positive."""
        self._square.value = factor**2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._problem.solve(solver=self._cvxpy.CLARABEL)
            except self._cvxpy.error.SolverError:
                return None
        if self._metric.value is None or self._multiplier.value is None:
            return None
        metric, multiplier = (self._metric.value + self._metric.value.T) / 2, self._multiplier.value
        top, corner, bottom = self._blocks(metric, np.diag(multiplier))
        whole = np.block([[top + factor**2 * metric, corner], [corner.T, bottom]])
        if min(float(np.linalg.eigvalsh(matrix)[0]) for matrix in (whole, metric)) < _SMALLEST_MARGIN:
            return None
        return metric * np.outer(self._scaling, self._scaling), multiplier * self._scaling**2

    def _blocks(self, metric: Any, multiplier: Any) -> tuple[Any, Any, Any]:
        """Those of `euler_blocks` at the factor zero."""
        through = self._network.form.driven(self._stride, self._scaled)
        read = self._network.form.sensed(self._scaled, multiplier)
        return euler_blocks(
            np.eye(self._network.size) - self._stride, through, read, metric=metric, multiplier=multiplier, factor=0.0
        )
