"""Linear networks: the map of the overlaps is exact for every number of neurons, on every task and with every rule."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.draw import network_of
from simulate.tasks.impulse import filter_task, oscillator_task, random_task
from simulate.tasks.minibatches import MiniBatches
from simulate.tasks.task import Task
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.overlaps import gaussian
from theory.overlaps.equations.shape import Shape
from validate.output import Plot
from validate.overlaps.claims import LINEAR_CLOSED
from validate.overlaps.rate_law import RateLaw, rate_law
from validate.overlaps.reference_data import VISIBLE, ReferenceRun, reference_run
from validate.overlaps.settings import Config
from validate.palette import MUTED
from validate.plotting import GUIDE, MEASURED, ONE_PANEL, PREDICTED, decades, legend_below, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtLeast

EXACT = Absolute(1e-9, "rounding, grown over the training")
EVERY_OPTION = GradientDescent(2e-3, momentum=0.8, weight_decay=1e-4, block_rates=(1.0, 0.5, 2.0, 0.0))
REFERENCE = 1e-5
"""Float32 rounding of the reference run, over 2,000 epochs."""


@dataclass(frozen=True)
class Case:
    """One training of a network and of its overlaps."""

    name: str
    shape: Shape
    task: Task
    rule: GradientDescent
    neurons: int
    epochs: int


@dataclass(frozen=True)
class Compared:
    """Overlaps (epochs + 1, d, d) and loss (epochs + 1) of one case, through the map and through the network."""

    case: Case
    map_sigma: Float[np.ndarray, "epochs d d"]
    map_loss: Float[np.ndarray, " epochs"]
    network_sigma: Float[np.ndarray, "epochs d d"]
    network_loss: Float[np.ndarray, " epochs"]

    @property
    def errors(self) -> tuple[float, ...]:
        """The largest difference at any epoch over the largest value: of an overlap, and of the loss."""
        pairs = ((self.map_sigma, self.network_sigma), (self.map_loss, self.network_loss))
        return tuple(float(np.abs(ours - theirs).max() / np.abs(theirs).max()) for ours, theirs in pairs)


@dataclass(frozen=True)
class LinearResults:
    """What the section found."""

    trained: tuple[Compared, ...]
    law: RateLaw
    reference: ReferenceRun


def checks(config: Config, report: Report, progress: Progress) -> LinearResults:
    """Map against networks, flow against map, the map against somebody else's network."""
    trained: list[Compared] = []
    listed = cases(config)
    with progress.task("linear networks", total=len(listed)) as done:
        for k, case in enumerate(listed):
            trained.append(both_ways(case, config.seed + k))
            report.check(
                f"map against network: {case.name}, N = {case.neurons}, {case.epochs} epochs, overlaps and loss",
                predicted=np.zeros(2),
                measured=trained[-1].errors,
                tolerance=EXACT,
                claim=LINEAR_CLOSED,
            )
            done(k + 1)
    law = rate_law(config)
    report.check(
        "flow against map: power of the rate in the largest difference",
        predicted=1.0,
        measured=law.slope,
        tolerance=Absolute(0.05, "O(rate) relative"),
    )
    reference = reference_run()
    report.check(
        "map against the network of Ger & Barak: overlaps and loss, every 20th epoch",
        predicted=reference.theirs,
        measured=reference.mapped,
        tolerance=Absolute(REFERENCE, "float32 rounding of that run"),
        claim=LINEAR_CLOSED,
    )
    for clock, error in zip(("", ", its clock fitted"), reference.naive_errors(), strict=True):
        report.check(
            f"naive flow of the visible overlaps alone{clock}: error against that network",
            predicted=1000 * REFERENCE,
            measured=error,
            tolerance=AtLeast("a thousand times what the map may err"),
            claim=LINEAR_CLOSED,
        )
    report.quantity("largest_map_error", max(max(each.errors) for each in trained))
    report.quantity("reference_error", reference.error)
    report.quantity("naive_errors", list(reference.naive_errors()))
    report.quantity("naive_fitted_clock", reference.fitted_clock)
    report.quantity("flow_errors", law.errors.tolist())
    return LinearResults(tuple(trained), law, reference)


