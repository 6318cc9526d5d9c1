"""What is claimed of a Lur'e system, with all that its proof needs; rational arithmetic decides."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
from typing_extensions import override

from theory.contraction.claims.claim import Document, number, numbers, rows
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.lure.system import ExactLure, LureSystem


class LureStatement(ABC):
    """What is said of a system; `docs/certificates.md` gives its conditions and how it is written to a file."""

    @abstractmethod
    def holds(self, system: LureSystem) -> bool:
        """Whether rational arithmetic proves the statement; False does not disprove it."""

    @abstractmethod
    def document(self) -> Document:
        """The statement as JSON knows it."""


@dataclass(frozen=True, eq=False)
class LureContraction(LureStatement):
    """x^T P x falls at `rate` c between trajectories under the same inputs: by (1 - c)^2 a step, or as exp(-2 c t).

    Minus its decay less what c allows is a form in (x, w); less 2 sum of q_i w_i (g_i (C x)_i - w_i), which is not
    negative, it is positive definite.
    """

    rate: flint.fmpq
    metric: ExactMatrix
    multiplier: ExactMatrix

    @override
    def holds(self, system: LureSystem) -> bool:
        exact = ExactLure.of(system)
        if not fits(self.metric, self.multiplier, system) or not self.rate > 0 or (system.discrete and self.rate >= 1):
            return False
        whole = contraction_matrix(exact, self.metric, self.multiplier, self.rate)
        return is_positive_definite(self.metric) and is_positive_definite(whole)

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "multiplier",
            "rate": number(self.rate),
            "P": rows(self.metric),
            "Q": numbers(self.multiplier.diagonal_entries()),
        }


@dataclass(frozen=True, eq=False)
class LureGain(LureStatement):
    """Of two trajectories that begin alike the outputs differ by at most `gain` times the inputs, in the l2 (L2) norm.

    As for contraction at rate zero, with gain^2 |u|^2 - |y|^2 beside: the form in (x, w, u) is positive definite, so
    x^T P x rises by less than gain^2 |u|^2 - |y|^2. It begins at zero and is never negative.
    """

    gain: flint.fmpq
    metric: ExactMatrix
    multiplier: ExactMatrix

    @override
    def holds(self, system: LureSystem) -> bool:
        exact = ExactLure.of(system)
        if not fits(self.metric, self.multiplier, system) or self.gain <= 0 or exact.E is None or exact.F is None:
            return False
        whole = gain_matrix(exact, self.metric, self.multiplier, self.gain)
        return is_positive_definite(self.metric) and is_positive_definite(whole)

    @override
    def document(self) -> Document:
        return {
            "claim": "gain",
            "by": "multiplier",
            "gain": number(self.gain),
            "P": rows(self.metric),
            "Q": numbers(self.multiplier.diagonal_entries()),
        }


@dataclass(frozen=True, eq=False)
class LureUnstable(LureStatement):
    """At these slopes a displacement v does not die out: v^T X v > 0, and x^T X x rises.

    With M = A + B diag(slopes) C, M^T X M - X of a map, or M^T X + X M of a flow, is positive definite.
    """

    slopes: ExactMatrix
    form: ExactMatrix
    vector: tuple[flint.fmpq, ...]

    @override
    def holds(self, system: LureSystem) -> bool:
        exact = ExactLure.of(system)
        n, k = system.states, len(system.slopes)
        if not self.slopes.is_diagonal(k) or self.form.shape != (n, n) or len(self.vector) != n:
            return False
        limits = exact.slopes.diagonal_entries()
        allowed = all(0 <= s <= limit for s, limit in zip(self.slopes.diagonal_entries(), limits, strict=True))
        image = self.form.times(self.vector)
        value = sum((x * y for x, y in zip(self.vector, image, strict=True)), flint.fmpq(0))
        if not allowed or value <= 0 or self.form != self.form.T:
            return False
        moved = exact.A + exact.B @ self.slopes @ exact.C
        growth = moved.T @ self.form @ moved - self.form if system.discrete else moved.T @ self.form + self.form @ moved
        return is_positive_definite(growth)

    @override
    def document(self) -> Document:
        return {
            "claim": "not contracting",
            "by": "fixed slopes",
            "slopes": numbers(self.slopes.diagonal_entries()),
            "X": rows(self.form),
            "vector": numbers(self.vector),
        }


def fits(metric: ExactMatrix, multiplier: ExactMatrix, system: LureSystem) -> bool:
    """Whether P and Q have the system's sizes, and Q is diagonal: w^T Q (G C x - w) >= 0 for no other Q."""
    n, k = system.states, len(system.slopes)
    return metric.shape == (n, n) and multiplier.is_diagonal(k)


def contraction_matrix(exact: ExactLure, metric: ExactMatrix, multiplier: ExactMatrix, rate: Any) -> ExactMatrix:
    """The form in (x, w)."""
    top, corner, bottom = exact.system.blocks(exact.A, exact.B, metric, rate)
    sensed = (exact.slopes @ exact.C).T @ multiplier
    return ExactMatrix.symmetric(top, corner - sensed, bottom + 2 * multiplier)


def gain_matrix(exact: ExactLure, metric: ExactMatrix, multiplier: ExactMatrix, gain: flint.fmpq) -> ExactMatrix:
    """The form in (x, w, u)."""
    assert exact.E is not None
    assert exact.F is not None
    through = beside(exact.B, exact.E)
    top, corner, bottom = exact.system.blocks(exact.A, through, metric, flint.fmpq(0))
    inputs = exact.E.shape[1]
    sensed = beside((exact.slopes @ exact.C).T @ multiplier, ExactMatrix.zeros(exact.A.shape[0], inputs))
    squares = ExactMatrix.block_diagonal([2 * multiplier, gain * gain * ExactMatrix.identity(inputs)])
    return ExactMatrix.symmetric(top - exact.F.T @ exact.F, corner - sensed, bottom + squares)


def beside(left: ExactMatrix, right: ExactMatrix) -> ExactMatrix:
    """[left, right]."""
    return ExactMatrix(flint.fmpq_mat([a + b for a, b in zip(left.rows(), right.rows(), strict=True)]))


def of_floats(metric: np.ndarray, multiplier: np.ndarray) -> tuple[ExactMatrix, ExactMatrix]:
    """P and Q, each float taken exactly; P made symmetric."""
    return ExactMatrix.of((metric + metric.T) / 2), ExactMatrix.diagonal(multiplier.tolist())
