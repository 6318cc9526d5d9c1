"""Which conditions on constant quadratic metrics are worth their cost for a network, and how far each reaches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from theory.contraction.conditions.centre_norm import CENTRE_NORM
from theory.contraction.conditions.condition import Condition, Supremum
from theory.contraction.conditions.ranged_multiplier import RANGED
from theory.contraction.conditions.registry import (
    ABSOLUTE,
    MULTIPLIER,
    PRODUCT,
    SINGULAR,
    SYMMETRIC,
    SYMMETRISED,
    TRIANGULAR,
)
from theory.contraction.conditions.step_condition import StepCondition
from theory.contraction.conditions.step_registry import NORM_BOUND, STEP_ABSOLUTE, STEP_DIAGONAL, STEP_MULTIPLIER
from theory.contraction.network import Network

LARGEST_SEARCH = 512
"""Neurons up to which the multiplier LMI is searched; beyond, the conditions that cost little are tried alone."""
SINGULAR_UP_TO = 32
"""Neurons up to which Theorem 5, of maps the diagonal metric, is tried: the multiplier LMI contains it, and costs less
beyond."""
RANGED_UP_TO = 128
"""Neurons up to which the multiplier LMI is searched for slopes that are not from zero."""
FEW = 6
"""Neurons up to which all corners of the slopes are searched, and polytopes sought, as a matter of course."""

CHECKED = 1024
"""Neurons up to which proofs are sought that take matrices: the checker of certificates takes no more."""

ResultT = TypeVar("ResultT")
Parameters = ParamSpec("Parameters")


def attempted(
    search: Callable[Parameters, ResultT], *given: Parameters.args, **named: Parameters.kwargs
) -> ResultT | None:
    """What a search finds; None where floating point fails it, as it may at scales such as 1e200."""
    try:
        return search(*given, **named)
    except (ArithmeticError, ValueError, RuntimeError):  # the last from scipy, of geometry and of iterations
        return None


@dataclass(frozen=True)
class Candidate:
    """A condition with its supremum on a network, computed once; None where the condition does not hold."""

    condition: Condition
    supremum: Supremum | None

    @classmethod
    def of(cls, condition: Condition, asked: Network) -> "Candidate":
        """The condition, asked about this network."""
        return cls(condition, attempted(condition.supremum, asked))

    @property
    def name(self) -> str:
        """The condition's."""
        return self.condition.name

    @property
    def rate(self) -> float | None:
        """The best rate, in units of one over that of the time constants."""
        return None if self.supremum is None else self.supremum.rate

    def exceeds(self, rate: float) -> bool:
        """Whether the best rate is above this one."""
        return self.supremum is not None and self.supremum.rate > rate


def candidates(asked: Network) -> tuple[Candidate, ...]:
    """The conditions to try, what asks for least first.

    Of flows, Theorems 2 and 3 reach the best rate there is, so that no other is tried where one of them holds.

    >>> import numpy as np
    >>> from theory.contraction import VOLTAGE, network
    >>> [each.name for each in candidates(network(np.array([[0.0, 0.5], [0.5, 0.0]]), VOLTAGE))]
    ['theorem 4', 'theorem 1', 'theorem 2', 'theorem 3']
    """
    if not asked.from_zero:
        return tuple(Candidate.of(condition, asked) for condition in ranged_conditions(asked))
    if asked.form.discrete:
        return tuple(Candidate.of(condition, asked) for condition in step_conditions(asked))
    cheapest = tuple(Candidate.of(condition, asked) for condition in (TRIANGULAR, ABSOLUTE))
    if asked.size > CHECKED:
        return cheapest
    symmetric = bool((asked.weights == asked.weights.T).all())
    exact = tuple(Candidate.of(each, asked) for each in ((SYMMETRIC, PRODUCT) if symmetric else (PRODUCT, SYMMETRISED)))
    cheap = (*cheapest, *exact)
    if asked.size > LARGEST_SEARCH or any(each.supremum is not None for each in exact):
        return cheap
    costly = (SINGULAR, MULTIPLIER) if asked.size <= SINGULAR_UP_TO else (MULTIPLIER,)
    return (*cheap, *(Candidate.of(condition, asked) for condition in costly))


def ranged_conditions(asked: Network) -> tuple[Condition, ...]:
    """Those that slopes between two bounds are asked for.

    Theorems 2 and 3 rest on slopes from zero, and have no counterpart; 4 is a case of absolute weights here too, and 5
    of the multiplier LMI, at the larger of |l| and |g|.
    """
    absolute: Condition = STEP_ABSOLUTE if asked.form.discrete else ABSOLUTE
    if asked.size > CHECKED:
        return (absolute,)
    return (CENTRE_NORM, absolute, RANGED) if asked.size <= RANGED_UP_TO else (CENTRE_NORM, absolute)


def step_conditions(asked: Network) -> tuple[StepCondition, ...]:
    """Those to try on a map of this size, what asks for least first."""
    if asked.size > CHECKED:
        return (STEP_ABSOLUTE,)
    cheap: tuple[StepCondition, ...] = (NORM_BOUND, STEP_ABSOLUTE)
    if asked.size > LARGEST_SEARCH:
        return cheap
    return (*cheap, STEP_DIAGONAL, STEP_MULTIPLIER) if asked.size <= SINGULAR_UP_TO else (*cheap, STEP_MULTIPLIER)
