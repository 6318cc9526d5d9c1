"""All fixed points of the user's network, proved to be all, where the theory has such a proof for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float

from simulate.cells.dense import DenseCell
from simulate.cells.full_rank import FullRank
from simulate.cells.ugrnn import UGRNN
from simulate.cells.vanilla import Vanilla
from simulate.measures.fixed_points.find import FixedPoints
from theory.universality import Completeness, Factored, FixedPointSet, ProvedPoint, SearchLimits, fixed_point_set
from theory.universality.bounded import Bounded, tanh
from theory.universality.krawczyk import ROOM
from validate.universality.ball_maps import drive_of

_KNOWN = (Completeness.COMPLETE, Completeness.COMPLETE_TO_BOUND)


@dataclass(frozen=True, eq=False)
class ProvedSet:
    """What was proved of all points h = phi(W h + drive), and the `states` of the user's cell at them."""

    all: FixedPointSet
    W: Float[np.ndarray, "units units"]
    drive: Float[np.ndarray, " units"]
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
        if self.all.step.size != found.step.size or not self.all.complete:
            return None
        apart = np.abs(found.points[:, None] - self.states).max(axis=2, initial=0.0)
        told: list[ProvedPoint | None] = []
        for state, row in zip(found.points, apart, strict=True):
            known = self.all.points[int(row.argmin())]
            proof = self._driven(known, state) if isinstance(network, FullRank) else known
            if proof is None or np.abs(state - proof.state).max() > proof.alone:
                return None
            kept = isinstance(network, Vanilla) or (isinstance(network, FullRank) and network.tau == 1.0)
            told.append(proof if kept else replace(proof, unstable_dimension=None))
        return told

    def _driven(self, proof: ProvedPoint, state: Float[np.ndarray, " units"]) -> ProvedPoint | None:
        """Of x = W tanh(x) + drive the point whose tanh is this one; None where `state` is not next to it.

        x is in W h + drive, over the ball of h. Slopes of tanh are one at most, so in a box around the state any x has
        its h as near to the state's, and where that is still in the ball in which h is alone, x is alone. W D has the
        eigenvalues of D W.
        """
        ball = Bounded(proof.state[:, None], np.full((len(state), 1), proof.radius))
        off = (Bounded(self.W) @ ball + Bounded(self.drive[:, None]) - Bounded(state[:, None])).size()
        aside = (tanh(state) - Bounded(proof.state)).size()
        radius, alone = float(off.max()), proof.alone / ROOM - float(aside.max())
        return replace(proof, state=state, radius=radius, alone=alone) if radius < alone else None

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
    return ProvedSet(found, W, drive, states)
