"""What flows are asked and maps are asked alike, each by means of its own: the corners, other norms, instability."""

from collections.abc import Callable
from dataclasses import dataclass

from theory.contraction.candidates import CHECKED, FEW
from theory.contraction.claims.claim import Statement
from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.registry import NON_QUADRATIC, VERTEX
from theory.contraction.conditions.step_registry import STEP_NON_QUADRATIC, STEP_VERTEX
from theory.contraction.network import Network
from theory.contraction.search.instability import unstable_at_largest, unstable_slopes
from theory.contraction.search.slope_sequences import unstable_at_largest_step, unstable_sequence
from theory.contraction.search.switching import unstable_switching


@dataclass(frozen=True)
class Seeking:
    """A search for instability at a rate, and the neurons up to which it is made."""

    name: str
    search: Callable[[Network, float], Statement | None]
    largest: int = CHECKED


@dataclass(frozen=True)
class Means:
    """The condition that is exact for few neurons, those by other norms, and searches for instability in order."""

    vertex: Condition
    non_quadratic: tuple[Condition, ...]
    unstable: tuple[Seeking, ...]
    outright: Seeking
    """The first thing to try: it costs next to nothing where it finds nothing."""


FLOW = Means(
    VERTEX,
    NON_QUADRATIC,
    (
        Seeking("unstable at fixed slopes", unstable_slopes),
        Seeking("unstable under switching", unstable_switching, FEW),
    ),
    Seeking("unstable at the largest slopes", unstable_at_largest),
)
MAP = Means(
    STEP_VERTEX,
    STEP_NON_QUADRATIC,
    (Seeking("unstable at slopes in sequence", unstable_sequence),),
    Seeking("unstable at the largest slopes", unstable_at_largest_step),
)


def means_of(asked: Network) -> Means:
    """Those of a flow or of a map.

    >>> import numpy as np
    >>> from theory.contraction import DISCRETE, network
    >>> means_of(network(np.eye(2), DISCRETE)) is MAP
    True
    """
    return MAP if asked.form.discrete else FLOW
