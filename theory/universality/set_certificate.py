"""A complete set of fixed points as the file of docs/fixed-point-sets.md: exact numbers, a reason for every box."""

import json
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from theory.universality.krawczyk import ProvedPoint
from theory.universality.prune import Cut, Empty, Holds, Node, Pruned, Within
from theory.universality.rectified import ByUnit, NoPoint, PatternNode, Regions, Solved
from theory.universality.slaved import Slaved

FORMAT = "fixed point set certificate 1"
RECTIFIED = "rectified fixed point set certificate 1"
Document = dict[str, object]


def set_document(
    weights: Document, network: Slaved, rest: tuple[Fraction, ...], pruned: Pruned, points: tuple[ProvedPoint, ...]
) -> Document:
    """The certificate as JSON knows it; `weights` is what the user gave, under the names that the format has for it."""
    split = {"U": exact(network.U), "V": exact(network.V), "rest": exact(rest)} if rest else {}
    return {
        "format": FORMAT,
        **weights,
        "drive": exact(network.drive),
        **split,
        "points": [_point(each) for each in points],
        "box": [exact(pruned.lower), exact(pruned.upper)],
        "nodes": [_node(each) for each in pruned.nodes],
    }


def rectified_document(
    W: Float[np.ndarray, "size size"], drive: Float[np.ndarray, " size"], bound: float, found: Regions
) -> Document:
    """The certificate of a ReLU network as JSON knows it."""
    return {
        "format": RECTIFIED,
        "weights": exact(W),
        "drive": exact(drive),
        "bound": exact(bound),
        "points": len(found.points),
        "nodes": [_pattern_node(each) for each in found.nodes],
    }


def json_bytes(document: Document) -> bytes:
    """The file's content: a line for each key."""
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in document.items())
    return ("{" + ",\n ".join(lines) + "}\n").encode("ascii")


def exact(values: object) -> object:
    """Doubles as certificates write them: integers, or "p/q"; arrays as lists of them.

    >>> exact([0.5, 2.0])
    ['1/2', 2]
    """
    if isinstance(values, np.ndarray | list | tuple):
        return [exact(each) for each in values]
    number = values if isinstance(values, Fraction) else Fraction(float(values))  # type: ignore[arg-type]
    return number.numerator if number.denominator == 1 else str(number)


def _point(point: ProvedPoint) -> Document:
    return {
        "state": exact(point.state),
        "radius": exact(point.radius),
        "unstable": point.unstable_dimension,
        "index": point.index,
    }


def _pattern_node(node: PatternNode) -> object:
    match node:
        case ByUnit(unit):
            return ["unit", unit]
        case NoPoint(multipliers):
            return ["none", [[row.name.lower(), unit, exact(value)] for row, unit, value in multipliers]]
        case Solved():
            return "solved"
    raise AssertionError("no certificate is written of a set with singular regions")


def _node(node: Node) -> object:
    match node:
        case Empty():
            return "empty"
        case Holds(point):
            return ["holds", point]
        case Cut(axis, at):
            return ["cut", axis, exact(at)]
        case Within(lower, upper):
            return ["within", exact(lower), exact(upper)]
    raise AssertionError("no certificate is written of a set with undecided boxes")
