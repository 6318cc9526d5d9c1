"""That trajectories approach one another, as phi's slopes at the states that they come to are within bounds."""

from dataclasses import dataclass, replace

from theory.contraction.claims.claim import Claim, Document, number, numbers
from theory.contraction.exact_matrix import ExactMatrix, exact_vector
from theory.contraction.network import ExactNetwork
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.contraction.regions.box import Driven, IntervalBox
from theory.enclosures import Enclosed


@dataclass(frozen=True)
class BoxContraction:
    """Any two trajectories under the same inputs, constant or not, approach one another, by a proof about slopes.

    `everywhere`: from whatever states; the first of the `boxes` holds the image of everything. Otherwise from states of
    the first box, which holds its own image, and is not left. Every other box holds the image of the one before, so
    that trajectories come arbitrarily near to the last. There phi's slopes are within `slopes`, at which the network
    contracts by the claim `proof`, whatever they do in between: so it does a little beside, as all of its conditions
    are strict, or those of its rate. Under constant inputs all tend to one fixed point.
    """

    boxes: tuple[IntervalBox, ...]
    everywhere: bool
    slopes: tuple[Enclosed, ...]
    proof: Claim

    def proved(self, driven: Driven) -> bool:
        """Whether rational arithmetic proves it of this network under these inputs."""
        size = driven.system.size
        sizes = {len(each) for box in self.boxes for each in (box.lower, box.upper)} | {len(self.slopes)}
        if sizes != {size} or not all(box.ordered for box in self.boxes):
            return False
        bounded = not any(None in each for box in self.boxes for each in (box.lower, box.upper))
        if not bounded and (driven.system.form.slopes_multiply_rows or not self.everywhere):
            return False
        first = driven.everywhere if self.everywhere else driven.image(self.boxes[0])
        before = [first, *(driven.image(box) for box in self.boxes[:-1])]
        found = driven.slopes(self.boxes[-1])
        return (
            all(image.within(box) for image, box in zip(before, self.boxes, strict=True))
            and all(inner.within(outer.lower, outer.upper) for inner, outer in zip(found, self.slopes, strict=True))
            and self.proof.document()["claim"] == "contracting"
            and self.proof.holds(ranged(driven.system, self.slopes))
        )

    def document(self) -> Document:
        """The claim as JSON knows it."""
        return {
            "claim": "contracting",
            "by": "slopes in a box",
            "from": "everywhere" if self.everywhere else "the first box",
            "boxes": [pairs(box) for box in self.boxes],
            "slopes": [numbers(exact_vector((each.lower, each.upper))) for each in self.slopes],
            "proof": self.proof.document(),
        }


def ranged(system: ExactAutonomous, slopes: tuple[Enclosed, ...]) -> ExactNetwork:
    """The network of all nonlinearities whose slopes are within these bounds."""
    lowest, largest = (exact_vector(ends) for ends in zip(*((each.lower, each.upper) for each in slopes), strict=True))
    least = ExactMatrix.diagonal(lowest) if any(lowest) else None
    return replace(system.network, slopes=ExactMatrix.diagonal(largest), lowest=least)


def pairs(box: IntervalBox) -> list[list[int | str | None]]:
    """A box as JSON knows it: null is no bound."""
    ends = zip(box.lower, box.upper, strict=True)
    return [[None if end is None else number(end) for end in two] for two in ends]
