"""The gated recurrent unit: where its states stay, and how much a step stretches them at most, row by row.

    r = sigmoid(U_r h + W_r x + b_r),  z = sigmoid(U_z h + W_z x + b_z),  h+ = z h + (1 - z) n

with n = tanh(r (U_n h + d) + W_n x + b_n), the reset after the product (PyTorch, cuDNN, Flax, Keras), or
n = tanh(U_n (r h) + W_n x + b_n), before it (Cho et al., 2014; Bonassi, Farina and Scattolini, 2021).
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Shaped
from scipy.special import expit
from typing_extensions import override

from theory.contraction.gated.bounds import Bounds, Numbers, around_bend, away_from_zero, image, largest
from theory.contraction.gated.layer import Coefficients, GatedLayer, States, input_bounds, read_arrays

SIGNS = (1, -1)
_SENSED = ("update", "candidate", "reset")
"""What a row of the Jacobian is made of, beside the unit's own state."""


@dataclass(frozen=True, eq=False)
class GRUGates:
    """What the gates of a GRU take over a box: r, z and n; `sent` is what r multiplies, U_n h + d or h."""

    box: Bounds
    reset: Bounds
    update: Bounds
    candidate: Bounds
    sent: Bounds


@dataclass(frozen=True, eq=False)
class GRULayer(GatedLayer):
    """A GRU. Its state h is a mean of the last h and of n, so no box that holds n is left.

    A row of the Jacobian is z e_i + (1 - z) (dn_i/dh) + (h_i - n_i) z (1 - z) U_z,i. Off the diagonal its entries are
    bounded by absolute values, on it by either sign. For one sign the sum is a parabola in z, whose largest value over
    the interval of z is known exactly; the slope 1 - n^2 and the distance |h - n| hang together by n, whose interval is
    cut into pieces.
    """

    blocks: ClassVar[tuple[str, ...]] = ("reset", "update", "candidate")
    biases: ClassVar[tuple[str, ...]] = blocks

    @property
    @override
    def size(self) -> int:
        return self.units

    @override
    def everywhere(self) -> Bounds:
        one = self.arithmetic.numbers(np.ones(self.units))
        return Bounds(-one, one)

    @override
    def limit(self, box: Bounds) -> Bounds:
        return self.gates(box).candidate

    @override
    def next(self, box: Bounds) -> Bounds:
        gates = self.gates(box)
        low, high = (
            [z * h + (1 - z) * n for z in (gates.update.low, gates.update.high)]
            for h, n in ((box.low, gates.candidate.low), (box.high, gates.candidate.high))
        )
        return Bounds(np.minimum(*low), np.maximum(*high))

    @override
    def state_sums(self, gates: GRUGates, weights: Numbers, pieces: int) -> Numbers:
        apart, own = self.sums("update", weights), self.own("update", weights)
        sums = []
        for sign in SIGNS:
            through = self.candidate_sums(gates, weights, sign)
            sums.append(
                self._row(gates, kept=sign * weights, through=through, own=sign * own, apart=apart, pieces=pieces)
            )
        return np.maximum(*sums)

    @override
    def input_sums(self, gates: GRUGates, pieces: int) -> Numbers:
        nothing = self.zeros()
        through = self.input_sum("candidate") + self.reset_input_sums(gates)
        apart = self.input_sum("update")
        return self._row(gates, kept=nothing, through=through, own=nothing, apart=apart, pieces=pieces)

    @override
    def gates(self, box: Bounds) -> GRUGates:
        reset, update = (
            self.arithmetic.sigmoid(image(self.recurrent[block], box) + self.fed(block)) for block in self.blocks[:2]
        )
        return self.candidate(box, reset, update)

    @abstractmethod
    def candidate(self, box: Bounds, reset: Bounds, update: Bounds) -> GRUGates:
        """Those with the candidate."""

    @abstractmethod
    def candidate_sums(self, gates: GRUGates, weights: Numbers, sign: int) -> Numbers:
        """A bound of (dn_i/dh) w over its slope 1 - n^2: `sign` times the diagonal entry, others in absolute value."""

    @abstractmethod
    def reset_input_sums(self, gates: GRUGates) -> Numbers:
        """A bound of what the inputs do to n by way of the reset, over its slope, in absolute sum."""

    def _row(
        self, gates: GRUGates, *, kept: Numbers, through: Numbers, own: Numbers, apart: Numbers, pieces: int
    ) -> Numbers:
        """The largest z `kept` + (1 - z) (1 - n^2) `through` + z (1 - z) ((h - n) `own` + |h - n| `apart`)."""
        candidate = gates.candidate.pieces(pieces)
        nearest, farthest = away_from_zero(candidate)
        slopes = np.maximum(through * (1 - nearest * nearest), through * (1 - farthest * farthest))
        ends = (gates.box.low - candidate.high, gates.box.high - candidate.low)
        turned = np.maximum(*(distance * own + np.abs(distance) * apart for distance in ends))
        return largest(slopes, kept - slopes + turned, -turned, gates.update).max(axis=0)


