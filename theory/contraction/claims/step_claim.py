"""What is claimed of a map: a factor a step, which a rate c stands for as 1 - c."""

from dataclasses import dataclass
from typing import ClassVar

import flint

from theory.contraction.claims.claim import Claim


@dataclass(frozen=True)
class StepClaim(Claim):
    """A statement about a map; `rate` c is per step."""

    discrete: ClassVar[bool] = True

    @property
    def factor(self) -> flint.fmpq:
        """rho = 1 - c: of a distance, a step."""
        return 1 - self.rate
