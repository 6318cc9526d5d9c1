"""The search and its proofs against networks whose fixed points are known, or whose indices are."""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.cells.dense import DenseCell
from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import RELU
from simulate.cells.ugrnn import UGRNN
from simulate.cells.vanilla import Vanilla
from simulate.fixed_points import search_points
from simulate.measures.fixed_points.find import FixedPoints, find_fixed_points
from simulate.measures.fixed_points.static_map import StaticMap
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, legend_below, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtMost, Exact
from validate.universality.ball_maps import proofs
from validate.universality.point_marks import OBLIQUE, seen_from_aside
from validate.universality.settings import Config

UNITS = 3
STRENGTH = 3.0
"""Of the random weights: their variance is STRENGTH^2 / UNITS, so that networks have several points."""
WELL = 2.0
"""Weight of a unit upon itself that gives it three fixed points."""
BOUNDED: dict[str, Callable[[], DenseCell]] = {
    "vanilla": lambda: Vanilla.blank(UNITS, 1, 1),
    "rate": lambda: FullRank.blank(UNITS, 1, 1, tau=0.5),
    "ugrnn": lambda: UGRNN.blank(UNITS, 1, 1),
    "gru": lambda: GRU.blank(UNITS, 1, 1),
    "gru, reset before": lambda: GRU.blank(UNITS, 1, 1, reset_after=False),
    "lstm": lambda: LSTM.blank(UNITS, 1, 1),
}
REACH = 4.0
"""Of starts: memories of an LSTM go far beyond one."""
ROUNDING = 1e-13
"""Of points of order one, after a step whose sums have a dozen terms."""


@dataclass(frozen=True)
class KnownPoints:
    """Points of the product of three wells, found and predicted, in the order of the first."""

    found: Float[np.ndarray, "points units"]
    predicted: Float[np.ndarray, "points units"]


def checks(config: Config, report: Report, progress: Progress) -> KnownPoints:
    """Find, prove and count."""
    with progress.task("networks with known points", total=2 + len(BOUNDED)) as done:
        results = _product(config, report)
        done(1)
        _planted(config, report)
        done(2)
        for number, kind in enumerate(BOUNDED):
            _closed(kind, config, report)
            done(3 + number)
    return results


def _well() -> float:
    """The positive root of h = tanh(WELL h), by iteration, which contracts there."""
    h = 1.0
    for _ in range(200):
        h = float(np.tanh(WELL * h))
    return h


def _product(config: Config, report: Report) -> KnownPoints:
    """Three units that do not speak to one another have the 27 products of their points."""
    network = eqx.tree_at(lambda each: each.W, Vanilla.blank(UNITS, 1, 1), WELL * jnp.eye(UNITS))
    found = find_fixed_points(network, _starts(network, 4 * config.effort.starts, config.seed))
    predicted = _well() * np.round(found.points / _well())
    combinations = {tuple(row) for row in np.sign(predicted).astype(int).tolist()}
    proved = proofs(network, found)
    exact = Exact("a product of maps")
    report.check("three wells: points found", predicted=27, measured=len(found.points), tolerance=exact)
    report.check("three wells: different ones", predicted=27, measured=len(combinations), tolerance=exact)
    report.check(
        "three wells: distance from where they are",
        predicted=ROUNDING,
        measured=float(np.abs(found.points - predicted).max()),
        tolerance=AtMost("rounding"),
    )
    still = (predicted == 0).sum(axis=1)
    told = [each.unstable_dimension if each is not None else None for each in proved]
    report.check(
        "three wells: points proved, with their unstable dimension",
        predicted=27,
        measured=sum(one == other for one, other in zip(told, still.tolist(), strict=True)),
        tolerance=exact,
    )
    report.check("three wells: sum of indices", predicted=1, measured=found.index_sum, tolerance=exact)
    return KnownPoints(found.points, predicted)


