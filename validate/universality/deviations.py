"""Which points of an ideal flip-flop a network has not, and which it has besides."""

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from simulate.measures.fixed_points.descent import readings
from simulate.measures.fixed_points.find import FixedPoints
from simulate.universality.morse import flip_flop_polynomial, morse_polynomial

NEAR = 0.5
"""A readout is a corner's if each of its numbers is as near to the sign."""
IDEAL, MERGED, EXTRA, BOTH = "as an ideal flip-flop", "merged", "extra points", "merged, and extra points"


@dataclass(frozen=True)
class Deviation:
    """How the points of a network differ from the 3^bits of an ideal flip-flop.

    `polynomial` counts points by their unstable dimensions; `missing` corners have no stable point, `ghosts` of them a
    slow point in its place: a corner that merged with a saddle in a saddle-node bifurcation leaves one behind. `spare`
    stable points are no corner's, or another one's.
    """

    polynomial: tuple[int, ...]
    missing: int
    ghosts: int
    spare: int
    kind: str

    def __str__(self) -> str:
        counted = " + ".join(map(str, self.polynomial)) if self.polynomial else "no points"
        if self.kind == IDEAL:
            return f"{counted}: {self.kind}"
        corners = f"corners missing {self.missing}, {self.ghosts} of them slow points"
        return f"{counted}: {self.kind}; {corners}; spare {self.spare}"


def deviation(found: FixedPoints, bits: int) -> Deviation:
    """Compare with a product of `bits` double wells.

    Points that merge come in pairs with one unstable dimension between them, so that the sum of indices stays one: less
    than the ideal count in some dimensions is told as merged, more in any as extra points.
    """
    polynomial = morse_polynomial(found.unstable_dimensions) if len(found.points) else ()
    less = more = False
    for seen, ideal in zip_longest(polynomial, flip_flop_polynomial(bits), fillvalue=0):
        less, more = less or seen < ideal, more or seen > ideal
    stable = _corners(found.outputs[found.unstable_dimensions == 0]) if len(found.points) else []
    missing = set(np.ndindex(*[2] * bits)) - set(stable)
    slow = _corners(readings(found.step, found.slow))
    kind = {(False, False): IDEAL, (True, False): MERGED, (False, True): EXTRA, (True, True): BOTH}[less, more]
    spare = len(stable) - len(set(stable) - {None})
    return Deviation(polynomial, len(missing), len(missing & set(slow)), spare, kind)


def _corners(outputs: np.ndarray) -> list[tuple[int, ...] | None]:
    """Of each readout the corner that it is near, as zeros and ones; None where it is near none."""
    near = (np.abs(np.abs(outputs) - 1) < NEAR).all(axis=1) if len(outputs) else np.zeros(0, bool)
    return [tuple((row > 0).astype(int).tolist()) if close else None for row, close in zip(outputs, near, strict=True)]
