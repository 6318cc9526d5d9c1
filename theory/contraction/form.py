"""The ways to write a rate network, and what sets them apart: on which side of W the slopes stand; flow or map."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from typing_extensions import override


@runtime_checkable
class NamedVectorField(Protocol):
    """A form as a simulated network has it: known here by its name."""

    @property
    def name(self) -> str:
        """Its name, which means the same everywhere."""

    def response(self, recurrent: Any, activation: Any, x: Any, u: Any) -> Any:
        """What drives x against its leak."""


@dataclass(frozen=True)
class Form(ABC):
    """Where the nonlinearity stands. Matrices may be numpy's, sympy's, cvxpy's or exact ones.

    rate(W) with metric P corresponds to voltage(W^T) with metric P^-1 (`tests/theory/contraction/test_form.py`): what
    is derived for one form holds in the other with W transposed, metrics and multipliers inverted.
    """

    name: ClassVar[str]
    power: ClassVar[int]
    """1 or -1: a metric, a multiplier or a unit that voltage has in closed form enters this form with this power."""
    slopes_multiply_rows: ClassVar[bool]
    """Whether one slope multiplies a whole row of W; it multiplies a whole column otherwise."""
    discrete: ClassVar[bool] = False
    """Whether time goes in steps: a map with leaks, in place of a flow with time constants."""

    @abstractmethod
    def sloped(self, weights: Any, slopes: Any) -> Any:
        """W D or D W: what the slopes, a diagonal matrix, make of the weights in the Jacobian T J = -I + ..."""

    @abstractmethod
    def driven(self, left: Any, gained: Any) -> Any:
        """`left` times what carries the nonlinearities' outputs into x': M = `sloped(W, G)` or nothing."""

    @abstractmethod
    def sensed(self, gained: Any, right: Any) -> Any:
        """The transpose of what carries x into the nonlinearities, nothing or M, times `right`."""

    @abstractmethod
    def as_voltage(self, weights: Any) -> Any:
        """The weights, W or W^T, of the voltage network that this form's corresponds to."""

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
    power: ClassVar[int] = 1
    slopes_multiply_rows: ClassVar[bool] = False

    @override
    def sloped(self, weights: Any, slopes: Any) -> Any:
        return weights @ slopes

    @override
    def driven(self, left: Any, gained: Any) -> Any:
        return left @ gained

    @override
    def sensed(self, gained: Any, right: Any) -> Any:
        return right

    @override
    def as_voltage(self, weights: Any) -> Any:
        return weights

    @property
    @override
    def dual(self) -> Form:
        return RATE


@dataclass(frozen=True)
class Rate(Form):
    """tau x' = -x + phi(W x + u) (firing rates), so that T J = -I + D W.

    >>> import numpy as np
    >>> RATE.name, RATE.sloped(np.ones((2, 2)), np.diag([0.0, 1.0])).tolist()
    ('rate', [[0.0, 0.0], [1.0, 1.0]])
    """

    name: ClassVar[str] = "rate"
    power: ClassVar[int] = -1
    slopes_multiply_rows: ClassVar[bool] = True

    @override
    def sloped(self, weights: Any, slopes: Any) -> Any:
        return slopes @ weights

    @override
    def driven(self, left: Any, gained: Any) -> Any:
        return left

    @override
    def sensed(self, gained: Any, right: Any) -> Any:
        return gained.T @ right

    @override
    def as_voltage(self, weights: Any) -> Any:
        return weights.T

    @property
    @override
    def dual(self) -> Form:
        return VOLTAGE


@dataclass(frozen=True)
class Discrete(Rate):
    """h <- (1 - a) h + a phi(W h + u), so that F = I - A + A D W; with a = 1 what `torch.nn.RNN` computes.

    The step of size one of Euler's method for the rate form with time constants 1 / a.

    >>> DISCRETE.name, DISCRETE.discrete, DISCRETE.dual.name
    ('discrete', True, 'discrete-voltage')
    """

    name: ClassVar[str] = "discrete"
    discrete: ClassVar[bool] = True

    @property
    @override
    def dual(self) -> Form:
        return DISCRETE_VOLTAGE


@dataclass(frozen=True)
class DiscreteVoltage(Voltage):
    """v <- (1 - a) v + a (W phi(v) + u), so that F = I - A + A W D.

    >>> DISCRETE_VOLTAGE.name, DISCRETE_VOLTAGE.slopes_multiply_rows
    ('discrete-voltage', False)
    """

    name: ClassVar[str] = "discrete-voltage"
    discrete: ClassVar[bool] = True

    @property
    @override
    def dual(self) -> Form:
        return DISCRETE


VOLTAGE = Voltage()
"""tau x' = -x + W phi(x) + u."""
RATE = Rate()
"""tau x' = -x + phi(W x + u)."""
DISCRETE = Discrete()
"""x <- (1 - leak) x + leak phi(W x + u); `torch.nn.RNN` has leak 1."""
DISCRETE_VOLTAGE = DiscreteVoltage()
"""x <- (1 - leak) x + leak (W phi(x) + u)."""
FORMS: tuple[Form, ...] = (VOLTAGE, RATE)
"""Of flows."""
MAPS: tuple[Form, ...] = (DISCRETE, DISCRETE_VOLTAGE)
"""Of maps."""
