"""Invariants: how many there are, kept by the flow, and broken by learning rules by exactly as much as predicted."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Float

from simulate.cells import nonlinearity as written
from simulate.cells.low_rank import LowRank
from simulate.overlaps.closure import closure_of
from simulate.training.rule import GradientDescent
from theory.overlaps import gaussian
from theory.overlaps.conserved.broken import (
    noise_adds,
    noise_adds_to_square,
    similar_after_step,
    trace_drift,
    velocity_share,
)
from theory.overlaps.conserved.counting import count_invariants
from theory.overlaps.conserved.orbits import most_invariants
from theory.overlaps.conserved.symmetries import Response, generators, neuron_generators, noether_matrices
from theory.overlaps.equations.shape import Shape
from validate.output import Plot
from validate.overlaps import broken_laws as laws
from validate.overlaps.broken_laws import BLOCK_RATES, MOMENTUM, RATES, Runs, order
from validate.overlaps.claims import INVARIANTS
from validate.overlaps.level_set import BEGINNING, SIGNATURE, LevelSet, explore, invariants_of, task
from validate.overlaps.settings import Config
from validate.overlaps.weight_paths import gradients
from validate.palette import ASKED, MUTED, NONLINEARITIES
from validate.plotting import GUIDE, MEASURED, PREDICTED, legend_below, legend_right, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Exact, Relative, Reported

SHAPE = Shape()
NAMES = ("tr AS", "tr (AS)^2", "tr (AS)^3", "tr (AS)^4", "uu - vv")
QUANTITIES = ("uu - vv", "mm - zz", "tr AS", "tr (AS)^2")
COUNTED = (Shape(), Shape(2, 1, 2), Shape(rank=2))
ROUNDING = Absolute(1e-12, "rounding of 400 steps' differences")
KEPT = Absolute(0.1, "O(rate |H|), below 0.05 at these rates, over ln 2")
BROKEN = Absolute(0.5, "nearer to 0 (it moves at any rate) than to 1 (it is kept)")
FLOW = Absolute(1e-8, "solver: 1e-11 a step, up to a thousand of them")
DECAY = 0.5
"""Weight decay over the rate."""
DRAWS = 20_000
NOISE = 0.3


@dataclass(frozen=True)
class Invariants:
    """How far each quantity moved over a run of SPAN, one row a quantity, one column a rate; and the level set."""

    rates: Float[np.ndarray, " rates"]
    plain: Float[np.ndarray, "5 rates"]
    predicted: Float[np.ndarray, "4"]
    """Of the traces, divided by the rate, in the limit of low rates."""
    adam: Float[np.ndarray, "5 rates"]
    nonlinear: dict[str, Float[np.ndarray, "4 rates"]]
    level_set: LevelSet


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues at every epoch of runs under a rule that keeps them at small rates, or does not."""

    runs: Runs
    values: Float[np.ndarray, "rates epochs values"]
    kept: bool

    @property
    def order(self) -> Float[np.ndarray, "1"]:
        """The exponent of the rate in how far they stray."""
        return order(np.linalg.norm(self.runs.strayed(self.values), axis=0, keepdims=True))


