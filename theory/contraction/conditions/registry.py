"""All conditions, in the order in which a tie between them is broken: what asks for least first."""

from theory.contraction.conditions.absolute import AbsoluteWeightsCondition
from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.multiplier import MultiplierCondition
from theory.contraction.conditions.product import ProductCondition
from theory.contraction.conditions.singular import SingularCondition
from theory.contraction.conditions.symmetric import SymmetricCondition, SymmetrisedCondition
from theory.contraction.conditions.triangular import TriangularCondition
from theory.contraction.conditions.vertex import VertexCondition
from theory.contraction.conditions.weighted_norms import NORM_1, NORM_INF

TRIANGULAR, ABSOLUTE = TriangularCondition(), AbsoluteWeightsCondition()
SYMMETRIC, PRODUCT, SINGULAR = SymmetricCondition(), ProductCondition(), SingularCondition()
SYMMETRISED = SymmetrisedCondition()
"""Theorem 2 in whatever units neurons have; for proofs, not for the table of inclusions."""
MULTIPLIER, VERTEX = MultiplierCondition(), VertexCondition()

CLOSED_FORMS: tuple[Condition, ...] = (TRIANGULAR, ABSOLUTE, SYMMETRIC, PRODUCT, SINGULAR)
"""Theorems 1 to 5; all of them cases of the multiplier LMI."""
QUADRATIC: tuple[Condition, ...] = (*CLOSED_FORMS, MULTIPLIER, VERTEX)
NON_QUADRATIC: tuple[Condition, ...] = (NORM_1, NORM_INF)
CONDITIONS: tuple[Condition, ...] = (*QUADRATIC, *NON_QUADRATIC)
