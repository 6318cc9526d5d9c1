"""Adam, the control: learning that the overlaps do not close on.

Published: rate 1e-3, filter tasks of decay 0.2, 0.4, 0.2, 0.4, 0.2, 4,000 epochs each, 500 neurons. Here 100 neurons on
a grid of 50 steps of 0.4, for 1,000 epochs a task at rate 4e-3 (a quick run: 400 at rate 1e-2), so that the weights can
move as far; a new optimiser for every task.
"""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.cell import evaluate
from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import closure_of
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import filter_task
from simulate.tasks.task import Batch
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.adam import first_step
from validate.output import Plot
from validate.overlaps.histories import DT, HIDDEN, SHAPE, STEPS, A, B, random_overlaps
from validate.overlaps.level_set import invariants_of
from validate.overlaps.settings import Config
from validate.overlaps.weight_paths import follow, follow_adam
from validate.palette import SERIES
from validate.plotting import GUIDE, MEASURED, PREDICTED, decades, legend_under, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtLeast, Reported

PHASES = (A, B, A, B, A)
REACH = 4.0
"""Rate times epochs of a task: about how far Adam can move a weight."""
DESCENT = 5e-3
NEURONS = 100
DRAWS = 2
SIZES = (32, 128, 512)
SAMPLES, FEW_EPOCHS, FEW_RATE = 64, 30, 1e-2
Trained = Callable[[LowRank, Array, Array, int], tuple[Array, Array, LowRank]]

ROUNDING = 1e-9
"""Largest distance that rounding may open between two draws, over a run of some thousand steps."""


@dataclass(frozen=True)
class AdamResults:
    """Overlaps (draws, epochs, 4, 4) of networks that start with the same, under either rule; the law of size."""

    descent: Float[np.ndarray, "draws epochs 4 4"]
    adam: Float[np.ndarray, "draws epochs 4 4"]
    loss: Float[np.ndarray, " epochs-1"]
    """Of the first draw under Adam, after each epoch, on the task of that epoch."""
    ends: tuple[int, ...]
    sizes: Float[np.ndarray, " sizes"]
    spread: Float[np.ndarray, " sizes"]
    """Root mean square distance of a network's overlaps from the mean of its draws, after FEW_EPOCHS of Adam."""

    @property
    def parted(self) -> tuple[Float[np.ndarray, " epochs"], Float[np.ndarray, " epochs"]]:
        """Largest difference of an overlap between the draws, under gradient descent and under Adam."""
        return _apart(self.descent), _apart(self.adam)


def checks(config: Config, report: Report, progress: Progress) -> AdamResults:
    """Train networks of equal overlaps under both rules; then many, of three sizes, under Adam for a few epochs."""
    epochs = 400 if config.effort.small else 1000
    sigma = random_overlaps(np.random.default_rng(config.seed + 20), 1)[0]
    networks = _draw(sigma, NEURONS, DRAWS, config.seed)
    with progress.task("Adam on A-B-A-B-A"):
        adam, loss = _sequence(networks, _with_adam, REACH / epochs, epochs)
        descent, _ = _sequence(networks, _with_descent, DESCENT, epochs)
    with progress.task("Adam on networks of three sizes"):
        spread = _law_of_size(config, report, sigma)
    ends = tuple(int(epochs * (k + 1)) for k in range(len(PHASES)))
    found = AdamResults(descent, adam, loss, ends, np.array(SIZES, dtype=float), spread)
    _compare(report, found)
    return found


