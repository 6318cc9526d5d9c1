"""What a distance between networks is to be compared with: the distance of a network from itself, sampled twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import ArrayLike

from simulate.measures.measure import Distance, Measure
from simulate.measures.pairwise import Pairs, all_pairs, distances_of, pairs_of, prepare_all
from simulate.measures.samples import TooFewSamples

Halves = tuple[Shaped[np.ndarray, "..."], Shaped[np.ndarray, "..."]]


def split_trials(activity: ArrayLike, *, seed: int) -> Halves:
    """Two samples of one network's trials, disjoint and of one size, drawn at random.

    The first axis is that of trials; with an odd number one is left out. The same seed gives the same trials of every
    network with as many.

    Raises:
        TooFewSamples: with fewer than two trials.

    >>> import numpy as np
    >>> from simulate.measures import split_trials
    >>> one, other = split_trials(np.arange(10).reshape(5, 1, 2), seed=0)
    >>> one.shape, other.shape, len({*one[:, 0, 0], *other[:, 0, 0]})
    ((2, 1, 2), (2, 1, 2), 4)
    """
    trials = np.asarray(activity)
    if not trials.ndim or len(trials) < 2:
        raise TooFewSamples("fewer than two trials cannot be split: give more, on the first axis")
    order, half = np.random.default_rng(seed).permutation(len(trials)), len(trials) // 2
    return trials[order[:half]], trials[order[half : 2 * half]]


@dataclass(frozen=True)
class Calibrated:
    """Distances between networks beside those of each network from itself, from equally large samples.

    Attributes:
        pairs: all pairs, one network by its first half and the other by its second.
        null: of each network, the distance between its halves.
        null_lower: the bound below it.

    >>> import numpy as np
    >>> from simulate.measures import DSA, against_halves
    >>> rng = np.random.default_rng(0)
    >>> walks = [rng.normal(size=(40, 30, 3)).cumsum(axis=1) @ np.diag([1, 1, scale]) for scale in (1, 10)]
    >>> found = against_halves(DSA(delays=1, rank=2), walks, seed=0)
    >>> found.null.shape, found.pairs.value.shape, found.ratio < 3
    ((2,), (2, 2), True)
    """

    pairs: Pairs
    null: Float[np.ndarray, " items"]
    null_lower: Float[np.ndarray, " items"]

    @property
    def ratio(self) -> float:
        """The mean over pairs, over the mean null: near 1 where networks differ as samples of one network do."""
        return float(self.pairs.each.mean() / self.null.mean()) if self.null.any() else float("inf")


def against_halves(
    measure: Measure[ArrayLike, Any] | Callable[[ArrayLike, ArrayLike], Distance | float],
    activities: Sequence[ArrayLike],
    *,
    seed: int,
) -> Calibrated:
    """The distances of networks, and their null from two disjoint samples of each network's own trials.

    Noise of sampling makes every distance larger, and more so in smaller samples. So all are measured between two
    halves: a network differs from another beyond the noise if their distance is above the null. Both halves of a pair
    are of different trials too, since noise that two networks share, shown the same trials, adds nothing to their
    distance: a network and its copy are as far apart here as the network from itself.

    Arguments:
        measure: of two networks' activity, as `DSA`; what `pairwise` takes.
        activities: of each network, trials on the first axis.
        seed: of the split, the same for all networks.

    Raises:
        TooFewSamples: if a network has fewer than two trials.
        NoPairs: if there are fewer than two networks.

    >>> import numpy as np
    >>> from simulate.measures import against_halves
    >>> found = against_halves(lambda a, b: abs(a.mean() - b.mean()), [np.zeros((4, 1)), np.ones((4, 1))], seed=0)
    >>> found.pairs.each.tolist(), found.null.tolist()
    ([1.0], [0.0, 0.0])
    """
    halves = [split_trials(activity, seed=seed) for activity in activities]
    return against_themselves(measure, [first for first, _ in halves], [second for _, second in halves])


def against_themselves(
    measure: Measure[Any, Any] | Callable[[Any, Any], Distance | float], samples: Sequence[Any], others: Sequence[Any]
) -> Calibrated:
    """As `against_halves`, of two samples of each network, however they were drawn.

    Raises:
        NoPairs: if there are fewer than two networks.
    """
    first, second = all_pairs(len(samples))
    one, other = prepare_all(measure, samples), prepare_all(measure, others)
    apart = distances_of(measure, [one[i] for i in first.tolist()], [other[j] for j in second.tolist()])
    own = distances_of(measure, one, other)
    return Calibrated(
        pairs_of(apart, len(samples), measure),
        np.array([each.value for each in own]),
        np.array([each.lower for each in own]),
    )
