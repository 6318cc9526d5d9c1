"""From an expression to numpy and mpmath, and two relatives of the tangent that both of them know.

These are smooth at zero, and spare the toy model its cases in the sign of r. With ``x' = x**2 + r`` and
``x(0) = 0`` the trajectory is ``r t tanc(r t**2)`` and its speed is ``r secsq(r t**2)``, for negative, zero and
positive ``r`` alike.
"""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.special import erf
from sympy.codegen.numpy_nodes import logaddexp

Numbers = float | int | NDArray[Any]


class tanc(sp.Function):
    """``tan(sqrt(z)) / sqrt(z)``: ``tanh(sqrt(-z)) / sqrt(-z)`` for z < 0, and 1 at z = 0.

    >>> z = sp.Symbol("z")
    >>> tanc(0), tanc(z).diff(z)
    (1, (secsq(z) - tanc(z))/(2*z))
    """

    nargs = 1

    @classmethod
    def eval(cls, z: sp.Expr) -> sp.Expr | None:
        """Return 1 at z = 0, which sympy then simplifies on its own."""
        return sp.S.One if z.is_zero else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return the derivative; the apparent pole at z = 0 cancels."""
        z = self.args[0]
        return (secsq(z) - tanc(z)) / (2 * z)

    def _eval_rewrite_as_tan(self, z: sp.Expr, **_: Any) -> sp.Expr:
        return sp.tan(sp.sqrt(z)) / sp.sqrt(z)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return _evaluate(self, prec)


class secsq(sp.Function):
    """``sec(sqrt(z))**2``: ``sech(sqrt(-z))**2`` for z < 0, and 1 at z = 0.

    >>> z = sp.Symbol("z")
    >>> secsq(0), secsq(z).diff(z)
    (1, secsq(z)*tanc(z))
    """

    nargs = 1

    @classmethod
    def eval(cls, z: sp.Expr) -> sp.Expr | None:
        """Return 1 at z = 0, which sympy then simplifies on its own."""
        return sp.S.One if z.is_zero else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return the derivative."""
        z = self.args[0]
        return secsq(z) * tanc(z)

    def _eval_rewrite_as_tan(self, z: sp.Expr, **_: Any) -> sp.Expr:
        return 1 + sp.tan(sp.sqrt(z)) ** 2

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return _evaluate(self, prec)


def _evaluate(function: sp.Expr, prec: int) -> sp.Expr | None:
    """Numerical value by the definition, at the precision sympy asks for; None (unevaluated) for a symbol."""
    (z,) = function.args
    if not z.is_number:
        return None
    return function.rewrite(sp.tan)._eval_evalf(prec).as_real_imag()[0] if z.is_real else None


def tanc_series(terms: int) -> list[sp.Rational]:
    """Taylor coefficients of `tanc` at 0, lowest first; the radius of convergence is (pi / 2)**2.

    >>> tanc_series(4)
    [1, 1/3, 2/15, 17/315]
    """
    return [sp.bernoulli(2 * n) * (-4) ** n * (1 - 4**n) / sp.factorial(2 * n) for n in range(1, terms + 1)]


def secsq_series(terms: int) -> list[sp.Rational]:
    """Taylor coefficients of `secsq` at 0: those of d tan(s) / ds in powers of s**2."""
    return [(2 * k + 1) * coefficient for k, coefficient in enumerate(tanc_series(terms))]


def tanc_array(z: Numbers) -> NDArray[np.float64]:
    """`tanc` of an array, to rounding for every z, large negative ones included."""
    z = np.asarray(z, dtype=np.float64)
    root = np.sqrt(np.abs(z))
    safe = np.where(root == 0, 1.0, root)
    ratio = np.where(z < 0, np.tanh(safe), np.tan(np.where(z < 0, 1.0, safe))) / safe
    return np.where(root == 0, 1.0, ratio)


def secsq_array(z: Numbers) -> NDArray[np.float64]:
    """`secsq` of an array, to rounding for every z, in relative terms also where it is exponentially small."""
    z = np.asarray(z, dtype=np.float64)
    root = np.sqrt(np.abs(z))
    decay = np.exp(-2 * np.where(z < 0, root, 0.0))
    return np.where(z < 0, 4 * decay / (1 + decay) ** 2, 1 / np.cos(np.where(z < 0, 0.0, root)) ** 2)


def lower_numpy(arguments: tuple[sp.Symbol, ...], expression: sp.Basic) -> Callable[..., NDArray[Any]]:
    """A numpy function of an expression or condition, with the two special functions known and log(1 + exp) stable."""
    y = sp.Wild("y")
    stable = expression.replace(sp.log(1 + sp.exp(y)), lambda y: logaddexp(0, y))
    raw = sp.lambdify(arguments, stable, [{"tanc": tanc_array, "secsq": secsq_array, "erf": erf}, "numpy"])

    def lowered(*values: Numbers) -> NDArray[Any]:
        return np.asarray(raw(*(np.asarray(value, dtype=np.float64) for value in values)))

    return lowered


def lower_mpmath(arguments: tuple[sp.Symbol, ...], expression: sp.Basic) -> Callable[..., mp.mpf]:
    """An mpmath function of an expression, at the working precision of the caller."""
    return sp.lambdify(arguments, expression, [{"tanc": _tanc_mp, "secsq": _secsq_mp}, "mpmath"])


def _tanc_mp(z: mp.mpf) -> mp.mpf:
    root = mp.sqrt(abs(z))
    if root == 0:
        return mp.mpf(1)
    return (mp.tan(root) if z > 0 else mp.tanh(root)) / root


def _secsq_mp(z: mp.mpf) -> mp.mpf:
    root = mp.sqrt(abs(z))
    return (mp.sec(root) if z > 0 else mp.sech(root)) ** 2
