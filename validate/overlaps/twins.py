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

from simulate.overlaps.closure import Closure, Overlaps
from simulate.tasks.impulse import filter_task
from simulate.tasks.noisy_targets import NoisyTargets
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from validate.output import Plot
from validate.overlaps.claims import MEMORY
from validate.overlaps.histories import HIDDEN, random_overlaps
from validate.overlaps.settings import Config
from validate.palette import MUTED, SERIES
from validate.plotting import GUIDE, MEASURED, legend_under, new_panels, plot, style, whole_ticks
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
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
        claim=MEMORY,
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


def figures(config: Config, results: TwinResults) -> tuple[Plot, ...]:
    """Each pair joined by a line in two hidden overlaps; the loss at C of both; the score of each held-out pair."""
    after_a, after_b = results.sigma
    with style():
        figure, (overlaps, loss, score) = new_panels(3, 11.0, 3.2)
        for a, b in zip(after_a, after_b, strict=True):
            overlaps.plot([a[0, 0], b[0, 0]], [a[1, 1], b[1, 1]], color=MUTED, alpha=0.5, linewidth=0.8)
        for ends, name, colour in ((after_a, "A, then C", SERIES[0]), (after_b, "B, then C", SERIES[1])):
            overlaps.plot(ends[:, 0, 0], ends[:, 1, 1], label=name, **MEASURED | {"color": colour})
        overlaps.set(xlabel=typeset("mm"), ylabel=typeset("uu"), title="hidden overlaps of each pair")
        legend_under(overlaps, columns=2)
        power = math.floor(math.log10(results.loss.max()))
        shown = results.loss / 10.0**power
        loss.plot(*shown, **MEASURED)
        loss.axline((0, 0), slope=1, label="equal", **GUIDE)
        unit = f"($10^{{{power}}}$)"
        loss.set(xlabel=f"loss at C after A {unit}", ylabel=f"loss at C after B {unit}", title="performance at C")
        loss.set(xlim=(0, 1.05 * shown.max()), ylim=(0, 1.05 * shown.max()))
        legend_under(loss)
        score.plot(np.arange(1, len(results.score) + 1), results.score, **MEASURED)
        score.axhline(0, **GUIDE)
        score.set(xlabel="pair held out", ylabel="score (standard deviations)", title="told apart where above 0")
        whole_ticks(score)
    data = {"sigma": results.sigma, "loss": results.loss, "score": results.score}
    caption = (
        "Twin memory: networks that learned A or B before C are alike at C; hidden overlaps tell them apart. "
        f"{PAIRS} pairs; each score is of a pair that was held out when the direction was found."
    )
    return (plot("twin_memory", caption, figure, data),)
