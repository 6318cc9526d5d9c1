"""Integrals over time of products of decaying modes, in the flow and in Euler's scheme, smooth where modes coincide.

A mode is named by its rate: exp(rate t) in the flow and, after k steps, (1 + rate dt)^k in Euler's scheme. A pair of
rates names the mode between them, the answer of the second to the first: the divided difference of the two. Targets
are sampled, not integrated, so that their rate stands for exp(rate t) in both.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import sympy as sp
from typing_extensions import override

from theory.overlaps.impulse.divided import expdiff, powdiff

Pair = tuple[sp.Expr, sp.Expr]


class Clock(ABC):
    """How time passes, and how long the loss listens; the loss is the time integral (the sum times dt)."""

    @abstractmethod
    def mode(self, rate: sp.Expr) -> sp.Expr:
        """What a network's mode is multiplied by: in one step, or in one unit of time (as the logarithm of it)."""

    @abstractmethod
    def target(self, rate: sp.Expr) -> sp.Expr:
        """What a mode of the target, which is sampled, is multiplied by; as for `mode`, but exact in time."""

    @abstractmethod
    def single(self, first: sp.Expr, second: sp.Expr) -> sp.Expr:
        """Integral of the product of two modes, given by `mode` or `target`."""

    @abstractmethod
    def cross(self, first: sp.Expr, pair: Pair) -> sp.Expr:
        """Integral of a mode times the mode between a pair of the network's rates."""

    @abstractmethod
    def square(self, pair: Pair) -> sp.Expr:
        """Integral of the square of the mode between a pair of the network's rates."""


@dataclass(frozen=True)
class Flow(Clock):
    """Continuous time, from the impulse to the horizon (infinity needs rates with a negative real part)."""

    horizon: sp.Expr = sp.oo

    @override
    def mode(self, rate: sp.Expr) -> sp.Expr:
        return rate

    @override
    def target(self, rate: sp.Expr) -> sp.Expr:
        return rate

    @override
    def single(self, first: sp.Expr, second: sp.Expr) -> sp.Expr:
        return self._moment(first + second)

    @override
    def cross(self, first: sp.Expr, pair: Pair) -> sp.Expr:
        return self._moment(first + pair[0], first + pair[1])

    @override
    def square(self, pair: Pair) -> sp.Expr:
        return 2 * self._moment(2 * pair[0], pair[0] + pair[1], 2 * pair[1])

    def _moment(self, *rates: sp.Expr) -> sp.Expr:
        """The divided difference, over the rates, of the integral of exp(rate t)."""
        if self.horizon == sp.oo:
            return 1 / sp.prod(-rate for rate in rates)
        length = sp.sympify(self.horizon)
        return length ** len(rates) * expdiff(0, *(rate * length for rate in rates))


@dataclass(frozen=True)
class Euler(Clock):
    """Euler steps of length dt: state k + 1 is read as output k, and the target at time k dt belongs to it."""

    dt: sp.Expr
    steps: sp.Expr = sp.oo

    @override
    def mode(self, rate: sp.Expr) -> sp.Expr:
        return 1 + self.dt * rate

    @override
    def target(self, rate: sp.Expr) -> sp.Expr:
        return sp.exp(self.dt * rate)

    @override
    def single(self, first: sp.Expr, second: sp.Expr) -> sp.Expr:
        return self._moment(first * second)

    @override
    def cross(self, first: sp.Expr, pair: Pair) -> sp.Expr:
        return self.dt * first * self._moment(first * pair[0], first * pair[1])

    @override
    def square(self, pair: Pair) -> sp.Expr:
        a, b = pair
        straight = self._moment(b * b, a * b)
        return self.dt**2 * (straight + a * (a + b) * self._moment(b * b, a * b, a * a))

    def _moment(self, *factors: sp.Expr) -> sp.Expr:
        """The divided difference, over the factors, of dt times the sum of factor^k."""
        if self.steps == sp.oo:
            return self.dt / sp.prod(1 - factor for factor in factors)
        return self.dt * powdiff(sp.sympify(self.steps), 1, *factors)
