"""The gain <phi'(x)> as a JAX function of the variance of x, lowered from the theory.

Where the theory has a closed form it is that. Otherwise it is a sum over quadrature nodes, and beyond them a series in
the inverse variance. In the sum the variance stands under a root that has no derivative at 0, where every network
starts: derivatives are therefore given as averages of their own, by Price's theorem and Stein's lemma.
"""

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Float

from simulate.lowering import lower
from theory.overlaps.closure.gain_rule import gain_rule
from theory.overlaps.closure.gain_tail import gain_tail
from theory.overlaps.gaussian import Nonlinearity, x

Gain = Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]]
LARGEST = 1e4
"""The variance up to which the gain of a phi is known whose slope does not settle far out."""
_variance = sp.Symbol("variance", nonnegative=True)


@cache
def gain_of(phi: Nonlinearity) -> Gain:
    """The gain, and its derivatives of any order, at every finite variance from 0.

    A phi without closed form whose slope does not settle far out, or slowly (a cubic, arsinh), has a gain up to
    `LARGEST` only; beyond it is not a number. One that oscillates up to there (a sine) is refused.

    Raises:
        GainRuleError: if phi has no closed form, and is not smooth enough for the quadrature or oscillates.
        UnsupportedExpression: if phi holds a function with no JAX form.
    """
    closed = phi.gain(_variance)
    if closed is not None:
        return _expression(closed)
    tail = gain_tail(phi)
    if tail is not None and tail.smallest == 0:
        return _expression(sp.Float(tail.constant))
    return _averaged(phi, order=0)


def _expression(gain: sp.Expr) -> Gain:
    lowered = lower((gain,), (_variance,))

    def evaluated(variance: Array) -> Array:
        (value,) = lowered(variance)
        return jnp.broadcast_to(value, variance.shape)

    return evaluated


@cache
def _averaged(phi: Nonlinearity, order: int) -> Gain:
    """The derivative of the gain of that order in the variance."""
    tail = gain_tail(phi)
    rule = gain_rule(phi, LARGEST if tail is None else tail.smallest)
    slope, bend = (lower((phi.derivative(x, each),), (x,)) for each in (1, 2 * order + 1))
    hermite = np.polynomial.hermite_e.hermeval(rule.nodes, [0.0] * (2 * order) + [1.0])

    @jax.custom_jvp
    def mean(variance: Array) -> Array:
        points = jnp.sqrt(jnp.clip(variance, 0.0, rule.largest))[..., None] * rule.nodes
        (by_stein,), (by_price,) = slope(points), bend(points)
        price = jnp.sum(rule.weights * by_price, axis=-1) / 2**order
        stein = jnp.sum(rule.weights * hermite * by_stein, axis=-1) / (2 * jnp.maximum(variance, 1.0)) ** order
        beyond = jnp.nan if tail is None else tail.derivative(jnp.maximum(variance, rule.largest), order)
        return jnp.where(variance <= rule.largest, jnp.where(variance <= 1, price, stein), beyond)

    @mean.defjvp
    def _climb(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        (variance,), (change,) = primals, tangents
        return mean(variance), _averaged(phi, order + 1)(variance) * change

    return mean
