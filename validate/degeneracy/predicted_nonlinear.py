"""Predicted from infinitely many neurons: how far apart nonlinear networks end, whose rows do not stay normal.

Beside it what the Gaussian closure says, to which a network is its overlaps.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulate.cells.nonlinearity import AnyNonlinearity
from simulate.degeneracy.dispersed import dispersed
from simulate.degeneracy.population import LowRankPopulation, train_rows
from simulate.degeneracy.predicted import matched_rows
from simulate.degeneracy.row_matching import RowMatching
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.transported import transported_rows
from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import TensorNodes, closure_of
from simulate.tasks.impulse import filter_task
from simulate.training.rule import GradientDescent
from theory.degeneracy import Dispersion, directions, dispersed_points, normal_rows, weight_coordinates
from theory.overlaps import ERF, LINEAR, TANH, Shape
from validate.degeneracy.predicted_spreads import LEVEL, coefficient_ratio, reach_of_coefficient
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.palette import LEVELS
from validate.plotting import MEASURED, PREDICTED, legend_below, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Reported

S = 0.8 * np.eye(4) + 0.2
TASK, LONGER, RULE, EPOCHS = filter_task(dt=0.1, steps=40), filter_task(dt=0.1, steps=80), GradientDescent(0.02), 10
TRIALS = OtherTrials(unseen=LONGER.batch)
NAMES = {"sigma": "overlaps", "loss": "loss", "unseen_loss": "loss on trials twice as long"}
TOLD = 256
"""Neurons of networks whose own rows are asked what becomes of them."""
SEARCH = RowMatching(starts=8)
STANDARD_ERRORS = 4.0


@dataclass(frozen=True)
class NonlinearEffort:
    """Which nonlinearities, sizes of networks and how many of each; how many are told from their rows, and matched.

    `matched` are the sizes of those whose units are matched, in so many pairs; `points` the nodes along an axis. The
    closure, of which nothing is asserted, takes as long to compile as the rest.
    """

    functions: tuple[AnyNonlinearity, ...]
    sizes: tuple[int, ...]
    networks: int
    told: int
    matched: tuple[int, ...]
    pairs: int
    points: int
    closure: bool = True


@dataclass(frozen=True)
class NonlinearSpreads:
    """Of one nonlinearity: spreads from rows, from the closure, of populations by size and name; distances of W."""

    name: str
    sizes: tuple[int, ...]
    by_rows: Mapping[str, Dispersion]
    by_closure: Mapping[str, Dispersion]
    measured: Mapping[str, np.ndarray]
    own: np.ndarray
    seen: np.ndarray
    distances: Mapping[int, np.ndarray]
    distance_law: Mapping[int, float]


def effort_of(config: Config) -> NonlinearEffort:
    """Sizes four times one another: from the last two the coefficient is taken."""
    if config.small:
        return NonlinearEffort((TANH,), (64, 256), 150, 8, (64,), 6, 6, closure=False)
    if config.effort.full_length:
        return NonlinearEffort((ERF, TANH), (64, 256, 1024, 4096), 1_000, 40, (64, 256, 1024), 16, 10)
    return NonlinearEffort((ERF, TANH), (64, 256, 1024), 400, 24, (64, 256), 12, 8)


def checks(config: Config, report: Report, progress: Progress) -> tuple[NonlinearSpreads, ...]:
    """Linear networks by the same route; then networks of each nonlinearity beside rows and closure."""
    effort = effort_of(config)
    if not config.small:
        _linear(report)
    results = []
    with progress.task("nonlinear networks predicted", total=len(effort.functions)) as done:
        for count, phi in enumerate(effort.functions):
            results.append(_measured(phi, effort, config.seed))
            _judged(results[-1], effort, report)
            done(count + 1)
    return tuple(results)


def _learning(phi: AnyNonlinearity) -> TrainingMap:
    return TrainingMap(closure_of(Shape(), phi), TASK, RULE)


def _linear(report: Report) -> None:
    """Of linear networks rows and overlaps must say the same: nodes integrate squares of quadratic forms exactly."""
    learning = _learning(LINEAR)
    by_rows = transported_rows(learning, S, epochs=EPOCHS, trials=TRIALS, nodes=TensorNodes(4)).found
    by_overlaps = dispersed(learning, S, directions(normal_rows(S)), epochs=EPOCHS, trials=TRIALS)
    for name, words in NAMES.items():
        report.check(
            f"linear: coefficient of the spread of {words}, from rows and from overlaps",
            predicted=by_overlaps[name].coefficient,
            measured=by_rows[name].dispersion.coefficient,
            tolerance=Absolute(1e-9, "rounding, grown over the training"),
        )


def _measured(phi: AnyNonlinearity, effort: NonlinearEffort, seed: int) -> NonlinearSpreads:
    learning, counts = _learning(phi), Shape().counts
    rows, nodes = Rows(np.linalg.cholesky(S).T), TensorNodes(effort.points)
    drawn = {n: rows.draw(neurons=n, networks=effort.networks, seed=seed + n) for n in effort.sizes}
    asked = drawn[TOLD][: effort.told].reshape(-1, 4)
    limit = transported_rows(learning, S, epochs=EPOCHS, trials=TRIALS, nodes=nodes, rows=asked)
    ends: list[dict[str, np.ndarray]] = []
    distances, law, seen = {}, {}, np.empty(0)
    own = limit.found["loss"].of_rows[limit.shares == 0].reshape(effort.told, TOLD).mean(axis=1)
    points = dispersed_points(weight_coordinates(), limit.found["sigma"].dispersion)
    for neurons, theta in drawn.items():
        population = train_rows(theta, counts, phi, TASK, rule=RULE, epochs=EPOCHS)
        found = {
            "sigma": population.sigma,
            "loss": population.loss(TASK.batch),
            "unseen_loss": population.loss(LONGER.batch),
        }
        ends.append({name: each.std(axis=0, ddof=1) for name, each in found.items()})
        if neurons == TOLD:
            seen = found["loss"][: effort.told]
        if neurons in effort.matched:
            distances[neurons] = _distances(population, effort.pairs)
            beyond = matched_rows(learning, S, neurons=neurons, epochs=EPOCHS, pairs=effort.pairs, seed=seed)
            law[neurons] = float(np.hypot(np.sqrt(2 / neurons) * np.linalg.norm(points.coefficient), beyond))
    return NonlinearSpreads(
        phi.name,
        effort.sizes,
        {name: limit.found[name].dispersion for name in NAMES},
        dispersed(learning, S, directions(normal_rows(S)), epochs=EPOCHS, trials=TRIALS) if effort.closure else {},
        {name: np.stack([each[name] for each in ends]) for name in NAMES},
        np.asarray(own),
        seen,
        distances,
        law,
    )


def _distances(population: LowRankPopulation, pairs: int) -> np.ndarray:
    """Of W of successive networks, units matched."""
    factors = [
        (np.asarray(each.connectivity.u), np.asarray(each.connectivity.v))
        for each in (population.one(k) for k in range(2 * pairs))
    ]
    return np.array([SEARCH(factors[k], factors[k + 1]).value for k in range(0, 2 * pairs, 2)])


def _judged(found: NonlinearSpreads, effort: NonlinearEffort, report: Report) -> None:
    for name, words in NAMES.items():
        ratio = coefficient_ratio(found.sizes, found.measured[name], found.by_rows[name].coefficient)
        report.check(
            f"{found.name}: N^1/2 times the spread of {words} after {EPOCHS} epochs, over the prediction from rows",
            predicted=np.ones_like(ratio),
            measured=ratio,
            tolerance=Absolute(
                reach_of_coefficient(effort.networks, ratio.size),
                f"normal, {100 * LEVEL:g} % for all entries, {effort.networks} networks",
            ),
        )
        if not found.by_closure:
            continue
        by_closure = np.ravel(found.by_closure[name].coefficient / found.by_rows[name].coefficient)
        report.check(
            f"{found.name}: spread of {words}, closure over rows, where they differ most",
            predicted=None,
            measured=float(by_closure[np.argmax(np.abs(by_closure - 1))]),
            tolerance=Reported("the closure keeps of a network its overlaps, and of rows that they are normal"),
        )
    slope, error, unsaid = _slope(found.own, found.seen)
    report.check(
        f"{found.name}: change of a network's loss by what its own rows say of it, {TOLD} neurons: slope",
        predicted=1.0,
        measured=slope,
        tolerance=Absolute(
            unsaid + STANDARD_ERRORS * error,
            f"four standard errors, {effort.told} networks, and what they leave unsaid, of order 1 / N",
        ),
    )
    for neurons, distances in found.distances.items():
        square = distances**2
        measured, error_of = square.mean(), square.std(ddof=1) / np.sqrt(len(square))
        report.check(
            f"{found.name}: squared distance of W over that of matched transported rows, N = {neurons}",
            predicted=1.0,
            measured=float(measured / found.distance_law[neurons] ** 2),
            tolerance=Absolute(
                float(1 / np.log(neurons) + 2**0.5 * STANDARD_ERRORS * error_of / measured),
                "1 / log N, and four standard errors of both",
            ),
        )
    of_closure: dict[str, object] = {}
    if found.by_closure:
        of_closure = {f"{name}_coefficient_closure": found.by_closure[name].coefficient for name in NAMES}
        of_closure["loss_closure"] = float(found.by_closure["loss"].value)
    report.quantity(
        f"{found.name}: spreads",
        {
            "neurons": list(found.sizes),
            **{f"{name}_coefficient": found.by_rows[name].coefficient for name in NAMES},
            **of_closure,
            **{f"{name}_measured": found.measured[name] for name in NAMES},
            "loss": float(found.by_rows["loss"].value),
        },
    )


def _slope(own: np.ndarray, seen: np.ndarray) -> tuple[float, float, float]:
    """Of the regression of `seen` on `own`, its standard error, and the share of the variance that is left over.

    What is left is quadratic in the rows, 1 / N of the variance, and as much of it may lean on what is linear.
    """
    x, y = own - own.mean(), seen - seen.mean()
    slope = float(x @ y / (x @ x))
    left = float(np.sum((y - slope * x) ** 2) / (len(x) - 2))
    return slope, float(np.sqrt(left / (x @ x))), left / float(np.var(seen, ddof=1))


def figures(config: Config, results: tuple[NonlinearSpreads, ...]) -> tuple[Plot, ...]:
    """Spreads of losses and overlaps, and distances of W, against N."""
    return tuple(_figure(config, found) for found in results)


LINES = {
    "by_rows": (LEVELS["infinite_width"], "-", "predicted: infinitely many neurons"),
    "by_closure": (LEVELS["gaussian_closure"], "--", "predicted: Gaussian closure"),
}
"""Of each prediction its colour, dashes and words."""


def _figure(config: Config, found: NonlinearSpreads) -> Plot:
    effort = effort_of(config)
    sizes = np.array(found.sizes, float)
    root = np.sqrt(sizes)
    data = {"neurons": sizes}
    with style():
        figure, panels = new_panels(3, 8.4, 3.8)
        for axes, name, pick in ((panels[0], "loss", np.asarray), (panels[1], "sigma", _zz)):
            for kind, (colour, dashes, words) in LINES.items():
                if not getattr(found, kind):
                    continue
                line = pick(getattr(found, kind)[name].coefficient) / root
                axes.plot(sizes, root * line, color=colour, linestyle=dashes, label=words)
                data[f"{name}_{kind}"] = line
            points = np.array([pick(each) for each in found.measured[name]])
            error = points / np.sqrt(2 * effort.networks)
            axes.errorbar(sizes, root * points, yerr=root * error, capsize=2, **MEASURED, label="networks")
            data |= {f"{name}_measured": points, f"{name}_standard_error": error}
            axes.set(xscale="log", ylim=(0.0, 1.2 * (root * (points + error)).max()))
            mark_values(axes, sizes.tolist())
        matched = np.array(list(found.distances), float)
        law = np.array(list(found.distance_law.values()))
        look = {
            "color": PREDICTED["color"],
            "linestyle": "none",
            "marker": "_",
            "markersize": 16,
            "markeredgewidth": 1.6,
        }
        panels[2].plot(matched, law, **look, label="predicted: transported rows, matched")
        for n, each in found.distances.items():
            dots = {**MEASURED, "alpha": 0.35, "markersize": 2.5}
            panels[2].plot(np.full(len(each), n), each, **dots, label="a pair of networks")
        squares = [each**2 for each in found.distances.values()]
        apart = np.array([np.sqrt(each.mean()) for each in squares])
        error = np.array([each.std(ddof=1) / np.sqrt(len(each)) for each in squares]) / (2 * apart)
        panels[2].errorbar(matched, apart, yerr=error, capsize=2, **MEASURED)
        panels[2].set(xscale="log", xlim=(matched[0] / 1.5, matched[-1] * 1.5))
        panels[2].set_ylim(0.0, 1.15 * max(each.max() for each in found.distances.values()))
        mark_values(panels[2], matched.tolist())
        panels[0].set(title="loss", ylabel=r"standard deviation $\times\,\sqrt{N}$")
        panels[1].set(title=f"overlap {typeset('zz')}", ylabel=r"standard deviation $\times\,\sqrt{N}$")
        panels[2].set(title="weights", ylabel=r"distance $|W - P\,W' P^T|$")
        for axes in panels:
            axes.set_xlabel(f"neurons {typeset('N')}")
        legend_below(figure, 3)
    data |= {
        "distance_neurons": matched,
        "distance_law": law,
        "distance_measured": apart,
        "distance_standard_error": error,
    }
    closure = ", and from the Gaussian closure" if found.by_closure else ""
    caption = (
        f"How far apart {typeset(found.name)} networks end that learned the filter for {EPOCHS} epochs. Lines: from "
        f"the influence of each row on infinitely many neurons{closure}, nothing fitted. Points: "
        f"{effort.networks} networks a size; of weights {effort.pairs} pairs. Bars: standard error, of standard "
        f"deviations as of normal numbers. Seed {config.seed}."
    )
    return plot(f"predicted_nonlinear_{found.name}", caption, figure, data)


def _zz(sigma: np.ndarray) -> np.ndarray:
    """Of the readout with itself."""
    return np.asarray(sigma[..., -1, -1])
