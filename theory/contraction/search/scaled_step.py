"""From a scaling that draws the numerical range into a conic to a claim by the multiplier LMI of a map, proved."""

import numpy as np

from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.exact_matrix import ExactMatrix, Number, rational, to_digits
from theory.contraction.network import LeakyMap, Matrix
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.scaled_multiplier import SCALING_BITS, rounded_metric
from theory.contraction.search.smallest_conic import ConicSearch
from theory.contraction.search.smallest_step import factor_at
from theory.contraction.search.step_riccati import solve_step_metric

_SHARES = (0.5, 0.2, 0.8)
"""Where, from the scaling's factor to the asked one, the Riccati equation is solved, one after the other."""


def propose_step(asked: LeakyMap, rate: Number, found: ConicSearch) -> StepMultiplier | None:
    """A proved claim at this rate, in either form, from a scaling that allows more; None where none was found.

    The map must have one leak; `found` has the scaling.
    """
    if not asked.uniform:
        return None
    exact_rate, leak = rational(rate), float(asked.leaks[0])
    factor = 1 - int(exact_rate.p) / int(exact_rate.q)
    least = factor_at(asked.gained, found, 1 - leak)
    if not least < factor:
        return None
    scaling = to_digits(found.scaling, bits=SCALING_BITS)
    scaled = rescaled(asked.gained, np.log(scaling))
    for share in _SHARES:
        metric = _metric(asked, scaled, least + share * (factor - least), factor)
        if metric is None:
            continue
        claim = StepMultiplier(
            exact_rate,
            ExactMatrix.of(rounded_metric(metric * np.outer(scaling, scaling))),
            ExactMatrix.diagonal((scaling**2).tolist()),
        )
        if claim.holds(asked.exact):
            return claim
    return None


def _metric(asked: LeakyMap, scaled: Matrix, factor: float, above: float) -> Matrix | None:
    """X of the corresponding voltage-like map, brought to the form of this one.

    X is strictly inside at any factor above that for which it is solved; so is what is made of it there.
    """
    leak = float(asked.leaks[0])
    solution = solve_step_metric(np.ascontiguousarray(asked.form.as_voltage(scaled)), leak, factor)
    if solution is None or asked.form.power == 1:
        return solution
    inverse: Matrix = np.linalg.inv((leak * (factor + above) / 2) ** 2 * solution)
    return (inverse + inverse.T) / 2