@dataclass(frozen=True, eq=False)
class GRUResetAfter(GRULayer):
    """n = tanh(r (U_n h + d) + W_n x + b_n): the bias "inner" is d."""

    name: ClassVar[str] = "gru, reset after"
    biases: ClassVar[tuple[str, ...]] = ("reset", "update", "candidate", "inner")

    @override
    def candidate(self, box: Bounds, reset: Bounds, update: Bounds) -> GRUGates:
        sent = image(self.recurrent["candidate"], box) + Bounds(self.bias["inner"], self.bias["inner"])
        return GRUGates(box, reset, update, self.arithmetic.tanh(reset * sent + self.fed("candidate")), sent)

    @override
    def candidate_sums(self, gates: GRUGates, weights: Numbers, sign: int) -> Numbers:
        """r (U_n w) + s r (1 - r) (U_r w), s = U_n h + d: a parabola in r, at an end of s as it is convex in s."""
        direct = self.sums("candidate", weights) + sign * self.own("candidate", weights)
        apart, own = self.sums("reset", weights), sign * self.own("reset", weights)
        turned = np.maximum(*(s * own + np.abs(s) * apart for s in (gates.sent.low, gates.sent.high)))
        return largest(self.zeros(), direct + turned, -turned, gates.reset)

    @override
    def reset_input_sums(self, gates: GRUGates) -> Numbers:
        turned = gates.sent.size * self.input_sum("reset")
        return largest(self.zeros(), turned, -turned, gates.reset)

    @override
    def coefficients(self, gates: GRUGates, pieces: int) -> tuple[Coefficients, ...]:
        """z e_i + z (1 - z) (h - n) U_z,i + (1 - z) (1 - n^2) (r U_n,i + r (1 - r) s U_r,i).

        For each piece of n the four numbers are linear in (z, z (1 - z)), (r, r (1 - r)), h - n, 1 - n^2 and s each, so
        they lie in the convex hull of what the corners of these make.
        """
        resets, updates, candidate = around_bend(gates.reset), around_bend(gates.update), gates.candidate.pieces(pieces)
        nearest, farthest = away_from_zero(candidate)
        points = [
            np.broadcast_arrays(z, bend * apart, (1 - z) * slope * r, (1 - z) * slope * turn * sent)
            for z, bend in updates
            for apart in (gates.box.low - candidate.high, gates.box.high - candidate.low)
            for slope in (1 - nearest * nearest, 1 - farthest * farthest)
            for r, turn in resets
            for sent in (gates.sent.low, gates.sent.high)
        ]
        read = [self.arithmetic.numbers(np.eye(self.units)), *(self.recurrent[b] for b in _SENSED)]
        corners = np.array([np.stack(each, axis=-1) for each in points]).reshape(-1, self.units, len(read))
        return (Coefficients(corners.swapaxes(0, 1), np.stack(read, axis=1)),)

    @override
    def step(self, states: States, inputs: Float[np.ndarray, "*batch m"]) -> States:
        reset, update = (
            expit(states @ self.recurrent[block].T + self.driving(block, inputs)) for block in self.blocks[:2]
        )
        sent = states @ self.recurrent["candidate"].T + self.bias["inner"]
        new = np.tanh(reset * sent + self.driving("candidate", inputs))
        return update * states + (1 - update) * new


