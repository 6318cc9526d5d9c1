"""From a scaling that draws the numerical range into a parabola to a claim by the multiplier LMI, proved."""

import numpy as np

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix, Number, rational, to_digits
from theory.contraction.network import Matrix, Network
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.riccati import solve_metric
from theory.contraction.search.smallest_conic import ConicSearch

_METRIC_BITS = 30
SCALING_BITS = 16
_SHARES = (0.5, 0.2, 0.8)
"""Where, from the search's value to k, the Riccati equation is solved, one after the other."""


def propose_multiplier(network: Network, rate: Number, search: ConicSearch) -> Multiplier | None:
    """A proved claim at this rate, in either form, from a scaling that allows more; None where none was found.

    `search` is that of `network.gained`; time constants must be one. The Riccati equation is solved at some k' between
    the search's value and k = 1 - rate, so that its solution lies inside the inequality at k by 4 (k - k') X.
    """
    exact_rate = rational(rate)
    level = 1 - int(exact_rate.p) / int(exact_rate.q)
    if not network.uniform or not search.value < level:
        return None
    scaling = to_digits(search.scaling, bits=SCALING_BITS)
    scaled = rescaled(network.gained, np.log(scaling))
    for share in _SHARES:
        metric = _metric(network, scaled, search.value + share * (level - search.value))
        if metric is None:
            continue
        claim = Multiplier(
            exact_rate,
            ExactMatrix.of(rounded_metric(metric * np.outer(scaling, scaling))),
            ExactMatrix.diagonal((scaling**2).tolist()),
        )
        if claim.holds(network.exact):
            return claim
    return None


def _metric(network: Network, scaled: Matrix, level: float) -> Matrix | None:
    """X of the corresponding voltage network, brought to the form of this one."""
    solution = solve_metric(np.ascontiguousarray(network.form.as_voltage(scaled)), level)
    return None if solution is None else np.linalg.matrix_power(solution, network.form.power)


def rounded_metric(metric: Matrix) -> Matrix:
    """P_ij to `_METRIC_BITS` binary digits of sqrt(P_ii P_jj), symmetric: independent of the units of the neurons."""
    exponents = np.frexp(np.sqrt(metric.diagonal()))[1]
    shift = exponents[:, None] + exponents[None, :] - _METRIC_BITS
    rounded = np.ldexp(np.round(np.ldexp(metric, -shift)), shift)
    return np.triu(rounded) + np.triu(rounded, 1).T