def checks(config: Config, report: Report, progress: Progress) -> Invariants:
    """Run the section."""
    numbers, flows, noise = jax.random.split(jax.random.key(config.seed), 3)
    _count(report)
    with progress.task("Level set of constant invariants"):
        network = laws.normal_network(numbers, SHAPE, written.LINEAR)
        level_set = explore(flows, np.asarray(network.sigma()), starts=12 if config.effort.small else 36)
    start = invariants_of(level_set.sigma[:1, :1])
    report.check(
        "invariants under the flow, all starts on one leaf",
        predicted=np.zeros((*level_set.sigma.shape[:2], 5)),
        measured=(invariants_of(level_set.sigma) - start) / np.maximum(1, np.abs(start)),
        tolerance=FLOW,
        claim=INVARIANTS,
    )
    with progress.task("Learning rules on networks"):
        plain = laws.train_at_every_rate(network, GradientDescent(rate=1.0))
        _exact_laws(report, plain, network)
        predicted = _drift_of_descent(report, plain, level_set)
        _other_rules(report, plain, network)
        adam = laws.train_with_adam(network)
    moved = adam.moved(invariants_of(adam.sigma))
    kept = plain.moved(invariants_of(plain.sigma))
    for name, under_descent, under_adam in zip(NAMES, kept[:, -1], moved[:, -1], strict=True):
        report.check(
            f"drift of {name} in {laws.EPOCHS} epochs at rate {RATES[-1]:g}: gradient descent, and Adam",
            predicted=under_descent,
            measured=under_adam,
            tolerance=Reported("Adam is no flow of the overlaps and keeps none of them"),
        )
    with progress.task("Nonlinear networks"):
        nonlinear = {name: _nonlinear(config, report, name) for name in gaussian.NONLINEARITIES}
    _noise(config, report, noise)
    return Invariants(RATES, kept, predicted, moved, nonlinear, level_set)


def _count(report: Report) -> None:
    for shape in COUNTED:
        found = count_invariants(shape, gaussian.LINEAR)
        name = f"invariants of a linear network, {shape.inputs} in, rank {shape.rank}, {shape.outputs} out"
        formula = shape.size + shape.rank * (shape.rank + 1) // 2
        report.check(
            f"{name}: d + R (R + 1) / 2",
            predicted=formula,
            measured=found.invariants,
            tolerance=Exact(),
            claim=INVARIANTS,
        )
        most = most_invariants(shape, Response.linear)
        report.check(
            f"{name}: no more",
            predicted=most,
            measured=found.invariants,
            tolerance=Exact("brackets"),
            claim=INVARIANTS,
        )
    for shape, hidden in ((Shape(), (2, 1)), (Shape(rank=2), (7, 3))):
        found = count_invariants(shape, gaussian.LINEAR)
        report.check(
            f"rank {shape.rank}: directions hidden at equal function, at equal visible overlaps",
            predicted=hidden,
            measured=(found.hidden, found.hidden_at_equal_visible),
            tolerance=Exact(),
        )


def _exact_laws(report: Report, plain: Runs, network: LowRank) -> None:
    """The law of a step, on networks with gradients of their own loss."""
    rules = {
        "momentum": GradientDescent(rate=1.0, momentum=MOMENTUM),
        "weight decay": GradientDescent(rate=1.0, weight_decay=DECAY),
        "block rates": GradientDescent(rate=1.0, block_rates=BLOCK_RATES),
        "all of them": GradientDescent(rate=1.0, momentum=MOMENTUM, weight_decay=DECAY, block_rates=BLOCK_RATES),
    }
    for name, rule in {"a finite step": GradientDescent(rate=1.0), **rules}.items():
        runs = laws.train_at_every_rate(network, rule) if name in rules else plain
        report.check(
            f"what {name} adds to K, every step of a network",
            predicted=0.0,
            measured=laws.law_residual(runs, SHAPE, rule),
            tolerance=ROUNDING,
        )