def _compare(report: Report, found: AdamResults) -> None:
    under_descent, under_adam = (float(parted.max()) for parted in found.parted)
    report.check(
        "gradient descent, equal overlaps and other neurons: how far the overlaps part over A-B-A-B-A",
        predicted=0.0,
        measured=under_descent,
        tolerance=Absolute(ROUNDING, "rounding: the overlaps tell their own future"),
    )
    report.check(
        "Adam, equal overlaps and other neurons: how far the overlaps part",
        predicted=1e3 * ROUNDING,
        measured=under_adam,
        tolerance=AtLeast("far more than rounding: the overlaps do not tell their future"),
    )
    report.quantity("parted_under_descent", under_descent)
    report.quantity("parted_under_adam", under_adam)
    moved = [invariants_of(path[0]) - invariants_of(path[0, :1]) for path in (found.descent, found.adam)]
    for k, name in ((0, "tr AS"), (4, "uu - vv")):
        report.check(
            f"largest drift of {name} over A-B-A-B-A: gradient descent at rate {DESCENT:g}, and Adam",
            predicted=float(np.abs(moved[0][:, k]).max()),
            measured=float(np.abs(moved[1][:, k]).max()),
            tolerance=Reported("conserved but for finite steps under the first, by nothing under the second"),
        )
    first, third, fifth = (found.adam[0, found.ends[k]] for k in (0, 2, 4))
    for name, change in (("aba", third - first), ("ababa", fifth - first)):
        values = {SHAPE.overlap(*pair).name: float(change[pair]) for pair in HIDDEN}
        report.quantity(f"adam_hidden_change_{name}", values)
    descent = [found.descent[0, found.ends[k]] for k in (0, 2)]
    rows, columns = np.transpose(HIDDEN)
    report.check(
        "largest change of a hidden overlap over A-B-A: gradient descent, and Adam",
        predicted=float(np.abs(descent[1] - descent[0])[rows, columns].max()),
        measured=float(np.abs(third - first)[rows, columns].max()),
        tolerance=Reported("both remember; under Adam not by the law of overlaps"),
    )
    report.check(
        "Adam: largest loss at the end of a task",
        predicted=0.0,
        measured=float(max(found.loss[end - 1] for end in found.ends)),
        tolerance=Reported("Adam at a fixed rate need not settle"),
    )


def _law_of_size(config: Config, report: Report, sigma: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, " sizes"]:
    """First steps of Adam, on many draws of each size: their mean after one, their spread after a few."""
    spread = []
    batch = filter_task(A, DT, STEPS).batch
    gradient = closure_of(SHAPE, LINEAR).loss_and_gradient(jnp.asarray(sigma), batch)[1]
    foreseen = first_step(sigma, np.asarray(gradient), FEW_RATE)
    for neurons in SIZES:
        networks = _draw(sigma, neurons, SAMPLES, config.seed + neurons)
        path = np.asarray(_with_adam(networks, jnp.asarray(A), jnp.asarray(FEW_RATE), FEW_EPOCHS)[0])
        apart = path[:, -1] - path[:, -1].mean(axis=0)
        spread.append(float(np.sqrt((apart**2).sum() / (SAMPLES - 1))))
    error = path[:, 1].std(axis=0, ddof=1) / np.sqrt(SAMPLES)
    report.check(
        f"Adam's first step on the overlaps of {SIZES[-1]} neurons, mean of {SAMPLES} draws (unit: its length)",
        predicted=0.0,
        measured=(path[:, 1].mean(axis=0) - foreseen) / np.linalg.norm(foreseen - sigma),
        tolerance=Absolute(
            float(5 * error.max() / np.linalg.norm(foreseen - sigma)) + 1 / SIZES[-1],
            "five standard errors, and O(1/N) as the draws have exactly these overlaps",
        ),
    )
    values = np.array(spread)
    report.check(
        f"Adam: exponent of N in the spread of the overlaps over draws, {FEW_EPOCHS} epochs",
        predicted=-0.5,
        measured=float(np.polyfit(np.log(SIZES), np.log(values), 1)[0]),
        tolerance=Absolute(0.23, f"five standard errors: {SAMPLES} draws give a spread to 1 in 11 at worst"),
    )
    return values


def _draw(sigma: Float[np.ndarray, "4 4"], neurons: int, draws: int, seed: int) -> LowRank:
    keys = jax.random.split(jax.random.key(seed), draws)
    drawn = [draw_exact(key, sigma, SHAPE.counts, neurons, LINEAR) for key in keys]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *drawn)


@eqx.filter_jit
def _with_adam(networks: LowRank, decay: Array, rate: Array, epochs: int) -> tuple[Array, Array, LowRank]:
    task = filter_task(decay, DT, STEPS)
    paths = jax.vmap(lambda network: follow_adam(network, task, rate, epochs))(networks)
    return _watched(networks, paths, task.batch)


