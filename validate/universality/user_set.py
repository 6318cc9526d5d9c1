"""All fixed points of the user's network, proved to be all, where the theory has such a proof for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from simulate.cells.dense import DenseCell
from simulate.cells.full_rank import FullRank
from simulate.cells.ugrnn import UGRNN
from simulate.cells.vanilla import Vanilla
from simulate.measures.fixed_points.find import FixedPoints
from theory.universality import Completeness, Factored, FixedPointSet, ProvedPoint, SearchLimits, fixed_point_set
from validate.universality.ball_maps import drive_of

_KNOWN = (Completeness.COMPLETE, Completeness.COMPLETE_TO_BOUND)


@dataclass(frozen=True, eq=False)
class ProvedSet:
    """What was proved of all points, and the `states` of the user's cell at them."""

    all: FixedPointSet
    states: Float[np.ndarray, "points units"]

    @property
    def count(self) -> str:
        """How many points there are, as far as it is known."""
        return str(len(self.states)) if self.all.outcome in _KNOWN else "not decided"

    def is_all_of(self, proved: Sequence[ProvedPoint | None]) -> bool:
        """Whether these are all points there are: as many, each proved, no two of them the same."""
        known = [each for each in proved if each is not None]
        return (
            self.all.complete
            and len(known) == len(proved) == len(self.states)
            and all(one.is_apart_from(other) for one, other in combinations(known, 2))
        )

    def proofs(self, network: DenseCell, found: FixedPoints) -> list[ProvedPoint | None] | None:
        """Of each point found the proof that is in the set; None where the set has not all, or is of another map."""
        if not isinstance(network, Vanilla) or self.all.step.size != found.step.size or not self.all.complete:
            return None
        apart = np.abs(found.points[:, None] - self.states).max(axis=2, initial=0.0)
        told: list[ProvedPoint | None] = []
        for row in apart:
            k = int(row.argmin())
            if row[k] > self.all.points[k].alone:
                return None
            told.append(self.all.points[k])
        return told

    @property
    def told(self) -> str:
        """How it was done, or why it was not, in words."""
        tried, boxes = "; ".join(self.all.tried), self.all.boxes
        if self.all.complete:
            return f"{self.all.rank} variables, {boxes} boxes, each empty or with one point"
        if self.all.outcome is Completeness.COMPLETE_TO_BOUND:
            return tried
        return f"{self.all.outcome.value} ({tried}{f'; {boxes} boxes' if boxes else ''})"


def proved_set(
    network: DenseCell, inputs: Float[np.ndarray, " inputs"], boxes: int, factors: Factored | None = None
) -> ProvedSet | None:
    """The proved set at this constant input; None of cells that the theory has no such proof for.

    Of `factors` M and N the proof is that of M N^T, in as many variables as its rank.

    The points of a vanilla network are h = phi(W h + U x + b), phi tanh or ReLU; those of a rate network are
    W h + U x + b at the same h. Those of a UGRNN are the ones of its candidate alone: where h = u h + (1 - u) c, u
    below one, h is c.
    """
    if not boxes or not isinstance(network, Vanilla | FullRank | UGRNN):
        return None
    W = np.asarray(network.W, dtype=np.float64)
    drive = drive_of(network, inputs)
    units = W.shape[1]
    W, drive = W[-units:], drive[-units:]
    weights = W if factors is None or len(factors.M) != units or network.phi.name != "tanh" else factors
    found = fixed_point_set(weights, drive, network.phi, limits=SearchLimits(boxes=boxes))
    states = found.states @ W.T + drive if isinstance(network, FullRank) else found.states
    return ProvedSet(found, states)
