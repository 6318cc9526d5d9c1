"""Which condition contains which: a proof for every inclusion, a separating matrix for every pair that is none.

>>> import numpy as np
>>> from theory.contraction import VOLTAGE, conditions
>>> conditions.inclusion.membership(conditions.registry.MULTIPLIER, np.array([[0.0, -1.5], [1.5, 0.0]]), VOLTAGE)
<Membership.HOLDS: 'holds'>
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.registry import (
    ABSOLUTE,
    CONDITIONS,
    MULTIPLIER,
    PRODUCT,
    SINGULAR,
    SYMMETRIC,
    TRIANGULAR,
    VERTEX,
)
from theory.contraction.conditions.weighted_norms import NORM_1, NORM_INF
from theory.contraction.form import Form
from theory.contraction.network import Matrix, network
from theory.contraction.threads import one_blas_thread

_RATE = 2.0**-10
AnySize = Float[np.ndarray, "_ _"]


class Membership(Enum):
    """Where a matrix stands with a condition; both answers but the last are proved in rational arithmetic."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


def membership(condition: Condition, weights: Matrix, form: Form) -> Membership:
    """Whether the condition holds for the network with slopes in [0, 1] and time constants of one."""
    asked = network(weights, form)
    if condition.prove(asked, _RATE) is not None:
        return Membership.HOLDS
    return Membership.FAILS if condition.refuted(asked) else Membership.OPEN


def contained(form: Form) -> dict[tuple[str, str], str]:
    """Every inclusion (this, in that), with its reason; what follows from two others is derived from them."""
    signed, dropped = sorted((NORM_1, NORM_INF), key=lambda each: not each.norm.factors_out(form))
    direct = {
        (TRIANGULAR, ABSOLUTE): "a triangular majorant has its diagonal for eigenvalues",
        (ABSOLUTE, dropped): "the same vector r, A r < r, gives the weights of the norm",
        (dropped, ABSOLUTE): "A q <= (1 - c) q with q > 0 bounds the spectral radius of A",
        (dropped, signed): "keeping the sign of the diagonal lowers the majorant",
        (ABSOLUTE, MULTIPLIER): "P = l / r and Q in closed form (AbsoluteWeights.as_multiplier)",
        (SYMMETRIC, MULTIPLIER): "P = theta^-1 or theta, Q = I (SymmetricCondition.identities)",
        (PRODUCT, MULTIPLIER): "theta with all eigenvalues of the symmetrised W below zero",
        (SINGULAR, MULTIPLIER): "Q = s P or P / s (SingularCondition)",
        (MULTIPLIER, VERTEX): "the same P serves at every corner (MultiplierCondition.identities)",
    }
    return closed({(a.name, b.name): reason for (a, b), reason in direct.items()})


def closed(direct: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """With all that follows from two of them.

    >>> closed({("a", "b"): "why", ("b", "c"): "so"})[("a", "c")]
    'through b'
    """
    reasons = dict(direct)
    names = list(dict.fromkeys(name for pair in direct for name in pair))
    for middle in names:
        for a in names:
            for b in names:
                if a != b and (a, middle) in reasons and (middle, b) in reasons:
                    reasons.setdefault((a, b), f"through {middle}")
    return reasons


@dataclass(frozen=True)
class InclusionTable:
    """For every ordered pair of conditions: why the first is contained in the second, or a separating matrix."""

    form: Form
    names: tuple[str, ...]
    reasons: Mapping[tuple[str, str], str]
    separating: Mapping[tuple[str, str], AnySize]
    memberships: tuple[tuple[AnySize, Mapping[str, Membership]], ...]

    @property
    def open(self) -> tuple[tuple[str, str], ...]:
        """Pairs for which neither is known."""
        pairs = ((a, b) for a in self.names for b in self.names if a != b)
        return tuple(pair for pair in pairs if pair not in self.reasons and pair not in self.separating)

    @property
    def contradictions(self) -> tuple[tuple[str, str], ...]:
        """Inclusions that some matrix of the table violates: there are none, unless a proof is wrong."""
        return tuple(
            (a, b)
            for a, b in self.reasons
            for _, found in self.memberships
            if found[a] is Membership.HOLDS and found[b] is Membership.FAILS
        )


EXAMPLES: tuple[tuple[tuple[float, ...], ...], ...] = (
    ((-5,),),
    ((0, -1.5), (1.5, 0)),
    ((0, -0.875), (0.875, 0)),
    ((0.625, -0.625), (0.625, 0.625)),
    ((0, 8), (0, 0)),
    ((0, 0), (8, 0)),
    ((0, 0.5), (0.25, 0)),
    ((-4, 4.75), (-4.75, -4)),
    ((-3, 2.5), (2.5, -3)),
    ((-1, 4), (0.125, -1)),
    ((0.5, 0.25), (0.25, -4)),
    ((0, -0.875, -0.875), (-0.875, 0, -0.875), (-0.875, -0.875, 0)),
    ((-5, -4.5, -4.5), (-4.5, -5, -4.5), (-4.5, -4.5, -5)),
    ((-1.5, -0.75, -4.5), (4.5, -3.75, 4.5), (1.5, -1.5, -1.5)),
    ((-2, 1, 0), (4, -3, 1), (0, 0.25, -1)),
)
"""Small matrices of binary fractions, each in some conditions and outside others."""


@cache
@one_blas_thread
def inclusion_table(form: Form) -> InclusionTable:
    """The table for one form, computed: memberships of every example and of its transpose, all proved."""
    names = tuple(condition.name for condition in CONDITIONS)
    found = [
        (matrix, {c.name: membership(c, matrix, form) for c in CONDITIONS}) for matrix in both_sides(arrays(EXAMPLES))
    ]
    return InclusionTable(form, names, contained(form), separated(found), tuple(found))


def arrays(examples: Any) -> Iterator[AnySize]:
    """Matrices out of rows of numbers."""
    return (np.array(rows, dtype=float) for rows in examples)


def both_sides(examples: Iterable[AnySize]) -> list[AnySize]:
    """The matrices and their transposes, each once."""
    sides = (side for matrix in examples for side in (matrix, matrix.T.copy()))
    return list({side.tobytes(): side for side in sides}.values())


def separated(found: Iterable[tuple[AnySize, Mapping[str, Membership]]]) -> dict[tuple[str, str], AnySize]:
    """For pairs of names the first matrix of which the one is proved and the other refuted."""
    separating: dict[tuple[str, str], AnySize] = {}
    for matrix, memberships in found:
        for a, first in memberships.items():
            for b, second in memberships.items():
                if first is Membership.HOLDS and second is Membership.FAILS:
                    separating.setdefault((a, b), matrix)
    return separating
