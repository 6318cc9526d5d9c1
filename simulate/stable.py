"""Stable, differentiable JAX forms of the functions that symbolic expressions are lowered to."""

from collections.abc import Callable
from functools import reduce
from operator import add, and_, mul, or_

import jax
import jax.numpy as jnp
import sympy as sp
from jaxtyping import Array

from simulate.arctan import arctan
from theory.lowering import secsq, secsq_series, tanc, tanc_series

SERIES_RADIUS = 0.25  # (0.25 / (pi/2)**2)**20 is below rounding
_TANC = [float(a) for a in reversed(tanc_series(20))]
_SECSQ = [float(a) for a in reversed(secsq_series(20))]


class sigmoid(sp.Function):
    """Marker for 1 / (1 + exp(-y))."""

    nargs = 1


class softplus(sp.Function):
    """Marker for log(1 + exp(y))."""

    nargs = 1


def _by_region(
    z: Array, series: list[float], above: Callable[[Array], Array], below: Callable[[Array], Array]
) -> Array:
    """Series near zero, and a form by the root of |z| on either side; each sees only its own region."""
    near, positive = jnp.abs(z) < SERIES_RADIUS, z > 0
    inner = jnp.polyval(jnp.asarray(series, dtype=z.dtype), jnp.where(near, z, 0.0))
    root = jnp.sqrt(jnp.where(near, 1.0, jnp.abs(z)))
    outer = jnp.where(positive, above(jnp.where(positive, root, 1.0)), below(root))
    return jnp.where(near, inner, outer)


def tanc_jax(z: Array) -> Array:
    """`theory.lowering.tanc`, smooth to every order at zero."""
    return _by_region(z, _TANC, lambda w: jnp.tan(w) / w, lambda w: jnp.tanh(w) / w)


def secsq_jax(z: Array) -> Array:
    """`theory.lowering.secsq`, smooth to every order at zero, without overflow for large negative z."""
    return _by_region(z, _SECSQ, lambda w: 1 / jnp.cos(w) ** 2, lambda w: sech_jax(w) ** 2)


def sech_jax(y: Array) -> Array:
    """1 / cosh without overflow; the where, unlike abs, keeps the curvature at zero."""
    decay = jnp.exp(-jnp.where(y >= 0, y, -y))
    return 2 * decay / (1 + decay**2)


@jax.custom_jvp
def sigmoid_jax(y: Array) -> Array:
    """1 / (1 + exp(-y)), whose derivatives keep their relative accuracy in both tails."""
    return jax.nn.sigmoid(y)


@sigmoid_jax.defjvp
def _sigmoid_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (y,), (dy,) = primals, tangents
    value = sigmoid_jax(y)
    return value, value * sigmoid_jax(-y) * dy


@jax.custom_jvp
def tanh_jax(y: Array) -> Array:
    """tanh, whose derivatives keep their relative accuracy in both tails, where 1 - tanh**2 loses it."""
    return jnp.tanh(y)


@tanh_jax.defjvp
def _tanh_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (y,), (dy,) = primals, tangents
    return tanh_jax(y), sech_jax(y) ** 2 * dy


FUNCTIONS: dict[type[sp.Basic], Callable[..., Array]] = {
    sp.exp: jnp.exp,
    sp.log: jnp.log,
    sp.sin: jnp.sin,
    sp.cos: jnp.cos,
    sp.tan: jnp.tan,
    sp.atan: arctan,
    sp.sinh: jnp.sinh,
    sp.cosh: jnp.cosh,
    sp.tanh: tanh_jax,
    sp.atanh: jnp.arctanh,
    sp.sech: sech_jax,
    sp.erf: jax.scipy.special.erf,
    sp.erfc: jax.scipy.special.erfc,
    sp.Abs: lambda y: jnp.maximum(y, -y),  # the tie gives a zero gradient at zero
    sp.sign: jnp.sign,
    sp.Min: lambda *values: reduce(jnp.minimum, values),
    sp.Max: lambda *values: reduce(jnp.maximum, values),
    sp.Add: lambda *values: reduce(add, values),
    sp.Mul: lambda *values: reduce(mul, values),
    sp.And: lambda *values: reduce(and_, values),
    sp.Or: lambda *values: reduce(or_, values),
    sp.Not: jnp.logical_not,
    sp.StrictGreaterThan: lambda a, b: a > b,
    sp.GreaterThan: lambda a, b: a >= b,
    sp.StrictLessThan: lambda a, b: a < b,
    sp.LessThan: lambda a, b: a <= b,
    sp.Equality: lambda a, b: a == b,
    sp.Unequality: lambda a, b: a != b,
    tanc: tanc_jax,
    secsq: secsq_jax,
    sigmoid: sigmoid_jax,
    softplus: jax.nn.softplus,
}


class UnsupportedExpression(NotImplementedError):
    """An expression holds something that has no stable JAX form here."""


def evaluate_tree(node: sp.Basic, known: dict[sp.Basic, Array]) -> Array | float:
    """Value of an expression tree, given those of its symbols."""
    if node in known:
        return known[node]
    if node in (sp.true, sp.false):
        return jnp.asarray(bool(node))
    if isinstance(node, sp.Number | sp.NumberSymbol):
        return float(node)
    if isinstance(node, sp.Pow):
        return _power(evaluate_tree(node.base, known), node.exp, known)
    values = [jnp.asarray(evaluate_tree(part, known)) for part in node.args]
    return FUNCTIONS[node.func](*values)


def _power(base: Array | float, exponent: sp.Expr, known: dict[sp.Basic, Array]) -> Array:
    array = jnp.asarray(base)
    if exponent.is_Integer:
        return array ** int(exponent)
    if exponent == sp.Rational(1, 2):
        return jnp.sqrt(array)
    if exponent == -sp.Rational(1, 2):
        return 1 / jnp.sqrt(array)
    return jnp.power(array, jnp.asarray(evaluate_tree(exponent, known)))


def refuse_unknown(expression: sp.Basic) -> None:
    """Raise `UnsupportedExpression` for the first node that `evaluate_tree` could not treat."""
    for node in sp.preorder_traversal(expression):
        number = isinstance(node, sp.Number | sp.NumberSymbol) and node is not sp.nan and node.is_extended_real
        if number or node.is_Symbol or node in (sp.true, sp.false) or isinstance(node, sp.Pow):
            continue
        if node.func not in FUNCTIONS:
            raise UnsupportedExpression(
                f"{node.func.__name__} in {expression} has no stable JAX form; rewrite the expression without it, "
                "or add one to simulate.stable.FUNCTIONS"
            )
