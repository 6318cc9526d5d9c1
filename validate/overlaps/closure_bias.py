"""How wrong the Gaussian closure is at infinite width: against amplitude, gain, rate, richness and training time.

Inputs and targets of amplitude e, with the rate divided by e^2, are a network with phi(e x) / e: a line and, for a
smooth odd phi, a bend of size e^2. To first order the bend gives every row a part that is a third Hermite polynomial of
its start. Linear learning leaves it one, and it is uncorrelated with the rows themselves, so the overlaps do not feel
it: the closure errs at second order, as e^4. ReLU has no such limit: its error is the same at every amplitude.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from simulate.cells.nonlinearity import ERF, RELU, TANH, Nonlinearity
from simulate.overlaps.infinite_width import Nodes, SobolNodes, TensorNodes
from simulate.tasks.task import FixedTask, fixed_task
from simulate.training.rule import GradientDescent
from validate.output import Plot
from validate.overlaps.reference_run import EPOCHS, RATE, START, distance, limit, overlaps, reference_task, run
from validate.overlaps.settings import Config
from validate.palette import NONLINEARITIES, shades
from validate.plotting import PREDICTED, decades, legend_under, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Relative, Reported

AMPLITUDES = np.array([0.025, 0.05, 0.1, 0.2, 0.4, 0.8])
SMALL = 3
"""How many of the amplitudes are small enough for the law."""
POLYNOMIAL = TensorNodes(6)
"""Exact for polynomials up to degree 11: what small activity makes of the rows is cubic, and its effect squared."""
GAINS = np.array([0.25, 0.5, 1.0, 1.5, 2.0])
RATES = RATE * np.array([1.0, 0.5, 0.25])
RICHNESS = np.array([0.25, 0.5, 1.0, 2.0])
PARTED = 0.01


@dataclass(frozen=True)
class Bias:
    """Distance of the closure from the limit over the norm of the limit's overlaps, epoch by epoch."""

    relative: Float[np.ndarray, " epochs"]
    change: float
    """How far the limit's overlaps moved, over their norm at the start."""
    loss: float
    """The limit's loss at the end over that at the start."""

    @property
    def final(self) -> float:
        """After the last epoch."""
        return float(self.relative[-1])

    @property
    def parting(self) -> int | None:
        """First epoch at which the distance exceeds one part in a hundred; None if it never does."""
        over = np.flatnonzero(self.relative > PARTED)
        return int(over[0]) if len(over) else None


@dataclass(frozen=True)
class BiasResults:
    """The closure's error of several trainings a sweep, in the order of the sweep's values."""

    by_amplitude: dict[str, tuple[Bias, ...]]
    by_gain: dict[str, tuple[Bias, ...]]
    by_rate: tuple[Bias, ...]
    by_richness: tuple[Bias, ...]


def checks(config: Config, report: Report, progress: Progress) -> BiasResults:
    """Measure the sweeps; assert the laws that theory gives."""
    nodes = SobolNodes(1024 if config.effort.small else 8192)
    with progress.task("the closure's error"):
        results = BiasResults(
            by_amplitude={
                phi.name: tuple(train_closure_and_limit(phi, which, amplitude=a) for a in AMPLITUDES)
                for phi, which in ((ERF, POLYNOMIAL), (TANH, POLYNOMIAL), (RELU, nodes))
            },
            by_gain={
                phi.name: tuple(train_closure_and_limit(phi, nodes, gain=g) for g in GAINS) for phi in (ERF, RELU)
            },
            by_rate=tuple(train_closure_and_limit(ERF, nodes, rate=r) for r in RATES),
            by_richness=tuple(train_closure_and_limit(ERF, nodes, richness=a) for a in RICHNESS),
        )
    _compare(report, results)
    return results


def train_closure_and_limit(
    phi: Nonlinearity,
    nodes: Nodes,
    *,
    amplitude: float = 1.0,
    gain: float = 1.0,
    rate: float = RATE,
    richness: float = 1.0,
) -> Bias:
    """One training of closure and limit for the same learning time.

    `gain` scales the initial vectors, `richness` the targets alone, `amplitude` inputs and targets together.
    """
    task = _scaled(reference_task(), amplitude, amplitude * richness)
    rule = GradientDescent(rate / amplitude**2)
    epochs = round(EPOCHS * RATE / rate)
    start = gain**2 * START
    closure = run(overlaps(start, phi), task, rule, epochs)
    exact = run(limit(start, phi, nodes), task, rule, epochs)
    norm = np.linalg.norm(np.asarray(exact.sigma), axis=(1, 2))
    return Bias(
        relative=distance(closure.sigma, exact.sigma) / norm,
        change=float(distance(exact.sigma[-1], exact.sigma[0]) / norm[0]),
        loss=float(exact.loss[-1] / exact.loss[0]),
    )


