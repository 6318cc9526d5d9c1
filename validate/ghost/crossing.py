"""The critical learning rate of a network: does the next step take its ghost through a saddle-node?

Each network carries a ghost with its effective r; to first order in the rate a step moves it by minus the rate times
grad(r_eff).grad(L). The prediction, epoch by epoch, is held against what the next step did, certified.
"""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from simulate.cells.rank_one import RankOne
from simulate.ghost.population import LEARNED, Experiment, Population
from simulate.training.trained import Trained
from theory.ghost.circuit.certify import certify_fixed_points, certify_turning_points
from theory.ghost.circuit.crossing import Crossing, predict_crossing
from theory.ghost.circuit.latent_circuit import LatentCircuit
from validate.ghost.claims import BEHIND_FIXED_POINTS
from validate.ghost.population import SNAPSHOT_EVERY, trained_population
from validate.ghost.rank_one import rank_one_vectors
from validate.ghost.settings import Config
from validate.output import Plot
from validate.palette import SERIES
from validate.plotting import MEASURED, PREDICTED, legend_below, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Reported

THRESHOLD = 1.0


@dataclass(frozen=True)
class CrossingResults:
    """One row for each step that started from a latent flow with a ghost below the threshold.

    `ratio` is the learning rate over the network's critical one (first order), `second_order` the same to second;
    `crossed` tells whether the step created fixed points, by certified counts. `unforeseen` counts crossings without a
    ghost before them; `behind_start` those whose new fixed points lie below kappa(0), where they block nothing.
    """

    network: Int[np.ndarray, " steps"]
    epoch: Int[np.ndarray, " steps"]
    effective_r: Float[np.ndarray, " steps"]
    ratio: Float[np.ndarray, " steps"]
    second_order: Float[np.ndarray, " steps"]
    crossed: Bool[np.ndarray, " steps"]
    unforeseen: int
    behind_start: int

    def table(self, ratio: Float[np.ndarray, " steps"]) -> dict[str, int]:
        """Hits, misses, false alarms and right silences of the rule `ratio > 1`."""
        alarm = ratio > 1
        return {
            "hits": int((alarm & self.crossed).sum()),
            "misses": int((~alarm & self.crossed).sum()) + self.unforeseen,
            "false_alarms": int((alarm & ~self.crossed).sum()),
            "silences": int((~alarm & ~self.crossed).sum()),
        }


def checks(config: Config, report: Report, progress: Progress) -> CrossingResults | None:
    """Predict for every step of the networks that learn, from a little before they do; None if none does."""
    trained = trained_population(config, progress)
    chosen = np.flatnonzero(trained.learned & trained.result.finite)[: config.effort.crossing_networks]
    if len(chosen) == 0:
        return None
    experiment = Experiment(
        initial=trained.experiment.initial,
        networks=len(chosen),
        epochs=config.effort.crossing_epochs,
        learning_rate=config.network_learning_rate,
        seed=config.seed,
        snapshot_every=1,
    )
    with progress.task("following every step", experiment.epochs) as done_so_far:
        starts = [_before_learning(trained, int(k)) for k in chosen]
        networks = jax.tree.map(lambda *rows: np.stack(rows).astype(np.float64), *starts)
        followed = experiment.train(networks, progress=done_so_far, chunk=50)
    with progress.task("predicting every step", len(chosen)) as done_so_far:
        rows: list[_Step] = []
        for k in range(len(chosen)):
            rows += _steps(followed, k, config.network_learning_rate)
            done_so_far(k + 1)
    results = _joined(rows)
    _compare(report, results)
    return results


