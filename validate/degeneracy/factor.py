"""A factor: what is published of it, what is measured along its levels, and what that says of the publication."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulate.measures.estimate import PopulationEstimate
from simulate.measures.trend import Trend, trend
from simulate.populations.across import DistancesAcross
from simulate.populations.degeneracy import Degeneracy
from validate.claim import CONTRADICTED
from validate.degeneracy.claims import AS_PUBLISHED, CONFIRMED, UNSEEN, FactorClaim
from validate.degeneracy.claims import LEARNED as LEARNED_CLAIM
from validate.degeneracy.conditions import FactorLevel

ARROWS = {1: "up", -1: "down", 0: "neither", None: "no arrow"}
CONFIDENCE = 0.99


@dataclass(frozen=True)
class Factor:
    """A factor on one task, and the direction in which its level is said to move each measure.

    The direction is 1, -1, 0 where it is said to stay, None where none is said. `claim`: what its arrows say; `axis`:
    what its levels are, as a figure says it.
    """

    name: str
    task: str
    axis: str
    levels: tuple[FactorLevel, ...]
    arrows: Mapping[str, int | None]
    claim: FactorClaim

    def claim_about(self, measure: str) -> FactorClaim | None:
        """The paper's claim to which the arrow of a measure belongs; None where it has no arrow."""
        if self.arrows[measure] is None:
            return None
        return LEARNED_CLAIM if measure in LEARNED else self.claim


LEARNED: dict[str, int | None] = {"change": 1, "alignment": -1}
"""More complex tasks (section 3.2.1 and Fig. 5) and a larger gamma (section 3.2.2) "drive stronger feature learning":
an "increasing weight-change norm and decreasing kernel alignment"."""
UNSAID: dict[str, int | None] = {"representation": None}
"""Factors "do not impose the same constraints on representational degeneracy" (section 2.3.2, on its appendix G)."""

COMPLEXITY = {"dynamics": -1, "weights": 1, "behaviour": -1, **LEARNED, **UNSAID}
FEATURE_LEARNING = {"dynamics": -1, "weights": 1, "behaviour": 1, **LEARNED, **UNSAID}
WIDTH = {"dynamics": -1, "weights": -1, "behaviour": -1, "alignment": 0, **UNSAID}
REGULARISATION = {"dynamics": -1, "weights": -1, "behaviour": -1, **UNSAID}
"""Huang et al., Table 1, the arrows as its text has them (sections 3.1 to 3.4).

Width at one gamma "holds feature learning strength constant" (section 3.3)."""


@dataclass(frozen=True)
class PublishedArrow:
    """One arrow: how the measure moves as published, how its null moves, and how the measure moves beyond its null."""

    measure: str
    arrow: int | None
    raw: Trend
    null: Trend
    beyond: Trend

    @property
    def verdict(self) -> str:
        """In words."""
        seen = self.raw.direction
        if seen == 0:
            return AS_PUBLISHED if self.arrow == 0 else UNSEEN
        if self.arrow is not None and seen != self.arrow:
            return CONTRADICTED
        word = f"goes {ARROWS[seen]}" if self.arrow is None else CONFIRMED
        if self.beyond.direction == seen:
            return word
        return f"{word} raw, but so does the null" if self.null.direction == seen else f"{word} raw alone"


@dataclass(frozen=True)
class MeasuredFactor:
    """The levels at which networks could be compared, what was measured there, and the statements about them.

    `across`: the distances between networks of all these levels.
    """

    factor: Factor
    levels: tuple[FactorLevel, ...]
    found: tuple[Degeneracy, ...]
    statements: tuple[PublishedArrow, ...]
    across: DistancesAcross | None = None


def raw_of(found: Degeneracy, units: int, *, per_parameter: bool) -> dict[str, PopulationEstimate]:
    """Each measure as published: of weights the distance up to permutations, between widths over n^2."""
    size = units**2 if per_parameter else 1
    return {
        "dynamics": PopulationEstimate.over_pairs(found.dsa),
        "weights": PopulationEstimate.over_pairs(found.weights.value / size),
        "behaviour": found.behaviour,
        "change": found.change,
        "alignment": found.alignment,
        "representation": PopulationEstimate.over_pairs(found.svcca),
    }


def null_of(found: Degeneracy, units: int, *, per_parameter: bool) -> dict[str, PopulationEstimate]:
    """What each is held against.

    Two halves of one network's trials; shuffled weights; the mean loss; the norm at the start; the kernel of another
    network's start. Representations are compared on the same trials, so that two halves of trials are no null of
    theirs: untrained networks are.
    """
    size = units**2 if per_parameter else 1
    return {
        "dynamics": PopulationEstimate.of_mean(found.dsa_halves),
        "weights": PopulationEstimate.over_pairs(found.weights_shuffled.value / size),
        "behaviour": found.unseen_loss,
        "change": PopulationEstimate.of_mean(found.norms_at_start),
        "alignment": found.alignment_unrelated,
        "representation": PopulationEstimate.over_pairs(found.svcca_at_start),
    }


def beyond_of(found: Degeneracy) -> dict[str, PopulationEstimate]:
    """What is left: the excess over the null, of spread and weight change the ratio to it.

    The weight distance is that over the whole group, relative to the norms.
    """
    return {
        "dynamics": PopulationEstimate.over_pairs(found.dsa_beyond_null),
        "weights": PopulationEstimate.over_pairs(found.weights_beyond_null),
        "behaviour": found.behaviour_relative,
        "change": found.change_relative,
        "alignment": found.alignment_beyond_null,
        "representation": PopulationEstimate.over_pairs(found.svcca_beyond_null),
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
        "svcca_untrained": PopulationEstimate.over_pairs(found.svcca_at_start),
        "weights": PopulationEstimate.over_pairs(found.weights),
        "weights_group": PopulationEstimate.over_pairs(found.weights_group),
        "weights_group_lower": PopulationEstimate.over_pairs(found.weights_group.lower),
        "weights_group_all": PopulationEstimate.over_pairs(found.weights_all),
        "weights_null": PopulationEstimate.over_pairs(found.weights_shuffled),
        "weights_untrained": PopulationEstimate.over_pairs(found.weights_at_start),
        "weights_relative": PopulationEstimate.over_pairs(found.weights_relative),
        "weights_null_relative": PopulationEstimate.over_pairs(found.shuffled_relative),
        "norm": PopulationEstimate.of_mean(found.norms),
        "norm_at_start": PopulationEstimate.of_mean(found.norms_at_start),
        "weight_change": found.change,
        "weight_change_relative": found.change_relative,
        "kernel_alignment": found.alignment,
        "kernel_alignment_unrelated": found.alignment_unrelated,
    }
    entry: dict[str, float | int] = {"networks": int(found.networks), "converged": int(found.converged), "units": units}
    for name, estimate in estimates.items():
        entry |= {name: estimate.value, f"{name}_standard_error": estimate.standard_error}
    return entry
