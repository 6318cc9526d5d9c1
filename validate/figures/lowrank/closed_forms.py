"""The filter's loss along vu: closed form and simulation, between the plateau and the target."""

from numpy.typing import ArrayLike

from validate.checks.lowrank.closed_forms import DECAY, SMOOTH, ClosedFormResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_figure, plot, style


def figures(config: Config, results: ClosedFormResults) -> tuple[Plot, ...]:
    """The least loss for given vu, over zm and zu vm."""
    with style():
        figure, axes = new_figure(5.6, 3.6)
        axes.plot(SMOOTH, results.profile, label="closed form", **PREDICTED)
        axes.plot(results.points, results.simulated, label="simulated", **MEASURED)
        axes.axhline(results.saddle_loss, **GUIDE)
        axes.annotate("no loop: the plateau", (SMOOTH[0], results.saddle_loss), va="bottom", fontsize=8)
        axes.set(xlabel="vu", ylabel="least loss for this vu")
        axes.legend(loc="center left")
    data: dict[str, ArrayLike] = {
        "vu": SMOOTH,
        "least_loss": results.profile,
        "vu_simulated": results.points,
        "least_loss_simulated": results.simulated,
        "saddle_loss": results.saddle_loss,
    }
    caption = f"Filter task, decay {DECAY:g}: the loss at the best zm and zu vm; its one minimum is the target."
    return (plot("filter_loss", caption, figure, data),)
