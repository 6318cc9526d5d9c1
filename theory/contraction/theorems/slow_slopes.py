"""Theorem 6, slopes that change slowly: as printed it fails; this is what its premise does prove.

Let M = W G or G W and F = G^-1 D, the slopes as fractions in [0, 1]. Premise: a diagonal P > 0 and c > 0 with

    (M - I) P + P (M - I)^T <= -c P.

With N = -P^-1 ((M - I) P + P (M - I)^T + c P) P^-1 >= 0 and T the time constants (`voltage_excess`, `rate_excess`),

    voltage  V = x^T P^-1 T F x
             V' = x^T P^-1 (T F' - c F) x - (F x)^T N F x - (2 - c) x^T P^-1 F (1 - F) x
    rate     V = x^T P^-1 T F^-1 x
             V' = x^T P^-1 (-T F' F^-1 - c) F^-1 x - x^T N x - (2 - c) x^T P^-1 (F^-1 - 1) x

so that for m = min(c, 2), the premise at c holding at m too, V' <= -beta V wherever

    voltage  F' <= (m / tau - beta) F        rate  F' >= -(m / tau - beta) F

and distances fall at the rate beta / 2 while slopes stay above some positive number. The paper has the metric D for
any P, and c / g in place of c, in the voltage form (`printed_counterexample`). Derived here; test_slow_slopes.py.

>>> from theory.contraction import theorems
>>> sorted(theorems.slow_slopes.printed_counterexample().growth().eigenvals())
[-12, 8]
"""

import warnings
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.contraction.definite import is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational, short
from theory.contraction.network import ExactNetwork, Network, Vector

Slopes = Float[np.ndarray, "times n"]
Times = Float[np.ndarray, " times"]
_BISECTIONS = 26
_GIVEN_UP = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
_WIDEST = 1e6


class BadSlopes(ValueError):
    """Slopes along a trajectory that are not positive, exceed the largest or do not fit; the message says which."""


@dataclass(frozen=True)
class SlowSlopes:
    """The premise of Theorem 6: a positive number p for each neuron, and c."""

    scales: tuple[flint.fmpq, ...]
    c: flint.fmpq

    @property
    def value(self) -> float:
        """c as a float."""
        return int(self.c.p) / int(self.c.q)

    def holds(self, network: ExactNetwork) -> bool:
        """Whether -((M - I) P + P (M - I)^T + c P) >= 0 is proved in rational arithmetic."""
        size = network.weights.shape[0]
        if self.c <= 0 or len(self.scales) != size or any(scale <= 0 for scale in self.scales):
            return False
        scales = ExactMatrix.diagonal(self.scales)
        half = (network.gained - ExactMatrix.identity(size)) @ scales
        return is_positive_semidefinite(-(half + half.T + self.c * scales))


@dataclass(frozen=True)
class Along:
    """What the premise proves along a trajectory: V' <= -beta V at each time, and with the least beta throughout.

    Distances, in the metric of V, fall at the rate beta / 2, which is positive or not.
    """

    times: Times
    betas: Times

    @property
    def beta(self) -> float:
        """The least."""
        return float(self.betas.min())


def premise(network: Network, c: float | None = None) -> SlowSlopes | None:
    """The premise with the largest c that is found, or with the c that is asked for; None where none is proved."""
    program = _Program.of(network)
    if c is None:
        most = _largest(network, program)
        asked = [short(most * (1 - given_up)) for given_up in _GIVEN_UP] if most > 0 else []
    else:
        asked = [c]
    for each in asked:
        scales = program.scales(each)
        if scales is not None:
            found = SlowSlopes(tuple(map(rational, on_grid(scales, 40).tolist())), rational(each))
            if found.holds(network.exact):
                return found
    return None


def along(network: Network, proved: SlowSlopes, times: Times, slopes: Slopes, changes: Slopes) -> Along:
    """The beta that holds along a trajectory of slopes phi'(x(t)), `changes` being their derivatives in time.

    Raises:
        BadSlopes: for slopes that are not within (0, g], or arrays that do not fit.
    """
    if slopes.shape != (len(times), network.size) or changes.shape != slopes.shape:
        raise BadSlopes(f"{len(times)} times need slopes and changes of shape {(len(times), network.size)}")
    if not ((slopes > 0) & (slopes <= network.slopes * (1 + 1e-12))).all():
        raise BadSlopes("slopes must be positive and at most the largest: at zero V is not a metric")
    kept = min(proved.value, 2.0) / network.time_constants
    relative = changes / slopes
    betas: Slopes = kept - network.form.power * relative
    return Along(times, betas.min(axis=1))


def _largest(network: Network, program: "_Program") -> float:
    """The largest c, by bisection: M P + P M^T <= (2 - c) P for a diagonal P, so c <= 2 + twice the norm of M."""
    low, high = 0.0, 2.0 + 2.0 * float(np.linalg.norm(network.gained, 2))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if program.scales(middle) is not None else (low, middle)
    return low


