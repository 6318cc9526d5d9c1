"""Learning as a probe: networks that answer alike and learn apart, since hidden overlaps set the speed of learning."""

from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.nonlinearity import ERF as ERF_NEURON
from simulate.cells.nonlinearity import LINEAR as LINEAR_NEURON
from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import filter_task
from simulate.training.learn import Learning, learn
from simulate.training.learner import Learner
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.speed import loss_speed
from theory.overlaps.gaussian import ERF, LINEAR, RELU, TANH, Nonlinearity
from validate.output import Plot
from validate.overlaps.claims import LEARNING_REVEALS
from validate.overlaps.settings import Config
from validate.palette import MUTED, SERIES
from validate.plotting import MEASURED, PREDICTED, decades, legend_under, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtLeast, Relative, Reported

SHAPE = Shape()
LearnerT = TypeVar("LearnerT", bound=Learner)

RATE = 2e-3
DT, STEPS = 0.2, 100
NETWORK = 20
SIZES, DRAWS = (64, 256, 1024), 40
FIRST = np.array([[1.0, 0.0, 0.3, 0.2], [0.0, 1.0, 0.4, 0.3], [0.3, 0.4, 1.0, 0.0], [0.2, 0.3, 0.0, 1.0]])
"""Overlaps of the first of each pair (order m, u, v, z)."""


def changed(changes: dict[tuple[int, int], float]) -> Float[np.ndarray, "4 4"]:
    """The first overlaps with some moved."""
    found = FIRST.copy()
    for (a, b), change in changes.items():
        found[a, b] += change
        if a != b:
            found[b, a] += change
    return found


INPUT_SIDE = changed({(1, 1): 1.0, (0, 1): 0.4})
"""Other |u|^2 and m.u: hidden in linear networks and in the ReLU closure."""
OUTPUT_SIDE = changed({(2, 2): 1.0, (2, 3): 0.4, (3, 3): 0.5})
"""Other |v|^2, v.z and |z|^2: hidden in every closure."""


@dataclass(frozen=True)
class ProbeResults:
    """The pair on the linear map, networks drawn from each, and how erf networks of finite size differ."""

    loss: Float[np.ndarray, "pair epochs"]
    sigma: Float[np.ndarray, "pair epochs 4 4"]
    network_loss: Float[np.ndarray, "pair epochs"]
    sizes: tuple[int, ...]
    output_difference: Float[np.ndarray, " sizes"]


def checks(config: Config, report: Report, progress: Progress) -> ProbeResults:
    """Equal answers first, then unequal learning, then what nonlinearity hides and what a finite network shows."""
    epochs = 300 if config.effort.small else 1000
    with progress.task("training pairs that answer alike"):
        loss, sigma, network_loss = _linear(config, report, epochs)
        _speed(report)
        _hidden(report)
        difference = _finite(config, report)
    return ProbeResults(loss, sigma, network_loss, SIZES, difference)


@eqx.filter_jit
def _learn(learner: LearnerT, rate: Array, epochs: int) -> Learning[LearnerT]:
    return learn(learner, filter_task(0.2, DT, STEPS), GradientDescent(rate), epochs)


def _overlaps(sigma: Float[np.ndarray, "4 4"], nonlinearity: Nonlinearity) -> Overlaps:
    return Overlaps(jnp.asarray(sigma), Closure(SHAPE, nonlinearity))


