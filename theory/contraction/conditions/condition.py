"""What a condition is.

A question about a network whose answer is a claim, and a symbolic proof that it may be asked.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import sympy as sp

from theory.contraction.claims.claim import Claim
from theory.contraction.network import Network


class Theorem(ABC):
    """A statement with a symbolic proof: matrices that vanish identically, for generic matrices of a given size."""

    name: ClassVar[str]
    asks: ClassVar[str]
    source: ClassVar[str]

    @abstractmethod
    def identities(self, size: int) -> tuple[sp.MatrixBase, ...]:
        """Matrices of symbols that are zero; the docstring of the class says why that is the proof."""


@dataclass(frozen=True)
class Supremum:
    """What a condition yields at best, in floating point: suprema, neither need be attained.

    `rate` is in units of one over that of the time constants and positive where the condition holds; `gain` is the
    factor by which all slopes can be multiplied, below one where it does not hold.
    """

    rate: float
    gain: float


class Condition(Theorem):
    """A condition on one network that implies contraction whatever the slopes do."""

    @abstractmethod
    def supremum(self, network: Network) -> Supremum | None:
        """The best rate and gain.

        None where the condition is not about such weights, or is not met at a gain of one.
        """

    @abstractmethod
    def prove(self, network: Network, rate: float) -> Claim | None:
        """A claim of contraction at this rate, proved in rational arithmetic; None where that does not succeed."""

    @abstractmethod
    def refuted(self, network: Network) -> bool:
        """Whether rational arithmetic proves that the condition does not hold; False leaves it open."""


def symbols(name: str, size: int) -> list[sp.Symbol]:
    """`size` positive symbols."""
    return [sp.Symbol(f"{name}_{i + 1}", positive=True) for i in range(size)]


def diagonal(name: str, size: int) -> sp.Matrix:
    """A diagonal matrix of positive symbols."""
    return sp.diag(*symbols(name, size))


def generic(name: str, size: int) -> sp.Matrix:
    """A matrix of real symbols."""
    return sp.Matrix(size, size, lambda i, j: sp.Symbol(f"{name}_{i + 1}{j + 1}", real=True))


def generic_symmetric(name: str, size: int) -> sp.Matrix:
    """A symmetric matrix of real symbols."""
    return sp.Matrix(size, size, lambda i, j: sp.Symbol(f"{name}_{min(i, j) + 1}{max(i, j) + 1}", real=True))


def vector(name: str, size: int) -> sp.Matrix:
    """A column of real symbols."""
    return sp.Matrix(size, 1, lambda i, j: sp.Symbol(f"{name}_{i + 1}", real=True))
