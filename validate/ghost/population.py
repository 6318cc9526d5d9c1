"""Fig. 4: a population of rank-one networks learns, loses what it learned, and recovers at lower confidence.

The paper calls a network stuck when its accuracy is at most 0.5 over the last fifty epochs. That holds in the
no-learning zone, but also on the first plateau, of a network that has not learned yet. The certified number of fixed
points of the latent flow tells the two apart: one on the plateau, three behind a saddle-node.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes

from simulate.ghost.initial import ZeroBias
from simulate.ghost.population import LEARNED, Experiment, Population, Recovery, population, recover
from theory.ghost.circuit.certify import certify_fixed_points
from theory.ghost.circuit.roots import Roots
from validate.ghost.claims import RESCUE, STUCK_COUNTS
from validate.ghost.classes import NetworkClass, network_classes
from validate.ghost.rank_one import rank_one_vectors
from validate.ghost.settings import Config
from validate.output import Plot
from validate.palette import MUTED, shades
from validate.plotting import BINOMIAL_95, MEASURED, PREDICTED, legend_under, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Binomial, Exact, Reported

PAPER_NETWORKS, PAPER_LEARNED, PAPER_STUCK = 100, 74, 54
LOWERED = (0.5, 0.3, 0.2, 0.1, 0.05)
"""Confidences of the recovery, as fractions of the training confidence: 5, 3, 2, 1 and 0.5 at the paper's 10."""
FREEING = 0.1
"""The fraction whose count is the quantity `recovered` (confidence 1 at the paper's 10)."""
SNAPSHOT_EVERY = 50


@dataclass(frozen=True)
class PopulationResults:
    """The trained population, its certified fixed points at the end, and the recovery of the stuck networks."""

    trained: Population
    fixed_points: Roots
    recoveries: tuple[Recovery, ...]

    @property
    def classes(self) -> dict[NetworkClass, Bool[np.ndarray, " networks"]]:
        """Which networks met each fate; every network met one."""
        trained = self.trained
        return network_classes(trained.learned, trained.stuck, trained.result.finite, self.fixed_points.counts)


def experiment(config: Config) -> Experiment:
    """The population of Fig. 4 with the user's settings; single precision, which decides no check here."""
    return Experiment(
        initial=ZeroBias(neurons=config.neurons, confidence=config.network_confidence),
        networks=config.networks,
        epochs=config.epochs,
        learning_rate=config.network_learning_rate,
        seed=config.seed,
        dtype="float32",
        snapshot_every=SNAPSHOT_EVERY,
    )


@cache
def trained_population(config: Config, progress: Progress) -> Population:
    """The population, trained once however many sections ask for it."""
    with progress.task("training the population", config.epochs) as done_so_far:
        return population(experiment(config), progress=done_so_far)


def checks(config: Config, report: Report, progress: Progress) -> PopulationResults:
    """Train, classify, certify, recover; counts are reported beside the paper's, not asserted."""
    trained = trained_population(config, progress)
    fixed_points = certify_fixed_points(*rank_one_vectors(trained.result.networks))
    with progress.task("recovering at lower confidence", config.epochs) as done_so_far:
        confidences = tuple(config.network_confidence * fraction for fraction in LOWERED)
        recoveries = recover(trained, confidences, config.epochs, progress=done_so_far)
    results = PopulationResults(trained, fixed_points, recoveries)
    _compare_training(config, report, results)
    _compare_recovery(config, report, results)
    return results


