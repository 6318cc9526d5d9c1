"""Plateaus: how long they last, what the size of the start and every overlap do to that; what the oscillator learns."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import Closure, Overlaps, closure_of
from simulate.tasks.task import FixedTask
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.impulse.gramian import ImpulseLoss
from theory.overlaps.impulse.plateau import Plateau
from validate.output import Plot
from validate.overlaps.critical_points import filter_points, oscillator_points
from validate.overlaps.impulse_tasks import CLOCK, ImpulseTask, impulse_tasks
from validate.overlaps.settings import Config
from validate.palette import ASKED, MEASUREMENT, THEORY, shades
from validate.plotting import GUIDE, MEASURED, NOTE, PREDICTED, legend_under, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute

NORM = 2.0
RATE = 5e-3
EPOCHS = 1100
OSCILLATOR_EPOCHS = 2500
FRACTION = 0.01
"""Of the saddle's loss that is gone when the plateau counts as over."""

START = 1e-6  # of the nudged networks
SOONER = 1e-8  # the same fraction for them: what the linear law omits is of the order of its root
NUDGED = ("mm", "mu", "uu", "vv", "zv", "zz", "vu")
NUDGE = 0.3
SNAPSHOTS = (0, 1200, 2500)


@dataclass(frozen=True)
class FilterPlateaus:
    """Runs of the filter by the size of zu and vm at the start; plateau lengths in epochs."""

    sizes: Float[np.ndarray, " runs"]
    loss: Float[np.ndarray, "runs epochs"]
    predicted: Float[np.ndarray, " runs"]
    measured: Float[np.ndarray, " runs"]
    saddle_loss: float


@dataclass(frozen=True)
class Nudges:
    """How many epochs the plateau grows when an overlap of NUDGED is raised by NUDGE rather than lowered by it."""

    predicted: Float[np.ndarray, " overlaps"]
    measured: Float[np.ndarray, " overlaps"]


@dataclass(frozen=True)
class OscillatorPlateau:
    """One training of the oscillator from near its first saddle; responses at SNAPSHOTS, and the target."""

    loss: Float[np.ndarray, " epochs"]
    predicted: float
    rank_losses: tuple[float, float]
    times: Float[np.ndarray, " steps"]
    responses: Float[np.ndarray, "snapshots steps"]
    target: Float[np.ndarray, " steps"]


@dataclass(frozen=True)
class PlateauResults:
    """What the figures show."""

    filter: FilterPlateaus
    nudges: Nudges
    oscillator: OscillatorPlateau


def checks(config: Config, report: Report, progress: Progress) -> PlateauResults:
    """Lengths predicted from the linear flow at the saddle, with nothing fitted, against the overlap map."""
    with progress.task("waiting for plateaus to end"):
        return PlateauResults(_compare_filter(report), _compare_nudges(report), _compare_oscillator(report))


@eqx.filter_jit
def _trained(sigmas: Float[Array, "runs d d"], closure: Closure, task: FixedTask, epochs: int) -> tuple[Array, Array]:
    runs = jax.vmap(lambda sigma: learn(Overlaps(sigma, closure), task, GradientDescent(RATE), epochs))(sigmas)
    return runs.loss, runs.sigma


def first_saddle(case: ImpulseTask) -> Plateau:
    """Where there is no loop."""
    point = (filter_points() if case.shape.rank == 1 else oscillator_points())["no loop"]
    return Plateau(ImpulseLoss(case.shape, case.target, CLOCK), point.gram_matrix(NORM))


def start(plateau: Plateau, size: float) -> Float[np.ndarray, "d d"]:
    """The saddle with zu of the given size and vm of half of it (the first column; the second less and opposite)."""
    shape, sigma = plateau.loss.shape, plateau.sigma.copy()
    weight = np.array([1.0, -0.4])
    for k in range(shape.rank):
        u, v = shape.columns("u")[k], shape.columns("v")[k]
        sigma[-1, u] = sigma[u, -1] = size * weight[k]
        sigma[v, 0] = sigma[0, v] = size * weight[k] / 2
    return sigma


def length(loss: Float[np.ndarray, " epochs"], plateau: Plateau, fraction: float = FRACTION) -> float:
    """Epochs until a fraction of the saddle's loss is gone, on a straight line within the last; infinite if never."""
    goal = (1 - fraction) * float(plateau.loss.value(plateau.sigma))
    below = np.flatnonzero(loss < goal)
    if not len(below):
        return np.inf
    k = below[0]
    return float(k - 1 + (loss[k - 1] - goal) / (loss[k - 1] - loss[k]))


