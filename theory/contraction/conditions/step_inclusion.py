"""Which condition on a map contains which, and what the flow of the same weights has to do with it.

A step of the map is one of Euler's method for the flow, of size one with time constants 1 / a. Where every step
contracts by rho in some norm, the flow contracts in it at the rate 1 - rho, as the logarithmic norm of F - I is at most
|F| - 1. The other way round little is left: a flow may be as stiff as it likes.
"""

from functools import cache

from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.inclusion import (
    EXAMPLES,
    InclusionTable,
    Membership,
    arrays,
    both_sides,
    closed,
    contained,
    membership,
    separated,
)
from theory.contraction.conditions.registry import (
    ABSOLUTE,
    CONDITIONS,
    MULTIPLIER,
    SINGULAR,
    VERTEX,
)
from theory.contraction.conditions.step_norms import STEP_NORM_1, STEP_NORM_INF
from theory.contraction.conditions.step_registry import (
    NORM_BOUND,
    STEP_ABSOLUTE,
    STEP_CONDITIONS,
    STEP_DIAGONAL,
    STEP_MULTIPLIER,
    STEP_VERTEX,
)
from theory.contraction.conditions.weighted_norms import NORM_1, NORM_INF
from theory.contraction.form import RATE, VOLTAGE, Form
from theory.contraction.network import Matrix, network
from theory.contraction.threads import one_blas_thread

_RATE = 2.0**-10


def step_name(condition: Condition) -> str:
    """The name of a condition on maps beside those on flows.

    >>> step_name(STEP_DIAGONAL)
    'step: diagonal metric'
    """
    return f"step: {condition.name}"


def step_membership(condition: Condition, weights: Matrix, form: Form, leak: float) -> Membership:
    """Whether the condition holds for the map with slopes in [0, 1] and this leak."""
    asked = network(weights, form, leak=leak)
    if condition.prove(asked, _RATE) is not None:
        return Membership.HOLDS
    return Membership.FAILS if condition.refuted(asked) else Membership.OPEN


def contained_steps(form: Form, leak: float) -> dict[tuple[str, str], str]:
    """Every inclusion (this, in that) among conditions on a map and its flow, with its reason."""
    joint, apart = sorted((STEP_NORM_1, STEP_NORM_INF), key=lambda each: not each.norm.factors_out(form))
    of_map = {
        (NORM_BOUND, STEP_DIAGONAL): "V = I",
        (STEP_DIAGONAL, STEP_MULTIPLIER): "P = V / (a (1 - a + a s)), Q = s V or V / s (StepDiagonalCondition)",
        (STEP_ABSOLUTE, STEP_DIAGONAL): "at leak 1 |F| <= |M|, which is shorter than one in the metric l / r",
        (
            STEP_ABSOLUTE,
            STEP_MULTIPLIER,
        ): "D^2 = l / r: row by row |Re c M_ii| + |c| (others) <= k (test_step_inclusion.py)",
        (STEP_ABSOLUTE, apart): "the same vector r, K r < r, gives the weights of the norm",
        (apart, STEP_ABSOLUTE): "K q <= rho q with q > 0 bounds the spectral radius of K",
        (apart, joint): "the steepest slope's diagonal is no larger",
        (joint, apart): "at leak 1 nothing is kept: both diagonals are |M_ii|",
        (STEP_MULTIPLIER, STEP_VERTEX): "the same P serves at every corner (StepMultiplierCondition.identities)",
    }
    of_flow = {
        (STEP_ABSOLUTE, ABSOLUTE): "K >= 1 - a + a A entry by entry, A the flow's majorant",
        (STEP_DIAGONAL, SINGULAR): "the same V: M^T V M < V",
        (STEP_MULTIPLIER, MULTIPLIER): "the ellipse lies in the parabola of the same k",
        (STEP_VERTEX, VERTEX): "the same P: 2 x^T P (F - I) x <= |F x|^2 - |x|^2",
        (STEP_NORM_1, NORM_1): "the logarithmic norm of F - I is at most |F| - 1",
        (STEP_NORM_INF, NORM_INF): "the logarithmic norm of F - I is at most |F| - 1",
    }
    direct = {(step_name(a), step_name(b)): reason for (a, b), reason in of_map.items()}
    direct |= {(step_name(a), b.name): reason for (a, b), reason in of_flow.items()}
    direct[SINGULAR.name, step_name(STEP_DIAGONAL)] = "the same V, whatever the leak"
    if leak < 1:
        for pair in ((joint, apart), (STEP_ABSOLUTE, STEP_DIAGONAL)):
            del direct[step_name(pair[0]), step_name(pair[1])]
    return closed(contained(form) | direct)


STEP_EXAMPLES: tuple[tuple[tuple[float, ...], ...], ...] = (
    *EXAMPLES,
    ((-1.5,),),
    ((-40,),),
    ((0.5, -0.75), (0.75, 0.5)),
    ((0, 1.5), (0.25, 0)),
    ((-1, 0.75), (0.75, -1)),
    ((-0.75, -0.125, -0.75), (0.5, -0.625, -0.375), (0.375, -0.375, 0.5)),
    ((0.9609375, -0.2109375, -1.04296875), (-0.09375, -0.11328125, -0.04296875), (0.08984375, 0.81640625, 0.828125)),
)
"""Those of the flows, and some for the maps."""


@cache
@one_blas_thread
def step_inclusion_table(form: Form, leak: float) -> InclusionTable:
    """The table of a map and its flow, computed: memberships of every example and of its transpose, all proved."""
    flow = {"discrete": RATE, "discrete-voltage": VOLTAGE}[form.name]
    found = [
        (
            matrix,
            {c.name: membership(c, matrix, flow) for c in CONDITIONS}
            | {step_name(c): step_membership(c, matrix, form, leak) for c in STEP_CONDITIONS},
        )
        for matrix in both_sides(arrays(STEP_EXAMPLES))
    ]
    names = (*(c.name for c in CONDITIONS), *map(step_name, STEP_CONDITIONS))
    return InclusionTable(form, names, contained_steps(form, leak), separated(found), tuple(found))
