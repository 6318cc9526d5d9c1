"""Where two points of a latent flow meet, or one splits, while its weights go from one network to another."""

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.universality.cells import WrongWeights
from theory.universality.fixed_point_set import Factored
from theory.universality.latent_flow import LatentFlow

_SOLVED = 1e-10
_BESIDE = 1e-4
"""Of central differences, whose error is some 1e-8 of what they are of."""
_ZERO = 1e-6


@dataclass(frozen=True, eq=False)
class Meeting:
    """A point with an eigenvalue L = 1, on a path of weights.

    With w (1 - L) = 0 and |w| = |v| = 1 the equation along v is, to leading order in the share s and in x along v,
    0 = `push` (s - share) + `bend` x^2 / 2. Where neither is zero, two points meet: a fold.

    >>> Meeting(0.5, np.zeros(1), push=1.0, bend=0.0).outcome
    'no bend'
    """

    share: float
    kappa: Float[np.ndarray, " rank"]
    push: float
    bend: float

    @property
    def outcome(self) -> str:
        """Either "fold"; or "no push", where a point that stays becomes neutral; or "no bend", where three may meet."""
        if abs(self.push) <= _ZERO:
            return "no push"
        return "fold" if abs(self.bend) > _ZERO else "no bend"


@dataclass(frozen=True)
class LatentPath:
    """Weights and drives on the straight line from one network to another of the same shape, at shares from 0 to 1.

    >>> import numpy as np
    >>> from theory.universality import Factored, LatentFlow, LatentPath
    >>> ends = [LatentFlow(Factored(np.eye(2), gain * np.eye(2)), np.zeros(2)) for gain in (0.5, 1.5)]
    >>> LatentPath(*ends).at(0.5).slopes(np.zeros(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    Raises:
        WrongWeights: for networks of two shapes.
    """

    begin: LatentFlow
    end: LatentFlow

    def __post_init__(self) -> None:
        """Check shapes."""
        shapes = [np.shape(each.weights.M) for each in (self.begin, self.end)]
        if shapes[0] != shapes[1]:
            raise WrongWeights(f"networks of {shapes[0]} and {shapes[1]}: give two of one shape, units x rank")

    def at(self, share: float) -> LatentFlow:
        """The network at a share of the way."""
        one, other = self.begin, self.end
        M, N, drive = (
            (1 - share) * np.asarray(first) + share * np.asarray(second)
            for first, second in (
                (one.weights.M, other.weights.M),
                (one.weights.N, other.weights.N),
                (one.drive, other.drive),
            )
        )
        return LatentFlow(Factored(M, N), drive)

    def fold(self, share: float, kappa: Float[np.ndarray, " rank"]) -> Meeting | None:
        """Where a point has an eigenvalue L = 1, sought from here; None where the search ends nowhere.

        Solved are kappa' = 0, L v = v and v.v = 1 in kappa, v and the share. Where the outcome is "fold", two points
        meet there (a saddle-node): beyond are two more, or two fewer. Of a network without drive, kappa and -kappa do
        so together.

        >>> import numpy as np
        >>> from theory.universality import Factored, LatentFlow, LatentPath
        >>> ends = [LatentFlow(Factored(np.eye(1), 2 * np.eye(1)), np.full(1, drive)) for drive in (0.0, 1.0)]
        >>> found = LatentPath(*ends).fold(0.5, np.array([-0.9]))
        >>> round(found.share, 6), found.outcome  # sqrt(2) - atanh(sqrt(1/2))
        (0.53284, 'fold')
        """
        rank = self.begin.rank
        values, vectors = np.linalg.eig(self.at(share).slopes(kappa))
        direction = np.real(vectors[:, np.abs(values - 1).argmin()])

        def off(unknown: np.ndarray) -> np.ndarray:
            place, v, flow = unknown[:rank], unknown[rank:-1], self.at(unknown[-1])
            return np.concatenate([flow.velocity(place), flow.slopes(place) @ v - v, [v @ v - 1]])

        start = np.concatenate([kappa, direction / np.linalg.norm(direction), [share]])
        found = scipy.optimize.root(off, start, tol=1e-13)
        return self._met(found.x) if np.abs(off(found.x)).max() < _SOLVED else None

    def _met(self, solved: Float[np.ndarray, " unknowns"]) -> Meeting:
        """What is solved, with its push and its bend, by central differences."""
        rank = self.begin.rank
        kappa, v, share = solved[:rank], solved[rank:-1], float(solved[-1])
        flow = self.at(share)
        w = np.linalg.svd(np.eye(rank) - flow.slopes(kappa))[0][:, -1]
        pushed = self.at(share + _BESIDE).velocity(kappa) - self.at(share - _BESIDE).velocity(kappa)
        bent = (flow.slopes(kappa + _BESIDE * v) - flow.slopes(kappa - _BESIDE * v)) @ v
        return Meeting(share, kappa, float(w @ pushed) / (2 * _BESIDE), float(w @ bent) / (2 * _BESIDE))

    def crossings(self, kappa: Float[np.ndarray, " rank"], *, places: int = 65) -> tuple[float, ...]:
        """Shares at which det(1 - L) changes sign at a point that stays, as zero does without a drive.

        A pair of points leaves it there, or comes to it (a pitchfork, where kappa and -kappa are alike). Two changes
        between neighbours of so many places are not seen.

        >>> import numpy as np
        >>> from theory.universality import Factored, LatentFlow, LatentPath
        >>> ends = [LatentFlow(Factored(np.eye(2), np.diag([0.5, gain])), np.zeros(2)) for gain in (0.5, 1.5)]
        >>> LatentPath(*ends).crossings(np.zeros(2))
        (0.5,)
        """

        def determinant(share: float) -> float:
            return float(np.linalg.det(np.eye(self.begin.rank) - self.at(share).slopes(kappa)))

        grid = np.linspace(0, 1, places)
        signs = np.sign([determinant(share) for share in grid])
        return tuple(
            float(scipy.optimize.brentq(determinant, grid[k], grid[k + 1], xtol=1e-14))
            for k in np.flatnonzero(signs[1:] * signs[:-1] < 0)
        ) + tuple(float(share) for share in grid[signs == 0])
