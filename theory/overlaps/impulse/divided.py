"""Divided differences of exponentials and of powers: what a response is made of where decay rates may coincide.

1 / ((s - a) (s - b)) is the Laplace transform of (e^(at) - e^(bt)) / (a - b), that is t expdiff(a t, b t), which is
smooth where a = b. Both functions are symmetric in their nodes, and a derivative merely repeats its node.
"""

from typing import Any, TypeAlias

import mpmath as mp
import numpy as np
import scipy.linalg
import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import ArgumentIndexError

Number: TypeAlias = int | float | NDArray[Any] | mp.mpf


class expdiff(sp.Function):
    """Divided difference of exp over the nodes given, in any order, repeated or not.

    >>> x, y = sp.symbols("x y")
    >>> expdiff(x), expdiff(y, x).diff(y), expdiff(0, x).rewrite(sp.exp)
    (exp(x), expdiff(x, y, y), (exp(x) - 1)/x)
    """

    @classmethod
    def eval(cls, *nodes: sp.Expr) -> sp.Expr | None:
        """Sort the nodes; a single one gives the exponential, as do different rational numbers."""
        if len(nodes) == 1:
            return sp.exp(nodes[0])
        if all(sp.sympify(node).is_Rational for node in nodes) and len(set(nodes)) == len(nodes):
            return _explicit([sp.exp(node) for node in nodes], nodes)
        ordered = sorted(nodes, key=sp.default_sort_key)
        return None if list(nodes) == ordered else cls(*ordered)

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Derivative in one node, counted as often as the node occurs by the chain rule."""
        return expdiff(*self.args, self.args[argindex - 1])

    def _eval_rewrite_as_exp(self, *nodes: sp.Expr, **_: Any) -> sp.Expr:
        return sp.factor(_explicit([sp.exp(node) for node in nodes], nodes))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return _evaluate(expdiff_value, self.args, prec)

    @staticmethod
    def _imp_(*nodes: Number) -> Number:  # what sympy lowers the function to
        return expdiff_value(*nodes)


class powdiff(sp.Function):
    """Divided difference of x**k over the nodes after k: their complete homogeneous polynomial of degree k + 1 - nodes.

    >>> x, y = sp.symbols("x y")
    >>> powdiff(3, x), sp.expand(powdiff(3, x, y).rewrite(sp.Pow)), powdiff(3, x, y).diff(y)
    (x**3, x**2 + x*y + y**2, powdiff(3, x, y, y))
    """

    @classmethod
    def eval(cls, power: sp.Expr, *nodes: sp.Expr) -> sp.Expr | None:
        """Sort the nodes; a single one gives the power."""
        if len(nodes) == 1:
            return nodes[0] ** power
        ordered = sorted(nodes, key=sp.default_sort_key)
        return None if list(nodes) == ordered else cls(power, *ordered)

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        """Derivative in one node; there is none in the power, which is a whole number."""
        if argindex == 1:
            raise ArgumentIndexError(self, argindex)
        return powdiff(*self.args, self.args[argindex - 1])

    def _eval_rewrite_as_Pow(self, power: sp.Expr, *nodes: sp.Expr, **_: Any) -> sp.Expr:
        return sp.cancel(_explicit([node**power for node in nodes], nodes))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return _evaluate(powdiff_value, self.args, prec)

    @staticmethod
    def _imp_(power: Number, *nodes: Number) -> Number:
        return powdiff_value(power, *nodes)


def _explicit(values: list[sp.Expr], nodes: tuple[sp.Expr, ...]) -> sp.Expr:
    """The quotient form, for nodes that all differ."""
    terms = []
    for k, node in enumerate(nodes):
        terms.append(values[k] / sp.prod(node - other for j, other in enumerate(nodes) if j != k))
    return sp.Add(*terms)


def _evaluate(function: Any, arguments: tuple[sp.Expr, ...], prec: int) -> sp.Expr | None:
    if not all(argument.is_number for argument in arguments):
        return None
    with mp.workprec(prec + 20):
        return sp.Float(function(*(mp.mpf(a._to_mpmath(prec + 20)) for a in arguments)), precision=prec)


def expdiff_value(*nodes: Number) -> Number:
    """`expdiff` of numbers, arrays (broadcast) or mpmath numbers: a corner of exp of a bidiagonal matrix (Opitz)."""
    if any(isinstance(node, mp.mpf) for node in nodes):
        return mp.expm(_bidiagonal_mp(nodes), method="taylor")[0, len(nodes) - 1]
    return scipy.linalg.expm(_bidiagonal(nodes))[..., 0, -1]


def powdiff_value(power: Number, *nodes: Number) -> Number:
    """`powdiff` of numbers, arrays or mpmath numbers; the power is one whole number."""
    if any(isinstance(node, mp.mpf) for node in nodes):
        return (_bidiagonal_mp(nodes) ** int(power))[0, len(nodes) - 1]
    return np.linalg.matrix_power(_bidiagonal(nodes), int(power))[..., 0, -1]


def _bidiagonal(nodes: tuple[Number, ...]) -> NDArray[np.float64]:
    diagonal = np.stack(np.broadcast_arrays(*nodes), axis=-1).astype(np.float64)
    return diagonal[..., None] * np.eye(len(nodes)) + np.eye(len(nodes), k=1)


def _bidiagonal_mp(nodes: tuple[Number, ...]) -> mp.matrix:
    matrix = mp.matrix(len(nodes))
    for k, node in enumerate(nodes):
        matrix[k, k] = node
        if k:
            matrix[k - 1, k] = 1
    return matrix
