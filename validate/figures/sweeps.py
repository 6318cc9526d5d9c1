"""Figs. S1 and S2."""

import numpy as np

from validate.checks.settings import Config
from validate.checks.sweeps import SweepResults
from validate.plotting import MEASURED, Plot, new_figure, new_panels, plot, style

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
    chosen = sorted({0, len(rates) // 2, len(rates) - 1})
    data = {"rates": rates, "ranks": np.array([sweep.label for sweep in results.ranks])}
    with style():
        figure, panels = new_panels(len(chosen), 9.6, 3.3)
        for axes, row in zip(panels, chosen, strict=True):
            for index, sweep in enumerate(results.ranks):
                history = sweep.trained.result.history
                seeds = sweep.trained.experiment.networks // len(rates)
                curves = history.probes.loss[:, row * seeds : (row + 1) * seeds]
                colour = COLOURS[index * len(COLOURS) // len(results.ranks)]
                axes.plot(history.epochs, curves, color=colour, linewidth=0.7, alpha=0.8)
                axes.plot([], [], color=colour, label=sweep.label)
            axes.set(xlabel="epoch", xscale="symlog", ylim=(-0.03, 1.08))
            axes.set_title(f"rate {rates[row]:g}")
        panels[0].set_ylabel("loss")
        panels[0].legend(loc="lower left")
    for sweep in results.ranks:
        data[f"first_solved_{sweep.label.replace(' ', '_')}"] = sweep.first_solved
        data[f"final_loss_{sweep.label.replace(' ', '_')}"] = sweep.final_loss
    epochs = results.ranks[0].trained.experiment.epochs
    return plot("fig_s2", f"Fig. S2: loss by trainable rank, one line a seed, {epochs} epochs.", figure, data)
