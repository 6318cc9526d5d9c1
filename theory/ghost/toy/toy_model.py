"""The toy model at given numbers: its landmarks as floats, evaluated to 30 digits before rounding."""

import math
from dataclasses import dataclass
from enum import IntEnum

import mpmath as mp

from theory.ghost.toy import finite_threshold


class ToyModelError(ValueError):
    """A parameter of the toy model that is not a positive number, or not finite where it must be."""


class Part(IntEnum):
    """The parts of a trial, numbered as in `ToyModel.window`: target 0, then target 1."""

    DELAY = 0
    RESPONSE = 1


@dataclass(frozen=True)
class ToyModel:
    """Delayed-activation task for ``x' = x**2 + r``: target 0 up to `delay`, then 1 for `response`.

    `response` is as long as the delay unless given. `threshold` and `confidence` may be infinite; the
    landmarks below are those of a step output (infinite confidence) at the given threshold.
    Times share one unit; r is in that unit to the power -2. Raises `ToyModelError`.

    >>> model = ToyModel(delay=100.0)
    >>> f"{model.optimal_r:.4g} {model.point_of_no_return:.4g} {model.critical_learning_rate:.4g}"
    '0.0002467 6.169e-05 9.132e-10'
    """

    delay: float
    response: float | None = None
    threshold: float = math.inf
    confidence: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what has no meaning, so that nothing later turns into a nan."""
        for name, value in (("delay", self.delay), ("response", self.window[1])):
            if not (value > 0 and math.isfinite(value)):
                raise ToyModelError(f"{name} is {value}; give a positive finite time")
        for name, value in (("threshold", self.threshold), ("confidence", self.confidence)):
            if not value > 0:
                raise ToyModelError(f"{name} is {value}; give a positive number (math.inf is allowed)")

    @property
    def window(self) -> tuple[float, float]:
        """Lengths of the delay and of the response window."""
        return self.delay, self.delay if self.response is None else self.response

    @property
    def optimal_r(self) -> float:
        """r whose escape time is the delay."""
        return float(finite_threshold.r_escaping_at(self.delay, self.threshold))

    @property
    def point_of_no_return(self) -> float:
        """r whose escape time is the end of the response window."""
        end = mp.mpf(self.window[0]) + self.window[1]
        return float(finite_threshold.r_escaping_at(end, self.threshold))

    @property
    def critical_learning_rate(self) -> float:
        """Rate (for the integral loss) whose step from right of the optimum ends at the point of no return."""
        return float(finite_threshold.critical_learning_rate(self.window, self.threshold))

    @property
    def critical_learning_rate_per_delay(self) -> float:
        """The critical learning rate for the loss divided by the delay."""
        return float(finite_threshold.critical_learning_rate(self.window, self.threshold) * self.delay)
