"""Nonlinearities and their expectations under a Gaussian, in closed form where there is one.

Everything here is derived from the expression of phi alone, by sympy; `theory.overlaps.closure.gain_rule` has the
quadrature for a phi without closed forms. The ladder of derivatives is Price's theorem: for jointly Gaussian x, y
with covariance xy,

    d <f(x) g(y)> / d xy = <f'(x) g'(y)>,      d <f(x)> / d variance = <f''(x)> / 2.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, runtime_checkable

import sympy as sp

NONLINEARITIES: "dict[str, Nonlinearity]" = {}
"""Those of this file by their names, which mean the same everywhere."""

x = sp.Symbol("x", real=True)
_y = sp.Symbol("y", real=True)
_variance = sp.Symbol("variance", positive=True)
_xx, _yy = sp.symbols("xx yy", positive=True)
_xy = sp.Symbol("xy", real=True)


class NotANonlinearity(ValueError):
    """No function of `theory.overlaps.gaussian.x` alone, written as an expression."""


@runtime_checkable
class NamedFunction(Protocol):
    """A nonlinearity as a simulated network has it: known here by its name."""

    @property
    def name(self) -> str:
        """Its name, which means the same everywhere."""

    def __call__(self, x: Any) -> Any:
        """phi(x)."""


def expression_of(phi: object) -> "Nonlinearity":
    """A nonlinearity's expression: it may be given as the function of a simulated network, which tells its name.

    Raises:
        NotANonlinearity: for what is no nonlinearity, or one whose expression is not known.
    """
    if isinstance(phi, Nonlinearity):
        return phi
    known = NONLINEARITIES.get(phi.name) if isinstance(phi, NamedFunction) else None
    if known is None:
        raise NotANonlinearity(
            f"{phi!r} has no expression here: give LINEAR, ERF, TANH or RELU, or theory.overlaps.Smooth(name, formula)"
        )
    return known


@dataclass(frozen=True)
class Nonlinearity(ABC):
    """phi as an expression in `theory.overlaps.gaussian.x`, and its Gaussian expectations where they have a closed
    form.

    Raises:
        NotANonlinearity: if the expression has other symbols than x, or the name is that of another one here.
    """

    name: str
    formula: sp.Expr

    def __post_init__(self) -> None:
        """Refuse other symbols, and a name that is taken."""
        known = NONLINEARITIES.get(self.name)
        if known is not None and known.formula != self.formula:
            raise NotANonlinearity(f"{self.name} = {self.formula}: that name means {known.formula}; choose another")
        if self.formula.free_symbols != {x}:
            raise NotANonlinearity(
                f"{self.name} = {self.formula}: write it in theory.overlaps.gaussian.x and nothing else"
            )

    def expression(self, argument: sp.Expr) -> sp.Expr:
        """phi(argument)."""
        return self.formula.subs(x, argument)

    def derivative(self, argument: sp.Expr, order: int = 1) -> sp.Expr:
        """The derivative of phi of that order; jumps are not seen: the second derivative of ReLU is 0."""
        return _derivative(self.formula, order).subs(x, argument)

    @property
    def odd(self) -> bool:
        """Whether phi(-x) = -phi(x)."""
        return _is_odd(self.formula)

    @abstractmethod
    def gain(self, variance: sp.Expr) -> sp.Expr | None:
        """<phi'(x)> of a Gaussian x of mean zero and that variance; None where there is no closed form."""

    @abstractmethod
    def covariance(self, xx: sp.Expr, xy: sp.Expr, yy: sp.Expr) -> sp.Expr | None:
        """<phi(x) phi(y)> of Gaussians of mean zero with these second moments; None where it has no closed form."""

    @abstractmethod
    def gain_covariance(self, xx: sp.Expr, xy: sp.Expr, yy: sp.Expr) -> sp.Expr | None:
        """<phi'(x) phi'(y)>, likewise."""


@dataclass(frozen=True)
class Smooth(Nonlinearity):
    """Any phi with three continuous derivatives; its expectations are left to quadrature.

    >>> Smooth("softsign", x / sp.sqrt(1 + x**2)).derivative(x)
    (x**2 + 1)**(-3/2)
    """

    def gain(self, variance: sp.Expr) -> sp.Expr | None:
        """None: see `theory.overlaps.closure.gain_rule`."""
        return None

    def covariance(self, xx: sp.Expr, xy: sp.Expr, yy: sp.Expr) -> sp.Expr | None:
        """None."""
        return None

    def gain_covariance(self, xx: sp.Expr, xy: sp.Expr, yy: sp.Expr) -> sp.Expr | None:
        """None."""
        return None


