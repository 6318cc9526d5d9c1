"""What is claimed of a map: a factor a step, which a rate c stands for as 1 - c."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import flint

from theory.contraction.claims.claim import Claim, Rescalable


@dataclass(frozen=True)
class StepClaim(Claim):
    """A statement about a map; `rate` c is per step."""

    discrete: ClassVar[bool] = True

    @property
    def factor(self) -> flint.fmpq:
        """rho = 1 - c: of a distance, a step."""
        return 1 - self.rate


@dataclass(frozen=True)
class RescalableStep(StepClaim, Rescalable):
    """One that can be brought into other units of the neurons."""

    @abstractmethod
    def rescaled(self, units: tuple[flint.fmpq, ...]) -> "RescalableStep":
        """What is claimed of y = D x, said of x; D is the diagonal of `units`."""