def _drift_of_descent(report: Report, plain: Runs, level_set: LevelSet) -> Float[np.ndarray, "4"]:
    """Over a run: exponent of the rate, and the drift at low rates from an integral along the flow."""
    moved = plain.moved(invariants_of(plain.sigma))
    for name, exponent in zip(NAMES, order(plain.strayed(invariants_of(plain.sigma))), strict=True):
        report.check(f"order in the rate of the drift of {name}", predicted=1.0, measured=exponent, tolerance=KEPT)
    closure, batch = closure_of(SHAPE, written.LINEAR), task().batch
    sigma = level_set.sigma[0, : len(BEGINNING)]
    gradient = np.asarray(gradients(closure, jnp.asarray(sigma), batch))
    lax = SIGNATURE @ sigma
    rows = [
        [trace_drift(now, move, k, rate=1.0) for now, move in zip(lax, gradient, strict=True)] for k in (1, 2, 3, 4)
    ]
    predicted = np.abs(np.trapezoid(np.array(rows), BEGINNING, axis=1))
    report.check(
        "drift of the four traces over a run at the lowest rate, from the flow",
        predicted=predicted * RATES[-1],
        measured=moved[:4, -1],
        tolerance=Relative(0.05, "O(rate |H|)"),
    )
    steps = np.linspace(0, laws.EPOCHS - 1, len(BEGINNING)).astype(int)
    now, after = plain.sigma[-1, steps], plain.sigma[-1, steps + 1]
    fields = np.asarray(gradients(closure, jnp.asarray(now), batch))
    claimed = [
        similar_after_step(SIGNATURE @ s, move, np.eye(4), rate=RATES[-1]) for s, move in zip(now, fields, strict=True)
    ]
    report.check(
        "spectrum of A Sigma after a step: that of A Sigma (1 - 4 rate^2 H^2)",
        predicted=0.0,
        measured=np.abs(_spectrum(np.array(claimed)) - _spectrum(SIGNATURE @ after)).max() / np.abs(after).max(),
        tolerance=ROUNDING,
    )
    return predicted


def _other_rules(report: Report, plain: Runs, network: LowRank) -> None:
    slow = laws.train_at_every_rate(network, GradientDescent(rate=1 - MOMENTUM, momentum=MOMENTUM))
    shared = velocity_share(MOMENTUM)
    crossed = np.swapaxes(slow.theta, -1, -2) @ slow.velocity / slow.theta.shape[-2]
    modified = slow.sigma + shared * (crossed + np.swapaxes(crossed, -1, -2))
    drift = [
        runs_moved[0]
        for runs_moved in (slow.strayed(invariants_of(modified)), plain.strayed(invariants_of(plain.sigma)))
    ]
    report.check(
        "momentum 1/2 at equal rate / (1 - momentum): drift of modified tr AS over that of plain descent",
        predicted=1 + 2 * shared,
        measured=drift[0][-1] / drift[1][-1],
        tolerance=Relative(0.1, "O(rate |H|), and a start at rest"),
    )
    blocks = laws.train_at_every_rate(network, GradientDescent(rate=1.0, block_rates=BLOCK_RATES))
    faded = laws.train_at_every_rate(network, GradientDescent(rate=1.0, weight_decay=DECAY))
    frozen = laws.train_at_every_rate(network, GradientDescent(rate=1.0, block_rates=(0.0, 1.0, 1.0, 1.0)))
    epochs = np.arange(plain.sigma.shape[1])
    fading = _spectrum(SIGNATURE @ faded.sigma)
    shrunk = ((1 - DECAY * RATES[:, None]) ** (2 * epochs))[..., None]
    own = laws.conserved(SHAPE, BLOCK_RATES)
    for name, spectrum in {
        "block rates: spectrum of A Sigma / Lambda": Spectrum(blocks, _spectrum(own @ blocks.sigma), kept=True),
        "block rates: spectrum of A Sigma": Spectrum(blocks, _spectrum(SIGNATURE @ blocks.sigma), kept=False),
        "weight decay: ratios of eigenvalues of A Sigma": Spectrum(faded, fading[..., 1:] / fading[..., :1], kept=True),
        "weight decay: spectrum of A Sigma / (1 - decay)^(2 epochs)": Spectrum(faded, fading / shrunk, kept=True),
        "m frozen: spectrum of A Sigma": Spectrum(frozen, _spectrum(SIGNATURE @ frozen.sigma), kept=False),
        "m frozen: spectrum orthogonal to m": Spectrum(frozen, laws.orthogonal_spectrum(frozen, SHAPE, "m"), kept=True),
    }.items():
        report.check(
            f"{name}: order of the drift",
            predicted=float(spectrum.kept),
            measured=spectrum.order,
            tolerance=KEPT if spectrum.kept else BROKEN,
        )


