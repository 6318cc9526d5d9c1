"""Boxes of states, and where a network with a bounded nonlinearity takes them, in rational numbers.

What drives neuron i is (phi(W x + b))_i, of a voltage form (W phi(x) + b)_i, and its state follows: x_i never goes
beyond what drives it, and in the end is between the least and the largest that drives it for ever. With `image` a box
that holds all that can drive states of a box, under inputs b between bounds:

- a box that holds its own image is not left;
- from everywhere, trajectories come arbitrarily near to the image of everything, hence to the image of that, and so on;

both whatever time constants or leaks neurons have, and whether inputs are constant or not. A step of a map takes x_i to
(1 - a_i) x_i and a_i times what drives it, and a negative W_ii lets the two move against one another: an end of the
image may as well be one of where steps lead, which says more of neurons that flip. Each end holds by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import flint

from theory.contraction.exact_matrix import ExactMatrix, as_fraction, exact_vector
from theory.contraction.regions.activation import Sigmoidal
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.enclosures import Enclosed

End = Fraction | None
"""Of an interval; None is no bound."""
BITS = 24
"""Binary digits behind the point of the ends of boxes, rounded outwards."""


class Unbounded(ValueError):
    """The nonlinearity has no bounds, so that boxes of states have none; give tanh or the sigmoid."""


@dataclass(frozen=True)
class IntervalBox:
    """All states, or inputs, between two bounds each.

    >>> IntervalBox.at([0.5]).within(IntervalBox((Fraction(0),), (None,)))
    True
    """

    lower: tuple[End, ...]
    upper: tuple[End, ...]

    @classmethod
    def at(cls, point: Iterable[float | Fraction]) -> "IntervalBox":
        """The box of one point."""
        entries = tuple(Fraction(x) for x in point)
        return cls(entries, entries)

    def within(self, other: "IntervalBox") -> bool:
        """Whether all of it lies in the other."""
        below = zip(other.lower, self.lower, strict=True)
        above = zip(self.upper, other.upper, strict=True)
        return all(outer is None or (inner is not None and outer <= inner) for outer, inner in below) and all(
            outer is None or (inner is not None and inner <= outer) for inner, outer in above
        )

    def outwards(self, bits: int = BITS) -> "IntervalBox":
        """With ends of few digits, around this one."""
        return IntervalBox(
            tuple(None if low is None else Enclosed(low, low).outwards(bits).lower for low in self.lower),
            tuple(None if high is None else Enclosed(high, high).outwards(bits).upper for high in self.upper),
        )

    @property
    def ordered(self) -> bool:
        """Whether no interval ends before it begins."""
        pairs = zip(self.lower, self.upper, strict=True)
        return all(low is None or high is None or low <= high for low, high in pairs)


@dataclass(frozen=True)
class Driven:
    """A network, with a bounded phi, under inputs in a box: what drives its states, and which slopes phi has there."""

    system: ExactAutonomous
    inputs: IntervalBox

    @property
    def phi(self) -> Sigmoidal:
        """The nonlinearity.

        Raises:
            Unbounded: where it has no bounds.
        """
        phi = self.system.activation
        if not isinstance(phi, Sigmoidal):
            raise Unbounded(f"{phi.name} has no bounds, and so have states; give tanh or sigmoid")
        return phi

    @cached_property
    def everywhere(self) -> IntervalBox:
        """The image of all states."""
        least, most = (flint.fmpq(end) for end in self.phi.bounds or (0, 0))
        size = self.system.size
        if self.system.form.slopes_multiply_rows:
            return IntervalBox((as_fraction(least),) * size, (as_fraction(most),) * size)
        return self._sums([least] * size, [most] * size)

    def image(self, box: IntervalBox) -> IntervalBox:
        """What can drive states of this box, or where a step leads from it where that ends earlier."""
        seen = self.arguments(box)
        values = drives = self._values(seen)
        if not self.system.form.slopes_multiply_rows:
            drives = self._sums(_exact(values.lower), _exact(values.upper))
        lower, upper = list(drives.lower), list(drives.upper)
        for i in self.flipping:
            found = [_interval(each, i) for each in (box, seen, values, drives)]
            intervals = [each for each in found if each is not None]
            if len(intervals) == len(found):
                step = self._stepped(i, *intervals)
                lower[i] = max(step.lower, intervals[-1].lower)
                upper[i] = min(step.upper, intervals[-1].upper)
        return IntervalBox(tuple(lower), tuple(upper))

    @cached_property
    def flipping(self) -> tuple[int, ...]:
        """Neurons of a map that leak and inhibit themselves."""
        network = self.system.network
        own = zip(network.weights.diagonal_entries(), network.leaks.diagonal_entries(), strict=True)
        return tuple(i for i, (w, a) in enumerate(own) if self.system.form.discrete and w < 0 and a < 1)

    def _stepped(self, i: int, state: Enclosed, seen: Enclosed, value: Enclosed, drive: Enclosed) -> Enclosed:
        """(1 - a) x_i + a times what drives it, W_ii = -w: a phi(z) - (1 - a) z / w, or minus w times that, and others.

        Of a rate-like form z = -w x_i + what others drive, between `seen` less its own part; else z = x_i.
        """
        network = self.system.network
        w, leak = -as_fraction(network.weights.entries[i, i]), as_fraction(network.leaks.entries[i, i])
        tilt = (1 - leak) / (leak * w)
        if not self.system.form.slopes_multiply_rows:
            own = self.phi.tilted_between(tilt, state.lower, state.upper)
            others = Enclosed(drive.lower + w * value.upper, drive.upper + w * value.lower)
            return Enclosed(leak * (others.lower - w * own.upper), leak * (others.upper - w * own.lower))
        span = w * (state.upper - state.lower)
        least = self.phi.tilted_between(tilt, seen.lower, seen.lower + span).lower
        most = self.phi.tilted_between(tilt, seen.upper - span, seen.upper).upper
        return Enclosed(
            leak * (least + tilt * (seen.lower + w * state.upper)),
            leak * (most + tilt * (seen.upper + w * state.lower)),
        )

    def arguments(self, box: IntervalBox) -> IntervalBox:
        """What phi sees at states of this box."""
        return self._sums(_exact(box.lower), _exact(box.upper)) if self.system.form.slopes_multiply_rows else box

    def slopes(self, box: IntervalBox) -> tuple[Enclosed, ...]:
        """Those of phi at states of this box."""
        seen = self.arguments(box)
        return tuple(self.phi.slopes_between(*ends) for ends in zip(seen.lower, seen.upper, strict=True))

    def _values(self, arguments: IntervalBox) -> IntervalBox:
        found = [self.phi.values_between(*ends) for ends in zip(arguments.lower, arguments.upper, strict=True)]
        return IntervalBox(tuple(each.lower for each in found), tuple(each.upper for each in found))

    def _sums(self, lower: list[flint.fmpq], upper: list[flint.fmpq]) -> IntervalBox:
        """W y + b, y between these and b in the inputs' box."""
        rising, falling = self._parts
        low = [p + n for p, n in zip(rising.times(lower), falling.times(upper), strict=True)]
        high = [p + n for p, n in zip(rising.times(upper), falling.times(lower), strict=True)]
        return IntervalBox(
            tuple(None if b is None else as_fraction(x) + b for x, b in zip(low, self.inputs.lower, strict=True)),
            tuple(None if b is None else as_fraction(x) + b for x, b in zip(high, self.inputs.upper, strict=True)),
        )

    @cached_property
    def _parts(self) -> tuple[ExactMatrix, ExactMatrix]:
        """W's positive entries, and the negative ones."""
        zero, weights = flint.fmpq(0), self.system.network.weights.rows()
        kept: tuple[Callable[[flint.fmpq, flint.fmpq], flint.fmpq], ...] = (max, min)
        rising, falling = (ExactMatrix.of([[keep(x, zero) for x in row] for row in weights]) for keep in kept)
        return rising, falling


def _exact(ends: tuple[End, ...]) -> list[flint.fmpq]:
    """The ends, all of which are bounds."""
    return list(exact_vector(end for end in ends if end is not None))


def _interval(box: IntervalBox, i: int) -> Enclosed | None:
    low, high = box.lower[i], box.upper[i]
    return None if low is None or high is None else Enclosed(low, high)
