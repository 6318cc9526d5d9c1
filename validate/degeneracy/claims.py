"""What Huang et al. state of the factors that move degeneracy, and what here counts as having seen it."""

from collections.abc import Sequence
from dataclasses import dataclass

from validate.claim import CONTRADICTED, HOLDS, IN_PART, PaperClaim

CONFIRMED, AS_PUBLISHED, UNSEEN = "confirmed", "none seen, as published", "not seen at this scale"
"""Verdicts on one arrow; others begin with `contradicted` or `confirmed`."""
TREND = "the trend of ranks along the levels, with its 99 % interval, and the same beyond the null"


@dataclass(frozen=True)
class FactorClaim(PaperClaim):
    """That a factor moves degeneracy on each level in a direction; its checks measure a verdict on each arrow."""

    def stands(self, values: Sequence[tuple[object, object]]) -> str:
        """Of all arrows together: it holds where each is confirmed beyond its null."""
        verdicts = [str(measured).split(":")[0] for _, measured in values]
        if all(verdict in (CONFIRMED, AS_PUBLISHED) for verdict in verdicts):
            return HOLDS
        if all(verdict == UNSEEN for verdict in verdicts):
            return UNSEEN
        against = any(verdict == CONTRADICTED for verdict in verdicts)
        return CONTRADICTED if against and not any(each.startswith(CONFIRMED) for each in verdicts) else IN_PART


CHANNELS = FactorClaim(
    "complex tasks",
    "Tasks of more channels make networks more alike in dynamics and behaviour, and less alike in weights.",
    "Fig. 3 and Table 1",
    TREND,
    figure="channels",
)
DEMANDS = FactorClaim(
    "memory demand and auxiliary outputs",
    "A longer memory, or an auxiliary output, does the same: alike in dynamics and behaviour, apart in weights.",
    "Fig. 4 and Table 1",
    TREND,
    figure="demands",
)
LEARNED = FactorClaim(
    "feature learning",
    "More complex tasks, and a larger gamma, drive stronger feature learning: larger changes of weights, kernels that "
    "turn further.",
    "Fig. 5",
    TREND,
    figure="channels_learning",
)
RICHNESS = FactorClaim(
    "rich networks",
    "Stronger feature learning makes networks more alike in dynamics, less alike in weights and behaviour.",
    "Fig. 6 and Table 1",
    TREND,
    figure="richness",
)
WIDTH = FactorClaim(
    "wide networks",
    "Larger networks are more alike on all three levels.",
    "Fig. 7 and Table 1",
    TREND,
    figure="width",
)
REGULARISATION = FactorClaim(
    "regularised networks",
    "Penalties for rank and for weights that are not zero make networks more alike on all three levels.",
    "Fig. 8 and Table 1",
    TREND,
    figure="regularisation",
)
