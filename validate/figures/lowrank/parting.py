"""Where closure and truth part: differences against learning time, and the forecast of the closure's error."""

import numpy as np

from theory.closure.trust import SPREAD
from validate.checks.lowrank.judging import TOLERANCE
from validate.checks.lowrank.parting import TIMES, PartingResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, new_panels, plot, style

_MARKERS = {"erf": "o", "tanh": "s", "relu": "^"}


def figures(config: Config, results: PartingResults) -> tuple[Plot, ...]:
    """Both parts of the section."""
    return (_orders(results), _forecasts(results))


def _orders(results: PartingResults) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, (overlaps, losses) = new_panels(2, 7.6, 3.5)
        for each in results.short:
            unit = each.start.loss / each.start.power
            t = each.times / unit
            predicted = np.linalg.norm(each.predicted, axis=(1, 2))
            dots = MEASURED | {"marker": _MARKERS[each.nonlinearity], "label": each.nonlinearity, "zorder": 4}
            overlaps.loglog(t, predicted, **PREDICTED)
            overlaps.loglog(t, each.size, **dots)
            losses.loglog(t, -each.predicted_loss, **PREDICTED)
            losses.loglog(t, -each.loss, **dots)
            data |= {
                f"{each.nonlinearity}_time": t,
                f"{each.nonlinearity}_overlaps": each.size,
                f"{each.nonlinearity}_overlaps_predicted": predicted,
                f"{each.nonlinearity}_loss": -each.loss,
                f"{each.nonlinearity}_loss_predicted": -each.predicted_loss,
            }
        for axes in (overlaps, losses):
            axes.set(xlabel="learning time, in units of L / <|g|²>")
            axes.minorticks_off()
            axes.set_xticks(TIMES, [f"{time:g}" for time in TIMES])
        overlaps.set(ylabel="|Σ infinite width − Σ closure|", title="overlaps: second order (lines: predicted)")
        losses.set(ylabel="loss of closure − of infinite width", title="loss: first order (lines: predicted)")
        losses.legend()
    return plot("parting_orders", "Where the Gaussian closure and the infinitely wide network part.", figure, data)


def _forecasts(results: PartingResults) -> Plot:
    error = np.array([each.error for each in results.judged])
    forecast = np.array([each.trust.error for each in results.judged])
    kind = np.array([each.nonlinearity for each in results.judged])
    ends = np.array([min(forecast.min(), error.min()) / 2, max(forecast.max(), error.max()) * 2])
    with style():
        figure, (axes,) = new_panels(1, 4.8, 4.0)
        axes.fill_between(ends, ends / SPREAD, ends * SPREAD, color="#eeeeee", zorder=0, label="band of the forecast")
        axes.loglog(ends, ends, **PREDICTED)
        for name, marker in _MARKERS.items():
            chosen = kind == name
            axes.loglog(forecast[chosen], error[chosen], **MEASURED | {"marker": marker, "label": name})
        axes.axhline(TOLERANCE, **GUIDE)
        axes.axvline(TOLERANCE / SPREAD, **GUIDE)
        axes.annotate(" trusted to the left ", (TOLERANCE / SPREAD, ends[0] * 1.3), ha="right", fontsize=7)
        axes.set(xlabel="forecast of the closure's relative error", ylabel="relative error after training")
        axes.set(xlim=ends, ylim=ends)
        axes.legend(loc="upper left")
    data = {"forecast": forecast, "error": error, "nonlinearity": kind}
    return plot("closure_trust", "The closure's error, forecast on tasks the forecast was not fitted on.", figure, data)
