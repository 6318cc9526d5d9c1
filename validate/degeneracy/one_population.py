"""One population of the 3-bit flip-flop: its distances beside everything that they are to be held against."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float

from simulate.cells.symmetry import Symmetry
from simulate.measures.embedding import embed
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
from validate.plotting import MEASURED, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Reported

BITS = 3


@dataclass(frozen=True)
class OnePopulation:
    """What was measured; None where too few networks converged. Coordinates are those of MDS on two axes."""

    found: Degeneracy | None
    dynamics: Float[np.ndarray, "networks 2"] | None
    weights: Float[np.ndarray, "networks 2"] | None


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
    return OnePopulation(found, embed(found.dsa).points, embed(found.weights_group).points)


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
    with style():
        figure, panels = new_panels(2, 6.4, 3.0)
        for axes, points, title in zip(panels, (results.dynamics, results.weights), ("DSA", "weights"), strict=True):
            axes.plot(points[:, 0], points[:, 1], **MEASURED)
            axes.set_title(title)
            axes.set_aspect("equal", "datalim")
    data = {"dynamics": results.dynamics, "weights": results.weights}
    caption = (
        f"{len(results.dynamics)} networks trained alike on the flip-flop (points), by multidimensional scaling of "
        "their distances."
    )
    return (plot("one_population", caption, figure, data),)
