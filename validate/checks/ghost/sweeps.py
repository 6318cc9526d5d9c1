"""Figs. S1 and S2: final loss against learning rate for rank one, and learning against the number of ranks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.initial import RankRZeroBias, ZeroBias
from simulate.population import LEARNED, Experiment, Population, population
from validate.checks.ghost.resume import resumable
from validate.checks.ghost.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Reported

RANK_ONE_RATES = (1e-4, 1e-1)  # the paper's range, Fig. S1
RANK_RATES = (1e-2, 1.0)  # the paper names no rates for Fig. S2: from safe to far too high for most ranks


@dataclass(frozen=True)
class Sweep:
    """One trained population, `seeds` networks at each of `rates`, in the order of the rates."""

    label: str
    rates: Float[np.ndarray, " rates"]
    trained: Population

    def by_rate(self, values: Float[np.ndarray, " networks"]) -> Float[np.ndarray, "rates seeds"]:
        """One row a rate."""
        return np.asarray(values, dtype=float).reshape(len(self.rates), -1)

    @property
    def final_loss(self) -> Float[np.ndarray, "rates seeds"]:
        """Mean loss of each network over its last fifty epochs."""
        return self.by_rate(np.asarray(self.trained.result.history.tail.loss).mean(axis=0))

    @property
    def first_solved(self) -> Float[np.ndarray, "rates seeds"]:
        """Recorded epoch at which each network first solved the task; NaN for those that never did."""
        history = self.trained.result.history
        solved = history.probes.accuracy >= LEARNED
        first = history.epochs[np.argmax(solved, axis=0)].astype(float)
        return self.by_rate(np.where(solved.any(axis=0), first, np.nan))


@dataclass(frozen=True)
class SweepResults:
    """S1 for rank one, and S2 with one sweep a rank."""

    rank_one: Sweep
    ranks: tuple[Sweep, ...]


def checks(config: Config, report: Report, progress: Progress) -> SweepResults:
    """Train and report; the short forms say how short they are. Nothing is asserted: the paper gives no numbers."""
    size = config.effort.sweeps
    rates = np.geomspace(*RANK_ONE_RATES, size.rank_one_rates)
    rank_one = _sweep(config, progress, "rank one", ZeroBias(), rates, size.rank_one_seeds, size.rank_one_epochs)
    rates = np.geomspace(*RANK_RATES, size.rank_rates)
    ranks = tuple(
        _sweep(config, progress, f"rank {rank}", RankRZeroBias(rank), rates, size.rank_seeds, size.rank_epochs)
        for rank in size.ranks
    )
    results = SweepResults(rank_one, ranks)
    _report(report, results, size.rank_one_epochs, size.rank_epochs)
    return results


def _sweep(
    config: Config,
    progress: Progress,
    label: str,
    initial: ZeroBias | RankRZeroBias,
    rates: Float[np.ndarray, " rates"],
    seeds: int,
    epochs: int,
) -> Sweep:
    experiment = Experiment(
        initial=initial,
        networks=len(rates) * seeds,
        epochs=epochs,
        learning_rate=np.repeat(rates, seeds),
        seed=config.seed,
        dtype="float32",
        record_every=max(1, epochs // 1000),
    )
    kept = resumable(label.replace(" ", "_"), experiment) if config.effort.full_length else None
    with progress.task(f"sweeping learning rates, {label}", epochs) as done_so_far:
        return Sweep(label, rates, population(experiment, kept, done_so_far))


def _report(report: Report, results: SweepResults, rank_one_epochs: int, rank_epochs: int) -> None:
    mean = results.rank_one.final_loss.mean(axis=1)
    best = results.rank_one.rates[int(np.argmin(mean))]
    report.check(
        "S1: rate with the lowest mean final loss, rank one",
        predicted=None,
        measured=float(best),
        tolerance=Reported(f"{rank_one_epochs} epochs; the best rate falls as training gets longer"),
    )
    report.check(
        "S1: mean final loss at the largest rate, rank one",
        predicted=1.0,
        measured=float(mean[-1]),
        tolerance=Reported("1 is the no-learning zone"),
    )
    for sweep in results.ranks:
        report.check(
            f"S2: networks that solved the task, {sweep.label}",
            predicted=None,
            measured=int(sweep.trained.learned.sum()),
            tolerance=Reported(f"of {sweep.trained.experiment.networks}, {rank_epochs} epochs, all rates"),
        )
