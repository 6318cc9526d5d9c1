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
    def driven(self, left: Any, gained: Any) -> Any:
        """`left` times what carries the nonlinearities' outputs into x': M = `sloped(W, G)` or nothing."""

    @abstractmethod
    def sensed(self, gained: Any, right: Any) -> Any:
        """The transpose of what carries x into the nonlinearities, nothing or M, times `right`."""

    @property
    @abstractmethod
    def dual(self) -> "Form":
        """The other form."""


@dataclass(frozen=True)
class Voltage(Form):
    """tau x' = -x + W phi(x) + u (Hopfield), so that T J = -I + W D.

    >>> import numpy as np
    >>> VOLTAGE.name, VOLTAGE.sloped(np.ones((2, 2)), np.diag([0.0, 1.0])).tolist()
    ('voltage', [[0.0, 1.0], [0.0, 1.0]])
    """

    name: ClassVar[str] = "voltage"

    def sloped(self, weights: Any, slopes: Any) -> Any:
        """See `Form`."""
        return weights @ slopes

    def driven(self, left: Any, gained: Any) -> Any:
        """See `Form`."""
        return left @ gained

    def sensed(self, gained: Any, right: Any) -> Any:
        """See `Form`."""
        return right

    @property
    def dual(self) -> Form:
        """See `Form`."""
        return RATE


@dataclass(frozen=True)
class Rate(Form):
    """tau x' = -x + phi(W x + u) (firing rates), so that T J = -I + D W.

    >>> import numpy as np
    >>> RATE.name, RATE.sloped(np.ones((2, 2)), np.diag([0.0, 1.0])).tolist()
    ('rate', [[0.0, 0.0], [1.0, 1.0]])
    """

    name: ClassVar[str] = "rate"

    def sloped(self, weights: Any, slopes: Any) -> Any:
        """See `Form`."""
        return slopes @ weights

    def driven(self, left: Any, gained: Any) -> Any:
        """See `Form`."""
        return left

    def sensed(self, gained: Any, right: Any) -> Any:
        """See `Form`."""
        return gained.T @ right

    @property
    def dual(self) -> Form:
        """See `Form`."""
        return VOLTAGE


VOLTAGE, RATE = Voltage(), Rate()
FORMS: tuple[Form, ...] = (VOLTAGE, RATE)