def cases(config: Config) -> tuple[Case, ...]:
    """Filter, oscillator and random tasks of rank 1 to 4, networks from fewer neurons than columns on."""
    quick = config.effort.small
    epochs = 200 if quick else 2000
    plain, filtering = GradientDescent(5e-3), filter_task()
    found = [
        Case("filter", Shape(), filtering, plain, neurons, epochs)
        for neurons in ((3, 10, 100, 1000) if not quick else (3, 10, 100))
    ]
    found.append(Case("oscillator, rank 2", Shape(rank=2), oscillator_task(), plain, 100, epochs))
    for rank, (inputs, outputs) in enumerate(((1, 3), (2, 3), (3, 1), (2, 2)), start=1):
        shape = Shape(inputs, rank, outputs)
        task = random_task(jax.random.key(config.seed + rank), inputs, outputs)
        name = f"random task of rank {rank}, inputs {inputs}, outputs {outputs}"
        found.append(Case(name, shape, task, GradientDescent(1e-2), shape.size, epochs))
        if rank == 2:
            batches = MiniBatches(task.batch, 2, jax.random.key(config.seed))
            name = f"{name}, mini-batches, momentum, weight decay, block rates, z frozen"
            found.append(Case(name, shape, batches, EVERY_OPTION, 50, epochs))
    return tuple(found)


def both_ways(case: Case, seed: int) -> Compared:
    """Draw a network whose columns have norm sqrt(N), train it, and train its overlaps."""
    theta = np.random.default_rng(seed).normal(size=(case.neurons, case.shape.size))
    theta /= np.sqrt((theta**2).mean(axis=0))
    network = network_of(jnp.asarray(theta), case.shape.counts, LINEAR)
    overlaps = Overlaps(network.sigma(), Closure(case.shape, gaussian.LINEAR))
    theirs = train([network], case.task, rule=case.rule, epochs=case.epochs)
    ours = train([overlaps], case.task, rule=case.rule, epochs=case.epochs)
    paths = (ours.observed, ours.loss, theirs.observed, theirs.loss)
    return Compared(case, *(path[:, 0] for path in paths))


NAIVE: dict[str, Any] = {"color": MUTED, "linestyle": "--", "linewidth": 1.2, "zorder": 1}
FITTED = NAIVE | {"linestyle": ":"}


def figures(config: Config, results: LinearResults) -> tuple[Plot, ...]:
    """The published run beside map and naive flow; the error of the flow against the rate."""
    return (_learning(results.reference), _rate_law(results.law))


def _learning(run: ReferenceRun) -> Plot:
    with style():
        figure = Figure(figsize=(9.0, 5.6))
        panels = figure.subplots(3, 4).ravel()
        order = sorted(range(len(run.names)), key=lambda k: (run.names[k] != "loss", run.names[k] not in VISIBLE))
        for axes, k in zip(panels, order, strict=False):
            name = run.names[k]
            axes.plot(run.epochs[::3], run.theirs[::3, k], label="network, N = 500", **MEASURED)
            axes.plot(run.epochs, run.mapped[:, k], label="map of the overlaps", **PREDICTED)
            if name in VISIBLE:
                column = VISIBLE.index(name)
                axes.plot(run.epochs, run.naive[:, column], label="visible overlaps alone", **NAIVE)
                axes.plot(run.epochs, run.naive_fitted[:, column], label="the same, clock fitted", **FITTED)
            kind = "" if name == "loss" else ", visible" if name in VISIBLE else ", invisible"
            axes.set_title(f"{typeset(name)}{kind}")
        for axes in panels[7:11]:
            axes.set_xlabel("epoch")
        panels[11].axis("off")
        handles, labels = panels[1].get_legend_handles_labels()
        panels[11].legend(handles, labels, loc="center")
    caption = (
        "Loss and all ten overlaps of a linear network learning the filter task (published run of Ger & Barak), their "
        f"exact map, and the naive flow of the visible overlaps alone, also {run.fitted_clock:.2g} times as fast."
    )
    data = {
        "epochs": run.epochs,
        "network": run.theirs,
        "map": run.mapped,
        "naive": run.naive,
        "fitted": run.naive_fitted,
    }
    return plot("linear_learning", caption, figure, data | {"names": np.array(run.names)})


def _rate_law(law: RateLaw) -> Plot:
    with style():
        figure, axes = new_figure(ONE_PANEL, 3.6)
        axes.loglog(law.rates, law.errors, label="largest difference", **MEASURED)
        axes.loglog(law.rates, law.errors[-1] * law.rates / law.rates[-1], label="slope 1, through the last", **GUIDE)
        axes.set(xlabel="learning rate", ylabel="flow − map, any overlap")
        axes.set_xticks(law.rates, [f"{rate:.2g}" for rate in law.rates])
        axes.minorticks_off()
        decades(axes)
        legend_below(figure, 2)
    caption = f"The flow of the overlaps against their map: the difference falls as rate^{law.slope:.3f}."
    return plot("linear_rate_law", caption, figure, {"rates": law.rates, "errors": law.errors})
