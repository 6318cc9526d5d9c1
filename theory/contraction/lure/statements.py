"""What is claimed of a Lur'e system, with all that its proof needs; rational arithmetic decides."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np
from typing_extensions import override

from theory.contraction.claims.claim import Document, Units, congruent, divided, number, numbers, rows
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.lure.system import ExactLure, LureSystem


@dataclass(frozen=True)
class LureUnits:
    """Units of the states, of the channels, of all inputs and of all outputs: positive numbers.

    A statement is about x^ = D x, w^ = K w, u^ = a u and y^ = b y; it is `rescaled` to x, w, u and y.
    """

    states: Units
    channels: Units
    inputs: flint.fmpq
    outputs: flint.fmpq


class LureStatement(ABC):
    """What is said of a system; `docs/certificates.md` gives its conditions and how it is written to a file."""

    @abstractmethod
    def holds(self, system: LureSystem) -> bool:
        """Whether rational arithmetic proves the statement; False does not disprove it."""

    @abstractmethod
    def rescaled(self, units: LureUnits) -> "LureStatement":
        """The same said of the system in the units before."""

    @abstractmethod
    def document(self) -> Document:
        """The statement as JSON knows it."""


@dataclass(frozen=True, eq=False)
class LureContraction(LureStatement):
    """x^T P x falls at `rate` c between trajectories under the same inputs: by (1 - c)^2 a step, or as exp(-2 c t).

    Minus its decay less what c allows is a form in (x, w); less 2 w^T Q (G C x - w), which is not negative, it is
    positive definite. Q has entries within groups of channels only; that Q + Q^T > 0 follows.
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
    def rescaled(self, units: LureUnits) -> "LureContraction":
        metric, multiplier = congruent(self.metric, units.states), congruent(self.multiplier, units.channels)
        return replace(self, metric=metric, multiplier=multiplier)

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "multiplier",
            "rate": number(self.rate),
            "P": rows(self.metric),
            "Q": multipliers(self.multiplier),
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
    def rescaled(self, units: LureUnits) -> "LureGain":
        share = units.outputs**-2  # of the form: F^T F has the outputs' unit twice
        metric, multiplier = congruent(self.metric, units.states), congruent(self.multiplier, units.channels)
        gain = self.gain * units.inputs / units.outputs
        return replace(self, gain=gain, metric=share * metric, multiplier=share * multiplier)

    @override
    def document(self) -> Document:
        return {
            "claim": "gain",
            "by": "multiplier",
            "gain": number(self.gain),
            "P": rows(self.metric),
            "Q": multipliers(self.multiplier),
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
        image = self.form.times(self.vector)
        value = sum((x * y for x, y in zip(self.vector, image, strict=True)), flint.fmpq(0))
        if not allowed_slopes(self.slopes, exact) or value <= 0 or self.form != self.form.T:
            return False
        moved = exact.A + exact.B @ self.slopes @ exact.C
        growth = moved.T @ self.form @ moved - self.form if system.discrete else moved.T @ self.form + self.form @ moved
        return is_positive_definite(growth)

    @override
    def rescaled(self, units: LureUnits) -> "LureUnstable":
        return replace(self, form=congruent(self.form, units.states), vector=divided(self.vector, units.states))

    @override
    def document(self) -> Document:
        return {
            "claim": "not contracting",
            "by": "fixed slopes",
            "slopes": numbers(self.slopes.diagonal_entries()),
            "X": rows(self.form),
            "vector": numbers(self.vector),
        }


UNSURE = flint.fmpq(1, 2**30)
"""Of a squared output, what is given for the rounding of the state behind it."""
ComplexVector = tuple[tuple[flint.fmpq, ...], tuple[flint.fmpq, ...]]
"""Real and imaginary parts."""


@dataclass(frozen=True, eq=False)
class LureReached(LureStatement):
    """At these slopes, which a linear phi has, outputs differ by `gain` times the inputs, or nearly, for some inputs.

    With M = A + B diag(slopes) C and a z of modulus one (of a flow, imaginary) the exact state is x = (z I - M)^-1 E u;
    `states` is near to it, with the residual r = E u - (z I - M) `states`. P shows that M forgets, and how little r
    matters: where (1 - c)^2 P - M^T P M - F^T F, or -M^T P - P M - 2 c P - F^T F, is positive definite, e = (z I -
    M)^-1 r has |F e|^2 <= k r^* P r with k = (1 - c)^2 / (1 - (1 - c)^2), or 1 / (2 c): put e into the form. With
    |a + b|^2 >= (1 - d) |a|^2 - |b|^2 / d that bounds |F x| from below. A stable linear system has that gain at z, and
    long inputs that begin and end come as near to it as you like.
    """

    gain: flint.fmpq
    slopes: ExactMatrix
    point: tuple[flint.fmpq, flint.fmpq]
    inputs: ComplexVector
    states: ComplexVector
    rate: flint.fmpq
    metric: ExactMatrix

    @override
    def holds(self, system: LureSystem) -> bool:
        exact = ExactLure.of(system)
        n, k = system.states, len(system.slopes)
        if exact.E is None or exact.F is None or not self.slopes.is_diagonal(k) or self.metric.shape != (n, n):
            return False
        if not all(len(part) == n for part in self.states) or not all(len(p) == system.E.shape[1] for p in self.inputs):
            return False
        cos, sin = self.point
        on_boundary = cos * cos + sin * sin == 1 if system.discrete else cos == 0
        positive = self.rate > 0 and self.gain > 0 and not (system.discrete and self.rate >= 1)
        if not (on_boundary and positive and allowed_slopes(self.slopes, exact)):
            return False
        moved = exact.A + exact.B @ self.slopes @ exact.C
        top, _, _ = system.blocks(moved, exact.B, self.metric, self.rate)
        if not is_positive_definite(self.metric) or not is_positive_definite(top - exact.F.T @ exact.F):
            return False
        return self._large_enough(exact, moved)

    def _large_enough(self, exact: ExactLure, moved: ExactMatrix) -> bool:
        """Whether the output is, what the residual may take from it subtracted."""
        assert exact.E is not None
        assert exact.F is not None
        cos, sin = self.point
        pairs = list(zip(*self.states, strict=True))
        turned = [cos * a - sin * b for a, b in pairs], [sin * a + cos * b for a, b in pairs]
        forgotten = flint.fmpq(0)
        for driving, turn, state in zip(self.inputs, turned, self.states, strict=True):
            terms = zip(exact.E.times(driving), turn, moved.times(state), strict=True)
            left = [a - b + c for a, b, c in terms]
            forgotten += _dot(left, self.metric.times(left))
        factor = (1 - self.rate) ** 2
        size = factor / (1 - factor) if exact.system.discrete else 1 / (2 * self.rate)
        output, power = flint.fmpq(0), flint.fmpq(0)
        for driving, state in zip(self.inputs, self.states, strict=True):
            seen = exact.F.times(state)
            output, power = output + _dot(seen, seen), power + _dot(driving, driving)
        return bool(power > 0 and (1 - UNSURE) * output - size * forgotten / UNSURE >= self.gain**2 * power)

    @override
    def rescaled(self, units: LureUnits) -> "LureReached":
        real, imaginary = (tuple(entry / units.inputs for entry in part) for part in self.inputs)
        x, y = (divided(part, units.states) for part in self.states)
        return replace(
            self,
            gain=self.gain * units.inputs / units.outputs,
            inputs=(real, imaginary),
            states=(x, y),
            metric=units.outputs**-2 * congruent(self.metric, units.states),
        )

    @override
    def document(self) -> Document:
        return {
            "claim": "gain reached",
            "by": "frequency",
            "gain": number(self.gain),
            "slopes": numbers(self.slopes.diagonal_entries()),
            "point": numbers(self.point),
            "inputs": [numbers(part) for part in self.inputs],
            "states": [numbers(part) for part in self.states],
            "rate": number(self.rate),
            "P": rows(self.metric),
        }


def _dot(left: Sequence[flint.fmpq], right: Sequence[flint.fmpq]) -> flint.fmpq:
    return sum((a * b for a, b in zip(left, right, strict=True)), flint.fmpq(0))


def allowed_slopes(slopes: ExactMatrix, exact: ExactLure) -> bool:
    """Whether slopes are from zero to the largest, and one in every group."""
    entries, limits = slopes.diagonal_entries(), exact.slopes.diagonal_entries()
    group = exact.system.group.tolist()
    one_each = len(set(zip(map(str, entries), group, strict=True))) == len(set(group))
    return one_each and all(0 <= s <= limit for s, limit in zip(entries, limits, strict=True))


def fits(metric: ExactMatrix, multiplier: ExactMatrix, system: LureSystem) -> bool:
    """Whether P and Q have the system's sizes, and Q couples channels of one group only.

    For no other Q is w^T Q (G C x - w) known not to be negative.
    """
    n, k = system.states, len(system.slopes)
    if metric.shape != (n, n) or multiplier.shape != (k, k):
        return False
    apart = system.group[:, None] != system.group
    return all(entry == 0 for row, no in zip(multiplier.rows(), apart.tolist(), strict=True) for entry in _of(row, no))


def _of(row: list[flint.fmpq], where: list[bool]) -> list[flint.fmpq]:
    return [entry for entry, there in zip(row, where, strict=True) if there]


def multipliers(multiplier: ExactMatrix) -> list[int | str] | list[list[int | str]]:
    """Q as JSON knows it: its diagonal where it has nothing else."""
    diagonal = multiplier.is_diagonal(multiplier.shape[0])
    return numbers(multiplier.diagonal_entries()) if diagonal else rows(multiplier)


def contraction_matrix(exact: ExactLure, metric: ExactMatrix, multiplier: ExactMatrix, rate: Any) -> ExactMatrix:
    """The form in (x, w)."""
    top, corner, bottom = exact.system.blocks(exact.A, exact.B, metric, rate)
    sensed = (exact.slopes @ exact.C).T @ multiplier.T
    return ExactMatrix.symmetric(top, corner - sensed, bottom + (multiplier + multiplier.T))


def gain_matrix(exact: ExactLure, metric: ExactMatrix, multiplier: ExactMatrix, gain: flint.fmpq) -> ExactMatrix:
    """The form in (x, w, u)."""
    assert exact.E is not None
    assert exact.F is not None
    through = beside(exact.B, exact.E)
    top, corner, bottom = exact.system.blocks(exact.A, through, metric, flint.fmpq(0))
    inputs = exact.E.shape[1]
    sensed = beside((exact.slopes @ exact.C).T @ multiplier.T, ExactMatrix.zeros(exact.A.shape[0], inputs))
    squares = ExactMatrix.block_diagonal([multiplier + multiplier.T, gain * gain * ExactMatrix.identity(inputs)])
    return ExactMatrix.symmetric(top - exact.F.T @ exact.F, corner - sensed, bottom + squares)


def beside(left: ExactMatrix, right: ExactMatrix) -> ExactMatrix:
    """[left, right]."""
    return ExactMatrix(flint.fmpq_mat([a + b for a, b in zip(left.rows(), right.rows(), strict=True)]))


def of_floats(metric: np.ndarray, multiplier: np.ndarray) -> tuple[ExactMatrix, ExactMatrix]:
    """P and Q, each float taken exactly; P made symmetric. Q is given by its diagonal, or whole."""
    exact = ExactMatrix.diagonal(multiplier.tolist()) if multiplier.ndim == 1 else ExactMatrix.of(multiplier)
    return ExactMatrix.of((metric + metric.T) / 2), exact