def _nonlinear(config: Config, report: Report, name: str) -> Float[np.ndarray, "4 rates"]:
    """What true networks conserve (order 1 in the rate) and what not (order 0), as their symmetries say."""
    response = Response.of(gaussian.NONLINEARITIES[name])
    network = laws.normal_network(jax.random.key(config.seed + 1), SHAPE, written.NONLINEARITIES[name])
    runs = laws.train_at_every_rate(network, GradientDescent(rate=1.0))
    sigma = runs.sigma
    m_minus_z = sigma[..., 0, 0] - sigma[..., 3, 3]
    known = invariants_of(sigma)
    moved = runs.strayed(np.stack([known[..., 4], m_minus_z, known[..., 0], known[..., 1]], axis=-1))
    outer = len(noether_matrices(generators(SHAPE, response), sp.eye(SHAPE.size))) > 1
    neuron = bool(neuron_generators(SHAPE, response))
    conserved = (True, outer, neuron, response is Response.linear)
    for quantity, exponent, kept in zip(QUANTITIES, order(moved), conserved, strict=True):
        report.check(
            f"{name} network: order of the drift of {quantity}",
            predicted=float(kept),
            measured=exponent,
            tolerance=KEPT if kept else BROKEN,
        )
    return moved


def _noise(config: Config, report: Report, key: jax.Array) -> None:
    shape = Shape(inputs=2)
    network = laws.normal_network(jax.random.key(config.seed + 2), shape, written.LINEAR, neurons=6)
    matrix, before = laws.conserved(shape, (1.0,) * 4), np.asarray(network.sigma())
    after = laws.noise_draws(key, network, NOISE, DRAWS)
    u_minus_v = np.diag([0.0, 0.0, 1.0, -1.0, 0.0])
    for name, values, start, growth in (
        ("tr AS", _trace(matrix @ after), _trace(matrix @ before), noise_adds(matrix, NOISE)),
        (
            "tr (AS)^2",
            _trace(matrix @ after @ matrix @ after),
            _trace(matrix @ before @ matrix @ before),
            noise_adds_to_square(matrix, before, NOISE, 6),
        ),
        ("uu - vv", _trace(u_minus_v @ after), _trace(u_minus_v @ before), noise_adds(u_minus_v, NOISE)),
    ):
        error = float(values.std(ddof=1) / np.sqrt(DRAWS))
        report.check(
            f"weight noise: mean growth of {name} in a step, 6 neurons",
            predicted=growth,
            measured=float(values.mean() - start),
            tolerance=Absolute(5 * error, "five standard errors of the mean"),
        )


def _spectrum(matrices: np.ndarray) -> np.ndarray:
    return np.sort(np.linalg.eigvals(matrices).real, axis=-1)


def _trace(matrices: np.ndarray) -> np.ndarray:
    return np.asarray(np.trace(matrices, axis1=-2, axis2=-1))


MARKERS = dict(zip(dict.fromkeys((*NAMES, *QUANTITIES)), "osD^vP", strict=True))
"""The same quantity, the same marker."""
SHADE = MEASURED["color"]


def figures(config: Config, results: Invariants) -> tuple[Plot, ...]:
    """The drifts against the rate, and the phase portrait."""
    return (_drift(results), _portrait(results.level_set))


