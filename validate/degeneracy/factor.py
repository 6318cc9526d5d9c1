"""A factor: what is published of it, what is measured along its levels, and what that says of the publication."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulate.measures.estimate import PopulationEstimate
from simulate.measures.trend import Trend, trend
from simulate.populations.degeneracy import Degeneracy
from validate.degeneracy.conditions import FactorLevel

ARROWS = {1: "up", -1: "down", 0: "neither"}
CONFIDENCE = 0.99


@dataclass(frozen=True)
class Factor:
    """A factor on one task, and the direction in which its level is said to move each kind of degeneracy."""

    name: str
    task: str
    unit: str
    levels: tuple[FactorLevel, ...]
    arrows: Mapping[str, int]


COMPLEXITY = {"dynamics": -1, "weights": 1, "behaviour": -1}
FEATURE_LEARNING = {"dynamics": -1, "weights": 1, "behaviour": 1}
WIDTH = {"dynamics": -1, "weights": -1, "behaviour": -1}
REGULARISATION = WIDTH
"""Huang et al., Table 1, the arrows as its text has them (sections 3.1 to 3.4)."""


@dataclass(frozen=True)
class PublishedArrow:
    """One arrow: how the measure moves as published, how its null moves, and how the measure moves beyond its null."""

    measure: str
    arrow: int
    raw: Trend
    null: Trend
    beyond: Trend

    @property
    def verdict(self) -> str:
        """In words."""
        if self.raw.direction == 0:
            return "not seen at this scale"
        if self.raw.direction != self.arrow:
            return "contradicted"
        if self.beyond.direction == self.arrow:
            return "confirmed"
        return "confirmed raw, but so does the null" if self.null.direction == self.arrow else "confirmed raw alone"


@dataclass(frozen=True)
class MeasuredFactor:
    """The levels at which networks could be compared, what was measured there, and the statements about them."""

    factor: Factor
    levels: tuple[FactorLevel, ...]
    found: tuple[Degeneracy, ...]
    statements: tuple[PublishedArrow, ...]


def raw_of(found: Degeneracy, units: int, *, per_parameter: bool) -> dict[str, PopulationEstimate]:
    """The three kinds as published: of weights the distance up to permutations, between widths over n^2."""
    size = units**2 if per_parameter else 1
    return {
        "dynamics": PopulationEstimate.over_pairs(found.dsa),
        "weights": PopulationEstimate.over_pairs(found.weights.value / size),
        "behaviour": found.behaviour,
    }


def null_of(found: Degeneracy, units: int, *, per_parameter: bool) -> dict[str, PopulationEstimate]:
    """What each is held against: two halves of one network's trials; shuffled weights; the mean loss."""
    size = units**2 if per_parameter else 1
    return {
        "dynamics": PopulationEstimate.of_mean(found.dsa_halves),
        "weights": PopulationEstimate.over_pairs(found.weights_shuffled.value / size),
        "behaviour": found.unseen_loss,
    }


def beyond_of(found: Degeneracy) -> dict[str, PopulationEstimate]:
    """What is left: DSA above the halves', relative weight distance above that of shuffles, spread over mean loss."""
    return {
        "dynamics": PopulationEstimate.over_pairs(found.dsa_beyond_null),
        "weights": PopulationEstimate.over_pairs(found.weights_beyond_null),
        "behaviour": found.behaviour_relative,
    }


def judged(factor: Factor, found: Mapping[str, Degeneracy]) -> MeasuredFactor:
    """The statements about a factor, from the levels at which enough networks converged."""
    levels = tuple(level for level in factor.levels if level.label in found)
    chosen = tuple(found[level.label] for level in levels)
    statements = []
    if len(levels) > 1:
        widths = [units_of(level) for level in levels]
        between_widths = len(set(widths)) > 1
        of_each = [
            [raw_of(each, n, per_parameter=between_widths) for each, n in zip(chosen, widths, strict=True)],
            [null_of(each, n, per_parameter=between_widths) for each, n in zip(chosen, widths, strict=True)],
            [beyond_of(each) for each in chosen],
        ]
        for measure, arrow in factor.arrows.items():
            trends = (trend([each[measure].each for each in part], confidence=CONFIDENCE) for part in of_each)
            statements.append(PublishedArrow(measure, arrow, *trends))
    return MeasuredFactor(factor, levels, chosen, tuple(statements))


def units_of(level: FactorLevel) -> int:
    """Of the networks at a level."""
    return level.condition.start.units


def summary(found: Degeneracy, units: int) -> dict[str, float | int]:
    """What the report says of one condition, each mean with its standard error."""
    estimates = {
        "epochs": found.updates,
        "behaviour": found.behaviour,
        "unseen_loss": found.unseen_loss,
        "dsa": PopulationEstimate.over_pairs(found.dsa),
        "dsa_lower": PopulationEstimate.over_pairs(found.dsa.lower),
        "dsa_null": PopulationEstimate.of_mean(found.dsa_halves),
        "dsa_untrained": PopulationEstimate.over_pairs(found.dsa_at_start),
        "svcca": PopulationEstimate.over_pairs(found.svcca),
        "weights": PopulationEstimate.over_pairs(found.weights),
        "weights_group": PopulationEstimate.over_pairs(found.weights_group),
        "weights_group_lower": PopulationEstimate.over_pairs(found.weights_group.lower),
        "weights_group_all": PopulationEstimate.over_pairs(found.weights_all),
        "weights_null": PopulationEstimate.over_pairs(found.weights_shuffled),
        "weights_untrained": PopulationEstimate.over_pairs(found.weights_at_start),
        "weights_relative": PopulationEstimate.over_pairs(found.weights_relative),
        "weights_null_relative": PopulationEstimate.over_pairs(found.shuffled_relative),
        "norm": PopulationEstimate.of_mean(found.norms),
        "weight_change": found.change,
        "kernel_alignment": found.alignment,
    }
    entry: dict[str, float | int] = {"networks": int(found.networks), "converged": int(found.converged), "units": units}
    for name, estimate in estimates.items():
        entry |= {name: estimate.value, f"{name}_standard_error": estimate.standard_error}
    return entry
