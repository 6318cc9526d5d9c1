"""Memory under weight noise: populations of small networks, decoded on the way, against the predicted diffusion."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import filter_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.memory.loop import Filter
from theory.overlaps.memory.weight_noise import blurred
from validate.overlaps.decoding import decode, expected_accuracy
from validate.overlaps.decoding_histories import Histories, features
from validate.overlaps.histories import DT, HIDDEN, RATE, SHAPE, STEPS, A
from validate.overlaps.settings import Config
from validate.report import Report
from validate.tolerance import Binomial, Reported

NEURONS = 8
NOISE = 2e-3
STRONG = 10 * NOISE
EPOCHS = 200
CERTAIN = 0.99
FORGOTTEN = 0.75
"""The accuracy at which a memory counts as forgotten: halfway from certain to chance."""


@dataclass(frozen=True)
class NoisyMemory:
    """The accuracy of decoding against epochs of weight noise: predicted at every epoch, measured at some.

    What is measured is a share of so many held-out runs.
    """

    predicted: Float[np.ndarray, " epochs"]
    epochs: Float[np.ndarray, " times"]
    measured: Float[np.ndarray, " times"]
    forgotten: int
    trials: int


def decode_under_noise(config: Config, report: Report, histories: Histories) -> NoisyMemory:
    """Networks with the overlaps of each run, under weight noise at A."""
    rng = np.random.default_rng(config.seed + 8)
    keys = jax.random.split(jax.random.key(config.seed), len(histories.sigma))
    drawn = [
        draw_exact(key, each, SHAPE.counts, NEURONS, LINEAR) for key, each in zip(keys, histories.sigma, strict=True)
    ]
    networks = jax.tree.map(lambda *leaves: jnp.stack(leaves), *drawn)
    weak, strong = (predicted_accuracy(histories, noise, rng) for noise in (NOISE, STRONG))
    forgotten = int(np.argmax(weak < FORGOTTEN))
    looks = np.unique([0, forgotten // 8, forgotten // 2, forgotten, EPOCHS])
    paths = [np.asarray(_under_noise(networks, keys, jnp.asarray(noise))) for noise in (NOISE, STRONG)]
    found = [decode(features(paths[0][:, look], HIDDEN, rng), histories.detoured, rng) for look in looks]
    found.append(decode(features(paths[1][:, EPOCHS], HIDDEN, rng), histories.detoured, rng))
    names = [f"{look} epochs of weight noise {NOISE:g}" for look in looks] + [f"{EPOCHS} of {STRONG:g}"]
    not_normal = Reported("so near to certain, the accuracy is a matter of tails, and runs are not normal")
    for name, foreseen, each in zip(names, [*weak[looks], strong[-1]], found, strict=True):
        report.check(
            f"accuracy from the hidden overlaps of {NEURONS} neurons after {name}",
            predicted=float(foreseen),
            measured=each.accuracy,
            tolerance=Binomial(each.trials, family=len(found) - 1) if foreseen < CERTAIN else not_normal,
        )
    measured = np.array([each.accuracy for each in found[:-1]])
    report.check(
        f"epoch of weight noise at which the accuracy falls to {FORGOTTEN:g}",
        predicted=float(forgotten),
        measured=float(np.interp(-FORGOTTEN, -measured, looks)),
        tolerance=Reported("read off between the measured epochs"),
    )
    return NoisyMemory(weak, looks.astype(float), measured, forgotten, found[0].trials)


def predicted_accuracy(histories: Histories, noise: float, rng: np.random.Generator) -> Float[np.ndarray, " epochs"]:
    """The accuracy after 0, 1, ... EPOCHS of noise: the spread over runs before it, and the diffusion added to it.

    Of normal classes; diffusion is averaged over runs, which makes it up to 0.03 too low (seen in 2,000 runs).
    """
    values, labels = features(histories.sigma, HIDDEN, rng), histories.detoured
    difference = values[labels].mean(axis=0) - values[~labels].mean(axis=0)
    spread = (np.cov(values[labels].T) + np.cov(values[~labels].T)) / 2
    curvature = Filter(A, DT, STEPS).curvature
    some = histories.sigma[:: len(labels) // 20]
    diffusion = np.mean(
        [blurred(each, curvature, rate=RATE, noise=noise, neurons=NEURONS, epochs=EPOCHS) for each in some], axis=0
    )
    places = [4 * a + b for a, b in HIDDEN]
    covariance = spread + diffusion[:, places][:, :, places]
    distance = np.sqrt(np.einsum("i,tij,j->t", difference, np.linalg.inv(covariance), difference))
    return expected_accuracy(distance, len(HIDDEN), len(labels) // 2)


@eqx.filter_jit
def _under_noise(networks: LowRank, keys: Key[Array, " runs"], noise: Array) -> Float[Array, "runs epochs 4 4"]:
    rule, task = GradientDescent(RATE, noise=noise), filter_task(A, DT, STEPS)
    return jax.vmap(lambda network, key: learn(network, task, rule, EPOCHS, key).sigma)(networks, keys)
