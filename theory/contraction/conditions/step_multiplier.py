"""The multiplier LMI of a map, which contains the norm bound, diagonal metrics and absolute weights."""

from dataclasses import replace

import sympy as sp
from typing_extensions import override

from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.conditions.condition import diagonal, generic, generic_symmetric, vector
from theory.contraction.conditions.step_condition import StepCondition, as_map
from theory.contraction.form import MAPS
from theory.contraction.network import LeakyMap, Network
from theory.contraction.search.mixed_leaks import mixed_searches, propose_mixed
from theory.contraction.search.scaled_step import propose_step
from theory.contraction.search.smallest_step import StepSearch, conic_of, least_factor, searches
from theory.contraction.search.step_dual import refute_step


class StepMultiplierCondition(StepCondition):
    """A metric P and a positive number Q_i a neuron solve the multiplier LMI of the map.

    With w = D y, rho^2 |x|_P^2 - |F x|_P^2 = [x w] (LMI) [x w]^T + 2 w^T Q (y - w), y = x or G W x (identity in both
    forms, with leaks), and the last term is not negative. With one leak the condition is that of a conic
    (`theory/contraction/search/conic.py`), else of filters (`search/leaky.py`): both ask for n unknowns only.
    """

    name = "multiplier"
    asks = (
        "the multiplier LMI of the map has a solution P > 0, Q > 0 diagonal; with one leak, equally, some D W D^-1 has "
        "its numerical range inside an ellipse, at leak 1 inside a disc"
    )
    source = "derived here; an instance of the S-procedure for slope-restricted nonlinearities"

    @override
    def rate(self, asked: LeakyMap) -> float | None:
        if asked.uniform:
            return 1 - least_factor(asked.gained, float(asked.keep[0]))
        searches, gain = mixed_searches(asked)
        best = searches.best_rate(gain)
        return best if best > 0 else None

    @override
    def reach(self, asked: LeakyMap, rate: float) -> float:
        factor, keep = 1 - rate, float(asked.keep.max())
        if factor <= keep:
            return 0.0
        if not asked.uniform:
            searches, gain = mixed_searches(asked)
            value = gain * searches.at(rate).value
            return 1 / value if value > 0 else float("inf")
        value = searched_at(asked, rate).value
        return (factor - keep) / ((1 - keep) * value) if value > 0 else float("inf")

    @override
    def prove_step(self, asked: LeakyMap, rate: float) -> StepMultiplier | None:
        if not asked.uniform:
            return propose_mixed(asked, rate, mixed_searches(asked)[0].near(rate))
        return propose_step(asked, rate, searched_at(asked, rate).found)

    @override
    def refuted(self, network: Network) -> bool:
        """A dual solution at the factor one: a few points of the circle, with a vector each."""
        asked = as_map(network)
        found = searched_at(asked, 0.0).found if asked.uniform else mixed_searches(asked)[0].at(0.0)
        return refute_step(asked, 0, found) is not None

    @override
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        metric, gained = generic_symmetric("P", size), generic("M", size)
        multiplier, slopes, leaks = diagonal("q", size), diagonal("d", size), diagonal("a", size)
        factor, x = sp.Symbol("rho"), vector("x", size)
        zeros = []
        for form in MAPS:
            keep = sp.eye(size) - leaks
            read = form.sensed(gained.T, x)
            w = slopes * read
            top, corner, bottom = euler_blocks(
                keep,
                form.driven(leaks, gained),
                form.sensed(gained, multiplier),
                metric=metric,
                multiplier=multiplier,
                factor=factor,
            )
            moved = (keep + leaks * form.sloped(gained, slopes)) * x
            shrunk = factor**2 * (x.T * metric * x)[0] - (moved.T * metric * moved)[0]
            quadratic = (x.T * top * x + 2 * x.T * corner * w + w.T * bottom * w)[0]
            zeros.append(sp.expand(shrunk - quadratic - 2 * (w.T * multiplier * (read - w))[0]))
        return (sp.Matrix(zeros),)


def searched_at(asked: LeakyMap, rate: float) -> StepSearch:
    """The search in the conic of this rate, made once for all gains: the best scaling is the same, f* grows as they."""
    largest = float(asked.slopes.max())
    found = searches(asked.with_gain(1 / largest).gained).at(conic_of(float(asked.keep[0]), 1 - rate))
    return replace(found, value=largest * found.value, lower=largest * found.lower)
