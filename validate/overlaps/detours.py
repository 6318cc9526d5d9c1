"""What a detour of training, A-B-A, leaves behind: its law for B close to A; nothing where one block learns alone."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import filter_task
from simulate.training.learn import Learning, learn
from simulate.training.rule import GradientDescent
from theory.overlaps.memory.holonomy import linear_memory
from theory.overlaps.memory.loop import Filter, detour
from validate.overlaps.claims import MEMORY
from validate.overlaps.histories import DT, RATE, SHAPE, STEPS, A, B, after, random_overlaps
from validate.overlaps.settings import Config
from validate.report import Report
from validate.tolerance import Absolute, Exact, Reported

DISTANCES = np.array([2e-3, 1e-3, 5e-4])
SINGLE = tuple(tuple(k == on for k in range(4)) for on in range(4))
SINGLE_RATES = (4e-2, 1e-2, 1e-2, 1e-2)


@dataclass(frozen=True)
class DetourLaw:
    """The largest change of an overlap against the distance of B: on the map, predicted, and its holonomy alone."""

    distances: Float[np.ndarray, " distances"]
    displacement: Float[np.ndarray, " distances"]
    predicted: Float[np.ndarray, " distances"]
    holonomy: Float[np.ndarray, " distances"]


def small_detours(config: Config, report: Report) -> DetourLaw:
    """Detours to tasks close by, against the formula of second order."""
    epochs = 2000
    start = after(random_overlaps(np.random.default_rng(config.seed + 1), 1), (A,), 2 * epochs)
    task = Filter(A, DT, STEPS)
    all_starts = np.repeat(start, len(DISTANCES), axis=0)
    measured = after(all_starts, (A + DISTANCES, A), epochs) - start
    found = [detour(start[0], task, Filter(A + distance, DT, STEPS), RATE) for distance in DISTANCES]
    predicted = np.stack([each.displacement for each in found])
    holonomy = np.stack([each.holonomy for each in found])
    sizes, foreseen, turned = (np.abs(each).max(axis=(1, 2)) for each in (measured, predicted, holonomy))
    errors = np.abs(measured - predicted).max(axis=(1, 2)) / sizes
    report.check(
        "detour to a task close by: exponent of the distance in what it leaves",
        predicted=2.0,
        measured=_exponent(sizes),
        tolerance=Absolute(0.1, "next order: 0.05 at the largest distance"),
    )
    report.check(
        "exponent of the distance in the relative error of the second-order formula",
        predicted=1.0,
        measured=_exponent(errors),
        tolerance=Absolute(0.15, "next order"),
    )
    report.check(
        "what the smallest detour leaves, extrapolated to distance 0 (unit: the formula)",
        predicted=1.0,
        measured=float(2 * sizes[-1] / foreseen[-1] - sizes[-2] / foreseen[-2]),
        tolerance=Absolute(0.01, "O(distance^2) after one extrapolation"),
    )
    report.check(
        "share of the memory that gradient flow would leave (holonomy), at the published rate",
        predicted=1.0,
        measured=float(turned[-1] / foreseen[-1]),
        tolerance=Reported("the rest is the O(rate) drift of the invariants by finite steps"),
        claim=MEMORY,
    )
    return DetourLaw(DISTANCES, sizes, foreseen, turned)


def _exponent(values: np.ndarray) -> float:
    return float(np.log(values[0] / values[-1]) / np.log(DISTANCES[0] / DISTANCES[-1]))


def frozen_blocks(config: Config, report: Report) -> None:
    """One block alone: the function fixes all that moves, and nothing is remembered at any rate."""
    start = after(random_overlaps(np.random.default_rng(config.seed + 2), 1, 6), (A,), 4000)
    left, directions = [], []
    for trained, rate in zip(SINGLE, SINGLE_RATES, strict=True):
        m, u, v, z = (rate * on for on in trained)
        rule = GradientDescent(1.0, block_rates=(m, u, v, z))
        first = after(start, (A,), 8000, rule)
        left.append(float(np.abs(after(first, (0.25, A), 8000, rule) - first).max()))
        directions.append(linear_memory(trained=trained).directions)
    report.check(
        "directions of memory when one block alone is trained: m, u, v or z",
        predicted=np.zeros(4),
        measured=np.array(directions),
        tolerance=Exact("brackets of the fields of learning"),
    )
    report.check(
        "what A-B-A leaves when one block alone is trained",
        predicted=np.zeros(4),
        measured=np.array(left),
        tolerance=Absolute(1e-7, "convergence of the training"),
    )


@eqx.filter_jit
def _network_trained(network: LowRank, decay: Array, epochs: int) -> Learning[LowRank]:
    return learn(network, filter_task(decay, DT, STEPS), GradientDescent(RATE), epochs)


def networks(config: Config, report: Report) -> None:
    """Networks of neurons on A-B-A: what they remember is what the map remembers."""
    epochs = 200 if config.effort.small else 800
    start = random_overlaps(np.random.default_rng(config.seed + 3), 1)
    foreseen = after(start, (A, B, A), epochs)[0]
    errors = []
    for neurons in (10, 40):
        network = draw_exact(jax.random.key(config.seed), start[0], SHAPE.counts, neurons, LINEAR)
        for decay in (A, B, A):
            network = _network_trained(network, jnp.asarray(decay), epochs).end
        errors.append(float(jnp.abs(network.sigma() - foreseen).max()))
    report.check(
        "overlaps after A-B-A, networks of 10 and 40 neurons against the map",
        predicted=np.zeros(2),
        measured=np.array(errors),
        tolerance=Absolute(1e-9, "rounding, accumulated over the run"),
    )