def _omitted(plateau: Plateau) -> float:
    """Epochs by which the linear law may be off where mu = zv = 0: FRACTION over the growth, times three."""
    return 3 * FRACTION / float(np.log1p(RATE * plateau.rate))


def _compare_filter(report: Report) -> FilterPlateaus:
    case = impulse_tasks()["filter"]
    plateau = first_saddle(case)
    sizes = np.array([1e-1, 1e-2, 1e-3, 1e-4])
    starts = [start(plateau, size) for size in sizes]
    trained, _ = _trained(jnp.asarray(starts), closure_of(case.shape, LINEAR), case.task, EPOCHS)
    loss = np.asarray(trained)
    predicted = np.array([plateau.epochs(each, RATE, FRACTION) for each in starts])
    measured = np.array([length(each, plateau) for each in loss])
    report.check(
        "filter: epochs of plateau for a tenth of the start",
        predicted=np.log(10) / np.log1p(RATE * plateau.rate),
        measured=measured[3] - measured[2],
        tolerance=Absolute(0.01, "straight line within an epoch, (eta rate)^2; square of the start"),
    )
    report.check(
        "filter: length of the plateau in epochs, starts of 1e-2 to 1e-4",
        predicted=predicted[1:],
        measured=measured[1:],
        tolerance=Absolute(_omitted(plateau), "linear law: thrice the fraction over the growth"),
    )
    return FilterPlateaus(sizes, loss, predicted, measured, float(plateau.loss.value(plateau.sigma)))


def _compare_nudges(report: Report) -> Nudges:
    """Equal function, another overlap: how much longer or shorter the same network waits."""
    case = impulse_tasks()["filter"]
    base = first_saddle(case)
    places = {case.shape.overlap(a, b).name: (a, b) for a, b in case.shape.pairs}
    middle = base.sigma.copy()
    for name, value in (("mu", 0.3), ("zv", -0.2)):
        a, b = places[name]
        middle[a, b] = middle[b, a] = value
    plateaus = []
    for name in NUDGED:
        for sign in (1, -1):
            sigma = middle.copy()
            a, b = places[name]
            sigma[a, b] = sigma[b, a] = middle[a, b] + sign * NUDGE
            plateaus.append(Plateau(base.loss, sigma))
    starts = [start(each, START) for each in plateaus]
    loss, _ = _trained(jnp.asarray(starts), closure_of(case.shape, LINEAR), case.task, EPOCHS)
    predicted = np.array([p.epochs(s, RATE, SOONER) for p, s in zip(plateaus, starts, strict=True)])
    measured = np.array([length(each, base, SOONER) for each in np.asarray(loss)])
    nudges = Nudges(predicted[::2] - predicted[1::2], measured[::2] - measured[1::2])
    growth = min(np.log1p(RATE * each.rate) for each in plateaus)
    omitted = 2 * (3 * np.sqrt(SOONER) / growth + 0.01)
    for k, name in enumerate(NUDGED):
        report.check(
            f"filter: epochs of plateau that {name} raised by {2 * NUDGE:g} adds",
            predicted=nudges.predicted[k],
            measured=nudges.measured[k],
            tolerance=Absolute(omitted, "linear law, thrice the root of the fraction over the growth; eta rate"),
        )
    return nudges


def _compare_oscillator(report: Report) -> OscillatorPlateau:
    case = impulse_tasks()["oscillator"]
    plateau = first_saddle(case)
    begin = start(plateau, 1e-2)
    closure = closure_of(case.shape, LINEAR)
    loss, sigma = _trained(jnp.asarray(begin)[None], closure, case.task, OSCILLATOR_EPOCHS)
    predicted = plateau.epochs(begin, RATE, FRACTION)
    report.check(
        "oscillator: length of the first plateau in epochs",
        predicted=predicted,
        measured=length(np.asarray(loss[0]), plateau),
        tolerance=Absolute(_omitted(plateau), "linear law: thrice the fraction over the growth"),
    )
    ranks = oscillator_points()
    levels = tuple(float(plateau.loss.value(ranks[name].gram_matrix(4.0))) for name in ("no loop", "rank one"))
    report.quantity("oscillator_loss_at_the_end", float(loss[0, -1]))
    target = np.asarray(case.task.batch.targets[0, :, 0])
    responses = [np.asarray(closure.outputs(sigma[0, epoch], case.task.batch))[0, :, 0] for epoch in SNAPSHOTS]
    times = float(CLOCK.dt) * np.arange(len(target))
    return OscillatorPlateau(np.asarray(loss[0]), predicted, (levels[0], levels[1]), times, np.array(responses), target)


