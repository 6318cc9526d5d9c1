"""The published sequence of filter tasks, A-B-A-B and A with noisy targets at twice the rate, on the map.

On the published grid, 400 steps of 0.05, and for as many epochs.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.overlaps.closure import Overlaps
from simulate.tasks.impulse import filter_task
from simulate.tasks.noisy_targets import NoisyTargets
from simulate.training.learn import Learning, learn
from simulate.training.rule import GradientDescent
from validate.overlaps.histories import CLOSURE, RATE, SHAPE, A, B, Grams, random_overlaps
from validate.overlaps.settings import Config
from validate.report import Report
from validate.tolerance import AtMost

PIECE = 250
"""Epochs in one call of the program, which divides all phases: one program serves them all."""


@dataclass(frozen=True)
class Sequence:
    """Overlaps and loss before each epoch, and the epochs at which the phases end."""

    sigma: Grams
    loss: Float[np.ndarray, " epochs"]
    ends: tuple[int, ...]


def published_sequence(config: Config, report: Report) -> Sequence:
    """Train it, and report what A-B-A and the noisy phase leave behind."""
    sigma = jnp.asarray(random_overlaps(np.random.default_rng(config.seed), 1)[0])
    phases = [(A, 0.0, RATE, 3000), *((decay, 0.0, RATE, 1000) for decay in (B, A, B)), (A, 0.1, 2 * RATE, 4000)]
    paths, losses, ends = [], [], []
    for decay, noise, rate, epochs in phases:
        for piece in range(epochs // PIECE):
            first = jnp.asarray(piece * PIECE)
            part = _published(sigma, jnp.asarray(decay), jnp.asarray(noise), jnp.asarray(rate), first)
            sigma = part.end.sigma()
            paths.append(np.asarray(part.sigma[:-1]))
            losses.append(np.asarray(part.loss))
        ends.append(np.asarray(sigma))
    counts = [epochs for *_, epochs in phases]
    switches = np.cumsum(counts)
    report.check(
        "A-B-A on the published grid: largest loss at A before and after",
        predicted=1e-4,
        measured=max(float(losses[int(switches[k]) // PIECE - 1][-1]) for k in (0, 2)),
        tolerance=AtMost("trained: 1e-5 of the initial loss, about 1, ten times over"),
    )
    for name, moved in (("of_aba", ends[2] - ends[0]), ("after_noisy_targets", ends[4] - ends[0])):
        report.quantity(f"memory_{name}", {SHAPE.overlap(a, b).name: float(moved[a, b]) for a, b in SHAPE.pairs})
    return Sequence(
        np.concatenate(paths), np.concatenate([each[:-1] for each in losses]), tuple(int(n) for n in switches)
    )


@eqx.filter_jit
def _published(sigma: Array, decay: Array, noise: Array, rate: Array, first: Array) -> Learning[Overlaps]:
    task = NoisyTargets(filter_task(decay).batch, noise, jax.random.key(0))
    return learn(Overlaps(sigma, CLOSURE), task, GradientDescent(rate), PIECE, first_epoch=first)
