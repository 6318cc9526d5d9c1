"""Figs. S1 and S2."""

import numpy as np

from validate.checks.ghost.settings import Config
from validate.checks.ghost.sweeps import SweepResults
from validate.output import Plot
from validate.plotting import MEASURED, new_figure, new_panels, plot, style

COLOURS = ("#1f4e79", "#2f74ad", "#5b9bd0", "#2e8b57", "#86b84a", "#c7b30a", "#c77f0a", "#c4501e", "#b3272d")


def figures(config: Config, results: SweepResults) -> tuple[Plot, ...]:
    """Final loss against rate; loss curves by rank at a low, a middle and a high rate."""
    return _rank_one(results), _ranks(results)


def _rank_one(results: SweepResults) -> Plot:
    sweep = results.rank_one
    loss = sweep.final_loss
    with style():
        figure, axes = new_figure(5.4, 3.6)
        for seed in range(loss.shape[1]):
            label = f"networks, {loss.shape[1]} a rate" if seed == 0 else None
            axes.plot(sweep.rates, loss[:, seed], label=label, **MEASURED)
        mean, error = loss.mean(axis=1), loss.std(axis=1) / np.sqrt(loss.shape[1])
        axes.errorbar(sweep.rates, mean, error, color="#c77f0a", capsize=2, label="mean, s.e.m.")
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss, mean of the last 50 epochs", ylim=(-0.03, 1.08))
        axes.legend(loc="lower left")
    epochs = sweep.trained.experiment.epochs
    caption = f"Fig. S1: final loss of rank-one networks after {epochs} epochs (the paper's: 200,001)."
    return plot("fig_s1", caption, figure, {"rates": sweep.rates, "final_loss": loss})


def _ranks(results: SweepResults) -> Plot:
    rates = results.ranks[0].rates
    names = [sweep.label for sweep in results.ranks]
    solved = np.stack([np.isfinite(sweep.first_solved).mean(axis=1) for sweep in results.ranks])
    stuck = np.stack([sweep.by_rate(sweep.trained.stuck).mean(axis=1) for sweep in results.ranks])
    data = {"rates": rates, "ranks": np.array(names), "solved": solved, "stuck": stuck}
    with style():
        figure, (curves, left, right) = new_panels(3, 10.2, 3.4)
        for index, sweep in enumerate(results.ranks):
            history = sweep.trained.result.history
            seeds = sweep.trained.experiment.networks // len(rates)
            colour = COLOURS[index * len(COLOURS) // len(results.ranks)]
            curves.plot(history.epochs, history.probes.loss[:, :seeds], color=colour, linewidth=0.8)
            curves.plot([], [], color=colour, label=sweep.label)
            data[f"loss_{sweep.label.replace(' ', '_')}"] = np.asarray(history.probes.loss)
        curves.set(xlabel="epoch", ylabel="loss, one line a seed", xscale="symlog", ylim=(-0.03, 1.08))
        curves.set_title(f"rate {rates[0]:g}")
        curves.legend(loc="lower left")
        for axes, values, title in (
            (left, solved, "solved the task at some epoch"),
            (right, stuck, "stuck at the end"),
        ):
            image = axes.imshow(values, vmin=0, vmax=1, cmap="viridis", aspect="auto", origin="lower")
            axes.set_xticks(range(len(rates)), [f"{rate:.2g}" for rate in rates], rotation=45)
            axes.set_yticks(range(len(names)), names)
            axes.set(xlabel="learning rate")
            axes.set_title(title)
            axes.grid(visible=False)
        figure.colorbar(image, ax=[left, right], label="fraction of networks")
    epochs = results.ranks[0].trained.experiment.epochs
    return plot("fig_s2", f"Fig. S2: learning by trainable rank, {epochs} epochs.", figure, data)
