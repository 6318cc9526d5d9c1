"""Mean-field annealing of an assignment: every unit is matched with all others at once, less and less evenly."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from simulate.measures.matching import Matching, Matrix, Relabelling

Vector = Float[np.ndarray, " n"]
TINY = np.float32(1e-30)


@dataclass(frozen=True)
class Annealing:
    """A schedule: inverse temperatures from `hot` to `cold`, in units of 1 / the spread of what assignments gain.

    At each of `steps` temperatures, one step of the mean-field equations: unit i is matched with unit a with
    probability P[i, a] = exp(slope[i, a] / temperature), made doubly stochastic by `rounds` of Sinkhorn's iteration;
    `kept` of the probabilities of before is kept. With signs, P is the sum of both signs and X their difference. At the
    end a linear assignment takes the most probable relabelling. Starts with probabilities that are equal but for a
    relative `noise`, in single precision. (Graduated assignment: Gold & Rangarajan, IEEE PAMI 18, 377, 1996.)

    >>> Annealing(steps=300).cold
    8.0
    """

    hot: float = 3.0
    cold: float = 8.0
    steps: int = 150
    rounds: int = 3
    kept: float = 0.3
    noise: float = 0.1

    def run(self, matching: Matching, rng: np.random.Generator) -> Relabelling:
        """Where the annealing ends, at zero temperature."""
        n, signed = matching.n, matching.signed
        single = matching.single
        noise = (self.noise * rng.standard_normal((n, n))).astype(np.float32) / n
        P = np.full((n, n), 1 / n, np.float32)
        X = noise if signed else np.maximum(P + noise, TINY)
        unit, columns = _spread(single, rng), np.ones(n, np.float32)
        for inverse in np.geomspace(self.hot, self.cold, self.steps) / unit if unit > 0 else ():
            of_X, of_P = (np.float32(inverse) * slope for slope in single.slopes_inside(X, P if signed else X))
            if signed:
                both = np.abs(of_X)
                now, columns = self._doubly_stochastic(both + np.log1p(np.exp(-2 * both)) + of_P, columns)
                P = self._mixed(P, now)
                X = self._mixed(X, P * np.tanh(of_X))
            else:
                now, columns = self._doubly_stochastic(of_X + of_P, columns)
                X = self._mixed(X, now)
        order = linear_sum_assignment(np.abs(X) + P if signed else X, maximize=True)[1]
        return Relabelling(order, np.where(X[np.arange(n), order] < 0, -1.0, 1.0))

    def _mixed(self, before: Matrix, after: Matrix) -> Matrix:
        kept = np.float32(self.kept)
        return kept * before + (1 - kept) * after

    def _doubly_stochastic(self, logarithms: Matrix, columns: Vector) -> tuple[Matrix, Vector]:
        """exp(logarithms), rows and columns scaled in turn to sum to one; and the scales of columns, to go on from."""
        weights = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
        rows = columns
        for _ in range(self.rounds):
            rows = 1 / np.maximum(weights @ columns, TINY)
            columns = 1 / np.maximum(rows @ weights, TINY)
        return rows[:, None] * weights * columns, columns


def _spread(matching: Matching, rng: np.random.Generator) -> float:
    """The standard deviation of the slopes at a random relabelling, without what no assignment changes."""
    signs = rng.choice([-1.0, 1.0], matching.n) if matching.signed else np.ones(matching.n)
    of_X, of_P = matching.slopes(Relabelling(rng.permutation(matching.n), signs.astype(np.float32)))
    if not matching.signed:
        of_P, of_X = of_P + of_X, np.zeros_like(of_X)
    of_P = of_P - of_P.mean(axis=0) - of_P.mean(axis=1, keepdims=True) + of_P.mean()
    return float(np.sqrt((of_X**2).mean() + (of_P**2).mean()))
