"""What is claimed of a gated layer, with all that its proof needs; rational arithmetic decides."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import ClassVar

import flint
import numpy as np
from typing_extensions import override

from theory.contraction.claims.claim import Document, number
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, rational
from theory.contraction.gated.bounds import Bounds, Numbers
from theory.contraction.gated.layer import GatedLayer


class GatedStatement(ABC):
    """What is said of a layer; `docs/certificates.md` gives its conditions and how it is written to a file."""

    @abstractmethod
    def holds(self, layer: GatedLayer) -> bool:
        """Whether rational arithmetic proves the statement of this layer; False does not disprove it."""

    @abstractmethod
    def document(self) -> Document:
        """The statement as JSON knows it."""


@dataclass(frozen=True, eq=False)
class ContractingInBox(GatedStatement):
    """Two trajectories from `box`, under the same inputs, approach one another by `factor` a step, in max |x_i| / w_i.

    No step leaves the box. Two states of it differ by d, their images by J d with J a mean of Jacobians within the box,
    as it is convex; and sum_j |J_ij| w_j <= factor w_i at all of its states, for all inputs. Inputs that differ by at
    most e bring the images apart by at most sum_j |K_ij| e, K the Jacobian by the input, which is at most
    (1 - factor) gain w_i e: such trajectories come to within gain e.
    """

    factor: Fraction
    gain: Fraction
    pieces: int
    box: Bounds
    weights: Numbers

    norm: ClassVar[str] = "max |x_i| / weights_i"

    @override
    def holds(self, layer: GatedLayer) -> bool:
        exact = layer.exact
        size_fits = {len(self.weights), len(self.box.low), len(self.box.high)} == {layer.size}
        if not size_fits or not 0 < self.factor < 1 or self.pieces < 1 or not (self.weights > 0).all():
            return False
        if not (self.box.low <= self.box.high).all() or not exact.next(self.box).within(self.box):
            return False
        gates = exact.gates(self.box)
        stretched = exact.state_sums(gates, self.weights, self.pieces)
        moved = exact.input_sums(gates, self.pieces)
        room = (1 - self.factor) * self.gain * self.weights
        return bool((stretched <= self.factor * self.weights).all() and (moved <= room).all())

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "rows in a box",
            "factor": number(self.factor),
            "gain": number(self.gain),
            "pieces": self.pieces,
            "box": pairs(self.box),
            "weights": fractions(self.weights),
        }


@dataclass(frozen=True, eq=False)
class SquaresInBox(GatedStatement):
    """Two trajectories from `box`, under the same inputs, approach by `factor` a step in (sum_i w_i x_i^2)^(1/2).

    No step leaves the box. Row i of the Jacobian is theta^T C_i, theta among convex combinations of known points, and
    `forms`[i] = E_i >= theta theta^T for each of these: theta^T E_i^-1 theta <= 1, which is convex in theta. So
    |J x|^2 <= sum_i w_i (C_i x)^T E_i (C_i x), and factor^2 diag(w) - sum_i w_i C_i^T E_i C_i is positive definite.
    Inputs that differ by at most e bring images apart by at most sum_j |K_ij| e in entry i, together at most
    (1 - factor) gain e: such trajectories come to within gain e.
    """

    factor: Fraction
    gain: Fraction
    pieces: int
    box: Bounds
    weights: Numbers
    forms: tuple[Numbers, ...]

    norm: ClassVar[str] = "(sum of weights_i x_i^2)^(1/2)"

    @override
    def holds(self, layer: GatedLayer) -> bool:
        exact = layer.exact
        size_fits = {len(self.weights), len(self.box.low), len(self.box.high), len(self.forms)} == {layer.size}
        if not size_fits or not 0 < self.factor < 1 or self.pieces < 1 or not (self.weights > 0).all():
            return False
        if not (self.box.low <= self.box.high).all() or not exact.next(self.box).within(self.box):
            return False
        gates = exact.gates(self.box)
        moved = exact.input_sums(gates, self.pieces)
        room = (1 - self.factor) * self.gain
        if room < 0 or (self.weights * moved * moved).sum() > room * room:
            return False
        rows = [
            row for each in exact.coefficients(gates, self.pieces) for row in zip(each.points, each.sensed, strict=True)
        ]
        if len(rows) != layer.size or not all(map(_holds, self.forms, (points for points, _ in rows))):
            return False
        return is_positive_definite(self._fall([sensed for _, sensed in rows]))

    def _fall(self, sensed: list[Numbers]) -> ExactMatrix:
        """factor^2 diag(w) - sum_i w_i C_i^T E_i C_i."""
        weights = exact_vector(self.weights)
        blocks = [w * ExactMatrix.of(form.tolist()) for w, form in zip(weights, self.forms, strict=True)]
        every = ExactMatrix.of(np.concatenate(sensed).tolist())
        kept = rational(self.factor * self.factor) * ExactMatrix.diagonal(weights)
        return kept - every.T @ ExactMatrix.block_diagonal(blocks) @ every

    @override
    def document(self) -> Document:
        return {
            "claim": "contracting",
            "by": "squares in a box",
            "factor": number(self.factor),
            "gain": number(self.gain),
            "pieces": self.pieces,
            "box": pairs(self.box),
            "weights": fractions(self.weights),
            "forms": [[fractions(row) for row in form] for form in self.forms],
        }


Contracting = ContractingInBox | SquaresInBox
"""What proves that trajectories of a box approach one another, each in the norm that it names."""


@dataclass(frozen=True, eq=False)
class TwoBoxes(GatedStatement):
    """Under one constant input no step leaves either of two boxes, which have no state in common.

    Trajectories that start in the one and in the other stay apart for ever.
    """

    input: Numbers
    boxes: tuple[Bounds, Bounds]

    @override
    def holds(self, layer: GatedLayer) -> bool:
        exact = layer.exact
        if len(self.input) != len(exact.inputs.low) or any(len(box.low) != layer.size for box in self.boxes):
            return False
        if not Bounds(self.input, self.input).within(exact.inputs) or not self.boxes[0].apart_from(self.boxes[1]):
            return False
        held = exact.at_input(self.input)
        return all((box.low <= box.high).all() and held.next(box).within(box) for box in self.boxes)

    @override
    def document(self) -> Document:
        return {
            "claim": "not contracting",
            "by": "two boxes",
            "input": fractions(self.input),
            "boxes": [pairs(box) for box in self.boxes],
        }


def _holds(form: Numbers, points: Numbers) -> bool:
    """Whether a form is positive definite and holds the points of its row."""
    if form.shape != (points.shape[1],) * 2:
        return False
    matrix = ExactMatrix.of(form.tolist())
    if not is_positive_definite(matrix):
        return False
    rows = ExactMatrix.of(points.tolist())
    turned = rows @ matrix.inverse()
    pairs_of_rows = zip(rows.rows(), turned.rows(), strict=True)
    return all(sum(map(mul, *pair), flint.fmpq(0)) <= 1 for pair in pairs_of_rows)


def fractions(numbers: Numbers) -> list[int | str]:
    """A vector."""
    return [number(Fraction(x)) for x in numbers]


def pairs(box: Bounds) -> list[list[int | str]]:
    """A box: the two ends of each of its intervals."""
    return [fractions(np.array(ends, object)) for ends in zip(box.low, box.high, strict=True)]


def exact_bounds(box: Bounds) -> Bounds:
    """A box of floats, each taken exactly."""
    low, high = (np.array([Fraction(x) for x in end], object) for end in (box.low, box.high))
    return Bounds(low, high)


def above(value: float) -> float:
    """A number of few binary digits from `value` on."""
    exponent = int(np.floor(np.log2(max(value, 1e-300)))) - 30
    return float(np.ldexp(np.ceil(np.ldexp(value, -exponent)), exponent))
