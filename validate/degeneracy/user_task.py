"""A user's task: how far apart networks of N neurons end that learn it, predicted and measured. Nothing is asserted."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from simulate.cells.nonlinearity import NONLINEARITIES
from simulate.degeneracy.population import train_rows
from simulate.degeneracy.predicted import predict_spread
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.spread import PopulationSpread, measure_spread
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import closure_of, square_root
from simulate.tasks.task import Batch, FixedTask, fixed_task
from simulate.training.rule import GradientDescent
from simulate.training.stopping import NEVER, Threshold
from theory.overlaps import Shape
from validate.degeneracy.task_run import OwnTask
from validate.degeneracy.user_settings import DispersionConfig
from validate.output import Plot
from validate.plotting import MEASURED, ONE_PANEL, PREDICTED, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.task_file import IGNORED, LOSS, TaskArrays

NUMBERS = {
    "loss_mean": ("loss_mean", LOSS, "mean over networks"),
    "loss_sd": ("loss_sd", LOSS, "behaviour: standard deviation over networks"),
    "loss_doubled_mean": ("unseen_loss_mean", LOSS, "on trials twice as long: mean over networks"),
    "loss_doubled_sd": ("unseen_loss_sd", LOSS, "behaviour, on trials twice as long: standard deviation"),
    "dsa_sd": ("dsa_sd", "1 / tau", "dynamics: root mean squared DSA of two networks, over sqrt(2)"),
    "weights_distance": ("weights_distance", "", "weights: root mean squared |W - P W' P^T| of two networks"),
    "epochs_mean": ("epochs_mean", "epochs", "of stopping: mean over networks"),
    "epochs_sd": ("epochs_sd", "epochs", "of stopping: standard deviation over networks"),
}
"""Of each number in the report its name in `PopulationSpread`, its unit and what it means."""


@dataclass(frozen=True)
class OwnSpread:
    """What was predicted, and what was measured, if anything; `labels` are those of the columns."""

    labels: tuple[str, ...]
    predicted: PopulationSpread
    measured: PopulationSpread | None


def checks(own: OwnTask, config: DispersionConfig, report: Report, progress: Progress) -> OwnSpread:
    """Predict, and train a population if one is asked for."""
    shape, task = Shape(own.counts[0], own.counts[1], own.counts[3]), _task(own.task)
    rule, trials = GradientDescent(config.learning_rate), OtherTrials(unseen=_doubled(own.task))
    assert config.epochs is not None
    learning = TrainingMap(closure_of(shape, NONLINEARITIES[config.nonlinearity]), task, rule)
    with progress.told_task("predicted") as tell:
        predicted = predict_spread(
            learning,
            own.covariance,
            neurons=config.neurons,
            epochs=config.epochs,
            loss=config.stop_at,
            trials=trials,
            seed=config.seed,
            tell=lambda phase: tell(phase, 0, None),
        )
    measured = None
    if config.measure is not None:
        theta = Rows(square_root(own.covariance)).draw(
            neurons=config.neurons, networks=config.measure, seed=config.seed
        )
        with progress.told_task("networks", total=2) as tell:
            tell("trained", 0, 2)
            population = train_rows(
                theta,
                own.counts,
                NONLINEARITIES[config.nonlinearity],
                task,
                rule=rule,
                epochs=config.epochs,
                stop=NEVER if config.stop_at is None else Threshold(config.stop_at),
            )
            tell("measured", 1, 2)
            measured = measure_spread(population, task.batch, stop_at=config.stop_at, trials=trials, seed=config.seed)
    found = OwnSpread(shape.labels, predicted, measured)
    _report(own, config, found, report)
    return found


def _task(arrays: TaskArrays) -> FixedTask:
    return fixed_task(jnp.asarray(arrays.inputs), jnp.asarray(arrays.targets), arrays.dt, jnp.asarray(arrays.mask))


def _doubled(arrays: TaskArrays) -> Batch | None:
    """Trials twice as long: no input in the added steps, all of which count."""
    if arrays.doubled is None:
        return None
    added = ((0, 0), (0, arrays.inputs.shape[1]))
    inputs = np.pad(arrays.inputs, (*added, (0, 0)))
    mask = np.pad(arrays.mask, added, constant_values=1.0)
    return fixed_task(jnp.asarray(inputs), jnp.asarray(arrays.doubled), arrays.dt, jnp.asarray(mask)).batch


def _report(own: OwnTask, config: DispersionConfig, found: OwnSpread, report: Report) -> None:
    until = f"after {config.epochs} epochs" if config.stop_at is None else f"stopped at loss {config.stop_at:g}"
    report.finding(
        "neurons", config.neurons, "", f"of each network, {config.nonlinearity}, rank {config.rank}, {until}"
    )
    trials, steps, inputs = own.task.inputs.shape
    words = f"of {steps} steps of {own.task.dt:g} tau: inputs {inputs}, outputs {own.task.targets.shape[2]}"
    report.finding("trials", trials, "", words)
    if own.task.ignored:
        report.finding("task_ignored", own.task.ignored, "", IGNORED)
    report.quantity("columns", list(found.labels))
    for prefix, each in (("", found.predicted), ("measured_", found.measured)):
        missing, remarks = ({}, {}) if each is None else (_by_name(each.missing), _by_name(each.remarks))
        for name in ("sigma_mean", "sigma_sd"):
            report.quantity(f"{prefix}{name}", None if each is None else getattr(each, name))
        if each is not None and each.sigma_sd is not None:
            known = each.sigma_sd[np.isfinite(each.sigma_sd)]
            span = f"{known.min():.4g} to {known.max():.4g}" if known.size else None
            told = "standard deviations of the overlaps theta^T theta / N over networks"
            told += f"; not told of {missing['sigma_sd']}" if "sigma_sd" in missing else ""
            told += f"; {remarks['sigma_sd']}" if "sigma_sd" in remarks else ""
            report.finding(f"{prefix}sigma_sd_range", span, "", told)
        for name, (attribute, unit, meaning) in NUMBERS.items():
            value = None if each is None else getattr(each, attribute)
            if each is None or (config.stop_at is None and name.startswith("epochs")):
                report.quantity(f"{prefix}{name}", None)
            else:
                remark = f"{meaning}; {remarks[name]}" if name in remarks else meaning
                report.finding(f"{prefix}{name}", value, unit, missing.get(name, remark))
        report.quantity(f"{prefix}missing", missing)
        report.quantity(f"{prefix}remarks", remarks)
    report.conclude(_conclusion(found))


def _by_name(words: Mapping[str, str] | None) -> dict[str, str]:
    """What is said of a spread, by the names that its numbers have in the report."""
    names = {attribute: name for name, (attribute, _, _) in NUMBERS.items()}
    return {names.get(attribute, attribute): said for attribute, said in (words or {}).items()}


def _conclusion(found: OwnSpread) -> str:
    """The three levels in a sentence."""
    told = []
    for name in ("loss_sd", "dsa_sd", "weights_distance"):
        words = f"{name} {_told(getattr(found.predicted, name), 'not predicted')}"
        if found.measured is not None:
            words += f" (measured {_told(getattr(found.measured, name), 'not')})"
        told.append(words)
    return ", ".join(told)


def _told(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.3g}"


def figures(config: DispersionConfig, results: OwnSpread) -> tuple[Plot, ...]:
    """The standard deviations of all overlaps, predicted as dashes and measured as dots."""
    rows, columns = np.triu_indices(len(results.labels))
    pairs = [(results.labels[a], results.labels[b]) for a, b in zip(rows, columns, strict=True)]
    data: dict[str, np.ndarray] = {"overlaps": np.array([".".join(pair) for pair in pairs])}
    at = np.arange(len(pairs))
    with style():
        figure, (axes,) = new_panels(1, max(ONE_PANEL, 0.32 * len(pairs)), 3.6)
        if results.predicted.sigma_sd is not None:
            data["predicted"] = results.predicted.sigma_sd[rows, columns]
            look = {"linestyle": "none", "marker": "_", "markersize": 12, "markeredgewidth": 1.8}
            axes.plot(at, data["predicted"], **PREDICTED | look, label="predicted")
        if results.measured is not None and results.measured.sigma_sd is not None and config.measure is not None:
            data["measured"] = results.measured.sigma_sd[rows, columns]
            error = data["measured"] / np.sqrt(2 * (config.measure - 1))
            axes.errorbar(at, data["measured"], yerr=error, capsize=2, **MEASURED, label=f"{config.measure} networks")
        axes.set_xticks(at, [typeset("".join(pair)) for pair in pairs])
        axes.set_ylim(bottom=0.0)
        axes.set(xlabel="overlap after training", ylabel="standard deviation over networks")
        legend_below(figure, 2)
    caption = f"How far apart networks of {config.neurons:,} neurons end that learn your task, overlap by overlap."
    if "measured" in data:
        caption += f" Bars: standard error of a standard deviation of normal numbers. Seed {config.seed}."
    return (plot("dispersion", caption, figure, data),)
