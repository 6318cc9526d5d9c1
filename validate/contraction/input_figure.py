"""Where a network contracts among its constant inputs: their plane, of two neurons, or one direction among them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from theory.contraction.network import Vector
from theory.contraction.regions.autonomous import AutonomousNetwork
from theory.contraction.regions.box import IntervalBox
from theory.contraction.regions.constant_inputs import Amplitudes, contraction
from theory.contraction.regions.fixed_points import FixedPoint, fixed_points, starts
from validate.output import Plot
from validate.palette import ASKED, FAINT, SERIES
from validate.plotting import GUIDE, PREDICTED, legend_below, new_figure, plot, style

CELLS, COARSEST = 16, 4
"""Along an edge of the plane; and of the blocks of cells of all of whose inputs together a proof is sought first."""
AMPLITUDES = 41
"""At which fixed points are drawn."""
_STARTS = 12
PROVED, NEITHER, AGAINST = SERIES[4], FAINT, SERIES[1]
"""Of inputs under which contraction is proved, is left open, and is spoken against by fixed points."""


_STRENGTH = 0.6


def input_plane(name: str, system: AutonomousNetwork, marked: Sequence[Vector], direction: Vector | None) -> Plot:
    """Blocks of inputs under which the network is proved to contract, and where fixed points speak against it."""
    reach = 1.2 * max([1.5, *(float(np.abs(each - system.inputs).max()) for each in marked)])
    across, up = (np.linspace(centre - reach, centre + reach, CELLS + 1) for centre in system.inputs.tolist())
    proved: Bool[np.ndarray, "rows columns"] = np.zeros((CELLS, CELLS), dtype=bool)
    points: Int[np.ndarray, "rows columns"] = np.zeros((CELLS, CELLS), dtype=int)
    unstable: Bool[np.ndarray, "rows columns"] = np.zeros((CELLS, CELLS), dtype=bool)

    def decide(i: int, j: int, size: int) -> None:
        """A block, or its quarters where it is not proved as a whole."""
        low, high = np.array([across[j], up[i]]), np.array([across[j + size], up[i + size]])
        block = np.s_[i : i + size, j : j + size]
        found = _points(replace(system, inputs=(low + high) / 2))
        points[block] = sum(p.stable for p in found)
        unstable[block] = any(p.excess > 0 for p in found)
        inputs = IntervalBox(IntervalBox.at(low.tolist()).lower, IntervalBox.at(high.tolist()).lower)
        doubtful = points[i, j] > 1 or unstable[i, j]
        proved[block] = not doubtful and contraction(system, inputs) is not None
        if not proved[i, j] and size > 1:
            for k, m in np.ndindex(2, 2):
                decide(i + k * size // 2, j + m * size // 2, size // 2)

    for i, j in np.ndindex(CELLS // COARSEST, CELLS // COARSEST):
        decide(i * COARSEST, j * COARSEST, COARSEST)
    shade = np.where(proved, 2, np.where((points > 1) | unstable, 0, 1))
    edges = (across[0], across[-1], up[0], up[-1])
    colours = np.array([to_rgb(colour) for colour in (AGAINST, NEITHER, PROVED)])
    keys = (
        (PROVED, "contracts, certified"),
        (AGAINST, "two stable fixed points, or an unstable one"),
        (NEITHER, "neither"),
    )
    with style():
        figure, axes = new_figure(5.0, 5.4)
        axes.imshow(colours[shade], extent=edges, origin="lower", alpha=_STRENGTH, zorder=0)
        axes.grid(visible=False)
        handles: list[Artist] = [
            Patch(color=colour, label=label, alpha=_STRENGTH, linewidth=0) for colour, label in keys
        ]
        if direction is not None:
            line = system.inputs + np.linspace(0, 2 * reach / np.abs(direction).max(), 2)[:, None] * direction
            handles += axes.plot(*line.T, label="--along", color=ASKED, linestyle="--", linewidth=1.2)
        if len(marked):
            x, y = np.array(marked).T
            label = "--constant-input"
            handles.append(axes.scatter(x, y, s=30, facecolor=ASKED, edgecolor="white", zorder=4, label=label))
        axes.set(xlabel="input of neuron 0", ylabel="input of neuron 1", xlim=edges[:2], ylim=edges[2:])
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    caption = (
        "Constant inputs of two neurons. Contracts: under these inputs all trajectories approach one another, "
        f"certified block by block ({CELLS} x {CELLS} cells). Fixed points: sought from {_STARTS} starts a cell."
    )
    return plot(
        name,
        caption,
        figure,
        {"proved": proved, "stable_points": points, "unstable": unstable, "edges": np.array(edges)},
    )


def amplitude_plot(name: str, system: AutonomousNetwork, direction: Vector, found: Amplitudes) -> Plot:
    """Fixed points by the amplitude, with where contraction is proved and where it is excluded."""
    ends = [end for end in (found.low, found.high) if end]
    amplitudes = np.linspace(0, 2 * max(ends, default=1.0), AMPLITUDES)
    states, places, kinds = [], [], []
    for amplitude in amplitudes.tolist():
        for point in _points(replace(system, inputs=system.inputs + amplitude * direction)):
            states.append(point.state)
            places.append(amplitude)
            kinds.append(point.stable)
    unit = direction / np.linalg.norm(direction)
    heights, stable, where = np.array(states) @ unit, np.array(kinds), np.array(places)
    with style():
        figure, axes = new_figure(5.4, 4.2)
        if found.low is not None:
            axes.axvspan(
                found.low, amplitudes[-1], color=PROVED, alpha=_STRENGTH, linewidth=0, label="contracts, certified"
            )
        if found.high is not None:
            axes.axvline(found.high, label="does not contract here, certified", **PREDICTED)
        axes.axhline(0, **GUIDE)
        axes.scatter(where[stable], heights[stable], s=12, color=ASKED, label="stable fixed points", zorder=3)
        if (~stable).any():
            x, y = where[~stable], heights[~stable]
            axes.scatter(x, y, s=12, facecolor="white", edgecolor=ASKED, zorder=3, label="other fixed points")
        axes.set(xlabel="amplitude of the input", ylabel="state along the input", xlim=(0, amplitudes[-1]))
        legend_below(figure, 2)
    caption = (
        f"Fixed points found as an input grows, at {AMPLITUDES} amplitudes from {_STARTS} starts each; from the shade "
        "on the network contracts, certified."
    )
    data: dict[str, Float[np.ndarray, ...]] = {"amplitude": where, "state": heights, "stable": stable.astype(float)}
    return plot(name, caption, figure, data)


def _points(system: AutonomousNetwork) -> list[FixedPoint]:
    return fixed_points(system, starts(system, _STARTS))
