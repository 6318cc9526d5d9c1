"""Whether a number goes up or down from level to level of a factor: a rank test with networks as units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from simulate.measures.samples import TooFewSamples, finite


@dataclass(frozen=True)
class Trend:
    """How a number moves along ordered levels, by the Jonckheere-Terpstra statistic.

    `value` is the share of pairs of networks from two levels in which the one of the higher level has the larger
    number, less the share in which it has the smaller: 1 where it always goes up, -1 where it always goes down, 0 where
    the factor says nothing. `low` and `high` bound its value at infinitely many networks, at `confidence`, by the
    jackknife over networks. Where that sees no spread (all pairs agree), they are Wilson's bounds for a share of as
    many trials as the smallest level has networks: of two levels no share has a larger variance (Birnbaum and Klose,
    Ann. Math. Statist. 28, 933, 1957). `p` is the chance of a value as far from 0 if levels were labels put on at
    random; `p_of_means` that of a slope of the levels' means as many of its standard errors from 0.

    >>> from simulate.measures import trend
    >>> found = trend([[1.0, 1.2, 0.9, 1.1], [1.5, 1.4, 1.6, 1.3], [2.0, 1.9, 2.2, 2.1]])
    >>> found.value, found.direction, found.p < 0.001
    (1.0, 1, True)
    """

    value: float
    low: float
    high: float
    p: float
    p_of_means: float
    confidence: float

    @property
    def direction(self) -> int:
        """1 or -1 where chance alone would do that neither to ranks nor to means at this confidence, else 0."""
        return int(np.sign(self.value)) if max(self.p, self.p_of_means) < 1 - self.confidence else 0


def trend(levels: Sequence[ArrayLike], *, confidence: float = 0.99, draws: int = 20_000, seed: int = 0) -> Trend:
    """The trend along levels in their order; each level is the numbers of its networks, independent of one another.

    For what is measured of pairs or of a whole population, give what each network contributes to it
    (`PopulationEstimate.each`). The part of a network in its pairs is its own only as far as distances are sums of such
    parts. Where networks fall into clusters, how many fell into which decides the parts of all, and ranks alone call
    trends too often: at a confidence of 0.9, of three levels of ten networks in two clusters, in 0.46 of trials. Such
    a level has a large jackknife error, and the slope of means in units of its standard error, as often beyond as
    labels put on at random say, is right for many networks whatever their law (Janssen, Stat. Probab. Lett. 36, 9,
    1997; Chung and Romano, Ann. Statist. 41, 484, 2013). So a direction is what both say.

    Arguments:
        confidence: of the interval, and of the direction.
        draws: random labellings for p, whose own resolution is 1 / (draws + 1).

    Raises:
        TooFewSamples: with fewer than two levels, or fewer than three networks in one.

    >>> from simulate.measures import trend
    >>> trend([[1.0, 2.0, 3.0], [2.5, 1.5, 2.0]]).direction
    0
    """
    groups = [finite(level, ("networks",), "a level") for level in levels]
    if len(groups) < 2 or min(map(len, groups)) < 3:
        raise TooFewSamples(f"levels of {[len(each) for each in groups]} networks: give two levels of three or more")
    label = np.repeat(np.arange(len(groups)), [len(each) for each in groups])
    values = np.concatenate(groups)
    wins = np.sign(values[None, :] - values[:, None])
    value = _statistic(wins, label)
    rng = np.random.default_rng(seed)
    slope = abs(float(_slopes(values, label[None])[0]))
    as_far, as_steep = 1, 1
    for labels in _labellings(label, draws, rng):
        as_far += int((np.abs(_statistics(wins, labels)) >= abs(value) - 1e-12).sum())
        as_steep += int((np.abs(_slopes(values, labels)) >= slope * (1 - 1e-12)).sum())
    variance = 0.0
    for level in range(len(groups)):
        members = np.flatnonzero(label == level)
        kept = [np.delete(np.arange(len(label)), i) for i in members]
        without = np.array([_statistic(wins[np.ix_(keep, keep)], label[keep]) for keep in kept])
        variance += (len(members) - 1) / len(members) * float(((without - without.mean()) ** 2).sum())
    z = float(stats.norm.ppf((1 + confidence) / 2))
    reach = z * variance**0.5
    low, high = (value - reach, value + reach) if variance else wilson(value, min(map(len, groups)), z)
    return Trend(value, max(-1.0, low), min(1.0, high), as_far / (draws + 1), as_steep / (draws + 1), confidence)


def wilson(value: float, count: int, z: float) -> tuple[float, float]:
    """Where (x - value)^2 = z^2 (1 - x^2) / count: what a mean of so many signs may come from."""
    k = z**2 / count
    reach = (k * (1 + k - value**2)) ** 0.5
    return (value - reach) / (1 + k), (value + reach) / (1 + k)


def _statistic(wins: np.ndarray, label: np.ndarray) -> float:
    return float(_statistics(wins, label[None])[0])


def _statistics(wins: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of each labelling, a row of `labels`."""
    later = labels[:, None, :] > labels[:, :, None]
    return np.asarray(np.einsum("dij,ij->d", later, wins) / later[0].sum())


def _slopes(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of the levels' means along the levels' numbers, over its standard error; 0 where nothing differs."""
    contrast = np.arange(labels.max() + 1) - labels.max() / 2
    slope, variance = np.zeros((2, len(labels)))
    centred = values - values.mean()
    for level, weight in enumerate(contrast):
        here = labels == level
        count = here.sum(axis=1)
        mean = here @ centred / count
        spread = ((centred - mean[:, None]) ** 2 * here).sum(axis=1) / (count - 1)
        slope += weight * mean
        variance += weight**2 * spread / count
    return np.where(slope == 0, 0.0, slope / np.sqrt(np.maximum(variance, np.finfo(float).tiny)))


def _labellings(label: np.ndarray, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Labels put on at random, some thousand comparisons of networks at a time."""
    together = max(1, 2**21 // len(label) ** 2)
    for start in range(0, draws, together):
        count = min(together, draws - start)
        yield rng.permuted(np.tile(label, (count, 1)), axis=1)
