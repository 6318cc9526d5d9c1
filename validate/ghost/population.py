"""Fig. 4: a population of rank-one networks learns, loses what it learned, and recovers at lower confidence.

The paper calls a network stuck when its accuracy is at most 0.5 over the last fifty epochs. That holds in the
no-learning zone, but also on the first plateau, of a network that has not learned yet. The certified number of fixed
points of the latent flow tells the two apart: one on the plateau, three behind a saddle-node.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool

from simulate.ghost.initial import ZeroBias
from simulate.ghost.population import Experiment, Population, Recovery, population, recover
from theory.ghost.circuit.certify import certify_fixed_points
from theory.ghost.circuit.roots import Roots
from validate.ghost.claims import RESCUE, STUCK_COUNTS
from validate.ghost.classes import NetworkClass, network_classes
from validate.ghost.rank_one import rank_one_vectors
from validate.ghost.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Exact, Reported

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
            tolerance=Reported(f"binomial 95 % interval [{low:.2f}, {high:.2f}]"),
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


COLOURS = ("#1f4e79", "#2e8b57", "#c77f0a", "#8b3a8b", "#b3272d")
CLASS_COLOURS = ("#2e8b57", "#b3272d", "#8b3a8b", "#777777", "#c77f0a", "#bbbbbb")
PLOTTED = 400  # epochs drawn of each curve


def figures(config: Config, results: PopulationResults) -> tuple[Plot, ...]:
    """Accuracy along training and along recovery, and what becomes of the stuck networks."""
    trained = np.asarray(results.trained.result.history.probes.accuracy)
    data = {"accuracy": _thinned(trained), "learned": results.trained.learned, "stuck": results.trained.stuck}
    data["behind_saddle_node"] = results.classes[NetworkClass.STUCK_BEHIND_SADDLE_NODE]
    with style():
        figure, (left, middle, right) = new_panels(3, 9.6, 3.2)
        epochs = _thinned(np.arange(len(trained)))
        for (each, which), colour in zip(results.classes.items(), CLASS_COLOURS, strict=True):
            if which.any() and each is not NetworkClass.BROKEN_DOWN:
                mean = trained[:, which].mean(axis=1)
                left.plot(epochs, _thinned(mean), color=colour, label=f"{each.value} ({int(which.sum())})")
        left.set(xlabel="epoch", ylabel="mean accuracy", ylim=(0.45, 1.02))
        left.set_title(f"training at c = {config.network_confidence:g}")
        if left.lines:
            left.legend(loc="upper left")
        for recovery, colour in zip(results.recoveries, COLOURS, strict=False):
            accuracy = np.asarray(recovery.continued.result.history.probes.accuracy)
            mean, error = accuracy.mean(axis=1), accuracy.std(axis=1) / np.sqrt(accuracy.shape[1])
            places = _thinned(np.arange(len(mean)))
            middle.plot(places, _thinned(mean), color=colour, label=f"c = {recovery.confidence:g}")
            middle.fill_between(places, _thinned(mean - error), _thinned(mean + error), color=colour, alpha=0.25)
            data[f"recovery_{recovery.confidence:g}"] = _thinned(accuracy)
        middle.set(xlabel="further epoch", ylim=(0.45, 1.02))
        middle.set_title("the stuck ones at lower c (mean, s.e.m.)")
        if results.recoveries:
            middle.legend(loc="lower right")
            levels = [recovery.confidence for recovery in results.recoveries]
            counts = [recovery.recovered for recovery in results.recoveries]
            share = np.array([count.successes / count.trials for count in counts])
            ends = np.array([count.interval() for count in counts])
            bars = np.clip(np.abs(ends.T - share), 0, None)
            final = [recovery.continued.final_accuracy.mean() for recovery in results.recoveries]
            right.errorbar(levels, share, bars, capsize=3, label="recovered (95 %)", **MEASURED)
            right.plot(levels, final, "s", color="#777777", markersize=4, label="mean final accuracy")
            right.axhline(1.0, label="recovered in the paper", **PREDICTED | {"linestyle": "--"})
            right.set(xlabel="lowered confidence c", xlim=(0, None), ylim=(0.0, 1.08))
            right.legend(loc="lower left")
            data |= {"confidences": np.array(levels), "recovered": share, "interval": ends}
    caption = f"Fig. 4: {config.networks} rank-one networks at rate {config.network_learning_rate:g}."
    return (plot("fig_4", caption, figure, data),)


def _thinned(values: np.ndarray) -> np.ndarray:
    """Every k-th epoch, so that a curve has a few hundred points."""
    return values[:: max(1, len(values) // PLOTTED)]
