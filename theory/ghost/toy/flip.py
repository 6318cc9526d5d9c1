"""Where descent on a stuck toy model turns from rescue to ruin.

For r just below the no-learning zone descent raises r, slowly: the learner can be rescued. Below the flip it pushes
r deeper, since the delay's pull outweighs the response's. The lower the confidence, the deeper the flip.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from theory.ghost.toy.confidence import loss_and_gradient
from theory.ghost.toy.no_learning import delay_below_exact, response_below
from theory.ghost.toy.toy_model import ToyModel


def flip_in_the_limit(model: ToyModel) -> float:
    """The flip for infinite confidence: sqrt(-r) tanh(sqrt(-r) T) = x_star."""
    T, x_star = model.delay, model.threshold
    s = brentq(lambda s: s * np.tanh(s * T) - x_star, 0.0, x_star + 2 / T + np.sqrt(x_star / T), xtol=1e-15)
    return -(s**2)


def flip(model: ToyModel) -> float:
    """The flip at finite confidence, predicted by the exponential integrals (no quadrature).

    There is one at every confidence: far below zero the response's pull is smaller than the delay's by a factor
    exponential in c sqrt(-r), while at r = 0 the response's wins. It lies deeper the lower the confidence.
    """
    up, down = response_below(), delay_below_exact()
    return _flip(lambda value: float(up.logarithm(value, model) - down.logarithm(value, model)), model)


def flip_by_quadrature(model: ToyModel) -> float:
    """The flip at finite confidence, as the root of the gradient by quadrature."""

    def balance(value: float) -> float:
        found = loss_and_gradient(np.array([value]), model)
        return float(found.log_response_pull[0] - found.log_delay_pull[0])

    return _flip(balance, model)


def _flip(balance: Callable[[float], float], model: ToyModel) -> float:
    """Root in log(-r) of a balance that is positive above the flip, bracketed by steps from the limit."""

    def at(q: float) -> float:
        return balance(-float(np.exp(q)))

    low = high = float(np.log(-flip_in_the_limit(model)))
    while at(low) < 0:
        low -= 1.0
    while at(high) > 0:
        high += 1.0
    return -float(np.exp(low if low == high else brentq(at, low, high, xtol=1e-13)))
