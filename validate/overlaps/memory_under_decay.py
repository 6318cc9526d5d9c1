"""Memory under weight decay: how the difference that history makes fades, and when it can no longer be decoded."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.training.rule import GradientDescent
from theory.overlaps.memory.forgetting import forgotten
from validate.overlaps.claims import MEMORY
from validate.overlaps.decoding import decode
from validate.overlaps.decoding_histories import Histories, check_chance, features
from validate.overlaps.histories import HIDDEN, RATE, A, B, after, random_overlaps
from validate.overlaps.level_set import SIGNATURE
from validate.overlaps.settings import Config
from validate.report import Report
from validate.tolerance import Relative

DECAYS = (2e-4, 1e-4)
FAST, PIECE, PIECES = 2e-3, 250, 6
"""Weight decay under which populations are decoded, every so many epochs."""


@dataclass(frozen=True)
class Forgetting:
    """The difference that history makes to the overlaps under weight decay: predicted and measured, at 2 lambda t."""

    elapsed: Float[np.ndarray, " times"]
    predicted: Float[np.ndarray, " times"]
    measured: Float[np.ndarray, "decays times"]


@dataclass(frozen=True)
class Fading:
    """The accuracy of decoding at 2 lambda t, a share of so many held-out runs."""

    elapsed: Float[np.ndarray, " times"]
    accuracy: Float[np.ndarray, " times"]
    trials: int


def forget(config: Config, report: Report) -> Forgetting:
    """Pairs that differ by a detour, under weight decay at A."""
    start = after(random_overlaps(np.random.default_rng(config.seed + 5), 1), (A,), 2000)
    both = after(np.repeat(start, 2, axis=0), (np.array([B, A]), A), 2000)
    elapsed = np.linspace(0, 2, 5)
    drift = [forgotten(each, elapsed / 2) for each in both]
    predicted = np.abs(drift[0] - drift[1]).max(axis=(1, 2))
    measured = []
    for weight_decay in DECAYS:
        rule, now = GradientDescent(RATE, weight_decay=weight_decay), both
        differences = [predicted[0]]
        for _ in elapsed[1:]:
            now = after(now, (A,), round((elapsed[1] - elapsed[0]) / 2 / weight_decay), rule)
            differences.append(float(np.abs(now[0] - now[1]).max()))
        measured.append(differences)
    found = Forgetting(elapsed, predicted, np.array(measured))
    extrapolated = 2 * found.measured[1] - found.measured[0]
    report.check(
        "difference that history makes under weight decay, 2 lambda t = 0.5 to 2, extrapolated to small lambda",
        predicted=predicted[1:],
        measured=extrapolated[1:],
        tolerance=Relative(0.03, "O(lambda^2) after one extrapolation, and the finite rate"),
    )
    spectra = [np.sort(np.linalg.eigvals(SIGNATURE @ each).real) for each in (both[0], now[0])]
    report.check(
        "eigenvalues of A Sigma after 2 lambda t = 2 of weight decay (unit: at the start)",
        predicted=np.full(4, np.exp(-2.0)),
        measured=spectra[1] / spectra[0],
        tolerance=Relative(0.02, "finite steps: O(rate) in all"),
    )
    survived = np.log(found.measured[-1, 1:] / found.measured[-1, :-1])
    report.check(
        "forgetting time of the difference over 2 lambda t = 0 to 2 (unit: 1 / (2 lambda))",
        predicted=float(2 / -np.log(predicted[-1] / predicted[0])),
        measured=float(-2 / survived.sum()),
        tolerance=Relative(0.03, "O(lambda)"),
        claim=MEMORY,
    )
    return found


def decode_under_decay(config: Config, report: Report, histories: Histories) -> Fading:
    """Populations under a faster decay, decoded on the way."""
    rng = np.random.default_rng(config.seed + 7)
    rule, sigma = GradientDescent(RATE, weight_decay=FAST), histories.sigma
    found = [decode(features(sigma, HIDDEN, rng), histories.detoured, rng)]
    for _ in range(PIECES):
        sigma = after(sigma, (A,), PIECE, rule)
        found.append(decode(features(sigma, HIDDEN, rng), histories.detoured, rng))
    check_chance(report, "history from the hidden overlaps after 2 lambda t = 6 of weight decay", found[-1])
    elapsed = 2 * FAST * PIECE * np.arange(PIECES + 1.0)
    return Fading(elapsed, np.array([each.accuracy for each in found]), found[0].trials)
