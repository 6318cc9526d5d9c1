"""A gated recurrent layer with a box of inputs: what contraction asks of every kind of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Shaped

from theory.contraction.gated.bounds import FLOATS, RATIONALS, Arithmetic, Bounds, Numbers, image
from theory.doubles import NotDoubles, as_doubles

Blocks = Mapping[str, Numbers]
States = Float[np.ndarray, "*batch many size"]

LARGEST = 2**19
"""Weights of a layer: certificates of larger ones are not checked."""


class NotALayer(ValueError):
    """Arrays that make no gated layer, or too large a one; the message says which, and what is needed."""


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Row i of the Jacobian is theta^T `sensed`[i] with theta in the convex hull of `points`[i], each row by itself.

    Of consecutive rows: all, or some of the state's.
    """

    points: Numbers
    """rows x p x q."""
    sensed: Numbers
    """rows x q x size."""


@dataclass(frozen=True, eq=False)
class GatedLayer(ABC):
    """Weights and biases, a block a gate, and the inputs x that the layer may be given: each in its interval.

    `recurrent` are U (n x n), `driven` W (n x m), `bias` b (n); a gate's argument is U h + W x + b where a subclass
    says nothing else. The state is a vector of `size` numbers. Arrays are floats, or exact where `arithmetic` is.
    """

    recurrent: Blocks
    driven: Blocks
    bias: Blocks
    inputs: Bounds
    arithmetic: Arithmetic = FLOATS

    name: ClassVar[str]
    """As certificates write it."""
    blocks: ClassVar[tuple[str, ...]]
    """The gates, in the order of their rows in files."""
    biases: ClassVar[tuple[str, ...]]
    """What has a bias."""

    @property
    def units(self) -> int:
        """n."""
        return len(self.bias[self.blocks[0]])

    @property
    @abstractmethod
    def size(self) -> int:
        """How many numbers the state has."""

    @abstractmethod
    def everywhere(self) -> Bounds:
        """A box of states that a step does not leave, and that all states approach."""

    @abstractmethod
    def limit(self, box: Bounds) -> Bounds:
        """The least box found that states approach as long as they stay in `box`."""

    @abstractmethod
    def next(self, box: Bounds) -> Bounds:
        """A box around all states one step after those of `box`."""

    @abstractmethod
    def gates(self, box: Bounds) -> Any:
        """What the gates take over all states of `box` and all inputs: what `state_sums` and `input_sums` are given."""

    @abstractmethod
    def state_sums(self, gates: Any, weights: Numbers, pieces: int) -> Numbers:
        """For each row of the Jacobian by the state a bound of sum_j |J_ij| w_j, at all states of a box and all inputs.

        Intervals are cut into so many `pieces` where two factors depend on one number.
        """

    @abstractmethod
    def input_sums(self, gates: Any, pieces: int) -> Numbers:
        """For each row of the Jacobian by the input a bound of its absolute sum."""

    def coefficients(self, gates: Any, pieces: int) -> tuple[Coefficients, ...]:
        """Of what rows of the Jacobian by the state are made at all states of a box and all inputs; none: not told."""
        return ()

    @abstractmethod
    def step(self, states: States, inputs: Float[np.ndarray, "*batch m"]) -> States:
        """The next states, in floating point: many for each input."""

    @cached_property
    def exact(self) -> "GatedLayer":
        """The same layer in rational numbers; every float is taken exactly."""
        return self._mapped(RATIONALS)

    def with_recurrence(self, factor: float) -> "GatedLayer":
        """The layer whose recurrent weights U are multiplied by a factor; biases stay."""
        scaled = {name: factor * block for name, block in self.recurrent.items()}
        return replace(self, recurrent=scaled)

    def at_input(self, value: Numbers) -> "GatedLayer":
        """The layer under one constant input."""
        return replace(self, inputs=Bounds(value, value))

    def fed(self, block: str) -> Bounds:
        """W x + b of a gate over all inputs."""
        constant = self.bias[block]
        return image(self.driven[block], self.inputs) + Bounds(constant, constant)

    def driving(self, block: str, inputs: Float[np.ndarray, "*batch m"]) -> Float[np.ndarray, "*batch 1 n"]:
        """W x + b of a gate at some inputs, in floating point."""
        return (inputs @ self.driven[block].T + self.bias[block])[..., None, :]

    def sums(self, block: str, weights: Numbers) -> Numbers:
        """sum_j |U_ij| w_j of a gate, the diagonal left out."""
        matrix = np.abs(self.recurrent[block])
        return matrix @ weights - np.diag(matrix) * weights

    def own(self, block: str, weights: Numbers) -> Numbers:
        """U_ii w_i of a gate, with its sign."""
        return np.diag(self.recurrent[block]) * weights

    def input_sum(self, block: str) -> Numbers:
        """sum_j |W_ij| of a gate."""
        matrix = np.abs(self.driven[block])
        return matrix @ self.arithmetic.numbers(np.ones(matrix.shape[1]))

    def zeros(self) -> Numbers:
        """A zero for each unit."""
        return self.arithmetic.numbers(np.zeros(self.units))

    def _mapped(self, arithmetic: Arithmetic) -> "GatedLayer":
        take = arithmetic.numbers
        recurrent, driven, bias = (
            {name: take(block) for name, block in blocks.items()} for blocks in (self.recurrent, self.driven, self.bias)
        )
        inputs = Bounds(take(self.inputs.low), take(self.inputs.high))
        return replace(self, recurrent=recurrent, driven=driven, bias=bias, inputs=inputs, arithmetic=arithmetic)