def figures(config: Config, results: PlateauResults) -> tuple[Plot, ...]:
    """One figure a task."""
    return (_filter(results.filter, results.nudges), _oscillator(results.oscillator))


def _filter(runs: FilterPlateaus, nudges: Nudges) -> Plot:
    with style():
        figure, (left, middle, right) = new_panels(3, 10.5, 3.4)
        left.axhline(runs.saddle_loss, label="loss of the saddle", **GUIDE)
        ends: dict[str, Any] = {"color": THEORY, "marker": "v", "linestyle": "none", "markersize": 6, "zorder": 4}
        level = (1 - FRACTION) * runs.saddle_loss
        colours = shades(len(runs.sizes))
        for number, (size, loss, end) in enumerate(zip(runs.sizes, runs.loss, runs.predicted, strict=True)):
            left.plot(loss, color=colours[number], label=f"start {size:g}", linewidth=1.3)
            left.plot([end], [level], label="predicted end" if number == 0 else None, **ends)
        left.set(xlabel="epoch", ylabel="loss")
        middle.plot(runs.sizes, runs.predicted, label="predicted", **PREDICTED)
        middle.plot(runs.sizes, runs.measured, label="overlap map", **MEASURED | {"zorder": 4})
        size_of = f"{typeset('zu')} and {typeset('vm')}"
        middle.set(xscale="log", xlabel=f"size of {size_of} at the start", ylabel="length of the plateau (epochs)")
        places = np.arange(len(NUDGED))
        right.barh(places, nudges.predicted, color=THEORY, alpha=0.35, label="predicted")
        right.plot(nudges.measured, places, label="overlap map", **MEASURED)
        right.set(yticks=places, yticklabels=[typeset(name) for name in NUDGED], ylabel="overlap raised")
        right.set(xlabel=f"epochs that raising it by {2 * NUDGE:g} adds")
        right.set_xscale("symlog", linthresh=1)
        right.set_xticks([-100, -10, -1, 0, 1, 10])
        for axes in (left, middle, right):
            legend_under(axes, columns=2 if axes is left else 1)
    data: dict[str, ArrayLike] = {
        "sizes": runs.sizes,
        "loss": runs.loss,
        "predicted_epochs": runs.predicted,
        "measured_epochs": runs.measured,
        "saddle_loss": runs.saddle_loss,
        "overlaps": np.array(NUDGED),
        "predicted_shift": nudges.predicted,
        "measured_shift": nudges.measured,
    }
    caption = (
        f"Filter task, rank one: plateaus of {len(runs.sizes)} starts near a saddle and where each is to end; "
        "their length against the start; what shortens them. One run each: nothing is drawn at random."
    )
    return plot("filter_plateaus", caption, figure, data)


def _oscillator(run: OscillatorPlateau) -> Plot:
    with style():
        figure, (left, right) = new_panels(2, 9.0, 3.4)
        left.plot(run.loss, color=MEASUREMENT, linewidth=1.4)
        for level, name in zip(run.rank_losses, ("no loop", "rank one"), strict=True):
            left.axhline(level, **GUIDE)
            left.annotate(f"{name} at its best", (len(run.loss), level), ha="right", va="bottom", **NOTE)
        left.axvline(run.predicted, label="predicted end of the plateau", **PREDICTED | {"linestyle": "--"})
        left.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.25 * run.loss[0]))
        legend_under(left)
        right.plot(run.times, run.target, color=ASKED, alpha=0.3, linewidth=3.2, label="target")
        for epoch, response, colour in zip(SNAPSHOTS, run.responses, shades(len(SNAPSHOTS))[::-1], strict=True):
            right.plot(run.times, response, color=colour, linewidth=1.2, label=f"epoch {epoch}")
        right.set(xlabel=r"time ($\tau$)", ylabel="response to an impulse")
        legend_under(right, columns=2)
    data: dict[str, ArrayLike] = {
        "loss": run.loss,
        "predicted_end": run.predicted,
        "rank_losses": np.array(run.rank_losses),
        "times": run.times,
        "epochs": np.array(SNAPSHOTS),
        "responses": run.responses,
        "target": run.target,
    }
    caption = (
        "Damped oscillator at rank two, one run: the loss on its way from a saddle to the target, and the response."
    )
    return plot("oscillator_learning", caption, figure, data)
