"""From a scaling that draws the numerical range into a parabola to a claim by the multiplier LMI, proved."""

import numpy as np

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix, Number, rational, to_digits
from theory.contraction.network import Matrix, Network
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.riccati import solve_metric
from theory.contraction.search.smallest_conic import ConicSearch
from theory.contraction.search.unequal import unequal_searches

_METRIC_BITS = 30
SCALING_BITS = 16
_SHARES = (0.5, 0.2, 0.8)
"""Where, from the search's value to k, the Riccati equation is solved, one after the other."""


def propose_multiplier(network: Network, rate: Number, search: ConicSearch) -> Multiplier | None:
    """A proved claim at this rate, in either form, from a scaling that allows more; None where none was found.

    `search` is that of `network.gained`. The Riccati equation is solved at a rate c' between the asked one and that
    which the scaling allows, so that its solution lies inside the inequality at the asked c by 4 (c' - c) X.
    """
    exact_rate = rational(rate)
    slow = int(exact_rate.p) / int(exact_rate.q)
    fast = 1 - search.value if network.uniform else _allowed(network, search)
    if not fast > slow:
        return None
    scaling = to_digits(search.scaling if network.uniform else search.scaling**network.form.power, bits=SCALING_BITS)
    scaled = rescaled(network.gained, np.log(scaling))
    for share in _SHARES:
        metric = _metric(network, scaled, fast - share * (fast - slow))
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


def _allowed(network: Network, search: ConicSearch) -> float:
    searches, gain = unequal_searches(network)
    return searches.allowed(search.scaling, gain)


def _metric(network: Network, scaled: Matrix, rate: float) -> Matrix | None:
    """X of the corresponding voltage network, brought to the form of this one."""
    leaks = 1 / network.time_constants
    driven = leaks[:, None] * network.form.as_voltage(scaled)
    solution = solve_metric(np.ascontiguousarray(driven), leaks - rate)
    if solution is None or network.form.power == 1:
        return solution
    return np.linalg.inv(solution * np.outer(leaks, leaks))


def rounded_metric(metric: Matrix, bits: int = _METRIC_BITS) -> Matrix:
    """P_ij to so many binary digits of sqrt(P_ii P_jj), symmetric: independent of the units of the neurons."""
    exponents = np.frexp(np.sqrt(metric.diagonal()))[1]
    shift = exponents[:, None] + exponents[None, :] - bits
    rounded = np.ldexp(np.round(np.ldexp(metric, -shift)), shift)
    return np.triu(rounded) + np.triu(rounded, 1).T
