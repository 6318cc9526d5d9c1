"""Why no orbit of the training map gets stuck at a <= 1, as steps that can be checked one by one."""

from dataclasses import dataclass

import sympy as sp

from theory.ghost.descent.training_map import cut, rate_ratio, rho, step


@dataclass(frozen=True)
class ProofStep:
    """One step: a relation with right side 0 that holds for every positive rho, a and q = T_r / T.

    `reason` says what the step is for.
    """

    reason: str
    relation: sp.Rel

    def holds(self) -> bool:
        """Whether sympy proves the relation from the positivity of the symbols alone."""
        left = sp.factor(sp.simplify(self.relation.lhs))
        return bool(left == 0) if isinstance(self.relation, sp.Eq) else bool(left.is_positive)


@dataclass(frozen=True)
class SafetyProof:
    """No orbit started at rho >= rho_c falls below rho_c if a <= 1, and some do if a > 1; steps in order."""

    steps: tuple[ProofStep, ...]

    def holds(self) -> bool:
        """Whether every step does."""
        return all(each.holds() for each in self.steps)


def safety_proof() -> SafetyProof:
    """The proof for every response window; `tests/theory/ghost/descent/test_training_map.py` walks through it.

    >>> proof = safety_proof()
    >>> len(proof.steps), proof.holds()
    (5, True)
    """
    right, left = step("R"), step("L")
    margin = right.subs(rho, 1) - cut()
    return SafetyProof(
        (
            ProofStep("the cut is positive, so powers of rho stay real above it", _positive(cut())),
            ProofStep("the cut lies below the optimum", _positive(1 - cut())),
            ProofStep("the right branch increases, so it lies above its limit at 1+", _positive(right.diff(rho))),
            ProofStep(
                "that limit clears the cut by (1 - a) (1 - rho_c): not negative exactly when a <= 1",
                _zero(margin - (1 - rate_ratio) * (1 - cut())),
            ),
            ProofStep("the left branch moves up, away from the cut", _positive(left - rho)),
        )
    )


def _positive(expression: sp.Expr) -> sp.Rel:
    return sp.Gt(expression, 0, evaluate=False)


def _zero(expression: sp.Expr) -> sp.Rel:
    return sp.Eq(expression, 0, evaluate=False)