def _before_learning(trained: Population, which: int) -> RankOne:
    """The last snapshot before the network first solves the task."""
    solved = np.argmax(trained.result.history.probes.accuracy[:, which] >= LEARNED)
    index = max(0, int(solved) // SNAPSHOT_EVERY - 1)
    return jax.tree.map(lambda leaf: np.asarray(leaf[which]), trained.result.snapshots.networks[index])


@dataclass(frozen=True)
class _Step:
    network: int
    epoch: int
    prediction: Crossing
    crossed: bool
    blocked: bool


def _steps(followed: Trained[RankOne], which: int, rate: float) -> list[_Step]:
    """Every step of one network that has something to predict or to be blamed for."""
    vectors = [rank_one_vectors(networks) for networks in (*followed.snapshots.networks, followed.networks)]
    m, n, b = (np.stack([vector[which] for vector in column]) for column in zip(*vectors, strict=True))
    fixed, turning = certify_fixed_points(m, n, b), certify_turning_points(m, n, b)
    rows = []
    for epoch in range(len(m) - 1):
        crossed = bool(fixed.counts[epoch + 1] > fixed.counts[epoch])
        if not (fixed.certified[epoch] and fixed.certified[epoch + 1] and (crossed or turning.counts[epoch])):
            continue
        before, after = ((m[k], n[k], b[k]) for k in (epoch, epoch + 1))
        g_m, g_n, g_b = ((old - new) / rate for old, new in zip(before, after, strict=True))
        prediction = predict_crossing(LatentCircuit(*before), (g_m, g_n, g_b), rate)
        start = LatentCircuit(*after).start()
        places = fixed.of(epoch + 1).roots
        blocked = bool(np.any((places > start) & (places < THRESHOLD)))
        rows.append(_Step(which, epoch, prediction, crossed, blocked))
    return rows


def _joined(rows: list[_Step]) -> CrossingResults:
    seen = [row for row in rows if row.prediction.ghost is not None]
    return CrossingResults(
        network=np.array([row.network for row in seen], dtype=int),
        epoch=np.array([row.epoch for row in seen], dtype=int),
        effective_r=np.array([row.prediction.ghost.effective_r for row in seen if row.prediction.ghost is not None]),
        ratio=np.array([row.prediction.learning_rate / row.prediction.critical_learning_rate for row in seen]),
        second_order=np.array([row.prediction.learning_rate / row.prediction.second_order_rate for row in seen]),
        crossed=np.array([row.crossed for row in seen], dtype=bool),
        unforeseen=sum(row.crossed for row in rows if row.prediction.ghost is None),
        behind_start=sum(row.crossed and not row.blocked for row in rows),
    )


def _compare(report: Report, results: CrossingResults) -> None:
    for order, ratio in (("first order", results.ratio), ("second order", results.second_order)):
        table = results.table(ratio)
        report.check(
            f"saddle-nodes at the next step, {order}: foreseen of those that happened",
            predicted=table["hits"] + table["misses"],
            measured=table["hits"],
            tolerance=Reported(
                f"{table['misses']} misses, {table['false_alarms']} false alarms, {table['silences']} steps"
            ),
            claim=BEHIND_FIXED_POINTS,
        )
        report.quantity(f"crossings_{order.replace(' ', '_')}", table)
    happened = int(results.crossed.sum()) + results.unforeseen
    report.check(
        "saddle-nodes whose fixed points lie behind the network's start and block nothing",
        predicted=0,
        measured=results.behind_start,
        tolerance=Reported(f"of {happened}: a saddle-node need not end the learning"),
    )


def figures(config: Config, results: CrossingResults | None) -> tuple[Plot, ...]:
    """Every step past a ghost: its effective r against the rate in units of the network's critical one."""
    if results is None or len(results.ratio) == 0:
        return ()
    moving = results.ratio > 0
    with style():
        figure, axes = new_figure(5.6, 3.8)
        quiet, crossed = moving & ~results.crossed, results.crossed
        axes.plot(results.ratio[quiet], results.effective_r[quiet], label="no saddle-node at the next step", **MEASURED)
        star: dict[str, Any] = {"marker": "*", "linestyle": "none", "color": SERIES[1], "markersize": 9}
        axes.plot(results.ratio[crossed], results.effective_r[crossed], label="saddle-node at the next step", **star)
        axes.axvline(1.0, label="predicted: beyond this", **PREDICTED)
        axes.set(
            xscale="log",
            xlabel="learning rate / the network's critical rate",
            ylabel=f"distance of the ghost, {typeset('r_eff')}",
        )
        legend_below(figure, 2)
    data = {"ratio": results.ratio, "effective_r": results.effective_r, "crossed": results.crossed}
    data |= {"network": results.network, "epoch": results.epoch, "second_order": np.asarray(results.second_order)}
    caption = (
        f"{len(results.ratio)} steps of gradient descent past a ghost, of {len(np.unique(results.network))} networks, "
        f"and whether they ended in a saddle-node: {int(results.crossed.sum())} did."
    )
    return (plot("crossing", caption, figure, data),)
