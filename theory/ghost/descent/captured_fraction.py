"""Which fraction of starts ends stuck, between the critical rate and the failure ratio.

For a <= 1 none does (`theory.ghost.descent.safety`), above the failure ratio almost all do
(`theory.ghost.descent.capture`). In between the captured starts and those that find the cycle LRR lie interleaved on
every scale; their shares are measured on a stratified sample, one start in each of equally likely cells.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtri

from theory.ghost.descent.capture import failure_ratio
from theory.ghost.descent.errors import StartError
from theory.ghost.descent.itinerary import find_cycles
from theory.ghost.descent.training_map import PAPER, Window, advance

PATIENCE = 20_000  # steps before a start is called undecided


class Starts(ABC):
    """A distribution of starts rho."""

    @abstractmethod
    def quantiles(self, levels: Float[np.ndarray, " starts"]) -> Float[np.ndarray, " starts"]:
        """Its quantile function."""


@dataclass(frozen=True)
class NormalStarts(Starts):
    """Starts drawn as in the paper's Fig. 2D: mean 10 and standard deviation 1/10, in units of r_opt."""

    mean: float = 10.0
    deviation: float = 0.1

    def quantiles(self, levels: Float[np.ndarray, " starts"]) -> Float[np.ndarray, " starts"]:
        """Quantiles of the normal distribution."""
        return ndtri(levels) * self.deviation + self.mean


@dataclass(frozen=True)
class UniformStarts(Starts):
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

    `error_bound` is 0 where a proof gives the value; elsewhere it is 5 binomial standard errors (with Wilson's 25 / n
    for fractions near 0 and 1), which stratifying can only improve on, and the undecided fraction. `undecided` is
    the fraction neither stuck nor on a cycle at the end.
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
    Raises `RateError` for a bad rate and `StartError` for a sample without starts.

    >>> captured_fraction(1.0).value, captured_fraction(1.03).value
    (0.0, 1.0)
    >>> captured_fraction(1.02, starts=4000).value
    0.6215
    """
    window.scaled(a)
    if starts < 1:
        raise StartError(f"{starts} starts were asked for; give at least 1")
    within = np.random.default_rng(seed).uniform(size=starts)
    grid = distribution.quantiles((np.arange(starts) + within) / starts)
    outset = grid < window.cut
    if a <= 1:
        return CapturedFraction(float(outset.mean()), 0.0, 0.0, starts)
    if a > failure_ratio(window):
        return CapturedFraction(1.0, 0.0, 0.0, starts)
    stuck, undecided = _fates(grid, a, window)
    value, lost = float(stuck.mean()), float(undecided.mean())
    bound = 5 * (value * (1 - value) / starts) ** 0.5 + 25 / starts
    return CapturedFraction(value, bound + lost, lost, starts)


def _fates(
    grid: Float[np.ndarray, " starts"], a: float, window: Window
) -> tuple[Bool[np.ndarray, " starts"], Bool[np.ndarray, " starts"]]:
    """Who is stuck, and who is undecided: neither stuck nor on an attracting cycle when patience ends."""
    met, stretch = find_cycles(a, window), window.scaled(a) ** 0.4
    cycles = [*met.others] if met.reached is None else [met.reached, *met.others]
    points = np.array([float(point) * stretch for cycle in cycles for point in cycle.points])
    state, stuck = grid.copy(), np.zeros(len(grid), dtype=bool)
    open_cases = np.arange(len(grid))
    for _ in range(PATIENCE // 100):
        if not len(open_cases):
            break
        state = advance(state, a, 100, window)
        fell = state < window.cut
        stuck[open_cases[fell]] = True
        settled = np.any(np.abs(state[:, None] - points) < 1e-9, axis=1)
        left = ~fell & ~settled
        open_cases, state = open_cases[left], state[left]
    undecided = np.zeros(len(grid), dtype=bool)
    undecided[open_cases] = True
    return stuck, undecided
