"""Two relatives of the tangent, smooth at zero, which spare the toy model its cases in the sign of r.

With ``x' = x**2 + r`` and ``x(0) = 0`` the trajectory is ``r t tanc(r t**2)`` and its speed is
``r secsq(r t**2)``, for negative, zero and positive ``r`` alike.
"""

from typing import Any

import sympy as sp


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
