"""The roles of the overlaps: what the outputs depend on, and what moves whichever blocks are left untrained."""

import equinox as eqx
import jax
import numpy as np
import sympy as sp
from jaxtyping import Array, Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from simulate.overlaps.closure import Closure
from simulate.tasks.task import Batch
from simulate.training.rule import GradientDescent
from theory.overlaps import gaussian
from theory.overlaps.equations.gram import trained_except
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import FROZEN_PATTERNS, OverlapRoles
from theory.overlaps.overlap_theory import OverlapTheory
from validate.output import Plot
from validate.overlaps.three_neurons import short_task, three_neurons
from validate.palette import FAINT, MEASUREMENT, SERIES
from validate.plotting import new_panels, plot, style
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Exact

Roles = dict[str, tuple[OverlapRoles, ...]]
"""By nonlinearity, in the order of `FROZEN_PATTERNS`."""


def roles_of_rank_one() -> Roles:
    """Of linear and of erf networks."""
    return {
        phi.name: tuple(OverlapTheory(Shape(), phi).roles(frozen) for frozen in FROZEN_PATTERNS)
        for phi in (gaussian.LINEAR, gaussian.ERF)
    }


def compare_visible(report: Report, seed: int) -> None:
    """Derivatives of the outputs at the overlaps of three neurons, over six steps."""
    shape = Shape()
    sigma, batch = three_neurons(shape, seed).sigma(), short_task(shape, seed, steps=6).batch
    for phi in gaussian.NONLINEARITIES.values():
        slopes = np.abs(np.asarray(_slopes(Closure(shape, phi), sigma, batch))).max((0, 1, 2))
        report.check(
            f"{phi.name}: overlaps that the outputs depend on",
            predicted=_words(OverlapTheory(shape, phi).visible),
            measured=_names(shape, (slopes + slopes.T) > 0),
            tolerance=Exact("derivatives, zero bit for bit or not"),
        )


@eqx.filter_jit
def _slopes(closure: Closure, sigma: Float[Array, "d d"], batch: Batch) -> Float[Array, "trials steps outputs d d"]:
    return jax.jacrev(closure.outputs)(sigma, batch)


def compare_moving(report: Report, seed: int) -> None:
    """A step of three neurons with each set of blocks frozen."""
    shape = Shape()
    network, task = three_neurons(shape, seed), short_task(shape, seed)
    measured, gradient = network.loss_and_gradient(task.batch)
    agree = 0
    for frozen in FROZEN_PATTERNS:
        m, u, v, z = (float(rate) for rate in trained_except(frozen))
        rule = GradientDescent(0.1, block_rates=(m, u, v, z))
        after, _ = rule.step(network, gradient, rule.init(network), loss=measured.loss, key=jax.random.key(0))
        moved = np.abs(np.asarray(after.sigma() - network.sigma())) > 0
        agree += _names(shape, moved) == _words(OverlapTheory(shape).roles(frozen).moving)
    report.check(
        "linear: sets of frozen blocks for which the overlaps that move are those the equations name",
        predicted=len(FROZEN_PATTERNS),
        measured=agree,
        tolerance=Exact("a step of three neurons; what stays, stays bit for bit"),
    )


def _words(overlaps: tuple[sp.Symbol, ...]) -> str:
    return " ".join(each.name for each in overlaps)


def _names(shape: Shape, table: Bool[np.ndarray, "d d"]) -> str:
    """The overlaps where a symmetric table is true."""
    return _words(tuple(shape.overlap(a, b) for a, b in shape.pairs if table[a, b]))


ROLES = (
    ("visible, moving", SERIES[1]),
    ("visible, constant", "#f7dfae"),
    ("invisible, moving, felt by learning", MEASUREMENT),
    ("invisible, moving, never felt", SERIES[4]),
    ("invisible, constant", FAINT),
)


def draw_roles(found: Roles) -> Plot:
    """A table a nonlinearity: the frozen blocks against the overlaps."""
    tables = {name: np.array([_codes(roles) for roles in patterns]) for name, patterns in found.items()}
    overlaps = [each.name for each in next(iter(found.values()))[0].overlaps]
    rows = ["".join(block for block in "muvz" if block in frozen) or "none" for frozen in FROZEN_PATTERNS]
    with style():
        figure, panels = new_panels(len(tables), 7.4, 4.6)
        for axes, (name, table) in zip(panels, tables.items(), strict=True):
            _draw(axes, table, overlaps)
            axes.set(title=typeset(name), xlabel="overlap")
        panels[0].set_yticks(np.arange(len(rows)) + 0.5, [", ".join(row) if row != "none" else row for row in rows])
        panels[0].set_ylabel("frozen blocks")
        for axes in panels[1:]:
            axes.set_yticks([])
        handles = [Patch(color=colour, label=label) for label, colour in ROLES]
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
    caption = (
        "The roles of the ten overlaps of a rank-one network, whichever blocks are left untrained: whether the outputs "
        "depend on one (visible), whether it moves, and whether learning feels it. From the equations."
    )
    data = {"overlaps": np.array(overlaps), "frozen": np.array(rows), "roles": np.array([label for label, _ in ROLES])}
    return plot("overlap_roles", caption, figure, data | tables)


def _draw(axes: Axes, table: Int[np.ndarray, "patterns overlaps"], overlaps: list[str]) -> None:
    colours = ListedColormap([colour for _, colour in ROLES])
    norm = BoundaryNorm(np.arange(len(ROLES) + 1) - 0.5, len(ROLES))
    axes.pcolormesh(table, cmap=colours, norm=norm, edgecolors="white", linewidth=1.2)
    axes.grid(False)
    axes.invert_yaxis()
    axes.set_xticks(np.arange(len(overlaps)) + 0.5, [typeset(name) for name in overlaps])


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
