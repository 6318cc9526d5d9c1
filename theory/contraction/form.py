"""The two ways to write a rate network, and what sets them apart: on which side of W the slopes stand."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Form(ABC):
    """Where the nonlinearity stands. Matrices may be numpy's, sympy's, cvxpy's or exact ones.

    rate(W) with metric P corresponds to voltage(W^T) with metric P^-1 (`tests/theory/contraction/test_form.py`).
    """

    name: ClassVar[str]

    @abstractmethod
    def sloped(self, weights: Any, slopes: Any) -> Any:
        """W D or D W: what the slopes, a diagonal matrix, make of the weights in the Jacobian T J = -I + ..."""

    @abstractmethod
    def corner(self, metric: Any, multiplier: Any, gained: Any) -> Any:
        """The corner of the multiplier LMI, of M = `sloped(W, G)`, the metric P T^-1 and the multiplier Q."""

    @property
    @abstractmethod
    def dual(self) -> "Form":
        """The other form."""


@dataclass(frozen=True)
class Voltage(Form):
    """tau x' = -x + W phi(x) + u (Hopfield), so that T J = -I + W D."""

    name: ClassVar[str] = "voltage"

    def sloped(self, weights: Any, slopes: Any) -> Any:
        """See `Form`."""
        return weights @ slopes

    def corner(self, metric: Any, multiplier: Any, gained: Any) -> Any:
        """See `Form`."""
        return metric @ gained + multiplier

    @property
    def dual(self) -> Form:
        """See `Form`."""
        return RATE


@dataclass(frozen=True)
class Rate(Form):
    """tau x' = -x + phi(W x + u) (firing rates), so that T J = -I + D W."""

    name: ClassVar[str] = "rate"

    def sloped(self, weights: Any, slopes: Any) -> Any:
        """See `Form`."""
        return slopes @ weights

    def corner(self, metric: Any, multiplier: Any, gained: Any) -> Any:
        """See `Form`."""
        return metric + gained.T @ multiplier

    @property
    def dual(self) -> Form:
        """See `Form`."""
        return VOLTAGE


VOLTAGE, RATE = Voltage(), Rate()
FORMS: tuple[Form, ...] = (VOLTAGE, RATE)
