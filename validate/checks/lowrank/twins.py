"""Twin memory: networks that learned task A or task B before task C, alike at C, told apart by hidden overlaps.

Published: the reduced model, batches of 128, rate 0.01, 30,000 epochs a task, 10 pairs; what A, B and C were is not
known. Here they are filter tasks of decay 0.2, 0.6 and 0.4 with noise 0.1 on the targets, on a grid of 100 steps of
0.2, 2,000 epochs a task, 20 pairs. Trials of a batch have one input, so the gradient on 128 of them is that on a single
trial with noise 0.1 / sqrt(128).
"""

import math
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from scipy.stats import binomtest

from simulate.lowrank.closure import Closure, Overlaps
from simulate.lowrank.learning import learn
from simulate.lowrank.noisy_targets import NoisyTargets
from simulate.lowrank.rule import GradientDescent
from simulate.lowrank.tasks import filter_task
from theory.gaussian import LINEAR
from theory.lowrank.shape import Shape
from validate.checks.lowrank.histories import HIDDEN, random_overlaps
from validate.checks.lowrank.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtLeast, AtMost, Reported

SHAPE = Shape()
CLOSURE = Closure(SHAPE, LINEAR)
A, B, C = 0.2, 0.6, 0.4
DT, STEPS = 0.2, 100
RATE, NOISE, BATCH = 0.01, 0.1, 128
PAIRS, EPOCHS = 20, 2000


@dataclass(frozen=True)
class TwinResults:
    """Overlaps of each pair at the end (that after A, that after B), their losses at C without noise, the decoder."""

    sigma: Float[np.ndarray, "2 pairs 4 4"]
    loss: Float[np.ndarray, "2 pairs"]
    score: Float[np.ndarray, " pairs"]
    """How far apart the held-out pair is along the direction that the other pairs give; positive: told apart."""


def checks(config: Config, report: Report, progress: Progress) -> TwinResults:
    """Train pairs from common starts, compare at C, tell the histories apart one pair at a time."""
    with progress.task("twin memory"):
        starts = jnp.asarray(random_overlaps(np.random.default_rng(config.seed + 6), PAIRS))
        ends, losses = [], []
        for k, first in enumerate((A, B)):
            keys = jax.random.split(jax.random.key(config.seed + k), (2, PAIRS))
            halfway = _trained(starts, jnp.asarray(first), keys[0], EPOCHS)
            end = _trained(halfway, jnp.asarray(C), keys[1], EPOCHS)
            ends.append(np.asarray(end))
            losses.append(np.asarray(_loss(end, jnp.asarray(C))))
    sigma, loss = np.stack(ends), np.stack(losses)
    rows, columns = np.transpose(HIDDEN)
    difference = sigma[1][:, rows, columns] - sigma[0][:, rows, columns]
    score = _held_out(difference)
    report.check(
        "twins: largest loss at C, of either history",
        predicted=NOISE**2 * DT * STEPS,
        measured=float(loss.max()),
        tolerance=AtMost("both have learned C to below the noise of one trial"),
    )
    report.check(
        "mean loss at C after B less that after A (unit: their mean)",
        predicted=0.0,
        measured=float((loss[1] - loss[0]).mean() / loss.mean()),
        tolerance=Reported("both fluctuate with the noise of the batches"),
    )
    right = int((score > 0).sum())
    report.check(
        "twins told apart by hidden overlaps, one pair held out at a time (lower end)",
        predicted=0.5,
        measured=float(binomtest(right, PAIRS).proportion_ci(0.998, method="exact").low),
        tolerance=AtLeast(f"binomial 99.9 %, {PAIRS} pairs"),
    )
    report.quantity("twins_told_apart", right / PAIRS)
    report.quantity(
        "twins_mean_difference", {SHAPE.overlap(*p).name: float(difference[:, k].mean()) for k, p in enumerate(HIDDEN)}
    )
    return TwinResults(sigma, loss, score)


@eqx.filter_jit
def _trained(sigma: Float[Array, "pairs 4 4"], decay: Array, keys: Key[Array, " pairs"], epochs: int) -> Array:
    batch = filter_task(decay, DT, STEPS).batch

    def one(start: Array, key: Array) -> Array:
        task = NoisyTargets(batch, NOISE / math.sqrt(BATCH), key)
        return learn(Overlaps(start, CLOSURE), task, GradientDescent(RATE), epochs).end.sigma()

    return jax.vmap(one)(sigma, keys)


@eqx.filter_jit
def _loss(sigma: Float[Array, "pairs 4 4"], decay: Array) -> Array:
    batch = filter_task(decay, DT, STEPS).batch
    return jax.vmap(lambda s: CLOSURE.loss(s, batch))(sigma)


def _held_out(difference: Float[np.ndarray, "pairs features"]) -> Float[np.ndarray, " pairs"]:
    """The difference of each pair along the mean difference of the others, in units of its spread over the others."""
    found = []
    for k in range(len(difference)):
        others = np.delete(difference, k, axis=0)
        direction = others.mean(axis=0) / others.var(axis=0)
        found.append(difference[k] @ direction / np.std(others @ direction))
    return np.array(found)
