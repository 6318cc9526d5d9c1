"""Where the difference between the overlap flow and a trained network comes from: five causes, one at a time.

From the flow of the Gaussian closure, in continuous time on both scales, to N neurons trained by mini-batches:

    time step      the flow at dt instead of dt / 32                     falls as dt
    rate           the map at eta instead of the flow                    falls as eta
    mini-batches   some trials in each epoch instead of all              falls as eta^1/2 at equal learning time
    closure        infinitely many neurons instead of the closure        does not fall with any of these
    neurons        N neurons instead of infinitely many                  falls as N^-1/2

Each change is made on top of those before it, so that the distances add up to no less than the whole.
"""

from dataclasses import dataclass

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from simulate.cells.low_rank import LowRank
from simulate.cells.low_rank_latent import by_latent_state
from simulate.cells.nonlinearity import ERF
from simulate.integrate import adaptive
from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.draw import draw_exact
from simulate.overlaps.flow import overlap_flow
from simulate.overlaps.infinite_width import SobolNodes
from simulate.tasks.impulse import random_task
from simulate.tasks.minibatches import MiniBatches
from simulate.tasks.task import Batch, FixedTask, Task, fixed_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from validate.output import Plot
from validate.overlaps.reference_run import SHAPE, START, distance, limit, overlaps
from validate.overlaps.settings import Config
from validate.palette import MEASUREMENT, MUTED
from validate.plotting import NOTE, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Reported

TRIALS, BATCH, STEPS, DT, AMPLITUDE = 16, 4, 30, 0.1, 4.0
RATE, LEARNING_TIME = 0.02, 1.0
"""The learning time is the rate times the number of epochs."""
FINEST = 32
NEURONS = 200
NODES = SobolNodes(1024)
PRECISE = adaptive(diffrax.RecursiveCheckpointAdjoint(), rtol=1e-7, atol=1e-9, longest_step=jnp.inf)
"""A hundred thousand times finer than the smallest cause."""


@dataclass(frozen=True)
class Cause:
    """One part of the difference: its root mean square size, and the power of its parameter that it goes with."""

    name: str
    size: float
    exponent: float


@dataclass(frozen=True)
class ErrorBudget:
    """The five causes in order, and the whole: root mean square distance of the networks from the first flow.

    `draws` is the number of mini-batch sequences, each with its own network; the exponent of the mini-batches is taken
    over `closure_draws` of them.
    """

    causes: tuple[Cause, ...]
    whole: float
    draws: int
    closure_draws: int

    def __getitem__(self, name: str) -> Cause:
        """The cause of that name."""
        return next(cause for cause in self.causes if cause.name == name)


def checks(config: Config, report: Report, progress: Progress) -> ErrorBudget:
    """Measure each cause at two values of its parameter, and the whole."""
    with progress.task("the error budget"):
        budget = _measure(config)
    _compare(report, budget)
    return budget