def _compare_training(config: Config, report: Report, results: PopulationResults) -> None:
    trained = results.trained
    report.check(
        "networks whose training stayed finite",
        predicted=config.networks,
        measured=int(trained.result.finite.sum()),
        tolerance=Reported("depends on the learning rate"),
    )
    report.check(
        "networks whose fixed points are certified",
        predicted=config.networks,
        measured=int(results.fixed_points.certified.sum()),
        tolerance=Reported("a double root is left undecided, never guessed"),
    )
    learned, stuck = trained.count(trained.learned), trained.count(trained.stuck)
    for name, count, paper in (("learned", learned, PAPER_LEARNED), ("stuck", stuck, PAPER_STUCK)):
        low, high = count.interval()
        report.check(
            f"{name}: fraction of the networks (paper's as prediction)",
            predicted=paper / PAPER_NETWORKS,
            measured=count.successes / count.trials,
            tolerance=Binomial(count.trials, 0.95),
            asserted=False,
            claim=STUCK_COUNTS,
        )
        report.quantity(name, count.successes)
        report.quantity(f"{name}_interval", (low, high))
    report.quantity("networks", config.networks)
    classes = results.classes
    for each, which in classes.items():
        report.quantity(each.name.lower(), int(which.sum()))
    report.check(
        "networks stuck by the paper's criterion that have merely not learned yet",
        predicted=0,
        measured=int(classes[NetworkClass.STUCK_ON_FIRST_PLATEAU].sum()),
        tolerance=Reported("one fixed point and never learned"),
        claim=STUCK_COUNTS,
    )
    report.check(
        "networks neither learned nor stuck (paper's two counts leave them out)",
        predicted=0,
        measured=int(classes[NetworkClass.STILL_LEARNING].sum()),
        tolerance=Reported("left the plateau, still learning when training ended"),
    )
    report.check(
        "classes of the networks (kept, behind a saddle-node, ...), their sum",
        predicted=config.networks,
        measured=sum(int(which.sum()) for which in classes.values()),
        tolerance=Exact("each network is of one class"),
    )


def _compare_recovery(config: Config, report: Report, results: PopulationResults) -> None:
    for recovery in results.recoveries:
        low, high = recovery.recovered.interval()
        report.check(
            f"recovered at confidence {recovery.confidence:g} (paper: all)",
            predicted=1.0,
            measured=recovery.recovered.successes / recovery.recovered.trials,
            tolerance=Reported(f"binomial 95 % interval [{low:.2f}, {high:.2f}]"),
            claim=RESCUE,
        )
    freeing = config.network_confidence * FREEING
    freed = [each.recovered.successes for each in results.recoveries if each.confidence == freeing]
    report.quantity("recovered", sum(freed))
    report.quantity("recovered_by_confidence", [_level(recovery) for recovery in results.recoveries])


def _level(recovery: Recovery) -> dict[str, object]:
    return {
        "confidence": recovery.confidence,
        "recovered": recovery.recovered.successes,
        "of": recovery.recovered.trials,
        "interval": recovery.recovered.interval(),
        "mean_final_accuracy": float(recovery.continued.final_accuracy.mean()),
        "learned_again": int(recovery.continued.learned.sum()),
    }


SHORT = {
    NetworkClass.LEARNED_AND_KEPT: "kept",
    NetworkClass.STUCK_BEHIND_SADDLE_NODE: "lost, three fixed points",
    NetworkClass.STUCK_AT_ONE_FIXED_POINT: "lost, one fixed point",
    NetworkClass.STUCK_ON_FIRST_PLATEAU: "not learned yet",
    NetworkClass.STILL_LEARNING: "still learning",
    NetworkClass.BROKEN_DOWN: "broke down",
}
PLOTTED = 400  # epochs drawn of each curve


