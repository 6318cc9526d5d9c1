"""Why no orbit of the training map gets stuck at a <= 1, as steps that can be checked one by one."""

from dataclasses import dataclass

import sympy as sp

from theory.training_map import cut, rate_ratio, response_ratio, rho, step


@dataclass(frozen=True)
class ProofStep:
    """One step: `expression` has the stated `sign` for every positive rho, a and q = T_r / T.

    `reason` says what the step is for.
    """

    reason: str
    expression: sp.Expr
    sign: str  # "positive" or "zero"

    def holds(self) -> bool:
        """Whether sympy proves the statement from the positivity of the symbols alone."""
        simplified = sp.factor(sp.simplify(self.expression))
        return bool(simplified == 0) if self.sign == "zero" else bool(simplified.is_positive)


@dataclass(frozen=True)
class SafetyProof:
    """No orbit started at rho >= rho_c falls below rho_c if a <= 1, and some do if a > 1; steps in order."""

    steps: tuple[ProofStep, ...]

    def holds(self) -> bool:
        """Whether every step does."""
        return all(each.holds() for each in self.steps)


def safety_proof() -> SafetyProof:
    """The proof for every response window; derived here, walked through by `tests/theory/test_training_map.py`."""
    right, left = step("R"), step("L")
    lowest = right.subs(rho, 1)
    return SafetyProof(
        (
            ProofStep("rho_c lies strictly below the optimum", 1 - cut(), "positive"),
            ProofStep("the right branch increases, so it lies above its limit at 1+", right.diff(rho), "positive"),
            ProofStep(
                "that limit clears the cut by (1 - a) (1 - rho_c): not negative exactly when a <= 1",
                lowest - cut() - (1 - rate_ratio) * (1 - cut()),
                "zero",
            ),
            ProofStep("the left branch moves up, away from the cut", left - rho, "positive"),
            ProofStep("the two branches step equally far, so rho = 1 is the only corner", left + right - 2 * rho, "zero"),
            ProofStep("the cut itself is positive, so powers of rho stay real above it", cut(), "positive"),
        )
    )


def lowest_reached(a: float, q: float) -> sp.Expr:
    """Infimum of the images of the right branch, 1 - a (1 - rho_c), for given numbers a and q."""
    return step("R").subs({rho: 1, rate_ratio: a, response_ratio: q})