def _planted(config: Config, report: Report) -> None:
    """Where its active units are known a ReLU network is affine: solved for each set of them."""
    random = np.random.default_rng(config.seed)
    missed = extra = total = 0
    for _ in range(config.effort.networks):
        W, b = 1.5 * random.normal(size=(4, 4)) / 2, random.normal(size=4)
        blank = Vanilla.blank(4, 1, 1, RELU)
        network = eqx.tree_at(lambda each: (each.W, each.b), blank, (jnp.asarray(W), jnp.asarray(b)))
        found = find_fixed_points(network, 4 * np.abs(_starts(network, config.effort.starts, config.seed)))
        expected = [h for active in np.ndindex(2, 2, 2, 2) if (h := _affine(W, b, np.array(active) > 0)) is not None]
        total += len(expected)
        missed += sum(not _near(found, h) for h in expected)
        extra += max(0, len(found.points) - len(expected))
    exact = Exact("brute force over the sets of active units")
    report.check(f"rectified units: points missed, of {total}", predicted=0, measured=missed, tolerance=exact)
    report.check("rectified units: points that are none", predicted=0, measured=extra, tolerance=exact)


def _affine(W: np.ndarray, b: np.ndarray, on: np.ndarray) -> np.ndarray | None:
    h = np.zeros(len(b))
    h[on] = np.linalg.solve(np.eye(on.sum()) - W[np.ix_(on, on)], b[on])
    return h if np.all((W @ h + b > 0) == on) else None


def _near(found: FixedPoints, h: np.ndarray) -> bool:
    return bool(len(found.points) and np.abs(found.points - h).max(axis=1).min() < 1e-9 * max(1.0, np.abs(h).max()))


def _closed(kind: str, config: Config, report: Report) -> None:
    """Indices of a bounded map sum to one; each point of a network in general position has a proof."""
    random = np.random.default_rng(config.seed)
    sums, points, proved = [], 0, 0
    for _ in range(config.effort.networks):
        blank = BOUNDED[kind]()
        W = STRENGTH / np.sqrt(UNITS) * random.normal(size=blank.W.shape)
        b = np.asarray(blank.b) + 0.3 * random.normal(size=blank.b.shape)
        network = eqx.tree_at(lambda each: (each.W, each.b), blank, (jnp.asarray(W), jnp.asarray(b)))
        found = search_points(network, REACH * _starts(network, config.effort.starts, config.seed)).found
        sums.append(found.index_sum)
        points += len(found.points)
        proved += sum(each is not None for each in proofs(network, found))
    report.check(
        f"{kind}: networks whose indices sum to one",
        predicted=config.effort.networks,
        measured=sum(each == 1 for each in sums),
        tolerance=Exact("Brouwer's degree of a bounded map"),
    )
    report.check(f"{kind}: points with a proof", predicted=points, measured=proved, tolerance=Exact("Krawczyk's test"))


def _starts(network: DenseCell, count: int, seed: int) -> Float[np.ndarray, "starts size"]:
    return np.random.default_rng(seed).uniform(-1, 1, (count, StaticMap.of(network).size))


def figures(config: Config, results: KnownPoints) -> tuple[Plot, ...]:
    """The 27 points of three wells, seen from where none hides another."""
    with style():
        figure, axes = new_figure(4.4, 3.6)
        marks = {**PREDICTED, "linestyle": "none", "marker": "o", "markersize": 8, "fillstyle": "none"}
        axes.plot(*(results.predicted @ OBLIQUE).T, **marks, label="predicted")
        axes.plot(*(results.found @ OBLIQUE).T, **MEASURED, label="found")
        right, up = seen_from_aside("h")
        axes.set(xlabel=f"activities {right}", ylabel=f"activities {up}")
        axes.set_aspect("equal", "datalim")
        axes.margins(0.08)
        legend_below(figure, 2)
    caption = (
        f"The fixed points of one network of three tanh units that do not speak to one another, seen from aside: "
        f"{len(results.found)} found from random starts (seed {config.seed}), and the 27 products of three each."
    )
    data = {"found": results.found, "predicted": results.predicted}
    return (plot("known_points", caption, figure, data),)
