"""Networks in groups, and all the ways to put their labels on otherwise: what chance alone would give."""

import itertools
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from simulate.measures.samples import TooFewSamples, WrongShape

Labels = Int[np.ndarray, " networks"]
Labellings = Int[np.ndarray, "labellings networks"]
Statistic = Callable[[Labellings], Float[np.ndarray, " labellings"]]
_TIE = 1e-12
"""Statistics, of order one, that differ by less are as large."""
_TOGETHER = 2**22
"""Numbers that one batch of labellings takes, or so."""


@dataclass(frozen=True)
class ByChance:
    """How often labels put on by chance give a statistic as large: of all labellings if `exact`, else of random ones.

    With random labellings the observed one is counted as well, so that `p` is never zero and its level holds exactly.
    """

    p: float
    labellings: int
    exact: bool


@dataclass(frozen=True, eq=False)
class Grouping:
    """A group for each network, numbered from zero; labels are exchanged within `strata` only."""

    labels: Labels
    strata: Labels

    @staticmethod
    def of(
        groups: Sequence[Hashable], count: int, *, within: Sequence[Hashable] | None = None, least: int = 2
    ) -> "Grouping":
        """The grouping of so many networks.

        Raises:
            WrongShape: if there are not as many labels as networks.
            TooFewSamples: with fewer than two groups, or fewer than `least` networks in one.
        """
        strata = [0] * count if within is None else within
        if len(groups) != count or len(strata) != count:
            raise WrongShape(f"{len(groups)} labels and {len(strata)} strata for {count} networks: give one for each")
        labels = _numbered(groups)
        sizes = np.bincount(labels)
        if len(sizes) < 2 or sizes.min() < least:
            raise TooFewSamples(f"groups of {sizes.tolist()} networks: give two groups or more, of {least} or more")
        return Grouping(labels, _numbered(strata))

    @property
    def sizes(self) -> Int[np.ndarray, " groups"]:
        """How many networks each group has."""
        return np.bincount(self.labels)

    @property
    def number_of_labellings(self) -> int:
        """How many different ones there are."""
        return math.prod(
            math.factorial(int(counts.sum())) // math.prod(math.factorial(each) for each in counts.tolist())
            for counts in (np.bincount(self.labels[self.strata == k]) for k in range(self.strata.max() + 1))
        )

    def by_chance(self, statistic: Statistic, *, draws: int, seed: int) -> ByChance:
        """How often the statistic is as large as it is: over all labellings, if these are `draws` at most."""
        observed = float(statistic(self.labels[None])[0])
        least = observed - _TIE
        total = self.number_of_labellings
        exact = total <= draws
        batches = self._all() if exact else self._drawn(draws, np.random.default_rng(seed))
        as_large = sum(int((statistic(batch) >= least).sum()) for batch in batches)
        if exact:
            return ByChance(as_large / total, total, True)
        return ByChance((as_large + 1) / (draws + 1), draws, False)

    def _all(self) -> Iterator[Labellings]:
        places = [np.flatnonzero(self.strata == k) for k in range(self.strata.max() + 1)]
        options = [list(_arrangements(self.labels[each].tolist())) for each in places]
        order, every = np.concatenate(places), itertools.product(*options)
        while chosen := list(itertools.islice(every, self._together)):
            batch = np.empty((len(chosen), len(order)), dtype=int)
            batch[:, order] = [list(itertools.chain(*parts)) for parts in chosen]
            yield batch

    def _drawn(self, draws: int, rng: np.random.Generator) -> Iterator[Labellings]:
        for start in range(0, draws, self._together):
            batch = np.tile(self.labels, (min(self._together, draws - start), 1))
            for stratum in range(self.strata.max() + 1):
                here = self.strata == stratum
                batch[:, here] = rng.permuted(batch[:, here], axis=1)
            yield batch

    @property
    def _together(self) -> int:
        return max(1, _TOGETHER // (len(self.labels) * len(self.sizes)))


def sums_over_groups(values: Float[np.ndarray, "networks networks"], labellings: Labellings, groups: int) -> np.ndarray:
    """Of each labelling, network i and group g: the sum of values[i, j] over the networks j of the group."""
    member = labellings[:, :, None] == np.arange(groups)
    sums = values @ member.astype(float).transpose(1, 0, 2).reshape(len(values), -1)
    return np.asarray(sums.reshape(len(values), len(labellings), groups).transpose(1, 0, 2))


def _numbered(labels: Sequence[Hashable]) -> Labels:
    number = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return np.array([number[label] for label in labels], dtype=int)


def _arrangements(labels: list[int]) -> Iterator[tuple[int, ...]]:
    """Every order of these labels, each once: from the sorted one always the next in the order of a dictionary."""
    order = sorted(labels)
    while True:
        yield tuple(order)
        rises = [place for place in range(len(order) - 1) if order[place] < order[place + 1]]
        if not rises:
            return
        last = rises[-1]
        larger = max(place for place in range(last + 1, len(order)) if order[place] > order[last])
        order[last], order[larger] = order[larger], order[last]
        order[last + 1 :] = reversed(order[last + 1 :])
