"""The multiplier LMI as a semidefinite program: for any time constants, and as a second route where they are all one.

The cost grows as n^6 or so: for a few dozen neurons. The solver's word counts for nothing: what it returns is measured
by eigenvalues, and what is claimed is proved in rational numbers.
"""

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.contraction.claims.multiplier import Multiplier, multiplier_blocks
from theory.contraction.exact_matrix import ExactMatrix, Number, rational, to_digits
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.balanced_units import balancing
from theory.contraction.search.scaled_multiplier import rounded_metric

_SMALLEST_MARGIN = 1e-8
_HALVINGS = 30
_PRECISION = 1e-5
_LARGEST_GAIN = 2.0**20


@dataclass(frozen=True)
class _Program:
    """The program compiled once, for one network: its rate and the factor on its slopes are parameters.

    Neurons are rescaled by d = `scaling` so that rows and columns of D M D^-1 are alike; P and Q are D times those
    found times D.
    """

    network: Network
    scaling: Vector
    scaled: Matrix
    problem: Any
    metric: Any
    multiplier: Any
    rate: Any
    gain: Any

    def solve(self, rate: float, gain: float) -> tuple[Matrix, Vector] | None:
        """P and Q of trace 2 n together with the largest margin, None where that is not positive."""
        cvxpy: Any = importlib.import_module("cvxpy")
        self.rate.value, self.gain.value = rate, gain
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.problem.solve(solver=cvxpy.CLARABEL)
            except cvxpy.error.SolverError:
                return None
        metric, multiplier = self.metric.value, self.multiplier.value
        if metric is None or multiplier is None:
            return None
        metric = (metric + metric.T) / 2
        leaks = np.diag(1 / self.network.time_constants)
        top, corner, bottom = multiplier_blocks(
            self.network.form, gain * self.scaled, leaks, metric=metric, multiplier=np.diag(multiplier), rate=rate
        )
        whole = np.block([[top, corner], [corner.T, bottom]])
        margin = min(float(np.linalg.eigvalsh(whole)[0]), float(np.linalg.eigvalsh(metric)[0]))
        if margin < _SMALLEST_MARGIN:
            return None
        return metric * np.outer(self.scaling, self.scaling), multiplier * self.scaling**2


def _program(network: Network) -> _Program:
    cvxpy: Any = importlib.import_module("cvxpy")
    size = network.size
    scaling = balancing(network.gained)
    scaled = network.gained * np.outer(scaling, 1 / scaling)
    metric, multiplier = cvxpy.Variable((size, size), symmetric=True), cvxpy.Variable(size)
    margin, rate, gain = cvxpy.Variable(), cvxpy.Parameter(nonneg=True), cvxpy.Parameter(nonneg=True)
    top, corner, bottom = multiplier_blocks(
        network.form,
        gain * scaled,
        np.diag(1 / network.time_constants),
        metric=metric,
        multiplier=cvxpy.diag(multiplier),
        rate=rate,
    )
    whole = cvxpy.bmat([[top, corner], [corner.T, bottom]])
    problem = cvxpy.Problem(
        cvxpy.Maximize(margin),
        [
            (whole + whole.T) / 2 >> margin * np.eye(2 * size),
            metric >> margin * np.eye(size),
            cvxpy.trace(metric) + cvxpy.sum(multiplier) == 2 * size,
        ],
    )
    return _Program(network, scaling, scaled, problem, metric, multiplier, rate, gain)


def solve_multiplier_lmi(network: Network, rate: float) -> tuple[Matrix, Vector] | None:
    """P and the diagonal of Q, of trace 2 n together (neurons rescaled), with the largest margin.

    None where none is positive.
    """
    return _program(network).solve(rate, 1.0)


def prove_multiplier_lmi(network: Network, rate: Number) -> Multiplier | None:
    """The solution of `solve_multiplier_lmi` in short rationals, returned only if it proves the rate."""
    exact_rate = rational(rate)
    found = solve_multiplier_lmi(network, int(exact_rate.p) / int(exact_rate.q))
    if found is None:
        return None
    metric, multiplier = found
    claim = Multiplier(
        exact_rate,
        ExactMatrix.of(rounded_metric(metric, bits=40)),
        ExactMatrix.diagonal(to_digits(multiplier, bits=40).tolist()),
    )
    return claim if claim.holds(network.exact) else None


def best_multiplier_rate(network: Network) -> tuple[float, float] | None:
    """The best rate, and the largest factor on all slopes, that the program can solve; None if it cannot solve rate 0.

    Both are approached from below, to 1e-5 relative; from 2^20 the factor counts as infinite.
    """
    program = _program(network)
    if program.solve(0.0, 1.0) is None:
        return None
    fastest = float((1 / network.time_constants).min())
    best = _last(lambda rate: program.solve(rate, 1.0) is not None, 0.0, fastest)
    high = 2.0
    while high < _LARGEST_GAIN and program.solve(0.0, high) is not None:
        high *= 2
    if high >= _LARGEST_GAIN:
        return best, float("inf")
    return best, _last(lambda gain: program.solve(0.0, gain) is not None, high / 2, high)


def _last(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The last point between `low`, where it holds, and `high`, where it need not."""
    for _ in range(_HALVINGS):
        if high - low <= _PRECISION * high:
            break
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
