"""All conditions on maps, in the order in which a tie between them is broken: what asks for least first."""

from theory.contraction.conditions.step_absolute import StepAbsoluteCondition
from theory.contraction.conditions.step_condition import StepCondition
from theory.contraction.conditions.step_diagonal import NormBoundCondition, StepDiagonalCondition
from theory.contraction.conditions.step_multiplier import StepMultiplierCondition
from theory.contraction.conditions.step_norms import STEP_NORM_1, STEP_NORM_INF
from theory.contraction.conditions.step_vertex import StepVertexCondition

NORM_BOUND, STEP_ABSOLUTE, STEP_DIAGONAL = NormBoundCondition(), StepAbsoluteCondition(), StepDiagonalCondition()
STEP_MULTIPLIER, STEP_VERTEX = StepMultiplierCondition(), StepVertexCondition()

STEP_QUADRATIC: tuple[StepCondition, ...] = (NORM_BOUND, STEP_ABSOLUTE, STEP_DIAGONAL, STEP_MULTIPLIER, STEP_VERTEX)
STEP_NON_QUADRATIC: tuple[StepCondition, ...] = (STEP_NORM_1, STEP_NORM_INF)
STEP_CONDITIONS: tuple[StepCondition, ...] = (*STEP_QUADRATIC, *STEP_NON_QUADRATIC)
