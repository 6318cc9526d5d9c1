"""Floating point proposes boxes and weights; what is proposed is returned after rational arithmetic has proved it."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from theory.contraction.exact_matrix import to_digits
from theory.contraction.gated.bounds import RATIONALS, Bounds
from theory.contraction.gated.layer import GatedLayer
from theory.contraction.gated.statements import ContractingInBox, above, exact_bounds

PIECES = 16
"""Into how many pieces intervals are cut where two factors of a row depend on one number."""
MOST_PIECES = 64
"""Certificates of more are not checked."""
_GRID = 2.0**-20
_SHRINKINGS = 200
_TURNS = 300
_STILL = 1e-6
_PATIENCE = 3
_LEAK = 1e-6
"""Of the largest weight: what every row is given where the majorant is reducible."""


class BadPieces(ValueError):
    """Intervals cannot be cut into so many pieces; the message says into how many."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A box that no step leaves, weights, and the largest stretch of a row in them: below one it contracts."""

    box: Bounds
    weights: Float[np.ndarray, " size"]
    factor: float


def require_pieces(pieces: int) -> None:
    """Refuse a number of pieces that no certificate may have.

    Raises:
        BadPieces: unless it is from 1 to `MOST_PIECES`.
    """
    if not 1 <= pieces <= MOST_PIECES:
        raise BadPieces(f"pieces are {pieces}; a whole number from 1 to {MOST_PIECES} is needed")


def shrunk(layer: GatedLayer, times: int = _SHRINKINGS) -> Bounds:
    """The box of all states, replaced over and over by where its states come to, the state of zeros always in it.

    Ends are rounded outwards to a grid, so it settles; it is closed in the end, so no step leaves it.
    """
    box = outwards(layer.everywhere())
    for _ in range(times):
        inner = layer.limit(box)
        if not np.isfinite([inner.low, inner.high]).all():
            return box
        inner = outwards(inner.hull(Bounds(0 * inner.low, 0 * inner.low)))
        inner = Bounds(np.maximum(inner.low, box.low), np.minimum(inner.high, box.high))
        if (inner.low == box.low).all() and (inner.high == box.high).all():
            break
        box = inner
    return closed(layer, box) or box


def closed(layer: GatedLayer, box: Bounds, most: float = np.inf, times: int = _SHRINKINGS) -> Bounds | None:
    """The box, grown until no step leaves it; None where it becomes wider than `most` first."""
    for _ in range(times):
        following = layer.next(box)
        if following.within(box):
            return box
        box = outwards(box.hull(following))
        if not (box.high - box.low).max() <= most:
            break
    return None


def outwards(box: Bounds) -> Bounds:
    """The box with its ends on a grid, none of them moved inwards."""
    return Bounds(np.floor(box.low / _GRID) * _GRID, np.ceil(box.high / _GRID) * _GRID)


def proposed(layer: GatedLayer, box: Bounds, pieces: int = PIECES) -> Proposal:
    """The weights in which the largest stretch is about least, by iterating w <- (stretched w) / largest.

    The map from weights to bounds of rows is monotone and of degree one, so the largest ratio does not rise; where its
    graph is strongly connected it comes to the least one (the Collatz-Wielandt number of a monotone map).
    """
    weights, gates = np.ones(layer.size), layer.gates(box)
    best, last_gain = Proposal(box, weights, np.inf), 0
    for turn in range(_TURNS):
        stretched = layer.state_sums(gates, weights, pieces)
        factor = float((stretched / weights).max())
        if factor < best.factor * (1 - _STILL):
            last_gain = turn
        if factor < best.factor:
            best = Proposal(box, weights, factor)
        if not np.isfinite(factor) or turn > last_gain + _PATIENCE:
            break
        weights = stretched / stretched.max() + _LEAK * 0.9**turn + 1e-12
        weights = weights / weights.max()
    return best


def prove(layer: GatedLayer, found: Proposal, pieces: int = PIECES) -> ContractingInBox | None:
    """The proposal as a claim, in short rationals; None where rational arithmetic does not prove it."""
    if not found.factor < 1 or not np.isfinite([found.box.low, found.box.high]).all():
        return None
    weights = to_digits(found.weights, bits=20)
    gates = layer.gates(found.box)
    stretch = float((layer.state_sums(gates, weights, pieces) / weights).max())
    for slack in (1e-9, 1e-6, 1e-3):
        factor = above(stretch + slack * (1 - stretch))
        gain = float((layer.input_sums(gates, pieces) / weights).max()) / (1 - factor)
        claim = ContractingInBox(
            Fraction(factor),
            Fraction(above(gain * (1 + slack) + slack)),
            pieces,
            exact_bounds(found.box),
            RATIONALS.numbers(weights),
        )
        if factor < 1 and claim.holds(layer):
            return claim
    return None
