"""From a search to a claim that the multiplier LMI of a map has no solution.

The dual in short rationals, returned only if it proves it.
"""

from theory.contraction.claims.no_multiplier_step import NoMultiplierStep
from theory.contraction.exact_matrix import Number, rational
from theory.contraction.network import LeakyMap
from theory.contraction.search.frequency_dual import frequencies
from theory.contraction.search.leaky import Leaky
from theory.contraction.search.smallest_conic import ConicSearch


def refute_step(asked: LeakyMap, rate: Number, found: ConicSearch) -> NoMultiplierStep | None:
    """A proof that no P and Q give the factor 1 - rate; None where none was found.

    `found` is the search for `asked.gained` in the conic of this factor, or of one near it; where leaks differ, that of
    the map in voltage-like form at this factor.
    """
    exact_rate, scale = rational(rate), 1.0
    if not asked.uniform:
        scale = Leaky.of(asked.keep, 1 - int(exact_rate.p) / int(exact_rate.q)).unit
    for terms in frequencies(found, scale):
        claim = NoMultiplierStep(exact_rate, terms)
        if claim.holds(asked.exact):
            return claim
    return None
