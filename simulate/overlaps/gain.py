"""The gain <phi'(x)> as a JAX function of the variance of x, lowered from the theory.

Where the theory has a closed form it is that. Otherwise it is a sum over quadrature nodes, in which the variance stands
under a root that has no derivative at 0, where every network starts. Its derivative is therefore given by Price's
theorem, d <f> / d variance = <f''> / 2, a sum over the same nodes.
"""

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import sympy as sp
from jaxtyping import Array, Float

from simulate.lowering import lower
from theory.overlaps.closure.gain_rule import GainRule, gain_rule
from theory.overlaps.gaussian import Nonlinearity, x

Gain = Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]]
_variance = sp.Symbol("variance", nonnegative=True)


@cache
def gain_of(phi: Nonlinearity, largest: float) -> Gain:
    """The gain at a variance of 0 up to `largest`, smooth at 0; not a number beyond, unless it is a closed form.

    Raises:
        GainRuleError: if phi has no closed form and is not smooth enough for the quadrature.
        UnsupportedExpression: if phi holds a function with no JAX form.
    """
    closed = phi.gain(_variance)
    if closed is None:
        return _mean(phi, gain_rule(phi, largest), order=1)
    lowered = lower((closed,), (_variance,))

    def gain(variance: Array) -> Array:
        (value,) = lowered(variance)
        return jnp.broadcast_to(value, variance.shape)

    return gain


def _mean(phi: Nonlinearity, rule: GainRule, order: int) -> Gain:
    """The mean of the derivative of that order over a Gaussian x of given variance."""
    derivative = lower((phi.derivative(x, order),), (x,))

    @jax.custom_jvp
    def mean(variance: Array) -> Array:
        points = jnp.sqrt(variance)[..., None] * rule.nodes
        (value,) = derivative(points)
        value = jnp.sum(rule.weights * value, axis=-1)
        return jnp.where(variance <= rule.largest, value, jnp.nan)

    @mean.defjvp
    def _price(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        (variance,), (change,) = primals, tangents
        return mean(variance), _mean(phi, rule, order + 2)(variance) / 2 * change

    return mean
