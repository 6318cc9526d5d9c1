"""The multiplier LMI where slopes are not from zero, of flows and of maps."""

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.claim import Claim
from theory.contraction.claims.multiplier import multiplier_blocks
from theory.contraction.conditions.condition import (
    Condition,
    Supremum,
    diagonal,
    generic,
    generic_symmetric,
    vector,
)
from theory.contraction.form import FORMS
from theory.contraction.network import Network
from theory.contraction.search.slope_interval import best_interval_rate, prove_interval


class RangedMultiplier(Condition):
    """A metric P and a positive number Q_i a neuron solve the multiplier LMI at slopes from l to g.

    With D = (slope - l) / (g - l) in [0, 1] and w = D y, J = J(l) + T^-1 M' D, M' = W (G - L), in voltage form: the
    identity of the multiplier LMI holds with -J(l) in the place of T^-1 where P stands alone, and M' in that of M.
    """

    name = "multiplier"
    asks = "the multiplier LMI between the least and the largest slopes has a solution P > 0, Q > 0 diagonal"
    source = "derived here; an instance of the S-procedure for slope-restricted nonlinearities"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        rate = best_interval_rate(network)
        return None if rate is None else Supremum(rate, 1.0)

    @override
    def prove(self, network: Network, rate: float) -> Claim | None:
        return prove_interval(network, rate)

    @override
    def refuted(self, network: Network) -> bool:
        """Nothing is known that would refute it."""
        return False

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        metric, weights = generic_symmetric("P", size), generic("W", size)
        multiplier, slopes, leaks = diagonal("q", size), diagonal("d", size), diagonal("a", size)
        least, largest = diagonal("l", size), diagonal("g", size)
        rate, x = sp.Symbol("c"), vector("x", size)
        zeros = []
        for form in FORMS:
            spanned = form.sloped(weights, largest - least)
            resting = leaks * (sp.eye(size) - form.sloped(weights, least))
            jacobian = leaks * (form.sloped(weights, least + (largest - least) * slopes) - sp.eye(size))
            read = form.sensed(spanned.T, x)
            w = slopes * read
            top, corner, bottom = multiplier_blocks(
                form, spanned, leaks, metric=metric, multiplier=multiplier, rate=rate, resting=resting
            )
            decay = -(x.T * (metric * jacobian + jacobian.T * metric + 2 * rate * metric) * x)[0]
            quadratic = (x.T * top * x + 2 * x.T * corner * w + w.T * bottom * w)[0]
            zeros.append(sp.expand(decay - quadratic - 2 * (w.T * multiplier * (read - w))[0]))
        return (sp.Matrix(zeros),)


RANGED = RangedMultiplier()