def figures(config: Config, results: PopulationResults) -> tuple[Plot, ...]:
    """Every network's accuracy along training and along recovery, and what becomes of the stuck networks."""
    trained = np.asarray(results.trained.result.history.probes.accuracy)
    order, borders, names = _by_fate(results, trained)
    data = {"accuracy": _thinned(trained), "learned": results.trained.learned, "stuck": results.trained.stuck}
    data |= {"behind_saddle_node": results.classes[NetworkClass.STUCK_BEHIND_SADDLE_NODE], "order": order}
    with style():
        figure, (rows, curves, share) = new_panels(3, 10.4, 4.0)
        image = rows.imshow(
            trained[:, order].T, aspect="auto", vmin=0.5, vmax=1.0, cmap="cividis", interpolation="nearest"
        )
        for border in borders[1:-1]:
            rows.axhline(border - 0.5, color="white", linewidth=1.5)
        rows.set_yticks([(low + high - 1) / 2 for low, high in pairwise(borders)], names)
        rows.set(xlabel="epoch")
        rows.set_title(f"training at $c$ = {config.network_confidence:g}, a row a network")
        rows.grid(visible=False)
        figure.colorbar(image, ax=rows, label="accuracy", location="bottom", shrink=0.7)
        for recovery, colour in zip(results.recoveries, shades(len(results.recoveries)), strict=True):
            accuracy = np.asarray(recovery.continued.result.history.probes.accuracy)
            mean, error = accuracy.mean(axis=1), accuracy.std(axis=1) / np.sqrt(accuracy.shape[1])
            places = _thinned(np.arange(len(mean)))
            curves.plot(places, _thinned(mean), color=colour, linewidth=1.2, label=f"$c$ = {recovery.confidence:g}")
            curves.fill_between(places, _thinned(mean - error), _thinned(mean + error), color=colour, alpha=0.2)
            data[f"recovery_{recovery.confidence:g}"] = _thinned(accuracy)
        curves.set(xlabel="further epoch", ylabel="mean accuracy (band: s.e.m.)", ylim=(0.45, 1.02))
        curves.set_title("the stuck ones, at lower $c$")
        if results.recoveries:
            legend_under(curves, columns=2)
            data |= _shares(share, results.recoveries)
        else:  # no network got stuck: there is nothing to rescue
            for axes in (curves, share):
                axes.set_axis_off()
    caption = (
        f"Fig. 4: {config.networks} rank-one networks at rate {config.network_learning_rate:g}. The paper averages "
        "over networks that jump at epochs of their own; here each is seen. Recovery is that of the stuck ones; "
        f"{BINOMIAL_95}."
    )
    return (plot("fig_4", caption, figure, data),)


def _by_fate(results: PopulationResults, trained: np.ndarray) -> tuple[np.ndarray, list[int], list[str]]:
    """Networks by what became of them, those that learned first on top; where each fate begins; its name and count."""
    solved = np.where((trained >= LEARNED).any(axis=0), np.argmax(trained >= LEARNED, axis=0), len(trained))
    order: list[int] = []
    borders, names = [0], []
    for each, which in results.classes.items():
        if which.any():
            members = np.flatnonzero(which)
            order += members[np.argsort(solved[members], kind="stable")].tolist()
            borders.append(len(order))
            names.append(f"{SHORT[each]} ({len(members)})")
    return np.array(order), borders, names


def _shares(axes: Axes, recoveries: tuple[Recovery, ...]) -> dict[str, np.ndarray]:
    """What fraction recovers at each confidence, and how well they end."""
    levels = [recovery.confidence for recovery in recoveries]
    counts = [recovery.recovered for recovery in recoveries]
    share = np.array([count.successes / count.trials for count in counts])
    ends = np.array([count.interval() for count in counts])
    final = [recovery.continued.final_accuracy.mean() for recovery in recoveries]
    axes.axhline(1.0, label="recovered, as published", **PREDICTED | {"linestyle": "--"})
    axes.errorbar(levels, share, np.clip(np.abs(ends.T - share), 0, None), capsize=3, label="recovered", **MEASURED)
    axes.plot(levels, final, "s", color=MUTED, markersize=4, label="mean final accuracy")
    axes.set(xlabel="lowered confidence $c$", ylabel="fraction of the stuck networks", xlim=(0, None), ylim=(0, 1.08))
    axes.set_title("how many recover")
    legend_under(axes)
    return {"confidences": np.array(levels), "recovered": share, "interval": ends}


def _thinned(values: np.ndarray) -> np.ndarray:
    """Every k-th epoch, so that a curve has a few hundred points."""
    return values[:: max(1, len(values) // PLOTTED)]
