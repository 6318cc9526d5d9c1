"""Mean-field annealing of an assignment: every unit is matched with all others at once, less and less evenly."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from simulate.measures.matching import Matching, Relabelling

Stack = Float[np.ndarray, "tries n n"]
Scales = Float[np.ndarray, "tries n 1"]
LEAST = np.float32(1e-30)
"""No probability is less: sums of them can be divided by."""


@dataclass(frozen=True)
class Annealing:
    """A schedule: inverse temperatures from `hot` to `cold`, in units of 1 / the spread of what assignments gain.

    At each of `steps` temperatures one step of the mean-field equations is made: unit i is matched with unit a with
    probability P[i, a] = exp(slope[i, a] / temperature), made doubly stochastic by `rounds` of Sinkhorn's iteration;
    `kept` of the probabilities of before is kept. With signs, P is the sum over both signs and X the difference. At the
    end a linear assignment takes what is most probable. In single precision, several tries side by side. (Gold &
    Rangarajan, IEEE PAMI 18, 377, 1996, for permutations; with signs derived here.)

    >>> Annealing(steps=100).cold
    8.0
    """

    hot: float = 3.0
    cold: float = 8.0
    steps: int = 80
    rounds: int = 3
    kept: float = 0.3

    def from_noise(self, matching: Matching, tries: int, noise: float, rng: np.random.Generator) -> list[Relabelling]:
        """Where tries end that begin with all assignments alike, but for a noise relative to that."""
        n = matching.n
        X = (noise / n * rng.standard_normal((tries, n, n))).astype(np.float32)
        P = np.full((tries, n, n), 1 / n, np.float32)
        return self._run(matching, X if matching.signed else np.maximum(P + X, LEAST), P, rng)

    def from_mixture(
        self, matching: Matching, at: Relabelling, share: float, rng: np.random.Generator
    ) -> list[Relabelling]:
        """Where a try ends that begins with `share` of one relabelling and the rest even."""
        n = matching.n
        here = 0, np.arange(n), at.order
        X, P = np.full((2, 1, n, n), (1 - share) / n, np.float32)
        P[here] += share
        if matching.signed:
            X[:] = 0.0
        X[here] += share * at.signs
        return self._run(matching, X, P, rng)

    def _run(self, matching: Matching, X: Stack, P: Stack, rng: np.random.Generator) -> list[Relabelling]:
        single, kept, n = matching.single, np.float32(self.kept), matching.n
        unit, columns = _spread(single, rng), np.ones((len(X), n, 1), np.float32)
        for inverse in np.geomspace(self.hot, self.cold, self.steps) / unit if unit > 0 else ():
            of_X, of_P = single.slopes_inside(X, P)
            of_X *= np.float32(inverse)
            if matching.signed:
                now = np.abs(of_X)
                now += np.log1p(np.exp(-2 * now)) + np.float32(inverse) * of_P
                columns = self._make_stochastic(now, columns)
                P = kept * P + (1 - kept) * now
                X = kept * X + (1 - kept) * P * np.tanh(of_X)
            else:
                columns = self._make_stochastic(of_X, columns)
                of_X *= 1 - kept
                of_X += kept * X
                X = of_X
        weights = np.abs(X) + P if matching.signed else X
        orders = [linear_sum_assignment(each, maximize=True)[1] for each in weights]
        return [
            Relabelling(order, np.where(each[np.arange(n), order] < 0, -1.0, 1.0))
            for each, order in zip(X, orders, strict=True)
        ]

    def _make_stochastic(self, weights: Stack, columns: Scales) -> Scales:
        """Logarithms become probabilities, in place: rows and columns are scaled in turn; and how columns were scaled.

        Sinkhorn's iteration goes on from the scales of the step before.
        """
        weights -= weights.max(axis=2, keepdims=True)
        np.exp(weights, out=weights)
        turned, rows = weights.transpose(0, 2, 1), columns
        for _ in range(self.rounds):
            rows = 1 / np.maximum(weights @ columns, LEAST)
            columns = 1 / np.maximum(turned @ rows, LEAST)
        weights *= rows
        weights *= columns.transpose(0, 2, 1)
        return columns


def _spread(matching: Matching, rng: np.random.Generator) -> float:
    """The standard deviation of the slopes at a random relabelling, without what no assignment changes."""
    signs = rng.choice([-1.0, 1.0], matching.n) if matching.signed else np.ones(matching.n)
    of_X, of_P = matching.slopes(Relabelling(rng.permutation(matching.n), signs.astype(np.float32)))
    if not matching.signed:
        of_P, of_X = of_P + of_X, np.zeros_like(of_X)
    of_P = of_P - of_P.mean(axis=0) - of_P.mean(axis=1, keepdims=True) + of_P.mean()
    return float(np.sqrt((of_X**2).mean() + (of_P**2).mean()))
