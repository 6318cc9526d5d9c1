"""The only way from a symbolic expression to a JAX function.

`lower` walks the expression tree through a white list. Exponentials of the sigmoid family are recognised and computed
without overflow, the branches of a Piecewise are guarded so that an excluded one cannot spoil a gradient, common
subexpressions are computed once. Whatever is not on the list is refused by name.
"""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, ArrayLike

from simulate.stable import UnsupportedExpression, evaluate_tree, refuse_unknown, sigmoid, softplus
from theory.lowering import lower_numpy

Lowered = Callable[..., Array | tuple[Array, ...]]


def lower(
    expressions: sp.Basic | sp.MatrixBase | Sequence[sp.Basic | sp.MatrixBase], arguments: Sequence[sp.Symbol]
) -> Lowered:
    """A JAX function of `arguments` (scalars or arrays that broadcast) computing `expressions`.

    An expression or relation gives an array, a matrix (of any shape) a one-dimensional array of its entries (for
    array arguments: entries along the last axis), a tuple or list a tuple. The result can be jitted, vmapped and
    differentiated; integers are taken as floats. Min and Max at a tie have the mean of the two gradients, Abs and
    sign at zero the gradient zero. Raises `UnsupportedExpression`.
    """
    many = isinstance(expressions, tuple | list)
    items = list(expressions) if many else [expressions]
    entries = [list(item) if isinstance(item, sp.MatrixBase) else [item] for item in items]
    evaluate = _lower_flat([sp.sympify(entry) for group in entries for entry in group], tuple(arguments))

    def lowered(*values: ArrayLike) -> Array | tuple[Array, ...]:
        if len(values) != len(arguments):
            raise TypeError(f"{len(values)} values given for the arguments {tuple(arguments)}")
        flat = iter(evaluate(*(_as_float(value) for value in values)))
        results = []
        for item, group in zip(items, entries, strict=True):
            found = [next(flat) for _ in group]
            results.append(_stack(found) if isinstance(item, sp.MatrixBase) else found[0])
        return tuple(results) if many else results[0]

    return lowered


def _as_float(value: ArrayLike) -> Array:
    array = jnp.asarray(value)
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)


def _stack(entries: list[Array]) -> Array:
    return jnp.stack(jnp.broadcast_arrays(*entries), axis=-1)


# Recognising what would overflow


def _exponents(expression: sp.Basic) -> list[sp.Expr]:
    """The y of every 1 + exp(y) in the expression."""
    found = []
    for node in expression.atoms(sp.Add):
        one, rest = node.as_two_terms() if len(node.args) == 2 else (None, None)
        if one == 1 and isinstance(rest, sp.exp):
            found.append(rest.exp)
    return sorted(found, key=sp.default_sort_key)


def _stabilise(expression: sp.Basic) -> sp.Basic:
    """Write log(1 + exp(y)), exp(n y) / (1 + exp(y))**m and 1 - 1 / (1 + exp(y)) by softplus and sigmoid."""
    for y in _exponents(expression):
        expression = expression.replace(sp.log(1 + sp.exp(y)), softplus(y))
        expression = expression.replace(lambda node: node.is_Mul, lambda node, y=y: _merge(node, y))
        expression = expression.replace(
            lambda node, y=y: node.is_Pow and node.base == 1 + sp.exp(y) and node.exp.is_negative,
            lambda node, y=y: sigmoid(-y) ** -node.exp,
        )
        expression = expression.replace(lambda node, y=y: node == 1 - sigmoid(-y), lambda node, y=y: sigmoid(y))
    return expression


def _merge(product_: sp.Expr, y: sp.Expr) -> sp.Expr:
    """exp(n y) (1 + exp(y))**-m = sigmoid(y)**n sigmoid(-y)**(m - n)."""
    below = [f for f in product_.args if f.is_Pow and f.base == 1 + sp.exp(y) and f.exp.is_Integer and f.exp < 0]
    above = [f for f in product_.args if isinstance(f, sp.exp)]
    if not below or not above:
        return product_
    power, ratio = -below[0].exp, sp.cancel(above[0].exp / y)
    if not (ratio.is_Integer and 0 < ratio <= power):
        return product_
    rest = [f for f in product_.args if f not in (below[0], above[0])]
    return sp.Mul(*rest, sigmoid(y) ** ratio, sigmoid(-y) ** (power - ratio))


