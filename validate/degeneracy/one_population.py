"""One population of the 3-bit flip-flop: its distances beside everything that they are to be held against."""

from dataclasses import dataclass

import jax
import numpy as np

from simulate.cells.symmetry import Symmetry
from simulate.measures.embedding import Embedding, embed
from simulate.measures.estimate import PopulationEstimate
from simulate.measures.weights import WeightsUpTo
from simulate.populations.degeneracy import Degeneracy, dense, only_recurrent
from simulate.populations.population import TrainedPopulation
from validate.degeneracy.comparison import outcomes_of, population_of, populations
from validate.degeneracy.conditions import FactorLevel, usual
from validate.degeneracy.factor import summary
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import FLIP_FLOP
from validate.output import Plot
from validate.plotting import MEASURED, WIDE, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Reported

BITS = 3


@dataclass(frozen=True)
class OnePopulation:
    """What was measured; None where too few networks converged. Networks are placed by MDS on two axes."""

    found: Degeneracy | None
    dynamics: Embedding | None
    weights: Embedding | None


def level_of(config: Config) -> FactorLevel:
    """Its condition."""
    return FactorLevel("flip-flop, 3 bits, alone", BITS, usual(config, FLIP_FLOP, FLIP_FLOP.at(config, BITS)))


def checks(config: Config, report: Report, progress: Progress) -> OnePopulation:
    """The population's distances and nulls; a network beside a copy of itself with units permuted and flipped."""
    level = level_of(config)
    (measured,) = populations([level], config, progress)
    report.check(
        "flip-flop, 3 bits: networks that converged",
        predicted=measured.networks,
        measured=measured.converged,
        tolerance=Reported("others were stopped at the most updates"),
    )
    found = measured.degeneracy
    demand = {"memory_demand": level.condition.task.memory_demand}
    if found is None:
        report.quantity(level.label, outcomes_of(level, config, progress) | demand)
        return OnePopulation(None, None, None)
    report.quantity(level.label, summary(found, config.units) | demand)
    halves = PopulationEstimate.of_mean(found.dsa_halves)
    shuffles = PopulationEstimate.over_pairs(found.weights_shuffled)
    for name, null, trained in (
        ("DSA, beside two halves of one network's trials", halves, found.dsa.value),
        ("weights up to permutations, beside shuffles", shuffles, found.weights.value),
        ("weights over the whole group, beside shuffles", shuffles, found.weights_group.value),
        ("the same, relative", PopulationEstimate.over_pairs(found.shuffled_relative), found.weights_relative),
    ):
        mean = PopulationEstimate.over_pairs(trained)
        report.check(f"flip-flop, 3 bits: {name}", predicted=null.value, measured=mean.value, tolerance=BESIDE)
    _copies(config, population_of(level, config, progress).trained, report)
    return OnePopulation(found, embed(found.dsa), embed(found.weights_group))


BESIDE = Reported("the null beside the networks")


def _copies(config: Config, population: TrainedPopulation, report: Report) -> None:
    """A trained network against a copy with its units permuted and flipped, which answers the same."""
    network = dense(population.each()[0])
    copy = network.transformed(network.symmetry.draw(jax.random.key(config.seed)))
    blocks = only_recurrent(network), only_recurrent(copy)
    size = 2**0.5 * float(np.linalg.norm(network.W))
    whole = WeightsUpTo(network.symmetry)(*blocks)
    permuted = WeightsUpTo(Symmetry(network.units, signs=False, scales=False))(*blocks)
    report.check(
        "a network and its copy of permuted and flipped units: distance over the whole group",
        predicted=0.0,
        measured=whole.value / size,
        tolerance=Absolute(1e-6, "single precision"),
    )
    report.check(
        "the same, up to permutations alone",
        predicted=0.0,
        measured=permuted.value / size,
        tolerance=Reported("signs that no permutation undoes"),
    )


def figures(config: Config, results: OnePopulation) -> tuple[Plot, ...]:
    """Where the networks lie in the plane that shows their distances best."""
    if results.dynamics is None or results.weights is None:
        return ()
    shown = {"DSA": results.dynamics, "weights, whole group": results.weights}
    with style():
        figure, panels = new_panels(2, WIDE, 3.4)
        for axes, (title, places) in zip(panels, shown.items(), strict=True):
            axes.plot(*places.points.T, **MEASURED)
            axes.set(
                title=f"{title} (stress {places.stress:.2f})", xlabel="first coordinate", ylabel="second coordinate"
            )
            axes.set_aspect("equal", "datalim")
            axes.margins(0.15)
    data = {"dynamics": results.dynamics.points, "weights": results.weights.points}
    data |= {"stress": np.array([each.stress for each in shown.values()])}
    caption = (
        f"{len(results.dynamics.points)} networks trained alike on the flip-flop of {BITS} bits (points), by "
        "multidimensional scaling of their distances: units are those of the distance, and axes have no meaning of "
        "their own. Stress is the share that the plane misses: above 0.2 it shows them but roughly. Seed "
        f"{config.seed}."
    )
    return (plot("one_population", caption, figure, data),)
