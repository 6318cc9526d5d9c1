"""Contraction in a weighted l1 or l-infinity norm: one positive weight a neuron."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, divided, multiplied, number, numbers
from theory.contraction.claims.majorant import majorants, worst_sums
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import Form
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class Norm(ABC):
    """A norm with a positive weight for each neuron."""

    name: ClassVar[str]
    adds_up_rows: ClassVar[bool]
    """Whether the logarithmic norm adds up rows of T J; it adds up columns otherwise."""

    def factors_out(self, form: Form) -> bool:
        """Whether one slope multiplies all that one sum of this norm adds up."""
        return form.slopes_multiply_rows == self.adds_up_rows

    @abstractmethod
    def oriented(self, matrix: ExactMatrix) -> ExactMatrix:
        """The matrix whose rows are the sums of this norm."""

    @abstractmethod
    def rescaled(self, weights: Units, units: Units) -> Units:
        """The weights of y = D x, for x."""

    @abstractmethod
    def scaled(self, weights: tuple[flint.fmpq, ...], leaks: list[flint.fmpq]) -> list[flint.fmpq]:
        """The weights as they stand in the sums of T J."""


@dataclass(frozen=True)
class Largest(Norm):
    """max_i |x_i| / q_i: the logarithmic norm adds up rows."""

    name: ClassVar[str] = "norm inf"
    adds_up_rows: ClassVar[bool] = True

    @override
    def oriented(self, matrix: ExactMatrix) -> ExactMatrix:
        return matrix

    @override
    def rescaled(self, weights: Units, units: Units) -> Units:
        return divided(weights, units)

    @override
    def scaled(self, weights: tuple[flint.fmpq, ...], leaks: list[flint.fmpq]) -> list[flint.fmpq]:
        return list(weights)


@dataclass(frozen=True)
class Sum(Norm):
    """sum_i q_i |x_i|: the logarithmic norm adds up columns."""

    name: ClassVar[str] = "norm 1"
    adds_up_rows: ClassVar[bool] = False

    @override
    def oriented(self, matrix: ExactMatrix) -> ExactMatrix:
        return matrix.T

    @override
    def rescaled(self, weights: Units, units: Units) -> Units:
        return multiplied(weights, units)

    @override
    def scaled(self, weights: tuple[flint.fmpq, ...], leaks: list[flint.fmpq]) -> list[flint.fmpq]:
        return [weight * leak for weight, leak in zip(weights, leaks, strict=True)]


SUM, LARGEST = Sum(), Largest()


@dataclass(frozen=True)
class WeightedNorm(Claim):
    """Contracting at `rate` in a weighted norm: every sum, at its worst slopes, is at most (1 - c tau) of its weight.

    Each slope is at its worst at one of its ends: the same for a sum that it multiplies whole, term by term otherwise
    (derived here; `tests/theory/contraction/test_weighted_norm.py` goes through all corners).
    """

    ranged: ClassVar[bool] = True
    norm: Norm
    weights: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        if self.rate <= 0 or len(self.weights) != network.weights.shape[0] or any(q <= 0 for q in self.weights):
            return False
        leaks = network.leaks.diagonal_entries()
        scaled = self.norm.scaled(self.weights, leaks)
        bounds = majorants(network, joint=self.norm.factors_out(network.form))
        sums = worst_sums([self.norm.oriented(bound) for bound in bounds], scaled)
        if network.lowest is None:
            sums = [max(total, flint.fmpq(0)) for total in sums]
        return all(
            total <= (1 - self.rate / leak) * weight for total, weight, leak in zip(sums, scaled, leaks, strict=True)
        )

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "WeightedNorm":
        return replace(self, weights=self.norm.rescaled(self.weights, units))

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": self.norm.name,
            "rate": number(self.rate),
            "weights": numbers(self.weights),
        }
