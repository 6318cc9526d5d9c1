"""The long short-term memory: where its states stay, and how much a step stretches them at most, row by row.

i, f, o = sigmoid(U h + W x + b), each with rows of its own,  g = tanh(U_g h + W_g x + b_g)
c+ = f c + i g,  h+ = o tanh(c+)
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Shaped
from scipy.special import expit
from typing_extensions import override

from theory.contraction.gated.bounds import Bounds, Numbers, around_bend, away_from_zero, image, largest
from theory.contraction.gated.layer import Coefficients, GatedLayer, States, input_bounds, read_arrays

_SENSED = ("forget", "input", "candidate", "output")
"""What rows of the Jacobian are made of, beside the memory."""


@dataclass(frozen=True, eq=False)
class LSTMGates:
    """What the gates of an LSTM take over a box, the memory before a step and the one after."""

    input: Bounds
    forget: Bounds
    candidate: Bounds
    output: Bounds
    written: Bounds
    """i g."""
    before: Bounds
    shown: Bounds
    """tanh of the memory after the step."""


@dataclass(frozen=True, eq=False)
class LSTMLayer(GatedLayer):
    """An LSTM. Its state is (c, h): memories first.

    Rows of the Jacobian, by absolute values: f e_i + |c| f' U_f + |g| i' U_i + i (1 - g^2) U_g of the memory, with
    f' = f (1 - f) a parabola in f and the rest one in i for each piece of g; o (1 - t^2) times that and |t| o' U_o of
    h, t = tanh(c+), a parabola in o for each piece of t.
    """

    name: ClassVar[str] = "lstm"
    blocks: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate", "output")
    biases: ClassVar[tuple[str, ...]] = blocks

    @property
    @override
    def size(self) -> int:
        return 2 * self.units

    @override
    def everywhere(self) -> Bounds:
        """With every |h| at most one, c comes as near to i g / (1 - f) as you like."""
        one = self.arithmetic.numbers(np.ones(self.units))
        return self._hull_of_zero(self.limit(joined(Bounds(-one, one), Bounds(-one, one))))

    @override
    def limit(self, box: Bounds) -> Bounds:
        gates = self.gates(box)
        held = self._held(gates)
        return joined(held, gates.output * self.arithmetic.tanh(held))

    @override
    def next(self, box: Bounds) -> Bounds:
        gates = self.gates(box)
        return joined(gates.forget * gates.before + gates.written, gates.output * gates.shown)

    @override
    def state_sums(self, gates: LSTMGates, weights: Numbers, pieces: int) -> Numbers:
        n = self.units
        sums = [self.sums(block, weights[n:]) + np.abs(self.own(block, weights[n:])) for block in self.blocks]
        return self._rows(gates, weights[:n], dict(zip(self.blocks, sums, strict=True)), pieces)

    @override
    def input_sums(self, gates: LSTMGates, pieces: int) -> Numbers:
        sums = {block: self.input_sum(block) for block in self.blocks}
        return self._rows(gates, self.zeros(), sums, pieces)

    @override
    def coefficients(self, gates: LSTMGates, pieces: int) -> tuple[Coefficients, ...]:
        """f e_c + f (1 - f) c U_f + i (1 - i) g U_i + i (1 - g^2) U_g of the memory; of h o (1 - t^2) times that and
        o (1 - o) t U_o. Each is linear in (f, f (1 - f)), (i, i (1 - i)), (o, o (1 - o)), c, g, 1 - g^2, t and 1 - t^2:
        in the convex hull of what their corners make. Only for memories the interval of g is cut into pieces.
        """
        n, last = self.units, np.array([0, 0, 0, 0, 1])
        memory, whole = (self._memory_points(gates, cut) for cut in (pieces, 1))
        extended = np.concatenate([whole, whole[..., :1] * 0], axis=-1)
        shown = [
            (o * slope)[:, None, None] * extended + (turn * t)[:, None, None] * last
            for o, turn in around_bend(gates.output)
            for t, slope in _values_and_slopes(gates.shown)
        ]
        own, none = (self.arithmetic.numbers(each) for each in (np.eye(n), np.zeros((n, n))))
        read = [np.concatenate([own, none], axis=1)]
        read += [np.concatenate([none, self.recurrent[block]], axis=1) for block in _SENSED]
        return (
            Coefficients(memory, np.stack(read[:-1], axis=1)),
            Coefficients(np.concatenate(shown, axis=1), np.stack(read, axis=1)),
        )

    def _memory_points(self, gates: LSTMGates, pieces: int) -> Numbers:
        points = [
            np.broadcast_arrays(f, turn * c, bend * g, i * slope)
            for f, turn in around_bend(gates.forget)
            for c in (gates.before.low, gates.before.high)
            for i, bend in around_bend(gates.input)
            for g, slope in _values_and_slopes(gates.candidate.pieces(pieces))
        ]
        corners = np.array([np.stack(each, axis=-1) for each in points])
        return corners.reshape(-1, self.units, 4).swapaxes(0, 1)

    @override
    def step(self, states: States, inputs: Float[np.ndarray, "*batch m"]) -> States:
        memory, h = np.split(states, 2, axis=-1)
        i, f, g, o = (h @ self.recurrent[block].T + self.driving(block, inputs) for block in self.blocks)
        memory = expit(f) * memory + expit(i) * np.tanh(g)
        return np.concatenate([memory, expit(o) * np.tanh(memory)], axis=-1)

    @override
    def gates(self, box: Bounds) -> LSTMGates:
        n = self.units
        before, shown = Bounds(box.low[:n], box.high[:n]), Bounds(box.low[n:], box.high[n:])
        write, keep, candidate, show = (image(self.recurrent[b], shown) + self.fed(b) for b in self.blocks)
        i, f, o = (self.arithmetic.sigmoid(each) for each in (write, keep, show))
        g = self.arithmetic.tanh(candidate)
        return LSTMGates(i, f, g, o, i * g, before, self.arithmetic.tanh(f * before + i * g))

    def _rows(self, gates: LSTMGates, kept: Numbers, sums: dict[str, Numbers], pieces: int) -> Numbers:
        """Of memories and of h; `kept` is what f multiplies, `sums` what the gates' derivatives do."""
        reached = gates.before.size * sums["forget"]
        memory = largest(self.zeros(), kept + reached, -reached, gates.forget)
        candidate = gates.candidate.pieces(pieces)
        nearest, farthest = away_from_zero(candidate)
        direct, turned = (1 - nearest * nearest) * sums["candidate"], farthest * sums["input"]
        memory = memory + largest(self.zeros(), direct + turned, -turned, gates.input).max(axis=0)
        nearest, farthest = away_from_zero(gates.shown.pieces(pieces))
        direct, turned = (1 - nearest * nearest) * memory, farthest * sums["output"]
        return np.concatenate([memory, largest(self.zeros(), direct + turned, -turned, gates.output).max(axis=0)])

    def _held(self, gates: LSTMGates) -> Bounds:
        """Where memories come to, i g / (1 - f); it is monotone in f."""
        low = np.minimum(*(gates.written.low / (1 - f) for f in (gates.forget.low, gates.forget.high)))
        high = np.maximum(*(gates.written.high / (1 - f) for f in (gates.forget.low, gates.forget.high)))
        return Bounds(low, high)

    def _hull_of_zero(self, box: Bounds) -> Bounds:
        return box.hull(Bounds(0 * box.low, 0 * box.low))


