"""Certified networks integrated under inputs that vary in time, and attacked by adversaries who set the slopes."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.cells.nonlinearity import Nonlinearity
from simulate.contraction.adversary import worst_slopes
from simulate.contraction.pairs import euler_distances, flow_distances
from simulate.integrate import FlowOutcome
from theory.contraction.certify import as_multiplier, certify
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.form import FORMS, Form
from theory.contraction.verdict import Certification
from validate.contraction.decays import draw_decays
from validate.contraction.settings import Config
from validate.contraction.simulated import (
    ACTIVATIONS,
    ROUNDING,
    dense_metric,
    random_drives,
    random_starts,
    simulated_network,
    switching_search,
)
from validate.output import Plot
from validate.plotting import legend_below, new_grid, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset_all
from validate.tolerance import AtMost, Exact

STEP = 0.1
"""The Euler step that is certified and run, in units of tau."""
TIMES = np.linspace(0.0, 4.0, 41)


@dataclass(frozen=True)
class TrajectoryResults:
    """Distances in the certified metric, relative to the start, for each network (name), and the certified rate."""

    names: tuple[str, ...]
    times: Float[np.ndarray, " times"]
    distances: tuple[Float[np.ndarray, "runs times"], ...]
    rates: tuple[float, ...]


def checks(config: Config, report: Report, progress: Progress) -> TrajectoryResults:
    """Distances fall at the certified rate at least, at every time; adversaries find nothing that grows faster."""
    rng = np.random.default_rng(config.seed)
    names, distances, rates = [], [], []
    cases = [(kind, form) for kind in ("symmetric", "dense", "product") for form in FORMS]
    with progress.task("trajectories", total=len(cases)) as advance:
        for done, (kind, form) in enumerate(cases):
            found = _certified(kind, form, rng)
            report.check(
                f"{kind}, {form.name}: verdict", predicted="contracting", measured=found.verdict.word, tolerance=Exact()
            )
            claim = as_multiplier(found.network, found.claims[0])
            assert claim is not None
            _attack(f"{kind}, {form.name}", found, claim, config, report)
            for activation in ACTIVATIONS:
                name = f"{kind}, {form.name}, {activation.name}"
                distance = _follow(name, found, claim, activation, config=config, report=report)
                names.append(name)
                distances.append(distance / distance[:, :1])
                rates.append(float(claim.rate))
            advance(done + 1)
    return TrajectoryResults(tuple(names), TIMES, tuple(distances), tuple(rates))


def _follow(
    name: str,
    found: Certification,
    claim: Multiplier,
    activation: Nonlinearity,
    *,
    config: Config,
    report: Report,
) -> Float[np.ndarray, "runs times"]:
    network, metric = simulated_network(found.network, activation), dense_metric(claim.metric)
    count, size, rate = config.effort.trajectories, found.network.size, float(claim.rate)
    drives, (starts, others) = random_drives(count, size, config.seed), random_starts(count, size, config.seed)
    pairs = flow_distances(network, drives, starts, others, metric=metric, times=jnp.asarray(TIMES))
    report.check(
        f"{name}: pairs of trajectories integrated to the end",
        predicted=count,
        measured=int((np.asarray(pairs.outcome) == FlowOutcome.reached_end).sum()),
        tolerance=Exact(),
    )
    distance = np.asarray(pairs.distance)
    heard = distance[:, 1:] > 1e-4
    slowest = np.where(heard, np.asarray(pairs.rates()), np.inf).min()
    report.check(
        f"{name}: certified rate, and the slowest decay of a distance over any interval",
        predicted=slowest + ROUNDING,
        measured=rate,
        tolerance=AtMost(f"distances above 1e-4, {count} pairs, inputs of three sinusoids each"),
    )
    if found.euler is not None:
        stepped = euler_distances(
            network, drives, starts, others, metric=dense_metric(found.euler.metric), step=STEP, count=40
        )
        ratios = np.asarray(stepped.distance)[:, 1:] / np.asarray(stepped.distance)[:, :-1]
        worst = np.where(np.asarray(stepped.distance)[:, 1:] > 1e-4, ratios, 0.0).max()
        report.check(
            f"{name}: factor of an Euler step of {STEP}, certified and measured in its own metric",
            predicted=float(found.euler.factor) + ROUNDING,
            measured=worst,
            tolerance=AtMost("every step of every pair"),
        )
    return distance


def _attack(name: str, found: Certification, claim: Multiplier, config: Config, report: Report) -> None:
    """Adversaries who set the slopes themselves, for whom all nonlinearities of one largest slope are alike."""
    network, metric = simulated_network(found.network, ACTIVATIONS[0]), dense_metric(claim.metric)
    rate = float(claim.rate)
    attack = worst_slopes(network, metric, seed=config.seed)
    report.check(
        f"{name}: largest logarithmic norm at adversarial slopes, {attack.tried} tried",
        predicted=-rate + ROUNDING,
        measured=attack.log_norm,
        tolerance=AtMost("minus the certified rate"),
    )
    switching = switching_search(config).run(network, metric)
    report.check(
        f"{name}: fastest growth under adversarial switching, {switching.tried} tried",
        predicted=-rate + ROUNDING,
        measured=switching.growth_rate,
        tolerance=AtMost("minus the certified rate"),
    )


def _certified(kind: str, form: Form, rng: np.random.Generator) -> Certification:
    """A random network of six neurons of this kind, scaled to be contracting, and its certificate."""
    size = 6
    weights = rng.normal(size=(size, size)) / np.sqrt(size)
    match kind:
        case "symmetric":
            weights = (weights + weights.T) / 2
            weights = 0.8 * weights / np.linalg.eigvalsh(weights)[-1]
        case "dense":
            weights = 0.9 * weights / np.linalg.norm(weights, 2)
        case "product":
            left, right = rng.uniform(0.5, 2, size), rng.uniform(0.5, 2, size)
            weights = -left[:, None] * (weights @ weights.T + 0.2 * np.eye(size)) * right
    return certify(weights, form, euler_step=STEP)


def figures(config: Config, results: TrajectoryResults) -> tuple[Plot, ...]:
    """One panel a network: relative distances in the certified metric, and exp(-rate t)."""
    columns = 4
    rows = -(-len(results.names) // columns)
    with style():
        figure, grid = new_grid(rows, columns, 10.4, 2.4 * rows + 0.3)
        panels = [axes for row in grid for axes in row]
        for axes, name, distance, rate in zip(panels, results.names, results.distances, results.rates, strict=False):
            draw_decays(axes, results.times, distance[:40], rate)
            axes.set_title(f"{typeset_all(name)}\n{axes.get_title()}")
        for axes in grid[-1]:
            axes.set(xlabel=r"time ($\tau$)")
        for row in grid:
            row[0].set(ylabel="distance / at the start")
        legend_below(figure, 3)
    data = {f"distance_{number}": distance for number, distance in enumerate(results.distances)}
    caption = (
        f"{config.effort.trajectories} pairs of trajectories a network, the two of a pair under the same random "
        "inputs: distances in the certified metric (a line a pair), and the envelope. Above each panel: the certified "
        "rate, and the slowest measured."
    )
    data |= {"times": results.times, "rates": np.array(results.rates)}
    return (plot("trajectories", caption, figure, data),)
