"""Plateaus of the filter, their predicted ends and what shortens them; the oscillator's way past its saddles."""

import numpy as np
from numpy.typing import ArrayLike

from validate.checks.lowrank.plateaus import (
    FRACTION,
    NUDGE,
    NUDGED,
    SNAPSHOTS,
    Filter,
    Nudges,
    Oscillator,
    PlateauResults,
)
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_panels, plot, style

RUNS = ("#0b2545", "#1f4e79", "#5b8db8", "#9cc3e0")


def figures(config: Config, results: PlateauResults) -> tuple[Plot, ...]:
    """One figure a task."""
    return (_filter(results.filter, results.nudges), _oscillator(results.oscillator))


def _filter(runs: Filter, nudges: Nudges) -> Plot:
    with style():
        figure, (left, middle, right) = new_panels(3, 10.5, 3.4)
        for size, loss, end, colour in zip(runs.sizes, runs.loss, runs.predicted, RUNS, strict=False):
            left.plot(loss, color=colour, label=f"start {size:g}", linewidth=1.3)
            left.plot([end], [(1 - FRACTION) * runs.saddle_loss], color=PREDICTED["color"], marker="v", markersize=5)
        left.axhline(runs.saddle_loss, **GUIDE)
        left.set(xlabel="epoch", ylabel="loss")
        left.legend(loc="center right")
        middle.plot(runs.sizes, runs.predicted, label="predicted", **PREDICTED)
        middle.plot(runs.sizes, runs.measured, label="overlap map", **MEASURED)
        middle.set(xscale="log", xlabel="size of zu and vm at the start", ylabel="epochs of plateau")
        middle.legend()
        places = np.arange(len(NUDGED))
        right.barh(places, nudges.predicted, color=PREDICTED["color"], alpha=0.35, label="predicted")
        right.plot(nudges.measured, places, label="overlap map", **MEASURED)
        right.set(yticks=places, yticklabels=NUDGED, xlabel=f"epochs that raising it by {2 * NUDGE:g} adds")
        right.set_xscale("symlog", linthresh=1)
        right.legend(loc="lower right")
    data: dict[str, ArrayLike] = {
        "sizes": runs.sizes,
        "loss": runs.loss,
        "predicted_epochs": runs.predicted,
        "measured_epochs": runs.measured,
        "saddle_loss": runs.saddle_loss,
        "overlaps": np.array(NUDGED),
        "predicted_shift": nudges.predicted,
        "measured_shift": nudges.measured,
    }
    caption = (
        "Filter task: plateaus and their predicted ends (red); their length against the start; what shortens them."
    )
    return plot("filter_plateaus", caption, figure, data)


def _oscillator(run: Oscillator) -> Plot:
    with style():
        figure, (left, right) = new_panels(2, 9.0, 3.4)
        left.plot(run.loss, color=RUNS[1], linewidth=1.4)
        for level, name in zip(run.rank_losses, ("no loop", "rank one"), strict=True):
            left.axhline(level, **GUIDE)
            left.annotate(f"{name} at its best", (len(run.loss), level), ha="right", va="bottom", fontsize=8)
        left.axvline(run.predicted, color=PREDICTED["color"], linewidth=1.0, linestyle="--", label="predicted end")
        left.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.25 * run.loss[0]))
        left.legend(loc="upper right")
        right.plot(run.times, run.target, color="black", alpha=0.3, linewidth=3.2, label="target")
        for epoch, response, colour in zip(SNAPSHOTS, run.responses, RUNS[::-1], strict=False):
            right.plot(run.times, response, color=colour, linewidth=1.2, label=f"epoch {epoch}")
        right.set(xlabel="time (time constants)", ylabel="response to an impulse")
        right.legend()
    data: dict[str, ArrayLike] = {
        "loss": run.loss,
        "predicted_end": run.predicted,
        "rank_losses": np.array(run.rank_losses),
        "times": run.times,
        "epochs": np.array(SNAPSHOTS),
        "responses": run.responses,
        "target": run.target,
    }
    caption = (
        "Damped oscillator at rank two: the loss on its way from a saddle to the target, and the learned response."
    )
    return plot("oscillator_learning", caption, figure, data)