@dataclass(frozen=True)
class _Program:
    """The diagonal P in [1, `_WIDEST`] with the largest margin, compiled once for all c."""

    problem: Any
    variable: Any
    margin: Any
    parameter: Any

    @classmethod
    def of(cls, network: Network) -> "_Program":
        import cvxpy

        variable, margin, parameter = cvxpy.Variable(network.size), cvxpy.Variable(), cvxpy.Parameter()
        diagonal = cvxpy.atoms.affine.diag.diag(variable)
        columns = (network.gained - np.eye(network.size)) @ diagonal
        limits = [
            -(columns + columns.T) - parameter * diagonal >> margin * np.eye(network.size),
            variable >= 1,
            variable <= _WIDEST,
            margin <= 1,
        ]
        return cls(cvxpy.Problem(cvxpy.Maximize(margin), limits), variable, margin, parameter)

    def scales(self, c: float) -> Vector | None:
        """P at this c; None where the margin is negative."""
        import cvxpy

        self.parameter.value = c
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.problem.solve(solver=cvxpy.CLARABEL)
            except cvxpy.SolverError:
                return None
        if self.margin.value is None or float(self.margin.value) < 0:
            return None
        return np.asarray(self.variable.value)


def voltage_excess(size: int) -> sp.Expr:
    """V' less what it is said to be, in the voltage form, for matrices of symbols: zero."""
    weights, scales, fractions, changes, taus, c, x = _symbols(size)
    velocity = taus.inv() * (weights * fractions - sp.eye(size)) * x
    metric = scales.inv() * taus * fractions
    growth = (x.T * metric * velocity * 2 + x.T * scales.inv() * taus * changes * x)[0]
    said = (
        x.T * scales.inv() * (taus * changes - c * fractions) * x
        - (fractions * x).T * _premise(weights, scales, c) * fractions * x
        - (2 - c) * x.T * scales.inv() * fractions * (sp.eye(size) - fractions) * x
    )[0]
    return sp.expand(sp.together(growth - said))


def rate_excess(size: int) -> sp.Expr:
    """V' less what it is said to be, in the rate form, for matrices of symbols: zero."""
    weights, scales, fractions, changes, taus, c, x = _symbols(size)
    inverse = fractions.inv()
    velocity = taus.inv() * (fractions * weights - sp.eye(size)) * x
    metric = scales.inv() * taus * inverse
    growth = (x.T * metric * velocity * 2 - x.T * scales.inv() * taus * inverse * changes * inverse * x)[0]
    said = (
        x.T * scales.inv() * (-taus * changes * inverse - c * sp.eye(size)) * inverse * x
        - x.T * _premise(weights, scales, c) * x
        - (2 - c) * x.T * scales.inv() * (inverse - sp.eye(size)) * x
    )[0]
    return sp.expand(sp.together(growth - said))


def _premise(weights: sp.Matrix, scales: sp.Matrix, c: sp.Expr) -> sp.Matrix:
    """N."""
    half = (weights - sp.eye(len(scales.diagonal()))) * scales
    return -scales.inv() * (half + half.T + c * scales) * scales.inv()


def _symbols(size: int) -> tuple[sp.Matrix, sp.Matrix, sp.Matrix, sp.Matrix, sp.Matrix, sp.Expr, sp.Matrix]:
    weights = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"m_{i}{j}", real=True))
    scales, fractions, taus = (
        sp.diag(*(sp.Symbol(f"{name}_{i}", positive=True) for i in range(size))) for name in ("p", "f", "tau")
    )
    changes = sp.diag(*(sp.Symbol(f"a_{i}", real=True) for i in range(size)))
    x = sp.Matrix([sp.Symbol(f"x_{i}", real=True) for i in range(size)])
    return weights, scales, fractions, changes, taus, sp.Symbol("c", positive=True), x


@dataclass(frozen=True)
class PrintedCounterexample:
    """A network that meets Theorem 6 as printed at constant slopes D = I and grows in its metric D; g = 1."""

    weights: sp.Matrix
    scales: sp.Matrix
    c: sp.Rational

    def premise(self) -> sp.Matrix:
        """(W - I) P + P (W - I)^T + c P: negative definite."""
        half = (self.weights - sp.eye(2)) * self.scales
        return half + half.T + self.c * self.scales

    def growth(self) -> sp.Matrix:
        """D J + J^T D at D = I, of which the printed theorem says that it is at most -c D."""
        jacobian = self.weights - sp.eye(2)
        return jacobian + jacobian.T


def printed_counterexample() -> PrintedCounterexample:
    """W = [[0, 10], [0, 0]], P = diag(1, 1/200), c = 1/2: D J + J^T D has the eigenvalue 8."""
    return PrintedCounterexample(sp.Matrix([[0, 10], [0, 0]]), sp.diag(1, sp.Rational(1, 200)), sp.Rational(1, 2))
