"""What is claimed of a network, with all that its proof needs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import flint

from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork

Document = dict[str, object]
Units = tuple[flint.fmpq, ...]
"""Positive numbers, one a neuron."""


class Statement(ABC):
    """What is said of a network, with all that its proof needs.

    `docs/certificates.md` gives each statement's conditions and how it is written to a file.
    """

    discrete: ClassVar[bool] = False
    """Whether it is about maps; about flows otherwise."""
    ranged: ClassVar[bool] = False
    """Whether its proof takes least slopes other than zero."""

    def holds(self, network: ExactNetwork) -> bool:
        """Whether rational arithmetic proves the statement of this network; False does not disprove it."""
        fits = network.form.discrete == self.discrete and (self.ranged or network.lowest is None)
        return fits and self.proved(network)

    @abstractmethod
    def proved(self, network: ExactNetwork) -> bool:
        """The proof, for a flow or for a map as the statement has it."""

    @abstractmethod
    def rescaled(self, network: ExactNetwork, units: Units) -> "Statement":
        """The same said of `network`, whose x are D^-1 y: this is about y = D x, D the diagonal of `units`."""

    @abstractmethod
    def document(self) -> Document:
        """The statement as JSON knows it, every number an integer or a "p/q"."""


@dataclass(frozen=True)
class Claim(Statement):
    """A statement about a rate, in units of one over that of the time constants."""

    rate: flint.fmpq


def multiplied(vector: Sequence[flint.fmpq], units: Units) -> tuple[flint.fmpq, ...]:
    """Entry by entry: how a covector goes from y = D x to x.

    >>> multiplied((flint.fmpq(3), flint.fmpq(1)), (flint.fmpq(2), flint.fmpq(1, 2)))
    (6, 1/2)
    """
    return tuple(entry * unit for entry, unit in zip(vector, units, strict=True))


def divided(vector: Sequence[flint.fmpq], units: Units) -> tuple[flint.fmpq, ...]:
    """Entry by entry: how a displacement goes from y = D x to x.

    >>> divided((flint.fmpq(3), flint.fmpq(1)), (flint.fmpq(2), flint.fmpq(1, 2)))
    (3/2, 2)
    """
    return tuple(entry / unit for entry, unit in zip(vector, units, strict=True))


def congruent(form: ExactMatrix, units: Units) -> ExactMatrix:
    """D X D: how a quadratic form goes from y = D x to x.

    >>> congruent(ExactMatrix.of([[1, 1], [1, 1]]), (flint.fmpq(1), flint.fmpq(2))).approximate().tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    scaling = ExactMatrix.diagonal(units)
    return scaling @ form @ scaling


def number(value: flint.fmpq | Fraction) -> int | str:
    """A rational number as certificates write it.

    >>> number(flint.fmpq(6, 4)), number(flint.fmpq(2))
    ('3/2', 2)
    """
    return int(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def numbers(values: Sequence[flint.fmpq]) -> list[int | str]:
    """A list of them."""
    return [number(value) for value in values]


def alike(values: Sequence[flint.fmpq]) -> int | str | list[int | str]:
    """One number where all are the same, else the list."""
    return number(values[0]) if len(set(values)) == 1 else numbers(values)


def rows(matrix: ExactMatrix) -> list[list[int | str]]:
    """A matrix, row by row."""
    return [numbers(row) for row in matrix.rows()]