def read_arrays(
    blocks: tuple[str, ...],
    weight_ih: Shaped[np.ndarray, "..."],
    weight_hh: Shaped[np.ndarray, "..."],
    biases: tuple[Shaped[np.ndarray, "..."] | None, Shaped[np.ndarray, "..."] | None],
) -> tuple[Blocks, Blocks, Blocks, Blocks]:
    """The four arrays of a layer of PyTorch as blocks: U, W and both biases, zero where there are none.

    Raises:
        NotALayer: for arrays that do not fit together or are not finite real numbers, more than `LARGEST` weights.
    """
    recurrent = _split("weight_hh", weight_hh, blocks)
    rows, units = np.shape(weight_hh)
    if rows != len(blocks) * units:
        raise NotALayer(f"weight_hh has shape {np.shape(weight_hh)}; {len(blocks)} n by n is needed, n units")
    driven, *each = (
        _split(name, np.zeros(rows) if array is None else array, blocks)
        for name, array in (("weight_ih", weight_ih), ("bias_ih", biases[0]), ("bias_hh", biases[1]))
    )
    for name, found, dimensions in (("weight_ih", driven, 2), ("bias_ih", each[0], 1), ("bias_hh", each[1], 1)):
        block = found[blocks[0]]
        if block.ndim != dimensions or len(block) != units or not block.size:
            raise NotALayer(f"{name} does not fit weight_hh: {rows} rows{' of weights' * (dimensions - 1)} are needed")
    inputs = driven[blocks[0]].shape[1]
    if rows * (units + inputs) > LARGEST:
        raise NotALayer(f"there are {units} units and {inputs} inputs; weights may number {LARGEST} at most")
    return recurrent, driven, each[0], each[1]


def _split(name: str, array: Shaped[np.ndarray, "..."], blocks: tuple[str, ...]) -> Blocks:
    try:
        rows = as_doubles(np.asarray(array))
    except NotDoubles as error:
        raise NotALayer(f"the array of {name} {error}") from error
    if rows.ndim not in (1, 2) or not rows.size or len(rows) % len(blocks) or (name == "weight_hh" and rows.ndim != 2):
        raise NotALayer(f"{name} has shape {rows.shape}; the rows of {', '.join(blocks)} are needed")
    if not np.isfinite(rows).all():
        raise NotALayer(f"{name} is not finite everywhere")
    return dict(zip(blocks, np.split(rows, len(blocks)), strict=True))


def input_bounds(bound: float | Shaped[np.ndarray, "..."], inputs: int) -> Bounds:
    """The box |x_j| <= `bound`, one number or one an input.

    Raises:
        NotALayer: for bounds that are negative, not finite, or too few.
    """
    try:
        sizes = as_doubles(np.asarray(bound))
    except NotDoubles as error:
        raise NotALayer(f"the bounds of the inputs: {error}") from error
    known = np.isfinite(sizes) & (sizes >= 0)
    if sizes.shape not in ((), (inputs,)) or not known.all():
        raise NotALayer(f"inputs are bounded by one number from 0, or one for each of {inputs}; got {bound}")
    high = np.broadcast_to(sizes, (inputs,)).copy()
    return Bounds(-high, high)
