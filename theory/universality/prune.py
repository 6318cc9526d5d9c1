"""Branch and prune: a box is empty, narrowed, cut in two, or holds one known point, until none is left to decide."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from theory.universality.bounded import above
from theory.universality.slaved import AROUND, Boxes, Examined, Slaved, examine

_NARROWER = 0.5
"""A box is narrowed where that leaves less than this part of its volume."""
_AT_ONCE = 1 << 19
"""Numbers of a matrix for each of the boxes that are examined together."""
_MOST_AT_ONCE = 256


@dataclass(frozen=True)
class Empty:
    """No point is in the box."""


@dataclass(frozen=True)
class Holds:
    """One point at most is in the larger box around: this one, by its place in the list of points."""

    point: int


@dataclass(frozen=True)
class Cut:
    """The box is cut in two at this place; both parts follow, the lower first."""

    axis: int
    at: float


@dataclass(frozen=True)
class Within:
    """All points of the box are in this one, which follows."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True)
class Undecided:
    """Nothing is known of the box: too small, or one too many."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]


Node: TypeAlias = Empty | Holds | Cut | Within | Undecided

Locate: TypeAlias = Callable[
    [Float[np.ndarray, " size"], Float[np.ndarray, " variables"], Float[np.ndarray, " variables"]], int | None
]
"""Which proved point is near this activity and, for certain, within these radii of this middle; None if none is."""


@dataclass(frozen=True)
class SearchLimits:
    """When to give up: so many boxes, or a box that is this part of the whole in every direction.

    >>> from theory.universality import SearchLimits
    >>> SearchLimits().boxes
    200000
    """

    boxes: int = 200_000
    smallest: float = 2.0**-20
    rank: int = 4
    """The most variables that a full-rank network is reduced to."""
    bound: float = 100.0
    """The largest activity of a ReLU network that points are sought up to."""


@dataclass(frozen=True)
class Pruned:
    """All that became of a box: nodes in the order in which they were met, first come first served."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    nodes: tuple[Node, ...]

    @property
    def undecided(self) -> tuple[Undecided, ...]:
        """Boxes of which nothing is known."""
        return tuple(node for node in self.nodes if isinstance(node, Undecided))


def prune(network: Slaved, locate: Locate, limits: SearchLimits) -> Pruned:
    """Decide all of |kappa_i| <= sum_j |V_ji|, where all fixed points are: activities are between -1 and 1."""
    bound = np.ceil(above(np.abs(network.V).sum(axis=0)) * 64) / 64
    # not symmetric: that of odd networks, whose points are at zero and in pairs, has faces elsewhere
    whole = Boxes(
        -bound[None],
        bound[None] * (1 + 1 / 32),
        network.drive[None],
        (np.abs(network.U) @ bound)[None],
    )
    least = limits.smallest * (whole.upper - whole.lower)
    together = max(
        1, min(_MOST_AT_ONCE, _AT_ONCE // len(network.U) ** 2 if network.rest is not None else _MOST_AT_ONCE)
    )
    nodes: list[Node] = []
    generation = whole
    while len(generation):
        following: list[Boxes] = []
        for first in range(0, len(generation), together):
            some = generation[first : first + together]
            spent = len(nodes) + len(generation) + sum(map(len, following)) > limits.boxes
            nodes_of, parts = _decided(examine(network, some), locate, np.full_like(least, np.inf) if spent else least)
            nodes += nodes_of
            following.append(parts)
        generation = _joined(following)
    return Pruned(tuple(whole.lower[0].tolist()), tuple(whole.upper[0].tolist()), tuple(nodes))


def _decided(found: Examined, locate: Locate, least: Float[np.ndarray, "1 variables"]) -> tuple[list[Node], Boxes]:
    """What became of each box, and the parts that follow, in the order of their boxes."""
    boxes = found.boxes
    middle, radius = boxes.middle, AROUND * boxes.radius
    left = np.prod((found.upper - found.lower) / (boxes.upper - boxes.lower), axis=1)
    tiny = (boxes.upper - boxes.lower <= least).all(axis=1)
    nodes: list[Node] = []
    which, lower, upper = list[int](), list[np.ndarray](), list[np.ndarray]()
    for k in range(len(boxes)):
        point = None
        if found.single[k] and (np.abs(found.newton[k] - middle[k]) <= radius[k]).all():
            point = locate(found.activity(k), middle[k], radius[k])
        if found.empty[k]:
            nodes.append(Empty())
        elif point is not None:
            nodes.append(Holds(point))
        elif tiny[k]:
            nodes.append(Undecided(tuple(boxes.lower[k].tolist()), tuple(boxes.upper[k].tolist())))
        elif left[k] < _NARROWER:
            nodes.append(Within(tuple(found.lower[k].tolist()), tuple(found.upper[k].tolist())))
            which, lower, upper = [*which, k], [*lower, found.lower[k]], [*upper, found.upper[k]]
        else:
            axis = int(found.axis[k])
            nodes.append(Cut(axis, float(middle[k, axis])))
            ends = boxes.upper[k].copy(), boxes.lower[k].copy()
            ends[0][axis] = ends[1][axis] = middle[k, axis]
            which, lower, upper = [*which, k, k], [*lower, boxes.lower[k], ends[1]], [*upper, ends[0], boxes.upper[k]]
    if not which:
        return nodes, boxes[np.zeros(0, dtype=int)]
    return nodes, found.parts(np.array(which), np.array(lower), np.array(upper))


def _joined(parts: list[Boxes]) -> Boxes:
    return Boxes(*(np.concatenate([getattr(part, name) for part in parts]) for name in Boxes.__dataclass_fields__))
