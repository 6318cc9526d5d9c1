"""From a search to a claim that the multiplier LMI of a map has no solution.

The dual in short rationals, returned only if it proves it.
"""

from theory.contraction.claims.no_multiplier_step import NoMultiplierStep
from theory.contraction.exact_matrix import Number, rational
from theory.contraction.network import LeakyMap
from theory.contraction.search.frequency_dual import frequencies
from theory.contraction.search.smallest_conic import ConicSearch


def refute_step(asked: LeakyMap, rate: Number, found: ConicSearch) -> NoMultiplierStep | None:
    """A proof that no P and Q give the factor 1 - rate; None where none was found, or leaks differ.

    `found` is the search for `asked.gained` in the conic of this factor, or of one near it.
    """
    if not asked.uniform:
        return None
    for terms in frequencies(found):
        claim = NoMultiplierStep(rational(rate), terms)
        if claim.holds(asked.exact):
            return claim
    return None
