"""Whether histories can be told apart across many runs by their hidden overlaps, and not by their function."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from simulate.training.rule import GradientDescent
from theory.overlaps.memory.rank_one import network_function
from validate.overlaps.claims import MEMORY
from validate.overlaps.decoding import Decoding, decode
from validate.overlaps.histories import HIDDEN, RATE, VISIBLE, A, B, C, Grams, after, random_overlaps
from validate.overlaps.settings import Config
from validate.report import Report
from validate.tolerance import AtLeast, Binomial, Reported

READING = 1e-4
"""Standard deviation of the error with which each overlap is read off before decoding."""
DETOURS, EPOCHS, FIRST_EPOCHS = 3, 400, 800
CHANCE = 5
"""Decodings that are asserted to be at chance, together."""


@dataclass(frozen=True)
class Histories:
    """Overlaps after A(AA)^3, then those after A(BA)^3, each from starts of its own; which run is of the second."""

    sigma: Grams
    detoured: Bool[np.ndarray, " runs"]


def decode_histories(config: Config, report: Report) -> Histories:
    """Runs of either history start anew each: nothing but the history tells the classes apart.

    A detour leaves the more, the higher the rate: several detours at twice the published rate.
    """
    half = 100 if config.effort.small else 200
    labels = np.arange(2 * half) >= half
    rng = np.random.default_rng(config.seed + 4)
    starts = after(random_overlaps(rng, 3 * half), (A,), FIRST_EPOCHS)
    away = np.repeat([A, B, C], half)
    once = after(starts, (away, A), EPOCHS)
    single = decode(features(once[: 2 * half], HIDDEN, rng), labels, rng)
    report.check(
        "history from the hidden overlaps, one detour at the published rate: accuracy",
        predicted=0.5,
        measured=single.accuracy,
        tolerance=Reported(f"what one detour leaves is below the spread of the starts; {single.trials} held-out runs"),
        claim=MEMORY,
    )
    ends = after(starts, (away, A) * DETOURS, EPOCHS, GradientDescent(2 * RATE))
    stayed, detoured, other = np.split(ends, 3)
    pairs = {"A(BA)^3 from A(AA)^3": (stayed, detoured), "A(BA)^3 from A(CA)^3": (other, detoured)}
    for name, histories in pairs.items():
        both = np.concatenate(histories)
        found = decode(features(both, HIDDEN, rng), labels, rng)
        _decodable(report, f"history from the hidden overlaps, {name}", found)
        shuffled = decode(features(both, HIDDEN, rng), rng.permutation(labels), rng)
        check_chance(report, f"history from the function, {name}", decode(functions(both, rng), labels, rng))
        check_chance(report, f"shuffled history from the hidden overlaps, {name}", shuffled)
        report.check(
            f"history from the visible overlaps, {name}",
            predicted=0.5,
            measured=decode(features(both, VISIBLE, rng), labels, rng).accuracy,
            tolerance=Reported("the function fixes zu vm but not zu and vm, which may differ"),
        )
    return Histories(np.concatenate([stayed, detoured]), labels)


def features(sigma: Grams, pairs: tuple[tuple[int, int], ...], rng: np.random.Generator) -> Float[np.ndarray, "runs k"]:
    """Overlaps of each run, each read off with an error."""
    rows, columns = np.transpose(pairs)
    read = sigma[:, rows, columns]
    return np.asarray(read + READING * rng.normal(size=read.shape))


def functions(sigma: Grams, rng: np.random.Generator) -> Float[np.ndarray, "runs 3"]:
    """zm, vu and zu vm of each run, each read off with an error."""
    read = network_function(sigma)
    return np.asarray(read + READING * rng.normal(size=read.shape))


def check_chance(report: Report, name: str, found: Decoding) -> None:
    """Assert that a decoder is right as often as wrong."""
    report.check(
        f"{name}: chance",
        predicted=0.5,
        measured=found.accuracy,
        tolerance=Binomial(found.trials, family=CHANCE),
    )


def _decodable(report: Report, name: str, found: Decoding) -> None:
    report.quantity(f"accuracy: {name}", found.accuracy)
    report.check(
        f"{name}: accuracy (lower end)",
        predicted=0.5,
        measured=found.at_least(),
        tolerance=AtLeast(f"binomial 99.9 %, {found.trials} held-out runs"),
        claim=MEMORY,
    )
