"""Which fraction of starts ends stuck, between the critical rate and the failure ratio.

For a <= 1 none does (`theory.safety`), above the failure ratio almost all do (`theory.capture`). In between the
captured starts and those that find the cycle LRR lie interleaved on every scale; their shares are measured on a
stratified sample, one start in each of equally likely cells.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import norm

from theory.capture import failure_ratio, last_cycle
from theory.errors import StartError
from theory.training_map import PAPER, Window, advance

PATIENCE = 100_000  # steps before a start is called undecided


class Starts(Protocol):
    """A distribution of starts rho."""

    def quantiles(self, levels: Float[np.ndarray, " starts"]) -> Float[np.ndarray, " starts"]:
        """Its quantile function."""
        ...


@dataclass(frozen=True)
class NormalStarts:
    """Starts drawn as in the paper's Fig. 2D: mean 10 and standard deviation 1/10, in units of r_opt."""

    mean: float = 10.0
    deviation: float = 0.1

    def quantiles(self, levels: Float[np.ndarray, " starts"]) -> Float[np.ndarray, " starts"]:
        """Quantiles of the normal distribution."""
        return norm.ppf(levels, self.mean, self.deviation)


@dataclass(frozen=True)
class UniformStarts:
    """Starts spread evenly over an interval of rho."""

    low: float
    high: float

    def quantiles(self, levels: Float[np.ndarray, " starts"]) -> Float[np.ndarray, " starts"]:
        """Quantiles of the uniform distribution."""
        return self.low + (self.high - self.low) * levels


PAPER_STARTS = NormalStarts()


@dataclass(frozen=True)
class CapturedFraction:
    """Fraction of starts that end stuck.

    `error_bound` is 5 binomial standard errors, which stratifying can only improve on, and the undecided fraction;
    it is 0 where a proof gives the value. `undecided` is the fraction neither stuck nor on the cycle at the end.
    """

    value: float
    error_bound: float
    undecided: float
    starts: int


def captured_fraction(
    a: float,
    window: Window = PAPER,
    distribution: Starts = PAPER_STARTS,
    starts: int = 40_000,
    seed: int = 0,
) -> CapturedFraction:
    """Fraction of starts captured at the rate ratio a: exactly 0 up to 1, exactly 1 above the failure ratio.

    The exact values hold for starts at or above the cut; a start below it is stuck from the outset and is counted.
    Raises `RateError` for a bad rate and `StartError` for a distribution that yields starts that are not positive.
    """
    window.scaled(a)
    within = np.random.default_rng(seed).uniform(size=starts)
    grid = distribution.quantiles((np.arange(starts) + within) / starts)
    if not np.all(grid > 0):
        raise StartError("the distribution of starts reaches zero or below; give positive starts")
    outset = grid < window.cut
    if a <= 1:
        return CapturedFraction(float(outset.mean()), 0.0, 0.0, starts)
    if a > failure_ratio(window):
        return CapturedFraction(1.0, 0.0, 0.0, starts)
    stuck, undecided = _fates(grid, a, window)
    value, lost = float(stuck.mean()), float(undecided.mean())
    return CapturedFraction(value, 5 * (value * (1 - value) / starts) ** 0.5 + lost, lost, starts)


def _fates(
    grid: Float[np.ndarray, " starts"], a: float, window: Window
) -> tuple[Bool[np.ndarray, " starts"], Bool[np.ndarray, " starts"]]:
    """Who is stuck, and who is undecided: not stuck, and not settled on the last cycle, when patience ends."""
    cycle, stretch = last_cycle(), window.scaled(a) ** 0.4
    points = np.array([float(point) * stretch for point in cycle.points])
    settles = cycle.exists_at(a, window)
    state, stuck = grid.copy(), np.zeros(len(grid), dtype=bool)
    open_cases = np.arange(len(grid))
    for _ in range(PATIENCE // 100):
        if not len(open_cases):
            break
        state = advance(state, a, 100, window)
        fell = state < window.cut
        stuck[open_cases[fell]] = True
        distance = np.min(np.abs(state[:, None] - points), axis=1)
        left = ~fell & ~((distance < 1e-9) & settles)
        open_cases, state = open_cases[left], state[left]
    undecided = np.zeros(len(grid), dtype=bool)
    undecided[open_cases] = True
    return stuck, undecided
