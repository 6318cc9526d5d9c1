"""Three levels of a nonlinear network: loss and overlaps, error against size, and rows that stop being normal."""

import numpy as np

from theory.lowrank.shape import Shape
from validate.checks.lowrank.nonlinear import Levels
from validate.checks.lowrank.settings import Config
from validate.checks.lowrank.size_law import SizeLaw
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, mark_values, new_grid, new_panels, plot, style

LIMIT, CLOSURE = "#1b6ca8", "#c0392b"


def figures(config: Config, results: tuple[Levels, ...]) -> tuple[Plot, ...]:
    """One column of panels a nonlinearity."""
    return (_against_epochs(results), _against_size(results), _readouts(results))


def _against_epochs(results: tuple[Levels, ...]) -> Plot:
    labels = Shape().labels
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_grid(2, len(results), width=9.6, height=5.2)
        for column, levels in enumerate(results):
            loss, overlap = panels[0][column], panels[1][column]
            epochs = np.arange(len(levels.closure.loss))
            loss.semilogy(epochs, levels.limit.loss, color=LIMIT, label="infinite width")
            loss.semilogy(epochs, levels.closure.loss, color=CLOSURE, linestyle="--", label="Gaussian closure")
            for a, label in enumerate(labels):
                overlap.plot(epochs, levels.limit.sigma[:, a, a], color=LIMIT)
                overlap.plot(epochs, levels.closure.sigma[:, a, a], color=CLOSURE, linestyle="--")
                overlap.annotate(label * 2, (epochs[-1], levels.limit.sigma[-1, a, a]), fontsize=8)
            loss.set(title=levels.nonlinearity, ylabel="loss" if column == 0 else "")
            overlap.set(xlabel="epoch", ylabel="overlap" if column == 0 else "")
            data |= {
                f"{levels.nonlinearity}_limit_loss": np.asarray(levels.limit.loss),
                f"{levels.nonlinearity}_closure_loss": np.asarray(levels.closure.loss),
                f"{levels.nonlinearity}_limit_sigma": np.asarray(levels.limit.sigma),
                f"{levels.nonlinearity}_closure_sigma": np.asarray(levels.closure.sigma),
            }
        panels[0][0].legend()
    return plot("closure_and_limit", "The Gaussian closure and the infinite-width limit part.", figure, data)


def _against_size(results: tuple[Levels, ...]) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(results), width=9.6, height=3.2)
        for axes, levels in zip(panels, results, strict=True):
            for law, colour, name in (
                (levels.to_closure, CLOSURE, "from the closure"),
                (levels.to_limit, LIMIT, "from the limit"),
            ):
                axes.loglog(law.sizes, law.root_mean_square, label=f"networks {name}", **MEASURED | {"color": colour})
                axes.loglog(law.sizes, _fitted(law), **PREDICTED | {"color": colour})
                data[f"{levels.nonlinearity}_{name.replace(' ', '_')}"] = law.distances
            axes.axhline(levels.bias[-1], **GUIDE)
            axes.annotate(
                "closure from limit", (levels.to_limit.sizes[0], 0.93 * levels.bias[-1]), fontsize=8, va="top"
            )
            axes.set(title=levels.nonlinearity, xlabel="neurons N")
            mark_values(axes, levels.to_limit.sizes.tolist())
            data[f"{levels.nonlinearity}_closure_from_limit"] = levels.bias[-1]
        panels[0].set_ylabel("distance of Gram matrices")
        panels[0].legend(loc="lower left")
        data["neurons"] = results[0].to_limit.sizes
    return plot("error_against_size", "Networks tend to the limit as N^-1/2, not to the closure.", figure, data)


def _fitted(law: SizeLaw) -> np.ndarray:
    return np.sqrt(np.maximum(law.floor_square.value + law.amplitude_square.value / law.sizes, 0))


def _readouts(results: tuple[Levels, ...]) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, panels = new_panels(len(results), width=9.6, height=2.8)
        for axes, levels in zip(panels, results, strict=True):
            z = levels.readouts / levels.readouts.std()
            heights, edges = np.histogram(z, bins=60, range=(-5, 5), density=True)
            middle = (edges[1:] + edges[:-1]) / 2
            axes.semilogy(middle, np.maximum(heights, 1e-6), label="networks", **MEASURED)
            axes.semilogy(middle, np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi), label="normal", **PREDICTED)
            axes.set(
                title=f"{levels.nonlinearity}: excess kurtosis {levels.kurtosis[-1]:.2f}",
                xlabel="readout weight / its s.d.",
                ylim=(1e-4, 1),
            )
            data[f"{levels.nonlinearity}_density"] = heights
            data[f"{levels.nonlinearity}_kurtosis"] = levels.kurtosis
        data["readout"] = middle
        panels[0].set_ylabel("density")
        panels[0].legend(loc="lower center")
    return plot("readouts", "The readout weights stop being normal in training.", figure, data)