@dataclass(frozen=True)
class Closed(Nonlinearity):
    """A nonlinearity whose expectations sympy finds.

    `kinked` where phi' is a step at 0, of height one: then <phi''(x) phi''(y)> is the density at (0, 0).

    >>> ERF.formula, ERF.odd, RELU.odd
    (erf(sqrt(pi)*x/2), True, False)
    >>> ERF.gain(sp.Integer(1))
    sqrt(2)/sqrt(2 + pi)
    """

    kinked: bool = False

    def gain(self, variance: sp.Expr) -> sp.Expr:
        """<phi'(x)>.

        >>> Delta = sp.Symbol("Delta", positive=True)
        >>> ERF.gain(Delta), RELU.gain(Delta), LINEAR.gain(Delta)
        (sqrt(2)/sqrt(pi*Delta + 2), 1/2, 1)
        """
        return _mean(self.formula.diff(x)).subs(_variance, variance)

    def covariance(self, xx: sp.Expr, xy: sp.Expr, yy: sp.Expr) -> sp.Expr:
        """<phi(x) phi(y)>: its value at xy = 0, where x and y are independent, and the integral of its derivative.

        >>> ERF.covariance(*sp.symbols("xx xy yy", positive=True))
        2*asin(pi*xy/(sqrt(pi*xx + 2)*sqrt(pi*yy + 2)))/pi
        """
        return _covariance(self).subs({_xx: xx, _xy: xy, _yy: yy}, simultaneous=True)

    def gain_covariance(self, xx: sp.Expr, xy: sp.Expr, yy: sp.Expr) -> sp.Expr:
        """<phi'(x) phi'(y)>.

        >>> RELU.gain_covariance(*sp.symbols("xx xy yy", positive=True))
        asin(xy/(sqrt(xx)*sqrt(yy)))/(2*pi) + 1/4
        """
        return _gain_covariance(self)[0].subs({_xx: xx, _xy: xy, _yy: yy}, simultaneous=True)


@cache
def _derivative(formula: sp.Expr, order: int) -> sp.Expr:
    return sp.simplify(formula.diff(x, order))


@cache
def _is_odd(formula: sp.Expr) -> bool:
    return bool(sp.simplify(formula.subs(x, -x) + formula) == 0)


@cache
def _mean(formula: sp.Expr) -> sp.Expr:
    density = sp.exp(-(x**2) / (2 * _variance)) / sp.sqrt(2 * sp.pi * _variance)
    return sp.simplify(sp.integrate(formula * density, (x, -sp.oo, sp.oo)))


@cache
def _covariance(phi: Closed) -> sp.Expr:
    mean = _mean(phi.formula)
    return _climb(mean.subs(_variance, _xx) * mean.subs(_variance, _yy), *_gain_covariance(phi))


@cache
def _gain_covariance(phi: Closed) -> tuple[sp.Expr, sp.Expr]:
    """<phi' phi'> as a function of xy, and the square of the xy at which its derivative is singular."""
    slope = phi.formula.diff(x)
    if phi.kinked:
        determinant = _xx * _yy - _xy**2
        return _climb(_mean(slope) ** 2, 1 / (2 * sp.pi * sp.sqrt(determinant)), _xx * _yy), _xx * _yy
    inverse_square = sp.Poly(sp.simplify(_pair_mean(slope) ** -2), _xy)
    constant, quadratic = inverse_square.coeff_monomial(1), inverse_square.coeff_monomial(_xy**2)
    singular = sp.factor(-constant / quadratic) if quadratic != 0 else _xx * _yy
    return 1 / sp.sqrt(sp.factor(constant) + quadratic * _xy**2), singular


def _climb(start: sp.Expr, derivative: sp.Expr, singular: sp.Expr) -> sp.Expr:
    """The function of xy with this derivative and this value at xy = 0, found in c = xy / sqrt(singular)."""
    c = sp.Symbol("c", real=True)
    scale = sp.sqrt(singular)
    integrand = sp.simplify(derivative.subs(_xy, scale * c)) * scale
    antiderivative = sp.integrate(sp.simplify(integrand), c)
    return sp.expand(start + sp.simplify(antiderivative - antiderivative.subs(c, 0)).subs(c, _xy / scale))


def _pair_mean(formula: sp.Expr) -> sp.Expr:
    """<f(x) f(y)>: over y at given x, where it has mean slope x and variance left, then over x; f > 0."""
    slope, left = sp.Symbol("slope", real=True), sp.Symbol("left", positive=True)
    at, conditional = formula.subs(x, _y), sp.exp(-((_y - slope * x) ** 2) / (2 * left)) / sp.sqrt(2 * sp.pi * left)
    inner = sp.simplify(sp.integrate(at * conditional, (_y, -sp.oo, sp.oo)))
    density = sp.exp(-(x**2) / (2 * _xx)) / sp.sqrt(2 * sp.pi * _xx)
    outer = sp.integrate(sp.simplify(formula * density * inner), (x, -sp.oo, sp.oo), conds="none")
    return outer.subs(left, _yy - slope**2 * _xx).subs(slope, _xy / _xx)


LINEAR = Closed("linear", x)
"""x itself."""
ERF = Closed("erf", sp.erf(sp.sqrt(sp.pi) * x / 2))
"""erf(sqrt(pi) x / 2), whose slope at 0 is 1."""
RELU = Closed("relu", sp.Piecewise((x, x > 0), (0, True)), kinked=True)
"""max(x, 0)."""
TANH = Smooth("tanh", sp.tanh(x))
"""tanh(x), whose Gaussian means are quadratures."""
NONLINEARITIES.update({phi.name: phi for phi in (LINEAR, ERF, RELU, TANH)})