# Evaluation


def _lower_flat(expressions: list[sp.Basic], arguments: tuple[sp.Symbol, ...]) -> Callable[..., list[Array]]:
    """A function returning a list of arrays; each outermost Piecewise is computed by itself."""
    free = set[sp.Symbol]().union(*(e.free_symbols for e in expressions)) - set(arguments)
    if free:
        raise UnsupportedExpression(f"no value for {', '.join(sorted(map(str, free)))}: add to the arguments")
    choices: dict[sp.Basic, sp.Dummy] = {}
    for expression in expressions:
        for node in _outermost_choices(expression):
            choices.setdefault(node, sp.Dummy(f"choice{len(choices)}", real=True))
    chosen = [(symbol, _lower_piecewise(node, arguments)) for node, symbol in choices.items()]
    stable = [_stabilise(e.xreplace(choices)) for e in expressions]
    for expression in stable:
        refuse_unknown(expression)
    shared, reduced = sp.cse(stable)

    def evaluate(*values: Array) -> list[Array]:
        known = dict(zip(arguments, values, strict=True))
        for symbol, choose in chosen:
            known[symbol] = choose(*values)
        for symbol, expression in shared:
            known[symbol] = evaluate_tree(expression, known)
        return [jnp.asarray(evaluate_tree(expression, known)) for expression in reduced]

    return evaluate


def _outermost_choices(expression: sp.Basic) -> list[sp.Basic]:
    if isinstance(expression, sp.Piecewise):
        return [expression]
    return [found for part in expression.args for found in _outermost_choices(part)]


def _lower_piecewise(node: sp.Basic, arguments: tuple[sp.Symbol, ...]) -> Callable[..., Array]:
    """The branches by double where: outside its own region a branch is evaluated at a point inside it."""
    regions = _exclusive([condition for _, condition in node.args])
    values = [_lower_flat([value], arguments) for value, _ in node.args]
    tests = _lower_flat(regions, arguments)
    inside = [_point_inside(value, region, arguments) for (value, _), region in zip(node.args, regions, strict=True)]

    def choose(*given: Array) -> Array:
        result: Array = jnp.asarray(float("nan"))
        for value, test, point in zip(values, tests(*given), inside, strict=True):
            guarded = [jnp.where(test, x, w) for x, w in zip(given, point, strict=True)]
            result = jnp.where(test, value(*guarded)[0], result)
        return result

    return choose


def _exclusive(conditions: list[sp.Basic]) -> list[sp.Basic]:
    """Each condition together with the failure of those before it, as a Piecewise means them."""
    return [
        sp.And(condition, *(sp.Not(earlier, evaluate=False) for earlier in conditions[:k]), evaluate=False)
        for k, condition in enumerate(conditions)
    ]


def _point_inside(value: sp.Expr, condition: sp.Basic, arguments: tuple[sp.Symbol, ...]) -> list[float]:
    """A point where the condition holds and the value and its gradient are finite."""
    if not value.free_symbols:
        return [1.0] * len(arguments)
    points = _samples(arguments)
    usable = np.ones(len(points[0]), dtype=bool)
    with np.errstate(all="ignore"):
        usable &= lower_numpy(arguments, condition)(*points)
        for finite in (value, *(value.diff(symbol) for symbol in arguments)):
            usable &= np.isfinite(lower_numpy(arguments, finite)(*points))
    if not usable.any():
        raise UnsupportedExpression(
            f"found no point where {condition} holds and {value} is smooth; rescale its symbols to values near 1"
        )
    return [float(column[usable.argmax()]) for column in points]


def _samples(arguments: tuple[sp.Symbol, ...], count: int = 4096) -> list[np.ndarray]:
    """Log-uniform trial values over six decades, of the sign each symbol is declared to have."""
    generator = np.random.default_rng(0)
    columns = []
    for symbol in arguments:
        size = 10.0 ** generator.uniform(-3, 3, count)
        sign = generator.choice([-1.0, 1.0], count)
        columns.append(size if symbol.is_positive else -size if symbol.is_negative else sign * size)
    return columns
