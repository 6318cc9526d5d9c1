"""Maps whose leaks differ: from a scaling that serves the filters of their neurons (`leaky`) to a claim, proved.

For given multipliers Q the least factor is where a discrete Riccati equation ceases to have a solution. With N =
D M D^-1, Q = D^2, P = D X D, K = I - A and, in voltage-like form, B = A N, R = 2 I, the equation of `step_riccati`
holds with A_1 = (K + B / 2) / rho, G = -B R^-1 B^T and H = I / (2 rho^2). A rate-like map's F^T is K + (N^T A) D, with
the multiplier A^2 in the place of I: G = -N^T N / 2, H = A^2 / (2 rho^2), and its metric is (rho^2 X)^-1.
"""

from functools import lru_cache

import numpy as np

from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.exact_matrix import ExactMatrix, rational, to_digits
from theory.contraction.network import LeakyMap, Matrix, Vector
from theory.contraction.search.angles import cholesky
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.leaky import Leaks
from theory.contraction.search.rates import RateSearches
from theory.contraction.search.riccati import doubled
from theory.contraction.search.scaled_multiplier import SCALING_BITS, rounded_metric
from theory.contraction.search.smallest_conic import ConicSearch

_SHARES = (0.5, 0.2, 0.8)
"""Where, from the scaling's factor to the asked one, the Riccati equation is solved, one after the other."""
_KEPT = 8


@lru_cache(maxsize=_KEPT)
def _searches(entries: bytes, leaks: bytes) -> RateSearches:
    each = np.frombuffer(leaks)
    return RateSearches(np.frombuffer(entries).reshape(len(each), len(each)).copy(), Leaks(each.copy()))


def mixed_searches(asked: LeakyMap) -> tuple[RateSearches, float]:
    """Those of this map in voltage-like form at its largest slope of one, made once for all gains; and that slope.

    >>> from theory.contraction import DISCRETE_VOLTAGE, network
    >>> made = mixed_searches(network(np.diag([0.5, 0.0]), DISCRETE_VOLTAGE, leak=np.array([0.5, 1.0])))[0]
    >>> round(made.best_rate(1.0), 3)
    0.25
    """
    largest = float(asked.slopes.max())
    matrix = asked.form.as_voltage(asked.with_gain(1 / largest).gained)
    entries = np.ascontiguousarray(matrix, dtype=np.float64).tobytes()
    return _searches(entries, np.ascontiguousarray(asked.leaks).tobytes()), largest


def step_metric(asked: LeakyMap, scaling: Vector, factor: float, above: float | None = None) -> Matrix | None:
    """P / (d d^T) for Q = d^2 that is strictly inside at `above`, solved at `factor`; None where there is none."""
    above = factor * (1 + 1e-9) if above is None else above
    scaled, leaks, keep = rescaled(asked.gained, np.log(scaling)), asked.leaks, np.diag(asked.keep)
    identity = np.eye(asked.size)
    if asked.form.power == 1:
        through = leaks[:, None] * scaled
        metric = doubled((keep + through / 2) / factor, -through @ through.T / 2, identity / (2 * factor**2))
    else:
        through = scaled.T * leaks
        solution = doubled((keep + through / 2) / factor, -scaled.T @ scaled / 2, np.diag(leaks**2) / (2 * factor**2))
        metric = None if solution is None else np.linalg.inv(((factor + above) / 2) ** 2 * solution)
    if metric is None:
        return None
    metric = (metric + metric.T) / 2
    top, corner, bottom = euler_blocks(
        keep,
        asked.form.driven(np.diag(leaks), scaled),
        asked.form.sensed(scaled, identity),
        metric=metric,
        multiplier=identity,
        factor=above * (1 + 1e-7),
    )
    return metric if cholesky(np.block([[top, corner], [corner.T, bottom]])) is not None else None


def propose_mixed(asked: LeakyMap, rate: float, found: ConicSearch) -> StepMultiplier | None:
    """A proved claim at this rate with the multipliers of a search in voltage-like form; None where none was found."""
    searches, gain = mixed_searches(asked)
    best = searches.allowed(found.scaling, gain)
    if not best > rate:
        return None
    rounded = to_digits(found.scaling**asked.form.power, bits=SCALING_BITS)
    for share in _SHARES:
        metric = step_metric(asked, rounded, 1 - best + share * (best - rate), (1 - rate) * (1 - 1e-9))
        if metric is None:
            continue
        claim = StepMultiplier(
            rational(rate),
            ExactMatrix.of(rounded_metric(metric * np.outer(rounded, rounded))),
            ExactMatrix.diagonal((rounded**2).tolist()),
        )
        if claim.holds(asked.exact):
            return claim
    return None
