"""Figs. S1 and S2: final loss against learning rate for rank one, and learning against the number of ranks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.ghost.initial import RankRZeroBias, ZeroBias
from simulate.ghost.population import LEARNED, Experiment, Population, population
from validate.ghost.settings import Config
from validate.output import Plot
from validate.palette import SERIES, shades
from validate.plotting import (
    GUIDE,
    MEASURED,
    ONE_PANEL,
    SEM,
    legend_below,
    legend_under,
    new_figure,
    new_panels,
    plot,
    style,
)
from validate.progress import Progress
from validate.report import Report
from validate.resume import resumable
from validate.tolerance import Reported

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
    rates = np.geomspace(*size.rank_one_range, size.rank_one_rates)
    initial = ZeroBias(neurons=config.neurons, confidence=config.network_confidence)
    rank_one = _sweep(
        config, progress, "rank one", initial, rates=rates, seeds=size.rank_one_seeds, epochs=size.rank_one_epochs
    )
    rates = np.geomspace(*RANK_RATES, size.rank_rates)
    seeds, epochs = size.rank_seeds, size.rank_epochs
    ranks = tuple(
        _sweep(
            config,
            progress,
            f"rank {rank}",
            RankRZeroBias(rank, config.neurons),
            rates=rates,
            seeds=seeds,
            epochs=epochs,
        )
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
    *,
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


def figures(config: Config, results: SweepResults) -> tuple[Plot, ...]:
    """Final loss against rate; loss curves by rank, and what becomes of them at each rate."""
    return _rank_one(results), _ranks(results)


def _rank_one(results: SweepResults) -> Plot:
    sweep = results.rank_one
    loss = sweep.final_loss
    epochs = sweep.trained.experiment.epochs
    with style():
        figure, axes = new_figure(ONE_PANEL, 3.8)
        for seed in range(loss.shape[1]):
            label = f"networks, {loss.shape[1]} a rate" if seed == 0 else None
            axes.plot(sweep.rates, loss[:, seed], label=label, **MEASURED)
        mean, error = loss.mean(axis=1), loss.std(axis=1) / np.sqrt(loss.shape[1])
        axes.errorbar(sweep.rates, mean, error, color=SERIES[1], capsize=2, label=f"mean ({SEM})")
        axes.axhline(1.0, label="loss where nothing is learned", **GUIDE)
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss, mean of the last 50 epochs", ylim=(-0.03, 1.08))
        legend_below(figure, 2)
    caption = (
        f"Fig. S1: final loss of rank-one networks after {epochs} epochs (the paper's: 200,001). Too low a rate has "
        "not learned yet; too high a rate learns and loses it for good. A point a network; bars: the standard error."
    )
    return plot("fig_s1", caption, figure, {"rates": sweep.rates, "final_loss": loss})


def _ranks(results: SweepResults) -> Plot:
    rates = results.ranks[0].rates
    names = [sweep.label for sweep in results.ranks]
    solved = np.stack([np.isfinite(sweep.first_solved).mean(axis=1) for sweep in results.ranks])
    stuck = np.stack([sweep.by_rate(sweep.trained.stuck).mean(axis=1) for sweep in results.ranks])
    data = {"rates": rates, "ranks": np.array(names), "solved": solved, "stuck": stuck}
    best = int(np.argmax((solved - stuck).sum(axis=0)))
    with style():
        figure, (curves, left, right) = new_panels(3, 10.2, 3.8)
        for sweep, colour in zip(results.ranks, shades(len(results.ranks)), strict=True):
            history = sweep.trained.result.history
            seeds = sweep.trained.experiment.networks // len(rates)
            shown = history.probes.loss[:, best * seeds : (best + 1) * seeds]
            curves.plot(history.epochs + 1, shown, color=colour, linewidth=0.7, rasterized=True)
            curves.plot([], [], color=colour, label=sweep.label)
            data[f"loss_{sweep.label.replace(' ', '_')}"] = np.asarray(history.probes.loss)
        curves.set(xlabel="epoch", ylabel="loss, one line a network", xscale="log", ylim=(-0.03, 1.08))
        curves.set_title(f"at rate {rates[best]:.2g}, where most learn")
        legend_under(curves, columns=3)
        for axes, values, title in (
            (left, solved, "solved the task at some epoch"),
            (right, stuck, "stuck at the end"),
        ):
            image = axes.imshow(values, vmin=0, vmax=1, cmap="cividis", aspect="auto", origin="lower")
            axes.set_xticks(range(len(rates)), [f"{rate:.2g}" for rate in rates], rotation=45)
            axes.set_yticks(range(len(names)), names)
            axes.set(xlabel="learning rate")
            axes.set_title(title)
            axes.grid(visible=False)
        figure.colorbar(image, ax=[left, right], label="fraction of networks")
    first = results.ranks[0].trained.experiment
    caption = (
        f"Fig. S2: learning by trainable rank, {first.epochs} epochs: {first.networks // len(rates)} networks of each "
        "rank at each rate. The fractions are of those."
    )
    return plot("fig_s2", caption, figure, data)
