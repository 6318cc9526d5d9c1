"""Which overlaps the outputs depend on, which of them learning moves, and which it listens to.

Visible are the overlaps that reach the outputs through the latent recursion; all others are invisible: changed on
their own they change neither outputs nor loss. Invisible overlaps that learning moves are where a network can keep a
memory of how it got where it is; and only if the flow of the visible ones needs them can that memory be felt again.
All of it is read off the equations, for any shape, nonlinearity and set of frozen blocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import combinations

import sympy as sp

from theory.overlaps import gaussian
from theory.overlaps.equations.activity import activity_equations
from theory.overlaps.equations.gram import GramEquations, trained_except
from theory.overlaps.equations.shape import BLOCKS, Shape
from theory.overlaps.gaussian import Nonlinearity

FROZEN_PATTERNS = tuple(frozenset(blocks) for count in range(5) for blocks in combinations(BLOCKS, count))
"""The sixteen sets of blocks that may be left untrained."""


class Scope(Enum):
    """Of which networks the overlaps tell the outputs."""

    EVERY_NETWORK = "every network: phi is linear, and averages of it need nothing but the overlaps"
    GAUSSIAN_ROWS = (
        "networks whose rows are Gaussian with zero mean, and their closed theory; training does not keep rows "
        "Gaussian, and the outputs of other networks depend on more than their overlaps"
    )


@dataclass(frozen=True)
class OverlapRoles:
    """What each overlap is to the outputs and to learning; overlaps in the order of `shape.pairs` throughout."""

    overlaps: tuple[sp.Symbol, ...]
    visible: tuple[sp.Symbol, ...]
    """The outputs depend on them."""
    moving: tuple[sp.Symbol, ...]
    """Learning changes them."""
    needed: tuple[sp.Symbol, ...]
    """The visible ones, and those that their learning depends on, and so on: what tells all future outputs."""
    scope: Scope

    @property
    def invisible(self) -> tuple[sp.Symbol, ...]:
        """Not visible."""
        return self._without(self.visible)

    @property
    def constant(self) -> tuple[sp.Symbol, ...]:
        """Learning leaves them as they are."""
        return self._without(self.moving)

    @property
    def memory(self) -> tuple[sp.Symbol, ...]:
        """Invisible and moving: they can record the past."""
        return tuple(each for each in self.invisible if each in self.moving)

    @property
    def felt_memory(self) -> tuple[sp.Symbol, ...]:
        """Memory that the learning to come depends on; the rest can only be read by an observer of the weights."""
        return tuple(each for each in self.memory if each in self.needed)

    @property
    def state(self) -> tuple[sp.Symbol, ...]:
        """Needed and moving: the variables of the smallest closed system that has the visible overlaps in it."""
        return tuple(each for each in self.needed if each in self.moving)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Needed and constant: the parameters of that system."""
        return tuple(each for each in self.needed if each not in self.moving)

    def _without(self, some: tuple[sp.Symbol, ...]) -> tuple[sp.Symbol, ...]:
        return tuple(each for each in self.overlaps if each not in some)


@cache
def visible_overlaps(shape: Shape, phi: Nonlinearity) -> tuple[sp.Symbol, ...]:
    """The overlaps that the outputs depend on: those in the readout, in the latents it reads, in what moves these.

    >>> visible_overlaps(Shape(), gaussian.LINEAR)
    (vm, zm, vu, zu)
    >>> visible_overlaps(Shape(), gaussian.ERF)
    (mm, mu, vm, zm, uu, vu, zu)
    """
    equations = activity_equations(shape)
    gain = {equations.gain: _gain(phi, equations.variance)}
    sources = dict(zip(equations.latents, equations.velocity, strict=True))
    outputs = _symbols(equations.gain * each for each in equations.readout)
    reached = _closure(outputs | {equations.gain}, sources | gain)
    return tuple(each for each in equations.overlaps if each in reached)


@cache
def overlap_roles(shape: Shape, phi: Nonlinearity, frozen: frozenset[str] = frozenset()) -> OverlapRoles:
    """The roles of the overlaps when the blocks in `frozen` are not trained.

    Raises:
        UnknownBlock: if one of them is none of m, u, v, z.

    >>> only_z = overlap_roles(Shape(), gaussian.LINEAR, frozenset("muv"))
    >>> only_z.state, only_z.parameters
    ((zm, zu), (mm, mu, vm, uu, vu))
    >>> only_z.memory, only_z.felt_memory
    ((zv, zz), ())
    """
    visible = visible_overlaps(shape, phi)
    flow = GramEquations(shape, visible, trained_except(frozen)).flow
    needed = _closure(set(visible), flow)
    return OverlapRoles(
        overlaps=tuple(flow),
        visible=visible,
        moving=tuple(each for each, speed in flow.items() if speed != 0),
        needed=tuple(each for each in flow if each in needed),
        scope=Scope.EVERY_NETWORK if _linear(phi) else Scope.GAUSSIAN_ROWS,
    )


def _gain(phi: Nonlinearity, variance: sp.Expr) -> sp.Expr:
    """The gain at a variance: its closed form, or an unknown function of the variance where there is none."""
    if _linear(phi):
        return phi.derivative(gaussian.x)
    closed = phi.gain(variance)
    return sp.Function("gain")(variance) if closed is None else closed


def _linear(phi: Nonlinearity) -> bool:
    return not phi.derivative(gaussian.x).free_symbols


def _closure(start: set[sp.Symbol], sources: dict[sp.Symbol, sp.Expr]) -> set[sp.Symbol]:
    """All symbols that those in `start` depend on, directly or through the symbols that have sources."""
    found, waiting = set(start), list(start)
    while waiting:
        new = _symbols([sources.get(waiting.pop(), sp.S.Zero)]) - found
        found |= new
        waiting += new
    return found


def _symbols(expressions: Iterable[sp.Expr]) -> set[sp.Symbol]:
    return set[sp.Symbol]().union(*(each.free_symbols for each in expressions))
