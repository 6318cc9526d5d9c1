"""Two trajectories under one input that do not meet: sought by simulation, proved by two boxes that no step leaves."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.contraction.gated.bounds import RATIONALS, Bounds
from theory.contraction.gated.layer import GatedLayer
from theory.contraction.gated.search import closed, outwards
from theory.contraction.gated.statements import TwoBoxes, exact_bounds

STEPS = 150
_TRIALS = 24
_INPUTS = 4
_FAR = 1e-3
_FARTHEST_MEMORY = 30.0
_RADII = (1e-5, 1e-2)
_GROWTHS = 60
_TRIED = 3


@dataclass(frozen=True, eq=False)
class Apart:
    """Two starts whose trajectories, under one constant input, are `distance` apart after `steps`, in the largest unit.

    Simulated in floating point; `claim` proves it where it is not None.
    """

    input: Float[np.ndarray, " m"]
    first: Float[np.ndarray, " size"]
    second: Float[np.ndarray, " size"]
    distance: float
    steps: int
    claim: TwoBoxes | None


def search_apart(layer: GatedLayer, seed: int = 0) -> Apart | None:
    """The pair that stays farthest apart among random starts under some constant inputs; None where all meet.

    Of every input a pair is taken that is as far apart after twice the steps, or nearly.
    """
    random = np.random.default_rng(seed)
    box = layer.everywhere()
    low, high = (np.clip(np.nan_to_num(end), -_FARTHEST_MEMORY, _FARTHEST_MEMORY) for end in (box.low, box.high))
    inputs = _inputs(layer, random)
    starts = random.uniform(low, high, (len(inputs), _TRIALS, layer.size))
    starts[:, :2] = low, high
    middle = _run(layer, starts, inputs)
    pairs = np.array([_farthest(states) for states in middle])
    rows = np.arange(len(inputs))[:, None]
    before = np.abs(np.diff(middle[rows, pairs], axis=1)).max(axis=(1, 2))
    ends = _run(layer, middle[rows, pairs], inputs)
    after = np.abs(np.diff(ends, axis=1)).max(axis=(1, 2))
    found: Apart | None = None
    for k in np.argsort(-after)[:_TRIED]:
        if found is None and after[k] > max(_FAR, before[k] / 2):
            first, second = starts[k, pairs[k]]
            found = Apart(inputs[k], first, second, float(after[k]), 2 * STEPS, None)
        if found is not None and after[k] > max(_FAR, before[k] / 2):
            claim = prove_apart(layer, inputs[k], ends[k])
            if claim is not None:
                first, second = starts[k, pairs[k]]
                return Apart(inputs[k], first, second, float(after[k]), 2 * STEPS, claim)
    return found


def prove_apart(
    layer: GatedLayer, value: Float[np.ndarray, " m"], states: Float[np.ndarray, "2 size"]
) -> TwoBoxes | None:
    """Boxes around the two states that no step leaves, as a claim; None where they grow into one another."""
    held = layer.at_input(value)
    most = float(np.abs(states[0] - states[1]).max())
    boxes = []
    for state in states:
        around = (outwards(Bounds(state - radius, state + radius)) for radius in _RADII)
        box = next((box for each in around if (box := closed(held, each, most, _GROWTHS)) is not None), None)
        if box is None:
            return None
        boxes.append(exact_bounds(box))
    claim = TwoBoxes(RATIONALS.numbers(value), (boxes[0], boxes[1]))
    return claim if claim.holds(layer) else None


def _inputs(layer: GatedLayer, random: np.random.Generator) -> Float[np.ndarray, "several m"]:
    """The middle of the box of inputs, and some of its corners."""
    low, high = layer.inputs.low, layer.inputs.high
    middle = [(low + high) / 2]
    if (low == high).all():
        return np.array(middle)
    return np.array([*middle, low, high, *np.where(random.random((_INPUTS, len(low))) < 0.5, low, high)])


def _run(
    layer: GatedLayer, states: Float[np.ndarray, "several many size"], inputs: Float[np.ndarray, "several m"]
) -> Float[np.ndarray, "several many size"]:
    for _ in range(STEPS):
        states = layer.step(states, inputs)
    return states


def _farthest(states: Float[np.ndarray, "many size"]) -> tuple[int, int]:
    distances = np.abs(states[:, None] - states[None]).max(axis=2)
    i, j = np.unravel_index(int(distances.argmax()), distances.shape)
    return int(i), int(j)