def _linear(config: Config, report: Report, epochs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pair = (FIRST, INPUT_SIDE)
    maps = [_learn(_overlaps(each, LINEAR), jnp.asarray(RATE), epochs) for each in pair]
    networks = [
        _learn(
            draw_exact(jax.random.key(config.seed + k), each, SHAPE.counts, NETWORK, LINEAR_NEURON),
            jnp.asarray(RATE),
            epochs,
        )
        for k, each in enumerate(pair)
    ]
    loss, network_loss = (np.stack([np.asarray(each.loss) for each in found]) for found in (maps, networks))
    sigma, network_sigma = (np.stack([np.asarray(each.sigma) for each in found]) for found in (maps, networks))
    report.check(
        "other |u|^2 and m.u: loss before learning, linear",
        predicted=loss[0, 0],
        measured=loss[1, 0],
        tolerance=Relative(1e-13, "rounding"),
        claim=LEARNING_REVEALS,
    )
    report.check(
        f"both of the pair learn, {NETWORK} neurons drawn from each against the map",
        predicted=sigma,
        measured=network_sigma,
        tolerance=Absolute(1e-9, "rounding, accumulated over the run"),
    )
    apart = float(np.abs(loss[1] - loss[0]).max() / loss[0, 0])
    report.check(
        "largest difference of their losses while learning (unit: the loss before)",
        predicted=0.0,
        measured=apart,
        tolerance=Reported("the probe: what the answers do not show"),
    )
    report.check(
        "they part: that difference over what networks differ from the map by",
        predicted=1e6,
        measured=apart * loss[0, 0] / max(float(np.abs(network_loss - loss).max()), 1e-16),
        tolerance=AtLeast("a finite difference over rounding"),
        claim=LEARNING_REVEALS,
    )
    return loss, sigma, network_loss


def _speed(report: Report) -> None:
    batch = filter_task(0.2, DT, STEPS).batch
    _, gradient = _overlaps(FIRST, LINEAR).loss_and_gradient(batch)
    predicted = loss_speed(np.asarray(gradient), INPUT_SIDE - FIRST, 1.0)
    found = []
    for rate in (2e-5, 1e-5):
        fallen = [_learn(_overlaps(each, LINEAR), jnp.asarray(rate), 1).loss for each in (FIRST, INPUT_SIDE)]
        found.append(float((fallen[1][1] - fallen[0][1]) / rate))
    report.check(
        "difference of the speeds of learning at the start, extrapolated to small rates",
        predicted=predicted,
        measured=2 * found[1] - found[0],
        tolerance=Relative(1e-4, "O(rate^2) after one extrapolation"),
    )


def _hidden(report: Report) -> None:
    """Which changes do not show in the loss of which closure."""
    batch = filter_task(0.2, DT, STEPS).batch
    for nonlinearity in (LINEAR, RELU, ERF, TANH):
        closure = Closure(SHAPE, nonlinearity)
        first, inputs, outputs = (
            float(closure.loss(jnp.asarray(each), batch)) for each in (FIRST, INPUT_SIDE, OUTPUT_SIDE)
        )
        report.check(
            f"other |v|^2, v.z and |z|^2: loss of the {nonlinearity.name} closure",
            predicted=first,
            measured=outputs,
            tolerance=Relative(1e-13, "rounding"),
        )
        if nonlinearity in (LINEAR, RELU):
            report.check(
                f"other |u|^2 and m.u: loss of the {nonlinearity.name} closure",
                predicted=first,
                measured=inputs,
                tolerance=Relative(1e-13, "rounding"),
            )
        else:
            report.check(
                f"other |u|^2 and m.u show in the {nonlinearity.name} closure: change of its loss",
                predicted=1e-6,
                measured=abs(inputs - first) / first,
                tolerance=AtLeast("not rounding"),
            )


@eqx.filter_jit
def _outputs(networks: Learner) -> Array:
    batch = filter_task(0.2, DT, STEPS).batch
    return jax.vmap(lambda network: network.outputs(batch))(networks)


def _finite(config: Config, report: Report) -> Float[np.ndarray, " sizes"]:
    """Pairs of erf networks that differ in |v|^2, v.z and |z|^2, drawn exactly: their answers differ as N^-1/2."""
    difference = []
    for neurons in SIZES:
        outputs = []
        for k, sigma in enumerate((FIRST, OUTPUT_SIDE)):
            keys = jax.random.split(jax.random.key(config.seed + 1000 * k + neurons), DRAWS)
            drawn = [draw_exact(key, sigma, SHAPE.counts, neurons, ERF_NEURON) for key in keys]
            outputs.append(np.asarray(_outputs(jax.tree.map(lambda *leaves: jnp.stack(leaves), *drawn))))
        difference.append(float(np.sqrt(((outputs[1] - outputs[0]) ** 2).mean())))
    exponent = float(np.log(difference[-1] / difference[0]) / np.log(SIZES[-1] / SIZES[0]))
    report.check(
        "other |v|^2, v.z and |z|^2: exponent of N in the difference of the answers of erf networks",
        predicted=-0.5,
        measured=exponent,
        tolerance=Absolute(
            4 / np.sqrt(DRAWS) / np.log(SIZES[-1] / SIZES[0]), f"N^-1/2; 4 standard errors, {DRAWS} pairs a size"
        ),
    )
    return np.array(difference)


SHOWN = ((0, 3), (1, 2), (1, 1))


def figures(config: Config, results: ProbeResults) -> tuple[Plot, ...]:
    """The losses and some overlaps of the pair, the map and networks; how finite erf networks tell a pair apart."""
    epochs = np.arange(results.loss.shape[1])
    some = slice(0, None, max(len(epochs) // 25, 1))
    with style():
        figure, (loss, overlaps, finite) = new_panels(3, 10.4, 3.8)
        for k, (dash, name) in enumerate((("-", "first"), ("--", f"other {typeset('uu')}, {typeset('mu')}"))):
            loss.semilogy(epochs, results.loss[k], label=f"{name}: map", **PREDICTED | {"linestyle": dash})
            points = MEASURED | {"marker": "os"[k]}
            loss.semilogy(epochs[some], results.network_loss[k, some], label=f"{name}: network", **points)
            for (a, b), colour in zip(SHOWN, SERIES, strict=False):
                label = typeset(SHAPE.overlap(a, b).name) if k == 0 else None
                overlaps.plot(epochs, results.sigma[k, :, a, b], color=colour, linestyle=dash, label=label)
        overlaps.plot([], [], color=MUTED, linestyle="--", label="of the other")
        sizes = np.array(results.sizes, dtype=float)
        law = results.output_difference[0] * np.sqrt(sizes[0] / sizes)
        finite.loglog(sizes, law, label="$N^{-1/2}$, through the first", **PREDICTED)
        finite.loglog(sizes, results.output_difference, label="erf networks", **MEASURED | {"zorder": 4})
        loss.set(xlabel="epoch", ylabel="loss", title="equal at first, then not")
        overlaps.set(xlabel="epoch", ylabel="overlap", title="what moves")
        different = ", ".join(typeset(name) for name in ("vv", "zv", "zz"))
        finite.set(xlabel="neurons $N$", ylabel="difference of the answers", title=f"pairs that differ in {different}")
        mark_values(finite, sizes.tolist())
        decades(finite)
        for axes in (loss, overlaps, finite):
            legend_under(axes, columns=1 if axes is finite else 2)
    data = {
        "loss": results.loss,
        "sigma": results.sigma,
        "network_loss": results.network_loss,
        "sizes": sizes,
        "output_difference": results.output_difference,
    }
    caption = (
        "Learning as a probe: equal visible overlaps, different hidden ones; the filter task of decay 0.2. Lines: the "
        f"map; points: networks of {NETWORK} neurons. Right: root mean square over {DRAWS} pairs a size."
    )
    return (plot("probe_pair", caption, figure, data),)
