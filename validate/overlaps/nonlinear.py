"""Three levels of description of a nonlinear network: Gaussian closure, infinite width, N neurons."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import ERF, RELU, TANH, Nonlinearity
from simulate.overlaps.closure import Overlaps
from simulate.overlaps.infinite_width import SobolNodes
from simulate.training.learn import Learning
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from validate.output import Plot
from validate.overlaps.claims import NONLINEAR_EXACT
from validate.overlaps.reference_run import (
    EPOCHS,
    RATE,
    START,
    distance,
    limit,
    many_ends,
    overlaps,
    reference_task,
    run,
)
from validate.overlaps.settings import Config
from validate.overlaps.size_law import SizeLaw, fit_size_law
from validate.palette import LEVELS
from validate.plotting import (
    GUIDE,
    MEASURED,
    PREDICTED,
    decades,
    legend_below,
    mark_values,
    new_grid,
    new_panels,
    plot,
    style,
)
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtLeast, AtMost, Reported

SURE = 4.0
"""Standard errors allowed in each of the nine fits: all hold by chance in all but one run of 1,700."""
CURVED = 0.04
"""What O(1/N) terms can add to an exponent fitted from a hundred neurons up, if they are as large as 1/N."""


@dataclass(frozen=True)
class Levels:
    """The levels of one nonlinearity, trained alike from the same overlaps.

    `quadrature` is the distance between two limits on nodes of different scrambling. The excess kurtosis of a column
    of theta is that at the end: of the limit, and of networks of the largest size (mean and standard error).
    """

    nonlinearity: str
    closure: Learning[Overlaps]
    limit: Learning[LowRank]
    quadrature: float
    to_limit: SizeLaw
    to_closure: SizeLaw
    kurtosis: Float[np.ndarray, " d"]
    network_kurtosis: Float[np.ndarray, " d"]
    network_kurtosis_error: Float[np.ndarray, " d"]
    readouts: Float[np.ndarray, " rows"]
    """Readout weights of all networks of the largest size after training."""

    @property
    def bias(self) -> Float[np.ndarray, " epochs"]:
        """Distance of the closure from the limit, epoch by epoch."""
        return distance(self.closure.sigma, self.limit.sigma)


def checks(config: Config, report: Report, progress: Progress) -> tuple[Levels, ...]:
    """Train at all levels; fit the laws of the distances between them."""
    results = []
    for nonlinearity in (ERF, TANH, RELU):
        with progress.task(f"three levels of a network with {nonlinearity.name}"):
            results.append(_measure(config, nonlinearity))
        _compare(report, results[-1])
    return tuple(results)


def _measure(config: Config, nonlinearity: Nonlinearity) -> Levels:
    task, rule = reference_task(), GradientDescent(RATE)
    closure = run(overlaps(START, nonlinearity), task, rule, EPOCHS)
    nodes = 2048 if config.effort.small else 8192
    first, second = (run(limit(START, nonlinearity, SobolNodes(nodes, seed)), task, rule, EPOCHS) for seed in (0, 1))
    sizes = (100, 200, 400, 800) if config.effort.small else (100, 200, 400, 800, 1600)
    count = 16 if config.effort.small else 48
    ends = []
    for size in sizes:
        keys = jax.random.split(jax.random.fold_in(jax.random.key(config.seed), size), count)
        sigma, theta = many_ends(keys, size, nonlinearity, task=task, rule=rule, epochs=EPOCHS)
        ends.append(np.asarray(sigma))
    last = np.asarray(theta)
    per_network = np.stack([_excess_kurtosis(each, np.full(len(each), 1 / len(each))) for each in last])
    scale = np.array(sizes, dtype=float)
    return Levels(
        nonlinearity=nonlinearity.name,
        closure=closure,
        limit=first,
        quadrature=float(distance(first.sigma[-1], second.sigma[-1])),
        to_limit=fit_size_law(scale, np.stack([distance(end, first.sigma[-1]) for end in ends])),
        to_closure=fit_size_law(scale, np.stack([distance(end, closure.sigma[-1]) for end in ends])),
        kurtosis=_excess_kurtosis(np.asarray(first.end.connectivity.theta), np.asarray(first.end.share)),
        network_kurtosis=per_network.mean(axis=0),
        network_kurtosis_error=per_network.std(axis=0, ddof=1) / np.sqrt(count),
        readouts=last[:, :, -1].ravel(),
    )


def _excess_kurtosis(theta: Float[np.ndarray, "rows d"], share: Float[np.ndarray, " rows"]) -> np.ndarray:
    """Of each column about its mean: zero if it is normal."""
    centred = theta - share @ theta
    return share @ centred**4 / (share @ centred**2) ** 2 - 3


def _compare(report: Report, levels: Levels) -> None:
    name, to_limit, to_closure = levels.nonlinearity, levels.to_limit, levels.to_closure
    bias = float(levels.bias[-1])
    report.check(
        f"{name}: exponent p of N^-p, networks from the limit",
        predicted=0.5,
        measured=to_limit.exponent.value,
        tolerance=Absolute(SURE * to_limit.exponent.error + CURVED, "4 standard errors, and O(1/N)"),
        claim=NONLINEAR_EXACT,
    )
    report.check(
        f"{name}: square of the floor, networks from the limit",
        predicted=0.0,
        measured=to_limit.floor_square.value,
        tolerance=Absolute(SURE * to_limit.floor_square.error + levels.quadrature**2, "4 standard errors, and nodes"),
    )
    report.check(
        f"{name}: floor, networks from the closure, is the limit's distance from it",
        predicted=bias,
        measured=to_closure.floor.value,
        tolerance=Absolute(SURE * to_closure.floor.error + levels.quadrature, "4 standard errors, and nodes"),
    )
    report.check(
        f"{name}: that floor in standard errors: the closure is not exact at any N",
        predicted=SURE,
        measured=to_closure.floor_square.value / to_closure.floor_square.error,
        tolerance=AtLeast("4 standard errors"),
        claim=NONLINEAR_EXACT,
    )
    report.check(
        f"{name}: error of the quadrature over the closure's distance",
        predicted=0.05,
        measured=levels.quadrature / bias,
        tolerance=AtMost("small enough to tell the levels apart"),
    )
    report.check(
        f"{name}: excess kurtosis of the readouts, infinite width and networks",
        predicted=float(levels.kurtosis[-1]),
        measured=float(levels.network_kurtosis[-1]),
        tolerance=Reported("zero if rows stayed normal; networks err by O(1/N)"),
    )
    for key, value in {
        "closure_distance": bias,
        "closure_distance_relative": bias / float(np.linalg.norm(levels.limit.sigma[-1])),
        "exponent": to_limit.exponent.value,
        "exponent_error": to_limit.exponent.error,
        "free_exponent": to_limit.free_exponent.value,
        "free_exponent_error": to_limit.free_exponent.error,
        "limit_floor_square": to_limit.floor_square.value,
        "limit_floor_square_error": to_limit.floor_square.error,
        "closure_floor": to_closure.floor.value,
        "closure_floor_error": to_closure.floor.error,
        "readout_excess_kurtosis": float(levels.kurtosis[-1]),
        "loss_closure": float(levels.closure.loss[-1]),
        "loss_limit": float(levels.limit.loss[-1]),
        "quadrature": levels.quadrature,
    }.items():
        report.quantity(f"{name}_{key}", value)


LIMIT, CLOSURE = LEVELS["infinite_width"], LEVELS["gaussian_closure"]


def figures(config: Config, results: tuple[Levels, ...]) -> tuple[Plot, ...]:
    """One column of panels a nonlinearity."""
    return (_against_epochs(results), _against_size(results), _readouts(results))


def _against_epochs(results: tuple[Levels, ...]) -> Plot:
    labels = Shape().labels
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_grid(2, len(results), width=9.6, height=5.2)
        for column, levels in enumerate(results):
            loss, overlap = panels[0][column], panels[1][column]
            epochs = np.arange(len(levels.closure.loss))
            loss.semilogy(epochs, levels.limit.loss, color=LIMIT, label="infinite width")
            loss.semilogy(epochs, levels.closure.loss, color=CLOSURE, linestyle="--", label="Gaussian closure")
            for a in range(len(labels)):
                overlap.plot(epochs, levels.limit.sigma[:, a, a], color=LIMIT)
                overlap.plot(epochs, levels.closure.sigma[:, a, a], color=CLOSURE, linestyle="--")
            _name_ends(overlap, [typeset(label * 2) for label in labels], np.diagonal(levels.limit.sigma[-1]))
            loss.set(title=typeset(levels.nonlinearity), ylabel="loss" if column == 0 else "")
            overlap.set(xlabel="epoch", ylabel="overlap" if column == 0 else "")
            data |= {
                f"{levels.nonlinearity}_limit_loss": np.asarray(levels.limit.loss),
                f"{levels.nonlinearity}_closure_loss": np.asarray(levels.closure.loss),
                f"{levels.nonlinearity}_limit_sigma": np.asarray(levels.limit.sigma),
                f"{levels.nonlinearity}_closure_sigma": np.asarray(levels.closure.sigma),
            }
        legend_below(figure, 2)
    caption = (
        "Loss (above) and diagonal overlaps (below) as the Gaussian closure has them (dashed) and infinitely many "
        "neurons (full): they part. One run of each, from the same overlaps."
    )
    return plot("closure_and_limit", caption, figure, data)


def _name_ends(axes: Axes, names: list[str], ends: np.ndarray) -> None:
    """Names of lines at the right, pushed apart where their ends are close."""
    low, high = axes.get_ylim()
    gap = 0.075 * (high - low)
    place = -np.inf
    for k in np.argsort(ends):
        place = max(float(ends[k]), place + gap)
        axes.annotate(names[k], (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)


def _against_size(results: tuple[Levels, ...]) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(results), width=9.6, height=3.6)
        for axes, levels in zip(panels, results, strict=True):
            for law, colour, name in (
                (levels.to_closure, CLOSURE, "from the closure"),
                (levels.to_limit, LIMIT, "from the limit"),
            ):
                axes.loglog(law.sizes, law.root_mean_square, label=f"networks {name}", **MEASURED | {"color": colour})
                axes.loglog(law.sizes, _fitted(law), **PREDICTED | {"color": colour})
                data[f"{levels.nonlinearity}_{name.replace(' ', '_')}"] = law.distances
            axes.axhline(levels.bias[-1], label="closure from the limit", **GUIDE)
            axes.set(title=typeset(levels.nonlinearity), xlabel=f"neurons {typeset('N')}")
            decades(axes)
            mark_values(axes, levels.to_limit.sizes.tolist())
            data[f"{levels.nonlinearity}_closure_from_limit"] = levels.bias[-1]
        panels[0].set_ylabel("distance of Gram matrices")
        legend_below(figure, 3)
        data["neurons"] = results[0].to_limit.sizes
    caption = (
        f"Root mean square distance of {results[0].to_limit.distances.shape[1]} networks a size (points) and the law "
        "fitted to it (lines): networks tend to the limit of infinite width as N^-1/2, not to the Gaussian closure. "
        "Standard errors of exponents and floors are with the checks."
    )
    return plot("error_against_size", caption, figure, data)


def _fitted(law: SizeLaw) -> np.ndarray:
    return np.sqrt(np.maximum(law.floor_square.value + law.amplitude_square.value / law.sizes, 0))


def _readouts(results: tuple[Levels, ...]) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(results), width=9.6, height=2.8)
        for axes, levels in zip(panels, results, strict=True):
            z = levels.readouts / levels.readouts.std()
            heights, edges = np.histogram(z, bins=60, range=(-5, 5), density=True)
            middle = (edges[1:] + edges[:-1]) / 2
            axes.semilogy(middle, np.maximum(heights, 1e-6), label="networks", **MEASURED)
            axes.semilogy(middle, np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi), label="normal", **PREDICTED)
            axes.set(
                title=f"{typeset(levels.nonlinearity)}: excess kurtosis {levels.kurtosis[-1]:.2f}",
                xlabel="readout weight / its s.d.",
                ylim=(1e-4, 1),
            )
            data[f"{levels.nonlinearity}_density"] = heights
            data[f"{levels.nonlinearity}_kurtosis"] = levels.kurtosis
        data["readout"] = middle
        panels[0].set_ylabel("density")
        legend_below(figure, 2)
    law = results[0].to_limit
    caption = (
        f"Readout weights of {law.distances.shape[1]} networks of {law.sizes[-1]:g} neurons after training, in units "
        "of their standard deviation (points), beside a normal density (line): they stop being normal."
    )
    return plot("readouts", caption, figure, data)