def _scaled(task: FixedTask, inputs: float, targets: float) -> FixedTask:
    batch = task.batch
    return fixed_task(inputs * batch.inputs, targets * batch.targets, batch.dt, batch.mask)


def _compare(report: Report, results: BiasResults) -> None:
    for name in (ERF.name, TANH.name):
        final = np.array([bias.final for bias in results.by_amplitude[name][:SMALL]])
        report.check(
            f"{name}: exponent of the closure's error in the amplitude of inputs and targets",
            predicted=4.0,
            measured=float(np.polyfit(np.log(AMPLITUDES[:SMALL]), np.log(final), 1)[0]),
            tolerance=Absolute(0.1, "10 e^2 at e = 0.1"),
        )
    final = np.array([bias.final for bias in results.by_amplitude[RELU.name]])
    report.check(
        "relu: the closure's error at every amplitude is that at the largest",
        predicted=np.full(len(final) - 1, final[-1]),
        measured=final[:-1],
        tolerance=Relative(1e-9, "phi(e x) = e phi(x); rounding, a hundred epochs"),
    )
    errors = np.array([bias.final for bias in results.by_rate])
    differences = np.abs(np.diff(errors))
    report.check(
        "erf: order in the rate of what a finite step adds to the closure's error",
        predicted=1.0,
        measured=float(np.log2(differences[-2] / differences[-1])),
        tolerance=Absolute(0.3, "O(rate)"),
    )
    for label, values, sweep in (
        ("initial gain", GAINS, results.by_gain[ERF.name]),
        ("rate", RATES, results.by_rate),
        ("target amplitude", RICHNESS, results.by_richness),
    ):
        report.check(
            f"erf: closure's relative error at the least and at the largest {label}",
            predicted=sweep[0].final,
            measured=sweep[-1].final,
            tolerance=Reported("no law claimed"),
        )
        report.quantity(
            f"closure_error_by_{label.replace(' ', '_')}",
            [
                {
                    "value": float(value),
                    "relative_error": bias.final,
                    "parting_epoch": bias.parting,
                    "change": bias.change,
                }
                for value, bias in zip(values, sweep, strict=True)
            ],
        )


def figures(config: Config, results: BiasResults) -> tuple[Plot, ...]:
    """Four panels, relative error of the closure against each."""
    with style():
        figure, panels = new_panels(4, width=11.5, height=3.6)
        amplitude, gain, richness, time = panels
        for name, sweep in results.by_amplitude.items():
            amplitude.loglog(AMPLITUDES, [bias.final for bias in sweep], **_look(name))
        small = AMPLITUDES[:SMALL]
        law = results.by_amplitude[ERF.name][0].final * (small / small[0]) ** 4
        amplitude.loglog(
            small, law, label="$e^4$, through the first of erf", **PREDICTED | {"linewidth": 3, "alpha": 0.4}
        )
        for name, sweep in results.by_gain.items():
            gain.loglog(GAINS, [bias.final for bias in sweep], **_look(name))
        richness.loglog(RICHNESS, [bias.final for bias in results.by_richness], **_look(ERF.name))
        for rate, bias, colour in zip(RATES, results.by_rate, shades(len(RATES)), strict=True):
            epochs = np.arange(1, len(bias.relative))
            time.loglog(rate * epochs, bias.relative[1:], color=colour, label=rf"erf, $\eta$ = {rate:g}")
        amplitude.set(xlabel="amplitude $e$ of inputs and targets", ylabel="relative error of the closure")
        gain.set(xlabel="initial gain")
        richness.set(xlabel="amplitude of the targets alone")
        time.set(xlabel=r"learning time: $\eta\,\times$ epochs")
        for axes in panels:
            legend_under(axes)
        for axes, values in ((amplitude, AMPLITUDES), (gain, GAINS), (richness, RICHNESS)):
            mark_values(axes, values.tolist())
        for axes in (gain, richness):
            decades(axes)
    data = {
        "amplitude": AMPLITUDES,
        "gain": GAINS,
        "richness": RICHNESS,
        "by_richness": np.array([bias.final for bias in results.by_richness]),
        **{f"{name}_by_amplitude": np.array([b.final for b in sweep]) for name, sweep in results.by_amplitude.items()},
        **{f"{name}_by_gain": np.array([b.final for b in sweep]) for name, sweep in results.by_gain.items()},
        **{f"rate_{rate:g}": bias.relative for rate, bias in zip(RATES, results.by_rate, strict=True)},
    }
    caption = (
        "Distance of the closure's overlaps from those of infinitely many neurons, over the norm of these, after the "
        "same learning time (last panel: along it). One run a point: nothing is drawn at random."
    )
    return (plot("closure_error", caption, figure, data),)


def _look(name: str) -> dict[str, Any]:
    """Points of one nonlinearity, joined."""
    return {"color": NONLINEARITIES[name], "marker": "o", "markersize": 3.5, "label": typeset(name)}
