"""<phi'(x)> of a smooth phi without a closed form, by one set of nodes that serves all variances up to a bound.

With x = sqrt(D) xi, D the variance of x, the gain is an average over a standard normal xi. Its derivatives in D are
averages too, by Price's theorem and by Stein's lemma, He_n being Hermite's polynomials:

    gain = <phi'(sqrt(D) xi)>,      (d / dD)^j gain = <phi^(2j+1)(sqrt(D) xi)> / 2^j
                                                    = <He_2j(xi) phi'(sqrt(D) xi)> / (2D)^j.

The first form is smooth at D = 0, where a network starts; the second keeps its digits where D is large and the average
of phi^(2j+1) almost cancels. A phi with poles off the real axis (tanh: at i pi / 2) has them at a distance 1 / sqrt(D)
in xi, so that Gauss-Hermite nodes, spread evenly, converge slowly. Here xi = scale sinh(t) with equal steps in t: nodes
crowd at zero on the scale of the poles, and the trapezoid rule converges geometrically. The step is halved until two
rules agree. `theory.overlaps.closure.gain_tail` goes on where the rule ends.
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
    """Nodes xi_j and weights w_j of averages over a standard normal xi, up to the variance `largest` of sqrt(D) xi.

    gain = sum_j w_j phi'(sqrt(D) xi_j), likewise its derivatives. For an odd phi only nodes xi_j >= 0 are kept. `error`
    is the largest difference from the rule of half the step, whose own error is about the square of it: of the gain and
    its first derivative in D (by Price's theorem to D = 1, by Stein's lemma beyond), in units of the same averages of
    absolute values.
    """

    nodes: Float[np.ndarray, " nodes"]
    weights: Float[np.ndarray, " nodes"]
    largest: float
    error: float


def gain_rule(phi: Nonlinearity, largest: float = 100.0, accuracy: float = 1e-10) -> GainRule:
    """The coarsest rule for the gain of phi and its derivative, to a relative `accuracy`.

    Derived here; `tests/theory/overlaps/closure/test_gain_rule.py` compares it with Gauss-Hermite and adaptive
    quadrature.

    Raises:
        GainRuleError: if no rule is that accurate: phi has a kink, grows too fast or has poles near the real axis.
    """
    if phi.derivative(x, 3).has(sp.DiracDelta, sp.Derivative):
        raise GainRuleError(f"{phi.name} has a kink: give a phi with three continuous derivatives")
    variances = np.concatenate([[0.0], np.geomspace(1e-4 * min(largest, 1.0), largest, 80)])
    slope, third = (lower_numpy((x,), phi.derivative(x, order)) for order in (1, 3))
    step = 0.5
    rule = _trapezoid(step, largest, phi.odd)
    values, _ = _averages(slope, third, variances, *rule)
    for _ in range(_HALVINGS):
        finer = _trapezoid(step / 2, largest, phi.odd)
        better, size = _averages(slope, third, variances, *finer)
        error = float(np.max(np.abs(better - values) / np.where(size > 0, size, 1.0)))
        if error <= accuracy:
            return GainRule(*rule, largest, error)
        step, rule, values = step / 2, finer, better
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
    slope: Callable[..., np.ndarray],
    third: Callable[..., np.ndarray],
    variances: np.ndarray,
    nodes: np.ndarray,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Gain and derivative at each variance, and the averages of the absolute values of what is averaged."""
    d = variances[:, None]
    points = np.sqrt(d) * nodes
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows agrees with nothing and is refused
        gain = np.broadcast_to(slope(points), points.shape)
        by_price = np.broadcast_to(third(points) / 2, points.shape)
        by_stein = (nodes**2 - 1) * gain / (2 * np.maximum(d, 1.0))
        both = np.stack([gain, np.where(d <= 1, by_price, by_stein)])
        return both @ weights, np.abs(both) @ weights
