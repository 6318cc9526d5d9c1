"""The overlaps of a user's network, and the same as a file that `--sigma` takes."""

import numpy as np

from validate.checks.lowrank.settings import OwnConfig
from validate.checks.lowrank.user_network import NetworkResults
from validate.output import Plot
from validate.plotting import new_figure, plot, style


def figures(config: OwnConfig, results: NetworkResults) -> tuple[Plot, ...]:
    """The Gram matrix; visible overlaps are framed."""
    shape, sigma = results.shape, results.sigma
    size, largest = shape.size, float(np.abs(sigma).max())
    with style():
        figure, axes = new_figure(1.8 + 0.45 * size, 1.0 + 0.45 * size)
        axes.grid(False)
        image = axes.imshow(sigma, cmap="RdBu_r", vmin=-largest, vmax=largest)
        for a in range(size):
            for b in range(size):
                name = shape.overlap(a, b).name
                bold = "bold" if results.roles[name] == "visible" else "normal"
                dark = "white" if abs(sigma[a, b]) > 0.6 * largest else "black"
                axes.text(b, a, f"{sigma[a, b]:.2g}", ha="center", va="center", fontsize=7, weight=bold, color=dark)
        axes.set_xticks(range(size), shape.labels)
        axes.set_yticks(range(size), shape.labels)
        figure.colorbar(image, ax=axes, shrink=0.8)
    caption = f"Overlaps of the user's network of {config.neurons} {config.nonlinearity} neurons; visible ones in bold."
    return (plot("overlaps", caption, figure, {"sigma": sigma, "columns": np.array(shape.labels)}),)


def files(config: OwnConfig, results: NetworkResults) -> dict[str, bytes]:
    """`overlaps.csv`: the Gram matrix to the last digit, its columns named in a comment."""
    rows = [",".join(f"{value:.17g}" for value in row) for row in results.sigma]
    return {"overlaps.csv": "\n".join(["# " + ",".join(results.shape.labels), *rows, ""]).encode()}