def _drift(results: Invariants) -> Plot:
    rates = results.rates
    with style():
        figure, (linear, nonlinear) = new_panels(2, 9.2, 3.8)
        for name, moved, adam in zip(NAMES, results.plain, results.adam, strict=True):
            look = {"linestyle": "none", "marker": MARKERS[name], "markersize": 4}
            linear.loglog(rates, moved, color=MEASURED["color"], **look)
            linear.loglog(rates, adam, color=MUTED, markerfacecolor="white", **look)
        for predicted in results.predicted:
            linear.loglog(rates, predicted * rates, **PREDICTED | {"linewidth": 1.0})
        linear.plot([], [], **PREDICTED | {"linewidth": 1.0}, label="predicted from the flow")
        linear.plot([], [], color=MEASURED["color"], linewidth=4, label="gradient descent")
        linear.plot([], [], color=MUTED, linewidth=4, label="Adam (open)")
        linear.set(title="linear network", xlabel=r"rate (same rate $\times$ epochs)", ylabel="drift over the run")
        for name, moved in results.nonlinear.items():
            for quantity, row in zip(QUANTITIES, moved, strict=True):
                look = {"linestyle": "none", "marker": MARKERS[quantity], "markersize": 4}
                nonlinear.loglog(rates, row, color=NONLINEARITIES[name], **look)
            nonlinear.plot([], [], color=NONLINEARITIES[name], linewidth=4, label=typeset(name))
        middle = np.median(results.plain)
        nonlinear.loglog(rates, middle * rates / rates[1], **GUIDE, label="slope 1: conserved by the flow")
        nonlinear.set(title="true networks", xlabel=r"rate (same rate $\times$ epochs)")
        for axes, shown in ((linear, NAMES), (nonlinear, QUANTITIES)):
            for quantity in shown:
                axes.plot(
                    [],
                    [],
                    color=ASKED,
                    linestyle="none",
                    marker=MARKERS[quantity],
                    markersize=4,
                    label=typeset(quantity),
                )
            axes.set_xticks(rates, [f"{each:g}" for each in rates])
            axes.minorticks_off()
            legend_right(axes)
    data = {"rates": rates, "linear": results.plain, "adam": results.adam, "predicted": results.predicted}
    data |= {f"network_{name}": moved for name, moved in results.nonlinear.items()}
    caption = (
        "How far invariants drift over runs of the same rate times epochs, S being the overlaps and A = diag(1, 1, -1, "
        "-1): of a linear network, one run a point, in proportion to the rate under gradient descent and not under "
        "Adam; and of networks of each nonlinearity, where those that keep their level are not conserved."
    )
    return plot("invariants_drift", caption, figure, data)


def _portrait(level_set: LevelSet) -> Plot:
    function = level_set.function
    with style():
        figure, panels = new_panels(2, 9.2, 4.0)
        for axes, first, name in zip(panels, (1, 0), ("vu", "zm"), strict=True):
            for path in function:
                axes.plot(path[:, first], path[:, 2], color=SHADE, linewidth=0.9, alpha=0.7, zorder=2)
                middle = int(np.argmin(np.abs(_length(path) - 0.45)))
                axes.annotate(
                    "",
                    (path[middle + 1, first], path[middle + 1, 2]),
                    (path[middle, first], path[middle, 2]),
                    arrowprops={"arrowstyle": "->", "color": SHADE, "linewidth": 0.9},
                )
            axes.plot(function[:, 0, first], function[:, 0, 2], "o", color=SHADE, markersize=3, label="start")
            axes.plot(
                level_set.minimum[first],
                level_set.minimum[2],
                "*",
                color=PREDICTED["color"],
                markersize=12,
                label="minimum",
                zorder=4,
            )
            axes.set(xlabel=typeset(name), ylabel=r"$\sigma_{zu}\,\sigma_{vm}$")
        panels[0].axhline(
            level_set.saddle[2],
            color=PREDICTED["color"],
            linestyle="--",
            linewidth=1.0,
            label=f"saddles, any {typeset('vu')}",
        )
        panels[1].plot(
            level_set.saddle[0], level_set.saddle[2], "X", color=PREDICTED["color"], markersize=8, label="saddles"
        )
        legend_below(figure, 4)
    caption = (
        "Rank-one linear filter: the flow from starts that share all five invariants, seen in the three numbers that "
        "the function fixes. Two hidden directions remain on the level set, so trajectories may cross."
    )
    data = {
        "times": level_set.times,
        "sigma": level_set.sigma,
        "minimum": level_set.minimum,
        "saddle": level_set.saddle,
    }
    return plot("invariants_leaf", caption, figure, data)


def _length(path: np.ndarray) -> np.ndarray:
    """How much of its way each point of a path has behind it, from 0 to 1; the last point is left out."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return np.cumsum(steps) / steps.sum()