def _measure(config: Config) -> ErrorBudget:
    draws, closure_draws = (4, 64) if config.effort.small else (16, 256)
    batch = _batch(config)
    keys = jax.random.split(jax.random.key(config.seed + 1), closure_draws)
    few = keys[:draws]
    closure, infinite = overlaps(START, ERF), limit(START, ERF, NODES)

    fine, coarse = (_flow(closure.closure, at_finer_step(batch, factor), RATE) for factor in (FINEST, 1))
    half_flow = _flow(closure.closure, batch, RATE / 2)
    maps = [
        _end(closure, FixedTask(at_finer_step(batch, factor)), RATE) for factor in (FINEST // 4, FINEST // 2, FINEST)
    ]
    at_rate, at_half = (_end(closure, FixedTask(batch), rate) for rate in (RATE, RATE / 2))
    noisy, noisy_quarter = (_ends(closure, batch, keys, rate) for rate in (RATE, RATE / 4))
    exact, exact_quarter = (_ends(infinite, batch, few, rate) for rate in (RATE, RATE / 4))
    networks, wide = (_network_ends(neurons, batch, few, RATE) for neurons in (NEURONS, 4 * NEURONS))

    step, rate = _rms(fine, coarse), _rms(coarse, at_rate)
    bias, size = _rms(noisy[:draws], exact), _rms(exact, networks)
    return ErrorBudget(
        causes=(
            Cause("time step", step, float(np.log2(_rms(maps[0], maps[1]) / _rms(maps[1], maps[2])))),
            Cause("rate", rate, float(np.log2(rate / _rms(half_flow, at_half)))),
            Cause("mini-batches", _rms(at_rate, noisy[:draws]), _power(noisy, noisy_quarter)),
            Cause("closure", bias, float(np.log(bias / _rms(noisy_quarter[:draws], exact_quarter)) / np.log(4))),
            Cause("neurons", size, float(np.log(_rms(exact, wide) / size) / np.log(4))),
        ),
        whole=_rms(fine, networks),
        draws=draws,
        closure_draws=closure_draws,
    )


def _power(noisy: Array, noisy_quarter: Array) -> float:
    """Power of the rate in the spread of the mini-batch runs about their own mean, from a rate and its quarter."""
    spread = [_rms(each, jnp.mean(each, axis=0)) for each in (noisy, noisy_quarter)]
    return float(np.log(spread[0] / spread[1]) / np.log(4))


def _batch(config: Config) -> Batch:
    """White input of a few units and its leaky average."""
    batch = random_task(jax.random.key(config.seed), 1, 1, trials=TRIALS, steps=STEPS, dt=DT).batch
    return fixed_task(AMPLITUDE * batch.inputs, AMPLITUDE * batch.targets, DT).batch


def at_finer_step(batch: Batch, factor: int) -> Batch:
    """A task as it is in continuous time, at a time step `factor` times smaller."""
    inputs, targets, mask = (jnp.repeat(each, factor, axis=1) for each in (batch.inputs, batch.targets, batch.mask))
    return Batch(inputs, targets, mask, batch.dt / factor)


def _rms(left: Array, right: Array) -> float:
    return float(np.sqrt(np.mean(distance(left, right) ** 2)))


def _epochs(rate: float) -> int:
    return round(LEARNING_TIME / rate)


@eqx.filter_jit
def _flow(closure: Closure, batch: Batch, rate: float) -> Array:
    times = jnp.asarray([0.0, LEARNING_TIME / rate])
    return overlap_flow(closure, jnp.asarray(START), batch, GradientDescent(rate), times, method=PRECISE).sigma[-1]


@eqx.filter_jit
def _end(learner: Overlaps | LowRank, task: Task, rate: float) -> Array:
    return learn(learner, task, GradientDescent(rate), _epochs(rate)).end.sigma()


@eqx.filter_jit
def _ends(learner: Overlaps | LowRank, batch: Batch, keys: Key[Array, " draws"], rate: float) -> Array:
    return jax.lax.map(lambda key: _end(learner, MiniBatches(batch, BATCH, key), rate), keys)


@eqx.filter_jit
def _network_ends(neurons: int, batch: Batch, keys: Key[Array, " draws"], rate: float) -> Array:
    """Each network on the mini-batches of its own key."""

    def one(key: Key[Array, ""]) -> Array:
        network = draw_exact(jax.random.fold_in(key, neurons), START, SHAPE.counts, neurons, ERF)
        return _end(by_latent_state(network), MiniBatches(batch, BATCH, key), rate)

    return jax.lax.map(one, keys)


def _compare(report: Report, budget: ErrorBudget) -> None:
    spread = 4 * np.sqrt(2 / budget.closure_draws) / (2 * np.log(4))
    for name, parameter, predicted, tolerance in (
        ("time step", "dt", 1.0, Absolute(0.15, "O(dt) at dt / 8")),
        ("rate", "rate", 1.0, Absolute(0.05, "O(rate)")),
        ("mini-batches", "rate", 0.5, Absolute(spread + 0.05, "4 standard errors of two spreads, and O(rate)")),
        ("closure", "rate", 0.0, Absolute(0.1, "O(rate): no parameter makes it small")),
        ("neurons", "N", -0.5, Reported(f"{budget.draws} networks only: the law is fitted with the three levels")),
    ):
        report.check(
            f"error from {name}: power of the {parameter}",
            predicted=predicted,
            measured=budget[name].exponent,
            tolerance=tolerance,
        )
    report.check(
        "whole error, at most the sum of its parts",
        predicted=sum(cause.size for cause in budget.causes),
        measured=budget.whole,
        tolerance=AtMost("Minkowski's inequality"),
    )
    report.quantity("error_budget", {cause.name: cause.size for cause in budget.causes} | {"whole": budget.whole})


def figures(config: Config, results: ErrorBudget) -> tuple[Plot, ...]:
    """One bar a cause, and the whole."""
    names = [cause.name for cause in results.causes] + ["whole"]
    sizes = [cause.size for cause in results.causes] + [results.whole]
    with style():
        figure, axes = new_figure(5.6, 2.8)
        axes.barh(names[::-1], sizes[::-1], color=[MUTED] + [MEASUREMENT] * len(results.causes))
        axes.set(xlabel=r"distance of $\Sigma$, root mean square", xlim=(0, 1.15 * max(sizes)))
        for place, size in enumerate(sizes[::-1]):
            axes.annotate(f" {size:.2g}", (size, place), va="center", **NOTE)
    caption = (
        "From the flow of the Gaussian closure to trained networks: each cause on top of those above it. Root mean "
        f"squares over {results.draws} sequences of mini-batches, each with a network of its own."
    )
    data = {"cause": np.array(names), "size": np.array(sizes)}
    return (plot("error_budget", caption, figure, data),)