@eqx.filter_jit
def _with_descent(networks: LowRank, decay: Array, rate: Array, epochs: int) -> tuple[Array, Array, LowRank]:
    task = filter_task(decay, DT, STEPS)
    paths = jax.vmap(lambda network: follow(network, task, GradientDescent(rate), jnp.ones(1), epochs))(networks)
    return _watched(networks, jax.tree.map(lambda leaf: leaf[:, 0], paths), task.batch)


def _watched(networks: LowRank, paths: Connectivity, batch: Batch) -> tuple[Array, Array, LowRank]:
    """Overlaps of all draws at every epoch, the loss of the first at every epoch, and the networks at the end."""

    def at(network: LowRank, weights: Connectivity) -> LowRank:
        return LowRank(weights, network.share, network.nonlinearity)

    along = jax.vmap(lambda network, path: jax.vmap(lambda now: at(network, now))(path))(networks, paths)
    sigma = jax.vmap(jax.vmap(LowRank.sigma))(along)
    loss = jax.vmap(lambda network: evaluate(network, batch).loss)(jax.tree.map(lambda leaf: leaf[0], along))
    return sigma, loss, jax.tree.map(lambda leaf: leaf[:, -1], along)


def _sequence(networks: LowRank, trained: Trained, rate: float, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    paths, losses = [], []
    for decay in PHASES:
        sigma, loss, networks = trained(networks, jnp.asarray(decay), jnp.asarray(rate), epochs)
        paths.append(np.asarray(sigma[:, :-1]))
        losses.append(np.asarray(loss[1:]))
    last = np.asarray(sigma[:, -1:])
    return np.concatenate([*paths, last], axis=1), np.concatenate(losses)


def _apart(paths: Float[np.ndarray, "draws epochs 4 4"]) -> Float[np.ndarray, " epochs"]:
    return np.asarray(np.abs(paths - paths[:1]).max(axis=(0, 2, 3)))


_SMALLEST = 1e-17


def figures(config: Config, results: AdamResults) -> tuple[Plot, ...]:
    """Hidden overlaps of both draws under Adam; their distance under either rule; the spread against N."""
    descent, adam = results.parted
    epochs = np.arange(len(adam))
    with style():
        figure, (hidden, parted, law) = new_panels(3, 10.4, 3.7)
        for k, (a, b) in enumerate(HIDDEN):
            for path, line in zip(results.adam, ("-", "--"), strict=True):
                label = typeset(SHAPE.overlap(a, b).name) if line == "-" else None
                hidden.plot(
                    epochs, path[:, a, b], color=SERIES[k % len(SERIES)], linestyle=line, linewidth=1.0, label=label
                )
        hidden.set(xlabel="epoch", ylabel="hidden overlap", title="two draws (solid, dashed) under Adam")
        parted.semilogy(epochs, np.maximum(adam, _SMALLEST), color=SERIES[1], label="Adam")
        parted.semilogy(epochs, np.maximum(descent, _SMALLEST), color=MEASURED["color"], label="gradient descent")
        parted.set(xlabel="epoch", ylabel="largest difference of an overlap", title="between draws")
        for axes in (hidden, parted):
            for end in results.ends[:-1]:
                axes.axvline(end, **GUIDE)
        slope = results.spread[0] * (results.sizes / results.sizes[0]) ** -0.5
        law.loglog(results.sizes, slope, label="exponent −1/2", **PREDICTED)
        law.loglog(results.sizes, results.spread, label="draws", **MEASURED)
        law.set_xticks(results.sizes, [f"{size:g}" for size in results.sizes])
        law.minorticks_off()
        law.set(xlabel="neurons", ylabel="spread over draws", title=f"{FEW_EPOCHS} epochs of Adam")
        decades(law)
        for axes in (hidden, parted, law):
            legend_under(axes, columns=3 if axes is hidden else 2)
    data = {
        "adam": results.adam,
        "descent": results.descent,
        "loss": results.loss,
        "parted_adam": adam,
        "parted_descent": descent,
        "sizes": results.sizes,
        "spread": results.spread,
    }
    caption = (
        "Adam, the control: networks of equal overlaps part, which gradient descent keeps together to rounding. Left "
        f"and middle: {DRAWS} draws of {NEURONS} neurons. Right: standard deviation over {SAMPLES} draws a size, and "
        "the law through the first."
    )
    return (plot("adam_control", caption, figure, data),)
