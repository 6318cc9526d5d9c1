"""Networks that start on a saddle, predicted: the epochs until they leave, and which spreads no width takes away.

Populations are followed by their overlaps, which is exact for linear networks; rows are standard normal.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.stats import kurtosis, norm, wishart

from simulate.cells.nonlinearity import LINEAR
from simulate.degeneracy.carried import carried
from simulate.degeneracy.escaping import Saddle, saddle_of
from simulate.degeneracy.training_map import TrainingMap
from simulate.overlaps import closure_of
from simulate.tasks.task import FixedTask, fixed_task
from simulate.training.rule import GradientDescent
from theory.degeneracy.saddles import Leaving, epochs_per_efold, leaving_in_turn, leaving_together, stopped
from theory.overlaps import Shape
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.palette import MUTED, SERIES, shades
from validate.plotting import GUIDE, MEASURED, PREDICTED, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtMost, Exact, Reported

NETWORKS = {"quick": 200, "usual": 600, "full": 2_000}
SIZES = (64, 256, 1024, 4096, 16_384, 65_536)
DRAWS, PATH, MOST = 40_000, 2_500, 5_000
LEVEL = 0.999
"""At which all numbers of a check lie in their intervals together."""
NEXT = 0.01
"""What the next term in 1/N adds to a spread of order one at the largest size."""
NEXT_EXPONENT = 0.05
"""What it adds to an exponent from 256 neurons on."""
COUPLED = ("tr uu", "tr vv", "|W|^2", "det uu")
CHANNELS = ("zm11", "zm12", "mm11", "mm12", "zz11", "zz12", "tr zm", "det zm")
Values = Mapping[str, Float[np.ndarray, " networks"]]


@dataclass(frozen=True)
class FilterChannels:
    """A filter a channel, input i to output i, of such decays, fastest growth first; trained to a share of the loss."""

    name: str
    decays: tuple[float, ...]
    rate: float
    share: float

    @property
    def learning(self) -> TrainingMap:
        """As many directions of the recurrence as channels."""
        count = len(self.decays)
        return TrainingMap(closure_of(Shape(count, count, count), LINEAR), self.task, GradientDescent(self.rate))

    @property
    def task(self) -> FixedTask:
        """An impulse to each input in a trial of its own, and silence of all outputs but one."""
        count, steps, dt = len(self.decays), 30, 0.2
        inputs, targets = np.zeros((2, count, steps, count))
        for k, decay in enumerate(self.decays):
            inputs[k, 0, k] = 1 / dt
            targets[k, :, k] = np.exp(-decay * dt * np.arange(steps))
        return fixed_task(jnp.asarray(inputs), jnp.asarray(targets), dt)

    @property
    def equal(self) -> bool:
        """Whether all channels grow alike."""
        return len(set(self.decays)) == 1

    def leaving(self, seed: int) -> Leaving:
        """Draws of how channels leave."""
        count = len(self.decays)
        draw = leaving_together if self.equal else leaving_in_turn
        return draw(channels=count, rank=count, networks=DRAWS, seed=seed)


PROBLEMS = (
    FilterChannels("one channel", (0.2,), rate=0.02, share=0.1),
    FilterChannels("two equal channels", (0.2, 0.2), rate=0.04, share=0.1),
    FilterChannels("two unequal channels", (0.1, 0.4), rate=0.025, share=0.03),
)


@dataclass(frozen=True)
class SaddleResults:
    """Of each size the epochs and invariants of networks at the loss: as predicted, and of populations."""

    problem: FilterChannels
    saddle: Saddle
    sizes: tuple[int, ...]
    predicted: tuple[Values, ...]
    measured: tuple[Values, ...]

    def spreads(self, name: str) -> Float[np.ndarray, "2 sizes"]:
        """Standard deviations over networks, predicted and measured."""
        return np.array([[each[name].std(ddof=1) for each in every] for every in (self.predicted, self.measured)])

    def means(self, name: str) -> Float[np.ndarray, "2 sizes"]:
        """Means over networks, predicted and measured."""
        return np.array([[each[name].mean() for each in every] for every in (self.predicted, self.measured)])


def checks(config: Config, report: Report, progress: Progress) -> tuple[SaddleResults, ...]:
    """One filter channel, two equal ones, two unequal ones."""
    sizes = SIZES[1::2] if config.small else SIZES
    networks, results = NETWORKS[config.effort.name], []
    with progress.task("starts on a saddle", total=len(PROBLEMS)) as done:
        for count, problem in enumerate(PROBLEMS):
            results.append(measured_of(problem, sizes, networks, config.seed))
            judged(results[-1], networks, report)
            done(count + 1)
    return tuple(results)


def measured_of(problem: FilterChannels, sizes: tuple[int, ...], networks: int, seed: int) -> SaddleResults:
    """Predict from the covariance of the rows alone, and follow a population of every size."""
    learning, leaving = problem.learning, problem.leaving(seed)
    shape = learning.closure.shape
    start = np.eye(shape.size)
    saddle = saddle_of(learning, start, epochs=PATH)
    threshold = problem.share * float(learning.closure.loss(jnp.asarray(start), problem.task.batch))
    predicted, measured = [], []
    for k, neurons in enumerate(sizes):
        found = stopped(saddle.escapes, leaving, saddle_loss=saddle.loss, threshold=threshold, neurons=neurons)
        blocks = {name: leaving.overlaps(found.modes(*name)) for name in ("zm", "mm", "zz")}
        blocks |= {name: found.modes(*name)[..., None] * np.eye(shape.rank) for name in ("uu", "vv")}
        predicted.append(invariants(blocks) | {"epochs": found.epochs.astype(float)})
        grams = wishart(df=neurons, scale=start / neurons, seed=seed + 1 + k).rvs(networks)
        ends = carried(learning, grams, epochs=MOST, loss=threshold)
        blocks = {
            a + b: ends["sigma"][:, list(shape.columns(a))][:, :, list(shape.columns(b))]
            for a, b in ("zm", "mm", "zz", "uu", "vv")
        }
        measured.append(invariants(blocks) | {"epochs": ends["epochs"].astype(float)})
    return SaddleResults(problem, saddle, sizes, tuple(predicted), tuple(measured))


def invariants(blocks: Mapping[str, Float[np.ndarray, "networks some some"]]) -> dict[str, np.ndarray]:
    """What turns of u and v leave: overlaps of channels, traces, determinants, and |W|^2 = tr(uu vv)."""
    found = {f"{name}11": blocks[name][:, 0, 0] for name in ("zm", "mm", "zz")}
    if blocks["zm"].shape[1] > 1:
        found |= {f"{name}12": blocks[name][:, 0, 1] for name in ("zm", "mm", "zz")}
    found |= {f"tr {name}": np.trace(blocks[name], axis1=1, axis2=2) for name in ("zm", "uu", "vv")}
    found |= {f"det {name}": np.linalg.det(blocks[name]) for name in ("zm", "uu")}
    return found | {"|W|^2": (blocks["uu"] * blocks["vv"]).sum(axis=(1, 2))}


def judged(found: SaddleResults, networks: int, report: Report) -> None:
    """Hold what was measured to what is predicted."""
    problem, sizes, largest = found.problem, np.array(found.sizes, float), found.sizes[-1]
    channels = len(problem.decays)
    report.check(
        f"{problem.name}: unstable directions",
        predicted=channels**2,
        measured=found.saddle.unstable,
        tolerance=Exact("one a channel and direction of the recurrence"),
    )
    slowest = epochs_per_efold(min(each.factor for each in found.saddle.escapes))
    logs, fitted = np.log(sizes), sizes >= 4096
    (line, epochs), (spread, spread_seen) = found.means("epochs"), found.spreads("epochs")
    error = spread[-1] / np.sqrt(networks) * norm.isf((1 - LEVEL) / 2)
    off = logs[fitted] - logs[fitted].mean()
    report.check(
        f"{problem.name}: epochs an e-fold of N, from 4096 neurons on",
        predicted=slowest,
        measured=float(off @ epochs[fitted] / (off @ off)),
        tolerance=Absolute(float(error / np.sqrt(off @ off)), _interval(networks)),
    )
    report.check(
        f"{problem.name}: mean epochs, N = {largest}",
        predicted=float(line[-1]),
        measured=float(epochs[-1]),
        tolerance=Absolute(float(error), _interval(networks)),
    )
    lasting = CHANNELS if problem.equal and channels > 1 else ()
    for name in ("epochs", *lasting):
        predicted, measured = found.spreads(name)
        report.check(
            f"{problem.name}: spread of {name}, N = {largest}, over the prediction",
            predicted=1.0,
            measured=float(measured[-1] / predicted[-1]),
            tolerance=Absolute(
                reach_of_spread(found.predicted[-1][name], networks, 1 + len(lasting)) + NEXT, _interval(networks)
            ),
        )
    for name in COUPLED[: 4 if channels > 1 else 3]:
        exponent, reach = falling(sizes, *found.spreads(name), networks=networks)
        report.check(
            f"{problem.name}: exponent of what the spread of {name} has beyond the prediction",
            predicted=-0.5,
            measured=exponent,
            tolerance=Absolute(reach + NEXT_EXPONENT, _interval(networks))
            if reach + NEXT_EXPONENT < 0.5
            else Reported(f"{networks} networks are too few to tell it from a spread that lasts"),
        )
    if not problem.equal:
        falls = [found.spreads(name)[1] for name in (*CHANNELS, *COUPLED)]
        report.check(
            f"{problem.name}: largest share of a spread that is left, of 256 at {largest} neurons",
            predicted=0.5,
            measured=max(float(each[-1] / each[found.sizes.index(256)]) for each in falls),
            tolerance=AtMost("all fall; a spread that lasts has a share of 1"),
        )
    names = [name for name in found.measured[0] if name != "epochs"]
    report.quantity(
        f"{problem.name}: on the saddle",
        {
            "neurons": list(found.sizes),
            "factors": [each.factor for each in found.saddle.escapes],
            "epochs": {"predicted": line.tolist(), "measured": epochs.tolist()},
            "spread_of_epochs": {"predicted": spread.tolist(), "measured": spread_seen.tolist()},
            "spreads": {
                name: dict(zip(("predicted", "measured"), found.spreads(name).tolist(), strict=True)) for name in names
            },
        },
    )


def reach_of_spread(values: Float[np.ndarray, " draws"], networks: int, entries: int) -> float:
    """How far a standard deviation may be off, relative to it: ((kurtosis - 1) / 4 networks)^1/2, at `LEVEL`."""
    fourth = float(kurtosis(values, fisher=False))
    return float(norm.isf((1 - LEVEL) / 2 / entries) * np.sqrt((fourth - 1) / (4 * networks)))


def falling(
    sizes: Float[np.ndarray, " sizes"],
    predicted: Float[np.ndarray, " sizes"],
    measured: Float[np.ndarray, " sizes"],
    *,
    networks: int,
) -> tuple[float, float]:
    """The exponent of (measured^2 - predicted^2)^1/2 in N from 256 to 16,384 neurons, and how far it may be off.

    NaN and infinity where chance has made what is measured no larger than what is predicted.
    """
    used = (sizes >= 256) & (sizes <= 16_384)
    beyond = measured[used] ** 2 - predicted[used] ** 2
    if (beyond <= 0).any():
        return np.nan, np.inf
    errors = np.sqrt(1 / (2 * networks)) * measured[used] ** 2 / beyond
    logs = np.log(sizes[used])
    off = logs - logs.mean()
    reach = norm.isf((1 - LEVEL) / 2 / len(COUPLED)) * np.sqrt((off**2) @ errors**2) / (off @ off)
    return float(off @ np.log(beyond) / 2 / (off @ off)), float(reach)


def _interval(networks: int) -> str:
    return f"{100 * LEVEL:g} % of {networks} networks, and the next term in 1/N"


SHOWN = dict(zip(("zm11", "zm12", "tr zm", "tr uu", "|W|^2"), zip(SERIES, "osD^v", strict=False), strict=True))
"""Colours and marks of the overlaps that are drawn."""


def figures(config: Config, results: tuple[SaddleResults, ...]) -> tuple[Plot, ...]:
    """Epochs against ln N, and spreads over N where channels are equal and where not."""
    data: dict[str, np.ndarray] = {}
    networks = NETWORKS[config.effort.name]
    with style():
        figure, panels = new_panels(3, 9.4, 4.0)
        for found, shade, marker in zip(results, shades(len(results)), "osD", strict=True):
            sizes, key = np.array(found.sizes, float), found.problem.name.replace(" ", "_")
            predicted, measured = found.means("epochs")
            error = found.spreads("epochs")[1] / np.sqrt(networks)
            look = {**MEASURED, "color": shade, "marker": marker, "label": found.problem.name}
            panels[0].plot(sizes, predicted, **PREDICTED)
            panels[0].errorbar(sizes, measured, yerr=error, capsize=2, **look)
            data |= {f"{key}_neurons": sizes, f"{key}_epochs_predicted": predicted, f"{key}_epochs_measured": measured}
            data[f"{key}_epochs_standard_error"] = error
        for axes, found in zip(panels[1:], results[1:], strict=True):
            sizes, key = np.array(found.sizes, float), found.problem.name.replace(" ", "_")
            for name, (colour, marker) in SHOWN.items():
                predicted, measured = found.spreads(name)
                look = {**MEASURED, "color": colour, "marker": marker, "label": typeset(name)}
                axes.plot(sizes, measured, **look)
                data[f"{key}_{name}_predicted"] = predicted
                if predicted.min() > 0:
                    axes.plot(sizes, predicted, **{**PREDICTED, "color": colour, "linewidth": 1.2})
                data[f"{key}_{name}_measured"] = measured
            slope = found.spreads("|W|^2")[1][0] * np.sqrt(sizes[0] / sizes)
            axes.plot(sizes, slope, **GUIDE | {"label": r"slope $N^{-1/2}$", "linewidth": 1.2})
            axes.set(yscale="log", title=found.problem.name)
        for axes in panels:
            axes.set(xscale="log", xlabel=f"neurons {typeset('N')}")
            mark_values(axes, sizes[:: 2 if len(sizes) > 3 else 1].tolist())
        panels[0].set(ylabel="mean epochs until the loss is reached", title="later in wide networks")
        panels[1].set_ylabel("standard deviation over networks")
        panels[0].plot([], [], **PREDICTED, label="predicted")
        for axes in panels[1:]:
            axes.plot([], [], **PREDICTED | {"color": MUTED, "linewidth": 1.2}, label="lines: predicted")
        for axes in panels:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=1 if axes is panels[0] else 2)
    caption = (
        "Networks that start on a saddle. Lines: predicted from the unstable directions, nothing fitted; points: "
        f"{networks} networks a size. a: mean epochs until a loss is reached; bars: standard error. b, c: standard "
        f"deviations over networks, whose standard error of about {100 / np.sqrt(2 * networks):.0f} % is within the "
        "points. Where points are above a line of their colour, it is what no width takes away, and what networks "
        f"have beyond it falls as the dotted line does. Seed {config.seed}."
    )
    return (plot("predicted_saddles", caption, figure, data),)
