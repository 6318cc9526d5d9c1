"""What each overlap is to the outputs and to learning, for every set of frozen blocks; how far probe pairs part."""

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from theory.lowrank.visible import FROZEN_PATTERNS, OverlapRoles
from validate.checks.lowrank.equations import EquationResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, new_figure, new_panels, plot, style

ROLES = (
    ("visible, moving", "#b3272d"),
    ("visible, constant", "#e8b7b9"),
    ("invisible, moving, felt by learning", "#1f4e79"),
    ("invisible, moving, never felt", "#8fb4d6"),
    ("invisible, constant", "#eeeeee"),
)


def figures(config: Config, results: EquationResults) -> tuple[Plot, ...]:
    """The table of roles for linear and erf networks, and the partings of pairs."""
    return (_roles(results), _partings(results))


def _roles(results: EquationResults) -> Plot:
    tables = {name: np.array([_codes(roles) for roles in patterns]) for name, patterns in results.roles.items()}
    overlaps = [each.name for each in next(iter(results.roles.values()))[0].overlaps]
    rows = ["".join(block for block in "muvz" if block in frozen) or "none" for frozen in FROZEN_PATTERNS]
    with style():
        figure, panels = new_panels(len(tables), 7.4, 4.6)
        for axes, (name, table) in zip(panels, tables.items(), strict=True):
            _draw(axes, table, overlaps)
            axes.set(title=name, xlabel="overlap")
        panels[0].set_yticks(np.arange(len(rows)) + 0.5, rows)
        panels[0].set_ylabel("frozen blocks")
        for axes in panels[1:]:
            axes.set_yticks([])
        handles = [Patch(color=colour, label=label) for label, colour in ROLES]
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
    caption = "The roles of the ten overlaps of a rank-one network, whichever blocks are left untrained."
    data = {"overlaps": np.array(overlaps), "frozen": np.array(rows), "roles": np.array([label for label, _ in ROLES])}
    return plot("overlap_roles", caption, figure, data | tables)


def _draw(axes: Axes, table: Int[np.ndarray, "patterns overlaps"], overlaps: list[str]) -> None:
    colours = ListedColormap([colour for _, colour in ROLES])
    norm = BoundaryNorm(np.arange(len(ROLES) + 1) - 0.5, len(ROLES))
    axes.pcolormesh(table, cmap=colours, norm=norm, edgecolors="white", linewidth=1.2)
    axes.grid(False)
    axes.invert_yaxis()
    axes.set_xticks(np.arange(len(overlaps)) + 0.5, overlaps)


def _codes(roles: OverlapRoles) -> list[int]:
    """The place in ROLES of each overlap."""
    found = []
    for overlap in roles.overlaps:
        if overlap in roles.visible:
            found.append(0 if overlap in roles.moving else 1)
        elif overlap in roles.moving:
            found.append(2 if overlap in roles.felt_memory else 3)
        else:
            found.append(4)
    return found


def _partings(results: EquationResults) -> Plot:
    rates = results.rates
    with style():
        figure, axes = new_figure(4.6, 3.4)
        axes.plot(rates, results.parting_felt, **MEASURED, label="pair along mm")
        axes.plot(rates, results.parting_unfelt, **MEASURED | {"markerfacecolor": "white"}, label="pair along A")
        line = results.parting_unfelt[-1] * rates / rates[-1]
        axes.plot(rates, line, **PREDICTED, label="proportional to the rate")
        axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="parting of visible overlaps")
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.minorticks_off()
        axes.legend()
    caption = "Networks that differ along A = diag(1, 1, -1, -1) learn alike, but for steps of finite size."
    data = {"rate": rates, "parting_along_mm": results.parting_felt, "parting_along_A": results.parting_unfelt}
    return plot("unfelt_direction", caption, figure, data)
