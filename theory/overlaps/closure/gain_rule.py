"""<phi'(x)> of a smooth phi without a closed form, by one set of nodes that serves all variances up to a bound.

With x = sqrt(variance) xi the gain and, by Price's theorem, its derivative are averages over a standard normal xi:

    gain = <phi'(sqrt(variance) xi)>,      d gain / d variance = <phi'''(sqrt(variance) xi)> / 2,

both smooth in the variance at zero, where a network starts. A phi with poles off the real axis (tanh: at i pi / 2) has
them at a distance 1 / sqrt(variance) in xi, so that Gauss-Hermite nodes, spread evenly, converge slowly. Here
xi = scale sinh(t) with equal steps in t: nodes crowd at zero on the scale of the poles, and the trapezoid rule
converges geometrically. The step is halved until two rules agree.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.lowering import lower_numpy
from theory.overlaps.gaussian import Nonlinearity, x

_FARTHEST = 9.0  # standard deviations: beyond lie 2e-19 of a Gaussian
_HALVINGS = 6


class GainRuleError(ArithmeticError):
    """The gain of this nonlinearity does not converge: it is not smooth enough, or grows too fast."""


@dataclass(frozen=True)
class GainRule:
    """Nodes xi_j and weights w_j; up to the variance `largest`, gain and derivative are within `error` of the truth.

    gain = sum_j w_j phi'(sqrt(variance) xi_j), its derivative sum_j w_j phi'''(sqrt(variance) xi_j) / 2. For an odd phi
    only nodes xi_j >= 0 are kept. `error` is the largest difference from the rule of half the step, whose own error is
    about the square of it.
    """

    nodes: Float[np.ndarray, " nodes"]
    weights: Float[np.ndarray, " nodes"]
    largest: float
    error: float


def gain_rule(phi: Nonlinearity, largest: float = 100.0, accuracy: float = 1e-10) -> GainRule:
    """The coarsest rule for the gain of phi and its derivative, to an absolute `accuracy`.

    Derived here; `tests/theory/overlaps/closure/test_gain_rule.py` compares it with Gauss-Hermite and adaptive
    quadrature.

    Raises:
        GainRuleError: if no rule is that accurate: phi has a kink, grows too fast or has poles near the real axis.
    """
    if phi.derivative(x, 3).has(sp.DiracDelta, sp.Derivative):
        raise GainRuleError(f"{phi.name} has a kink: give a phi with three continuous derivatives")
    variances = np.concatenate([[0.0], largest * np.geomspace(1e-4, 1.0, 60)])
    averaged = [lower_numpy((x,), phi.derivative(x, order)) for order in (1, 3)]
    step = 0.5
    nodes, weights = _trapezoid(step, largest, phi.odd)
    values = _averages(averaged, variances, nodes, weights)
    for _ in range(_HALVINGS):
        finer = _trapezoid(step / 2, largest, phi.odd)
        better = _averages(averaged, variances, *finer)
        error = float(np.max(np.abs(better - values)))
        if error <= accuracy:
            return GainRule(nodes, weights, largest, error)
        step, (nodes, weights), values = step / 2, finer, better
    raise GainRuleError(
        f"the gain of {phi.name} up to variance {largest:g} is known to {error:.1e} only, not to {accuracy:.1e}: "
        "give a phi with three continuous derivatives, a smaller variance or a lower accuracy"
    )


def _trapezoid(step: float, largest: float, odd: bool) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of <f(xi)> in t, xi = scale sinh(t); weights sum to 1 up to the rule's error."""
    scale = 1 / np.sqrt(1 + largest)
    count = int(np.arcsinh(_FARTHEST / scale) / step) + 1
    t = step * np.arange(0 if odd else -count, count + 1)
    nodes = scale * np.sinh(t)
    weights = step * scale * np.cosh(t) * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    return nodes, np.where(t > 0, 2 * weights, weights) if odd else weights


def _averages(
    functions: list[Callable[..., np.ndarray]], variances: np.ndarray, nodes: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    points = np.sqrt(variances)[:, None] * nodes
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows agrees with nothing and is refused
        slope, third = (np.broadcast_to(function(points), points.shape) for function in functions)
        return np.stack([slope @ weights, third @ weights / 2])
