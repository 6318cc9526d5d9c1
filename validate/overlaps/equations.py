"""The equations of the overlaps: scalar against matrix form, explicit neurons, what is visible, moves and is felt."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Bool, Float, Int, Key
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import Closure
from simulate.overlaps.draw import draw_exact, network_of
from simulate.tasks.impulse import random_task
from simulate.tasks.task import Batch, FixedTask
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.lowering import lower_numpy
from theory.overlaps import gaussian
from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.equations.gram import trained_except
from theory.overlaps.equations.loss import Trial
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.step import step_blocks
from theory.overlaps.equations.visible import FROZEN_PATTERNS, OverlapRoles
from theory.overlaps.overlap_theory import OverlapTheory
from validate.output import Plot
from validate.overlaps.settings import Config
from validate.plotting import MEASURED, PREDICTED, new_figure, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Exact, Reported

SHAPES = (Shape(), Shape(rank=2), Shape(inputs=2, rank=2, outputs=2))
NEURONS, EPOCHS = 3, 5
RATE, MOMENTUM, WEIGHT_DECAY, BLOCK_RATES = 0.05, 0.5, 0.01, (1.0, 0.5, 2.0, 1.5)
TRIALS, STEPS, DT = 2, 3, 0.5
"""Three steps: as many as a signal takes through m, u and v to the output."""
TIME = 4.0
RATES = np.array([0.02, 0.01, 0.005])
SIZE = 0.1
"""Of the change in overlaps that a pair of networks differs by at the start."""


@dataclass(frozen=True)
class EquationResults:
    """Roles of the overlaps of rank one, in the order of `FROZEN_PATTERNS`; how far pairs of networks part."""

    roles: dict[str, tuple[OverlapRoles, ...]]
    rates: Float[np.ndarray, " rates"]
    apart_unobservable: Float[np.ndarray, " rates"]
    apart_observable: Float[np.ndarray, " rates"]


def checks(config: Config, report: Report, progress: Progress) -> EquationResults:
    """Compare, from symbols to trained networks."""
    with progress.task("deriving the equations of the overlaps"):
        for shape in SHAPES:
            _compare_forms(report, shape)
    with progress.task("three neurons, explicitly"):
        for shape in SHAPES:
            _compare_neurons(report, shape, config.seed)
        _compare_visible(report, config.seed)
        _compare_moving(report, config.seed)
    with progress.task("what learning feels"):
        return _compare_felt(report, config.seed)


def _compare_forms(report: Report, shape: Shape) -> None:
    learning = OverlapTheory(shape).learning()
    flow, after = learning.matrix_flow, learning.matrix_map
    differences = [flow[a, b] - learning.flow[shape.overlap(a, b)] for a, b in shape.pairs]
    differences += [after[a, b] - learning.map[shape.overlap(a, b)] for a, b in shape.pairs]
    report.check(
        f"{_title(shape)}: scalar equations", predicted=shape.size * (shape.size + 1) // 2,
        measured=len(learning.flow), tolerance=Exact("d (d + 1) / 2"),
    )  # fmt: skip
    report.check(
        f"{_title(shape)}: entries in which flow or map differ from the matrix form",
        predicted=0,
        measured=sum(sp.expand(difference) != 0 for difference in differences),
        tolerance=Exact("symbolic zero"),
    )


def _compare_neurons(report: Report, shape: Shape, seed: int) -> None:
    """Gradient descent on every weight of three neurons, by reverse mode, against the Gram matrix of [theta w]."""
    network, task = _three_neurons(shape, seed), random_task(*_task(shape, seed), trials=TRIALS, steps=STEPS, dt=DT)
    batch = task.batch
    trials = [
        Trial(sp.ImmutableMatrix(np.asarray(s)), sp.ImmutableMatrix(np.asarray(y)))
        for s, y in zip(batch.inputs, batch.targets, strict=True)
    ]
    theory = OverlapTheory(shape)
    loss = theory.loss(trials, sp.Float(DT))
    slopes = lower_numpy(theory.visible, sp.ImmutableMatrix([loss.diff(each) for each in theory.visible]))
    places = [next(pair for pair in shape.pairs if shape.overlap(*pair) == each) for each in theory.visible]
    size, gram = shape.size, np.zeros((2 * shape.size, 2 * shape.size))
    gram[:size, :size] = network.sigma()
    relative = np.diag(np.repeat(np.array(BLOCK_RATES), shape.counts))
    rule = {"rate": RATE, "momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY}
    predicted = [gram[:size, :size]]
    for _ in range(EPOCHS):
        half = np.zeros((size, size))
        for (a, b), slope in zip(places, slopes(*(gram[a, b] for a, b in places)).ravel(), strict=True):
            half[a, b] = slope / 2
        step = np.block([list(row) for row in step_blocks(half + half.T, relative, np.eye(size), **rule)])
        gram = step.T @ gram @ step
        predicted.append(gram[:size, :size])
    learning = train([network], task, rule=GradientDescent(**rule, block_rates=BLOCK_RATES), epochs=EPOCHS)
    report.check(
        f"{_title(shape)}: overlaps of three neurons trained with momentum, weight decay and block rates",
        predicted=np.array(predicted),
        measured=learning.observed[:, 0],
        tolerance=Absolute(1e-12, "rounding, five epochs"),
    )


def _compare_visible(report: Report, seed: int) -> None:
    shape = Shape()
    sigma, batch = (
        _three_neurons(shape, seed).sigma(),
        random_task(*_task(shape, seed), trials=TRIALS, steps=6, dt=DT).batch,
    )
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


def _compare_moving(report: Report, seed: int) -> None:
    shape = Shape()
    network, task = _three_neurons(shape, seed), random_task(*_task(shape, seed), trials=TRIALS, steps=STEPS, dt=DT)
    _, gradient = network.loss_and_gradient(task.batch)
    agree = 0
    for frozen in FROZEN_PATTERNS:
        m, u, v, z = (float(rate) for rate in trained_except(frozen))
        rule = GradientDescent(0.1, block_rates=(m, u, v, z))
        after, _ = rule.step(network, gradient, rule.init(network), jax.random.key(0))
        moved = np.abs(np.asarray(after.sigma() - network.sigma())) > 0
        agree += _names(shape, moved) == _words(OverlapTheory(shape).roles(frozen).moving)
    report.check(
        "linear: sets of frozen blocks for which the overlaps that move are those the equations name",
        predicted=len(FROZEN_PATTERNS),
        measured=agree,
        tolerance=Exact("a step of three neurons; what stays, stays bit for bit"),
    )


def _compare_felt(report: Report, seed: int) -> EquationResults:
    """Pairs of networks that answer alike at first: along the unobservable direction, and along mm."""
    theory, shape = OverlapTheory(), Shape()
    span = theory.gradient_span()
    unobservable = np.array(span.unobservable[0], dtype=float)
    conserved = conserved_matrices(theory.learning().gradient_matrix, sp.eye(shape.size))
    report.check(
        "linear: combinations of the ten overlaps that the outputs ever feel, in the flow",
        predicted=len(theory.activity.overlaps) - len(conserved),
        measured=span.combinations,
        tolerance=Exact("all but the A with H A + A H = 0; by elimination"),
    )
    apart = np.array(
        [[_apart(change, rate, seed) for rate in RATES] for change in (unobservable, np.diag([1.0, 0, 0, 0]))]
    )
    report.check(
        "linear: order in the rate at which networks that differ along the signature part",
        predicted=1.0,
        measured=float(np.log2(apart[0, -2] / apart[0, -1])),
        tolerance=Absolute(0.1, "O(rate): the flow does not part them at all"),
    )
    report.check(
        "linear: parting along the signature over that along mm, at the smallest rate",
        predicted=0.0,
        measured=apart[0, -1] / apart[1, -1],
        tolerance=Reported("O(rate)"),
    )
    return EquationResults(
        roles={
            phi.name: tuple(OverlapTheory(shape, phi).roles(frozen) for frozen in FROZEN_PATTERNS)
            for phi in (gaussian.LINEAR, gaussian.ERF)
        },
        rates=RATES,
        apart_unobservable=apart[0],
        apart_observable=apart[1],
    )


def _apart(change: Float[np.ndarray, "d d"], rate: float, seed: int) -> float:
    """The largest difference in visible overlaps, over a learning time, between networks SIZE * change apart."""
    shape = Shape()
    theta = np.random.default_rng(seed).standard_normal((5, shape.size))
    sigma, task = theta.T @ theta / 5 + 0.2 * np.eye(shape.size), random_task(*_task(shape, seed))
    one, other = (_trained(start, rate, task, seed) for start in (sigma, sigma + SIZE * change))
    return float(np.abs(one - other)[:, 2:, :2].max())


def _trained(
    sigma: Float[np.ndarray, "d d"], rate: float, task: FixedTask, seed: int
) -> Float[np.ndarray, "epochs d d"]:
    start = draw_exact(jax.random.key(seed), sigma, Shape().counts, 2 * Shape().size, LINEAR)
    return train([start], task, rule=GradientDescent(rate), epochs=round(TIME / rate)).observed[:, 0]


def _three_neurons(shape: Shape, seed: int) -> LowRank:
    theta = np.random.default_rng(seed).standard_normal((NEURONS, shape.size))
    return network_of(jnp.asarray(theta), shape.counts, LINEAR)


def _task(shape: Shape, seed: int) -> tuple[Key[Array, ""], int, int]:
    return jax.random.key(seed), shape.inputs, shape.outputs


def _title(shape: Shape) -> str:
    return f"rank {shape.rank}, {shape.inputs} in, {shape.outputs} out"


def _words(overlaps: tuple[sp.Symbol, ...]) -> str:
    return " ".join(each.name for each in overlaps)


def _names(shape: Shape, table: Bool[np.ndarray, "d d"]) -> str:
    """The overlaps where a symmetric table is true."""
    return _words(tuple(shape.overlap(a, b) for a, b in shape.pairs if table[a, b]))


ROLES = (
    ("visible, moving", "#b3272d"),
    ("visible, constant", "#e8b7b9"),
    ("invisible, moving, felt by learning", "#1f4e79"),
    ("invisible, moving, never felt", "#8fb4d6"),
    ("invisible, constant", "#eeeeee"),
)


def figures(config: Config, results: EquationResults) -> tuple[Plot, ...]:
    """The table of roles for linear and erf networks, and how far pairs come apart."""
    return (_roles(results), _pairs(results))


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


def _pairs(results: EquationResults) -> Plot:
    rates = results.rates
    with style():
        figure, axes = new_figure(4.6, 3.4)
        axes.plot(rates, results.apart_observable, **MEASURED, label="pair along mm")
        axes.plot(rates, results.apart_unobservable, **MEASURED | {"markerfacecolor": "white"}, label="pair along A")
        line = results.apart_unobservable[-1] * rates / rates[-1]
        axes.plot(rates, line, **PREDICTED, label="proportional to the rate")
        axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="parting of visible overlaps")
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.minorticks_off()
        axes.legend()
    caption = "Networks that differ along A = diag(1, 1, -1, -1) learn alike, but for steps of finite size."
    data = {"rate": rates, "parting_along_mm": results.apart_observable, "parting_along_A": results.apart_unobservable}
    return plot("unfelt_direction", caption, figure, data)
