"""Certified basins in a plane: their shadows, trajectories that begin on them and, of two neurons, the true basins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from theory.contraction.regions.autonomous import AutonomousNetwork, States
from theory.contraction.regions.certify_basin import FoundBasin
from theory.contraction.regions.fixed_points import FixedPoint, settled, stride_of
from theory.contraction.regions.outside import steps_of
from validate.output import Plot
from validate.palette import ASKED, MUTED, SERIES
from validate.plotting import legend_below, new_figure, plot, style

_TRAJECTORIES = 12
_STEPS = 60
_GRID = 160
_ARRIVED = 1e-3


@dataclass(frozen=True, eq=False)
class Plane:
    """An origin and two orthonormal directions."""

    origin: Float[np.ndarray, " n"]
    directions: Float[np.ndarray, "n two"]

    def shadow(self, states: States) -> Float[np.ndarray, "states two"]:
        """Where states are seen."""
        return np.asarray((states - self.origin) @ self.directions)

    def outline(self, found: FoundBasin) -> Float[np.ndarray, "points two"]:
        """The edge of an ellipsoid's shadow: that of V^T X V."""
        root = np.linalg.cholesky(self.directions.T @ found.shape @ self.directions)
        angles = np.linspace(0, 2 * np.pi, 181)
        circle = np.column_stack([np.cos(angles), np.sin(angles)])
        return np.asarray(self.shadow(found.fixed_point.state[None]) + circle @ root.T)


def plane_of(points: Sequence[FixedPoint], found: Sequence[FoundBasin]) -> Plane:
    """The one in which fixed points lie furthest apart; of a single one, that of its ellipsoid's longest semi-axes."""
    states = np.array([point.state for point in points])
    if states.shape[1] == 2:
        return Plane(np.zeros(2), np.eye(2))
    spread = states - states.mean(axis=0)
    long = np.linalg.eigh(found[0].shape)[1][:, ::-1][:, :2].T
    directions = np.linalg.svd(np.vstack([spread, 1e-6 * long]))[2][:2].T
    return Plane(states.mean(axis=0), directions)


def basin_plot(name: str, system: AutonomousNetwork, points: Sequence[FixedPoint], found: Sequence[FoundBasin]) -> Plot:
    """Ellipsoids, fixed points (open ones are unstable), and trajectories from the ellipsoids' surfaces."""
    plane = plane_of(points, found)
    outlines = [plane.outline(each) for each in found]
    paths = [_paths(each, plane) for each in found]
    shadows = [np.array([plane.shadow(states) for states in each]) for each in paths]
    data: dict[str, np.ndarray] = {"outlines": np.array(outlines), "paths": np.array(shadows)}
    caption = (
        f"All states of an ellipsoid tend to its fixed point, certified ({len(found)}, seen in a plane). Thin lines: "
        f"{_TRAJECTORIES} trajectories from the edge of each."
    )
    plain = system.network.size == 2
    with style():
        figure, axes = new_figure(5.4, 5.2)
        if plain:
            edges, reached = _true_basins(system, found, outlines)
            colours = np.array([[1.0, 1.0, 1.0]] + [_light(k) for k in range(len(found))])
            axes.imshow(colours[reached + 1], extent=edges, origin="lower", zorder=0)
            axes.set(xlim=edges[:2], ylim=edges[2:])
            axes.grid(visible=False)
            data |= {"reached": reached, "edges": np.array(edges)}
            caption += f" Shades: the true basins, by brute force from {_GRID} x {_GRID} states."
        for k, (outline, shadow) in enumerate(zip(outlines, shadows, strict=True)):
            colour = _colour(k)
            axes.plot(*outline.T, color=colour, linewidth=1.6, zorder=3)
            for path in shadow.transpose(1, 0, 2):
                axes.plot(*path.T, color=colour, linewidth=0.6, alpha=0.7, zorder=2)
        axes.plot([], [], color=MUTED, linewidth=1.6, label="certified basin")
        axes.plot([], [], color=MUTED, linewidth=0.6, label="trajectory")
        for stable, face in ((True, ASKED), (False, "#ffffff")):
            kind = [point.state for point in points if point.stable == stable]
            if kind:
                label = "stable" if stable else "unstable"
                places = plane.shadow(np.array(kind))
                x, y = places.T
                axes.scatter(x, y, s=22, facecolor=face, edgecolor=ASKED, zorder=4, label=f"{label} fixed point")
                data[f"{label}_points"] = places
        first, second = ("of neuron 0", "of neuron 1") if plain else ("along the first axis", "along the second axis")
        axes.set(xlabel=f"state {first}", ylabel=f"state {second}", aspect="equal")
        legend_below(figure, 2)
    return plot(name, caption, figure, data)


def _colour(k: int) -> str:
    """Of the k-th ellipsoid."""
    return SERIES[k % len(SERIES)]


def _light(k: int) -> tuple[float, float, float]:
    """A light shade of colour k."""
    colour = _colour(k)
    red, green, blue = (1 - (1 - int(colour[i : i + 2], 16) / 255) * 0.25 for i in (1, 3, 5))
    return red, green, blue


def _paths(found: FoundBasin, plane: Plane) -> Float[np.ndarray, "steps trajectories n"]:
    """Trajectories from those states of the ellipsoid's surface that are seen on the edge of its shadow."""
    angles = np.arange(_TRAJECTORIES) * 2 * np.pi / _TRAJECTORIES
    seen = found.shape @ plane.directions
    root = np.linalg.cholesky(plane.directions.T @ seen)
    circle = np.linalg.solve(root.T, np.array([np.cos(angles), np.sin(angles)]))
    states = found.fixed_point.state + (seen @ circle).T
    path, stride = [states], stride_of(found.system)
    for _ in range(_STEPS):
        moved = found.system.moved(states)
        states = moved if found.system.discrete else states + stride * moved
        path.append(states)
    return np.array(path)


def _true_basins(
    system: AutonomousNetwork, found: Sequence[FoundBasin], outlines: Sequence[np.ndarray]
) -> tuple[tuple[float, float, float, float], Int[np.ndarray, "rows columns"]]:
    """Which of the points is reached from each state of a grid, -1 for none; and the grid's edges."""
    spots = np.array([each.fixed_point.state for each in found])
    centre, near = spots.mean(axis=0), 1.3 * np.abs(spots - spots.mean(axis=0)).max(axis=0) + 0.5
    seen = np.abs(np.vstack(list(outlines)) - centre).max(axis=0)
    left, below = centre - np.clip(1.1 * seen, near, 3 * near)
    right, above = 2 * centre - (left, below)
    edges = (float(left), float(right), float(below), float(above))
    across, up = np.linspace(edges[0], edges[1], _GRID), np.linspace(edges[2], edges[3], _GRID)
    states = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    ends = settled(system, states, steps_of(system))
    distances = np.abs(ends[:, None] - spots).max(axis=2)
    reached = np.where(distances.min(axis=1) < _ARRIVED, distances.argmin(axis=1), -1)
    return edges, reached.reshape(_GRID, _GRID)