def _values_and_slopes(tanh: Bounds) -> list[tuple[Numbers, Numbers]]:
    """Corners around (t, 1 - t^2)."""
    nearest, farthest = away_from_zero(tanh)
    return [(t, 1 - end * end) for t in (tanh.low, tanh.high) for end in (nearest, farthest)]


def joined(memory: Bounds, shown: Bounds) -> Bounds:
    """Of memories and of h together."""
    return Bounds(np.concatenate([memory.low, shown.low]), np.concatenate([memory.high, shown.high]))


def from_arrays(
    weight_ih: Shaped[np.ndarray, "..."],
    weight_hh: Shaped[np.ndarray, "..."],
    bias_ih: Shaped[np.ndarray, "..."] | None = None,
    bias_hh: Shaped[np.ndarray, "..."] | None = None,
    *,
    input_box: float | Shaped[np.ndarray, "..."],
) -> LSTMLayer:
    """An LSTM from the arrays of `torch.nn.LSTM`, in the order in which a layer has them as parameters.

    Arguments:
        weight_ih, weight_hh: 4 n by m and 4 n by n, rows of input, forget, candidate and output.
        bias_ih, bias_hh: 4 n each, which add up; zero where there are none.
        input_box: how large |x_j| may be, one number or one an input.

    Raises:
        NotALayer: for arrays that do not fit together or are not finite, or an `input_box` that is negative.

    >>> from theory.contraction import gated
    >>> layer = gated.lstm.from_arrays(np.zeros((8, 1)), np.zeros((8, 2)), input_box=1.0)
    >>> layer.name, layer.units, layer.size
    ('lstm', 2, 4)
    """
    recurrent, driven, bias, other = read_arrays(LSTMLayer.blocks, weight_ih, weight_hh, (bias_ih, bias_hh))
    inputs = input_bounds(input_box, driven["input"].shape[1])
    return LSTMLayer(recurrent, driven, {name: bias[name] + other[name] for name in bias}, inputs)
