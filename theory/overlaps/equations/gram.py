"""Gradient descent on theta as equations for its overlaps: ten for rank one, derived from one neuron's row.

A loss that depends on theta through the overlaps alone, L = l(Sigma), has for neuron i the gradient

    N dL/dtheta_ie = d/dtheta_ie sum_ab g_ab theta_ia theta_ib,    g_ab = dl/dsigma_ab, one for each overlap (a <= b).

Averaging products of a row's entries over neurons turns theta' = -eta N dL/dtheta into the flow of the overlaps, and
one step of gradient descent into their map. In matrix form, with dl = tr(H dSigma), that is H_aa = g_aa and
H_ab = g_ab / 2 off the diagonal, where an overlap stands twice:

    theta <- theta (1 - 2 eta H),    Sigma <- (1 - 2 eta H) Sigma (1 - 2 eta H),    Sigma' = -2 eta (H Sigma + Sigma H).

Exact for every number of neurons. Derived here; tests/theory/overlaps/equations/test_gram.py proves it against
explicit neurons.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import sympy as sp

from theory.overlaps.equations.row import average, row
from theory.overlaps.equations.shape import BLOCKS, Shape

rate = sp.Symbol("eta", positive=True)
"""The learning rate eta; theta moves at eta N times the gradient of the loss."""

Rate: TypeAlias = sp.Expr | float | int
BlockRates: TypeAlias = tuple[Rate, Rate, Rate, Rate]
"""Rates of m, u, v and z relative to eta."""


def gradient_symbol(overlap: sp.Symbol) -> sp.Symbol:
    """g_ab, standing for the derivative of the loss in one overlap: g_zm for zm."""
    return sp.Symbol(f"g_{overlap.name}", real=True)


def metric(shape: Shape, first: tuple[int, int], second: tuple[int, int]) -> sp.Expr:
    """sum_ie N dsigma_ab/dtheta_ie dsigma_cd/dtheta_ie for the overlaps of two column pairs, in overlaps.

    The flow is sigma' = -eta (metric) g.

    >>> metric(Shape(), (0, 3), (0, 3))
    mm + zz
    """
    entries = row(shape)
    (a, b), (c, d) = first, second
    one, other = entries[a] * entries[b], entries[c] * entries[d]
    return average(shape, sp.Add(*(one.diff(entry) * other.diff(entry) for entry in entries)))


class UnknownOverlap(ValueError):
    """A symbol that is no overlap of the shape."""


class UnknownBlock(ValueError):
    """A block that is none of m, u, v, z."""


def trained_except(frozen: frozenset[str]) -> BlockRates:
    """Block rates of one, and of zero for the frozen blocks.

    Raises:
        UnknownBlock: if one of them is none of m, u, v, z.

    >>> trained_except(frozenset("mv"))
    (0, 1, 0, 1)
    """
    if frozen - set(BLOCKS):
        raise UnknownBlock(f"frozen blocks {sorted(frozen)}: the blocks are {', '.join(BLOCKS)}")
    m, u, v, z = (0 if block in frozen else 1 for block in BLOCKS)
    return m, u, v, z


@dataclass(frozen=True)
class GramEquations:
    """How the overlaps of a shape learn, when the loss depends on the `visible` ones only.

    A block rate of zero freezes the block.

    Raises:
        UnknownOverlap: if a visible symbol is no overlap of the shape.

    >>> shape = Shape()
    >>> learning = GramEquations(shape, visible=tuple(shape.sigma[2:, :2]))
    >>> learning.gradient
    (g_vm, g_vu, g_zm, g_zu)
    >>> learning.flow[shape.overlap(0, 0)]
    -2*eta*(g_vm*vm + g_zm*zm)
    """

    shape: Shape
    visible: tuple[sp.Symbol, ...]
    block_rates: BlockRates = (1, 1, 1, 1)

    def __post_init__(self) -> None:
        """Refuse what the shape does not have."""
        known = tuple(self.shape.sigma)
        strange = [each.name for each in self.visible if each not in known]
        if strange:
            raise UnknownOverlap(f"{', '.join(strange)}: no overlap of {self.shape}; take them from Shape.overlap")

    @cached_property
    def flow(self) -> dict[sp.Symbol, sp.Expr]:
        """The time derivative of every overlap, in the order of `shape.pairs`; zero for those that stay."""
        entries, moved = row(self.shape), self._row_velocity
        found = {}
        for a, b in self.shape.pairs:
            speed = average(self.shape, entries[a] * moved[b] + moved[a] * entries[b])
            found[self.shape.overlap(a, b)] = sp.collect(sp.factor_terms(speed), self.gradient)
        return found

    @cached_property
    def map(self) -> dict[sp.Symbol, sp.Expr]:
        """Every overlap after one step of gradient descent, in the order of `shape.pairs`."""
        after = [entry + moved for entry, moved in zip(row(self.shape), self._row_velocity, strict=True)]
        return {self.shape.overlap(a, b): average(self.shape, after[a] * after[b]) for a, b in self.shape.pairs}

    @property
    def gradient(self) -> tuple[sp.Symbol, ...]:
        """g_ab for every visible overlap."""
        return tuple(gradient_symbol(each) for each in self.visible)

    @property
    def gradient_matrix(self) -> sp.ImmutableMatrix:
        """H, symmetric, dl = tr(H dSigma); zero where an overlap is not visible."""
        sigma, size = self.shape.sigma, self.shape.size
        return sp.ImmutableMatrix(size, size, lambda a, b: self._slope(sigma[a, b]) / (1 if a == b else 2))

    @property
    def rate_matrix(self) -> sp.ImmutableMatrix:
        """Lambda, diagonal: the block rate of every column."""
        each = [entry for entry, count in zip(self.block_rates, self.shape.counts, strict=True) for _ in range(count)]
        return sp.ImmutableMatrix(sp.diag(*each))

    @property
    def matrix_flow(self) -> sp.ImmutableMatrix:
        """Sigma' = -2 eta (Lambda H Sigma + Sigma H Lambda)."""
        pull = self.gradient_matrix @ self.rate_matrix
        return -2 * rate * (pull.T @ self.shape.sigma + self.shape.sigma @ pull)

    @property
    def matrix_map(self) -> sp.ImmutableMatrix:
        """T^T Sigma T with T = 1 - 2 eta H Lambda, the Gram matrix after a step."""
        step = sp.ImmutableMatrix(sp.eye(self.shape.size)) - 2 * rate * self.gradient_matrix @ self.rate_matrix
        return step.T @ self.shape.sigma @ step

    @cached_property
    def _row_velocity(self) -> list[sp.Expr]:
        """-eta N Lambda dL/dtheta_ie for every entry e of one row."""
        entries = row(self.shape)
        share = sp.Add(*(self._slope(self.shape.overlap(a, b)) * entries[a] * entries[b] for a, b in self.shape.pairs))
        relative = self.rate_matrix.diagonal()
        return [-rate * each * share.diff(entry) for each, entry in zip(relative, entries, strict=True)]

    def _slope(self, overlap: sp.Symbol) -> sp.Expr:
        return gradient_symbol(overlap) if overlap in self.visible else sp.S.Zero
