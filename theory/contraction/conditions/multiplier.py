"""The multiplier LMI, which contains Theorems 1 to 5."""

from dataclasses import replace

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.multiplier import Multiplier, multiplier_blocks
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
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.memo import remembered
from theory.contraction.search.scaled_multiplier import propose_multiplier
from theory.contraction.search.smallest_conic import ConicSearch, smallest_conic
from theory.contraction.search.unequal import unequal_searches


class MultiplierCondition(Condition):
    """A metric P and a positive number Q_i a neuron solve the multiplier LMI.

    With w = D y, -x^T (P J + J^T P + 2 c P) x = [x w] (LMI) [x w]^T + 2 w^T Q (y - w), y = x or G W x (identity in
    both forms, with time constants), and the last term is not negative. It asks for n unknowns only, as the
    conic of time constants of one does (`search/smallest_conic.py`), or the filters of others (`search/filters.py`).
    """

    name = "multiplier"
    asks = (
        "the multiplier LMI has a solution P > 0, Q > 0 diagonal; with time constants of one, equally, some "
        "D W D^-1 has its numerical range inside a parabola"
    )
    source = "derived here; an instance of the S-procedure for slope-restricted nonlinearities"

    @override
    def supremum(self, network: Network) -> Supremum | None:
        if not network.uniform:
            searches, slope = unequal_searches(network)
            value = slope * searches.at(0.0).value
            return Supremum(searches.best_rate(slope), 1 / value if value > 0 else float("inf"))
        value = searched(network).value
        return Supremum(1 - value, 1 / value if value > 0 else float("inf"))

    @override
    def prove(self, network: Network, rate: float) -> Multiplier | None:
        if not network.uniform:
            return propose_multiplier(network, rate, unequal_searches(network)[0].near(rate))
        return propose_multiplier(network, rate, searched(network))

    @override
    def refuted(self, network: Network) -> bool:
        """A dual solution: a few frequencies, with a vector each."""
        search = searched(network) if network.uniform else None
        return refute_multiplier(network, 0.0, search) is not None

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        metric, gained = generic_symmetric("P", size), generic("M", size)
        multiplier, slopes, leaks = diagonal("q", size), diagonal("d", size), diagonal("l", size)
        rate, x = sp.Symbol("c"), vector("x", size)
        zeros = []
        for form in FORMS:
            jacobian = leaks * (form.sloped(gained, slopes) - sp.eye(size))
            read = form.sensed(gained.T, x)
            w = slopes * read
            top, corner, bottom = multiplier_blocks(
                form, gained, leaks, metric=metric, multiplier=multiplier, rate=rate
            )
            decay = -(x.T * (metric * jacobian + jacobian.T * metric + 2 * rate * metric) * x)[0]
            quadratic = (x.T * top * x + 2 * x.T * corner * w + w.T * bottom * w)[0]
            zeros.append(sp.expand(decay - quadratic - 2 * (w.T * multiplier * (read - w))[0]))
        return (sp.Matrix(zeros),)


def searched(network: Network) -> ConicSearch:
    """The search for this network, made once for all gains: the best scaling is the same, f* grows with the gain."""
    largest = float(network.slopes.max())
    shape = Network(network.weights, network.form, network.slopes / largest, network.time_constants)
    found = _searched(shape.gained)
    return replace(found, value=largest * found.value, lower=largest * found.lower)


_searched = remembered(smallest_conic)
