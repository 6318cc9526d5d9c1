"""The damped oscillator, rank two: the map against a network, and its plateaus.

Published: 10,000 epochs. The map runs them all (2,500 in a quick run), a network of 20 neurons the first of them.
"""

from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.cells.nonlinearity import LINEAR as LINEAR_NEURON
from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.draw import draw_exact
from simulate.overlaps.gram_matrix import random_gram
from simulate.tasks.impulse import oscillator_task
from simulate.training.learn import Learning, learn
from simulate.training.learner import Learner
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from validate.output import Plot
from validate.overlaps.settings import Config
from validate.plotting import MEASURED, PREDICTED, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Reported

SHAPE = Shape(rank=2)
LearnerT = TypeVar("LearnerT", bound=Learner)

RATE = 5e-3
NEURONS = 20


@dataclass(frozen=True)
class OscillatorResults:
    """Loss and overlaps of the map, and of the network."""

    loss: Float[np.ndarray, " epochs"]
    sigma: Float[np.ndarray, "epochs 6 6"]
    network_loss: Float[np.ndarray, " epochs"]
    network_sigma: Float[np.ndarray, "epochs 6 6"]


def checks(config: Config, report: Report, progress: Progress) -> OscillatorResults:
    """Train both, compare while both run, and say where the loss stood still."""
    epochs, shared = (2500, 200) if config.effort.small else (10_000, 1500)
    sigma = random_gram(500, SHAPE.size, config.seed)
    with progress.task("damped oscillator"):
        learned = _learn(Overlaps(jnp.asarray(sigma), Closure(SHAPE, LINEAR)), epochs)
        network = draw_exact(jax.random.key(config.seed), sigma, SHAPE.counts, NEURONS, LINEAR_NEURON)
        trained = _learn(network, epochs)
    loss = np.asarray(learned.loss)
    report.check(
        f"oscillator: overlaps of a network of {NEURONS} against the map, {shared} epochs",
        predicted=np.asarray(learned.sigma)[: shared + 1],
        measured=np.asarray(trained.sigma)[: shared + 1],
        tolerance=Absolute(1e-9, "rounding, accumulated over the run"),
    )
    report.check(
        f"loss after {epochs} epochs (unit: at the start)",
        predicted=1.0,
        measured=float(loss[-1] / loss[0]),
        tolerance=AtMost("it learns"),
    )
    slope = np.abs(np.diff(np.log(loss)))
    report.check(
        "epoch of the steepest fall of the loss",
        predicted=0,
        measured=int(np.argmax(slope)),
        tolerance=Reported("the end of a plateau; its length is predicted among the closed forms"),
    )
    return OscillatorResults(loss, np.asarray(learned.sigma), np.asarray(trained.loss), np.asarray(trained.sigma))


@eqx.filter_jit
def _learn(learner: LearnerT, epochs: int) -> Learning[LearnerT]:
    return learn(learner, oscillator_task(), GradientDescent(RATE), epochs)


def figures(config: Config, results: OscillatorResults) -> tuple[Plot, ...]:
    """Loss and all overlaps of the map, and of a network."""
    epochs = np.arange(len(results.loss))
    some = np.unique(np.geomspace(1, len(results.network_loss) - 1, 30).astype(int))
    with style():
        figure, (loss, overlaps) = new_panels(2, 9.0, 3.4)
        loss.loglog(epochs[1:], results.loss[1:], label="map", **PREDICTED)
        loss.loglog(some, results.network_loss[some], label="network", **MEASURED)
        for a, b in SHAPE.pairs:
            overlaps.semilogx(epochs[1:], results.sigma[1:, a, b], **PREDICTED | {"linewidth": 0.8})
            overlaps.semilogx(some, results.network_sigma[some, a, b], **MEASURED | {"markersize": 2})
        loss.set(xlabel="epoch", ylabel="loss")
        overlaps.set(xlabel="epoch", ylabel="each of the 21 overlaps")
        legend_below(figure, 2)
    data = {
        "loss": results.loss,
        "sigma": results.sigma,
        "network_loss": results.network_loss,
        "network_sigma": results.network_sigma,
    }
    caption = "Damped oscillator, rank two: the map of the 21 overlaps and a network of 20 neurons."
    return (plot("oscillator_training", caption, figure, data),)