@dataclass(frozen=True, eq=False)
class GRUResetBefore(GRULayer):
    """n = tanh(U_n (r h) + W_n x + b_n)."""

    name: ClassVar[str] = "gru, reset before"

    @override
    def candidate(self, box: Bounds, reset: Bounds, update: Bounds) -> GRUGates:
        sent = image(self.recurrent["candidate"], reset * box)
        return GRUGates(box, reset, update, self.arithmetic.tanh(sent + self.fed("candidate")), box)

    @override
    def candidate_sums(self, gates: GRUGates, weights: Numbers, sign: int) -> Numbers:
        """sum_k U_n,ik (r_k e_k + h_k r_k (1 - r_k) U_r,k) w: parabolas in r_k, the own one by its sign."""
        apart = self.sums("reset", weights)
        recurrent = self.recurrent["candidate"]
        reached = gates.box.size * (apart + np.abs(self.own("reset", weights)))
        others = np.abs(recurrent) @ largest(self.zeros(), weights + reached, -reached, gates.reset)
        size = np.abs(np.diag(recurrent))
        others = others - size * largest(self.zeros(), weights + reached, -reached, gates.reset)
        own = sign * self.own("candidate", np.diag(self.recurrent["reset"]) * weights)
        turned = np.maximum(*(h * own + np.abs(h) * size * apart for h in (gates.box.low, gates.box.high)))
        return others + largest(self.zeros(), sign * self.own("candidate", weights) + turned, -turned, gates.reset)

    @override
    def reset_input_sums(self, gates: GRUGates) -> Numbers:
        turned = gates.box.size * self.input_sum("reset")
        return np.abs(self.recurrent["candidate"]) @ largest(self.zeros(), turned, -turned, gates.reset)

    @override
    def step(self, states: States, inputs: Float[np.ndarray, "*batch m"]) -> States:
        reset, update = (
            expit(states @ self.recurrent[block].T + self.driving(block, inputs)) for block in self.blocks[:2]
        )
        sent = (reset * states) @ self.recurrent["candidate"].T
        new = np.tanh(sent + self.driving("candidate", inputs))
        return update * states + (1 - update) * new


def from_arrays(
    weight_ih: Shaped[np.ndarray, "..."],
    weight_hh: Shaped[np.ndarray, "..."],
    bias_ih: Shaped[np.ndarray, "..."] | None = None,
    bias_hh: Shaped[np.ndarray, "..."] | None = None,
    *,
    input_box: float | Shaped[np.ndarray, "..."],
    reset_after: bool = True,
) -> GRULayer:
    """A GRU from the arrays of `torch.nn.GRU`, in the order in which a layer has them as parameters.

    Arguments:
        weight_ih, weight_hh: 3 n by m and 3 n by n, rows of reset, update and candidate.
        bias_ih, bias_hh: 3 n each; zero where there are none. The candidate's part of `bias_hh` is inside the reset.
        input_box: how large |x_j| may be, one number or one an input.
        reset_after: False for the unit of Cho et al., whose candidate is tanh(U (r h) + ...); both biases add up there.

    Raises:
        NotALayer: for arrays that do not fit together or are not finite, or an `input_box` that is negative.

    >>> from theory.contraction import gated
    >>> layer = gated.gru.from_arrays(np.zeros((6, 1)), np.zeros((6, 2)), input_box=1.0)
    >>> layer.name, layer.units, layer.next(layer.everywhere()).high.tolist()  # without weights half of h is kept
    ('gru, reset after', 2, [0.5, 0.5])
    """
    blocks = GRULayer.blocks
    recurrent, driven, bias, other = read_arrays(blocks, weight_ih, weight_hh, (bias_ih, bias_hh))
    inputs = input_bounds(input_box, driven["reset"].shape[1])
    if not reset_after:
        return GRUResetBefore(recurrent, driven, {name: bias[name] + other[name] for name in blocks}, inputs)
    gates = {name: bias[name] + other[name] for name in ("reset", "update")}
    biases = {**gates, "candidate": bias["candidate"], "inner": other["candidate"]}
    return GRUResetAfter(recurrent, driven, biases, inputs)
