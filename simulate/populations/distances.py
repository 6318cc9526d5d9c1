"""All distances between some networks, of dynamics, representations and weights, each beside its null."""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import stats
from threadpoolctl import threadpool_limits
from typing_extensions import override

from simulate.cells.symmetry import Symmetry
from simulate.measures.balance import NoBalance
from simulate.measures.blocks import NotWeights
from simulate.measures.chance import AgainstChance, against_other_trials, against_shuffles
from simulate.measures.dsa import DSA
from simulate.measures.eigenvalues import EigenvalueDistance
from simulate.measures.linear_cka import LinearCKA
from simulate.measures.measure import Measure
from simulate.measures.nulls import Calibrated, against_themselves, split_trials
from simulate.measures.operator import Operator, transitions_of
from simulate.measures.pairwise import NoPairs, Pairs, all_pairs, pairwise
from simulate.measures.procrustes import Procrustes
from simulate.measures.representation import NoVariance
from simulate.measures.samples import FewerSamplesThanFeatures
from simulate.measures.svcca import SVCCA
from simulate.measures.weights import WeightsUpTo
from simulate.populations.recorded import RecordedNetwork

Square = Float[np.ndarray, "networks networks"]

LEVEL = 0.01
"""Chance of calling networks alike that have nothing in common."""
FEWEST = 10
"""Of a null, values at least: where there are fewer pairs or networks it is drawn more than once."""


class LackingArrays(ValueError):
    """Networks without the arrays that a measure needs."""


@dataclass(frozen=True)
class BesideNull(ABC):
    """Distances of all pairs of networks beside their null.

    Attributes:
        pairs: of the networks, in the order in which they were given.
    """

    pairs: Pairs

    @property
    @abstractmethod
    def null(self) -> Square | None:
        """What each distance is to be held against; None where there was too little to draw it from."""

    @abstractmethod
    def null_range(self, i: int, j: int) -> tuple[float, float] | None:
        """The least and the largest null that a pair is held against, in the units of `compared`."""

    @property
    @abstractmethod
    def compared(self) -> Square:
        """The distances as they are held against the null."""

    @abstractmethod
    def beyond(self, i: int, j: int) -> bool | None:
        """Whether what the null cannot explain is seen in this pair; None without a null."""

    @property
    def most_alike(self) -> tuple[int, int]:
        """Which two networks are nearest to one another; of equals, the first."""
        first, second = all_pairs(len(self.pairs.value))
        nearest = int(np.argmin(self.pairs.each))
        return int(first[nearest]), int(second[nearest])


@dataclass(frozen=True)
class BesideHalves(BesideNull):
    """Distances of dynamics; the null is what two halves of one network's trials are apart.

    Two networks *differ* beyond the null if they are further apart than either of them is from itself. Halves hold
    fewer trials, so that both are compared as measured on halves. `halves` are the draws; none of too few trials.
    """

    halves: tuple[Calibrated, ...]

    @property
    def of_each(self) -> Float[np.ndarray, "draws networks"] | None:
        """The distance of each network from itself, draw by draw."""
        return np.stack([each.null for each in self.halves]) if self.halves else None

    @property
    @override
    def null(self) -> Square | None:
        """The mean of the two networks' own distances."""
        own = self.of_each
        if own is None:
            return None
        mean = own.mean(axis=0)
        found: Square = (mean[:, None] + mean) / 2
        np.fill_diagonal(found, 0.0)
        return found

    @override
    def null_range(self, i: int, j: int) -> tuple[float, float] | None:
        """Of these two networks, over draws."""
        own = self.of_each
        return None if own is None else (float(own[:, [i, j]].min()), float(own[:, [i, j]].max()))

    @property
    @override
    def compared(self) -> Square:
        """Each network by half of its trials, the mean over draws; by all where there are no halves."""
        return np.mean([each.pairs.value for each in self.halves], axis=0) if self.halves else self.pairs.value

    @override
    def beyond(self, i: int, j: int) -> bool | None:
        """Whether they are further apart than either of them is from itself."""
        reach = self.null_range(i, j)
        return None if reach is None else bool(self.compared[i, j] > reach[1])


@dataclass(frozen=True)
class BesideChance(BesideNull):
    """Distances of representations or weights; the null is what is left where nothing is shared.

    Two networks are *alike* beyond the null if they are nearer to one another than shuffled ones come by chance, in 1 %
    of populations or less: below the lower prediction bound of Student's t, at 1 % over the number of pairs
    (Bonferroni), from the mean and the spread of the shuffled distances. `chance` is None where nothing could be
    shuffled.
    """

    chance: AgainstChance | None

    @property
    @override
    def null(self) -> Square | None:
        """The mean over draws."""
        return None if self.chance is None else self.chance.null_value

    @override
    def null_range(self, i: int, j: int) -> tuple[float, float] | None:
        """Of all pairs, over draws: chance knows no pairs."""
        drawn = self._drawn
        return (float(drawn.min()), float(drawn.max())) if len(drawn) else None

    @property
    @override
    def compared(self) -> Square:
        """Of weights, the distance over sqrt(|W1|^2 + |W2|^2)."""
        return self.pairs.value if self.chance is None else self.chance.relative

    @property
    def bound(self) -> float | None:
        """What two networks must be nearer than; None where fewer than two values of the null differ."""
        drawn = self._drawn
        if len(drawn) < 2:
            return None
        reach = stats.t.ppf(1 - LEVEL / len(self.pairs.each), len(drawn) - 1) * np.sqrt(1 + 1 / len(drawn))
        return float(drawn.mean() - reach * drawn.std(ddof=1))

    @override
    def beyond(self, i: int, j: int) -> bool | None:
        """Whether they are nearer to one another than `bound`."""
        bound = self.bound
        return None if bound is None else bool(self.compared[i, j] < bound)

    @property
    def _drawn(self) -> Float[np.ndarray, " values"]:
        """The null of all pairs and draws, each value once: of few trials there are few other orders."""
        if self.chance is None:
            return np.zeros(0)
        return np.unique(self.chance.null_relative[:, *all_pairs(len(self.pairs.value))])


@dataclass(frozen=True)
class NetworkDistances:
    """All distances between some networks; None where the networks lack what it needs, for the reason in `missing`.

    Attributes:
        dsa: of dynamics, up to rotation (`DSA`).
        eigenvalues: of the eigenvalues of the same operators (`EigenvalueDistance`).
        cka, cka_debiased: one less linear CKA (`LinearCKA`), biased and not.
        svcca: one less the mean canonical correlation (`SVCCA`).
        procrustes: the angle between two shapes (`Procrustes`).
        weights: of recurrent weights up to permutations of units.
        weights_group: of recurrent weights up to all that may be done to units of this cell.
        weights_group_all: the same of all weights, those of the arrays in `arrays`.
        arrays: names of the arrays of weights that all networks have.
        missing: why, by the name of what is None.
        cautions: what a measure warns of, by its name: too few samples for it.

    >>> from simulate.populations import NetworkDistances
    >>> NetworkDistances().weights is None
    True
    """

    dsa: BesideHalves | None = None
    eigenvalues: BesideHalves | None = None
    cka: BesideChance | None = None
    cka_debiased: BesideChance | None = None
    svcca: BesideChance | None = None
    procrustes: BesideChance | None = None
    weights: BesideChance | None = None
    weights_group: BesideChance | None = None
    weights_group_all: BesideChance | None = None
    arrays: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cautions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def found(self) -> dict[str, BesideNull]:
        """What was measured, by name."""
        each = {name: getattr(self, name) for name in MEASURES}
        return {name: found for name, found in each.items() if found is not None}


class StoppedEarly(KeyboardInterrupt):
    """Ctrl-C while distances were measured: those that are finished, in `found`."""

    def __init__(self, found: NetworkDistances) -> None:
        super().__init__("stopped before all distances were measured")
        self.found = found


MEASURES = (
    *("dsa", "eigenvalues", "cka", "cka_debiased", "svcca", "procrustes"),
    *("weights", "weights_group", "weights_group_all"),
)
"""The distances by name, in the order of dynamics, representations, weights."""


def distances_between(
    networks: Sequence[RecordedNetwork],
    dsa: DSA | None = None,
    *,
    seed: int = 0,
    progress: Callable[[str], None] = lambda name: None,
) -> NetworkDistances:
    """Measure all pairs of some networks, each distance beside its null.

    Arguments:
        networks: at least two, all of one cell and of as many units, their activity in the same trials.
        dsa: how dynamics are compared; three delays and rank 10 if not given.
        seed: of the shuffles and splits.
        progress: called with the name of each measure as it begins.

    The null of DSA is the distance between two halves of one network's own trials. That of a representation is the
    distance where the second network is shown other trials than the first; that of weights the distance of the same
    entries in random places. Linear algebra runs in one thread meanwhile: on such sizes two gain nothing.

    Raises:
        NoPairs: if there are fewer than two networks.
        WrongShape, NotFinite, TooFewSamples: on activity that cannot be compared.
        NotWeights: on weights that cannot be, such as those of two cells.
        StoppedEarly: on Ctrl-C, with what is finished.

    >>> import numpy as np
    >>> from simulate.populations import RecordedNetwork, distances_between
    >>> one, other = np.random.default_rng(0).normal(size=(2, 6, 6))
    >>> flip = np.diag([1, -1, 1, 1, -1, 1])  # of the signs of two units
    >>> found = distances_between([RecordedNetwork(W=W) for W in (one, other, flip @ one @ flip)])
    >>> found.weights_group.most_alike, float(found.weights_group.pairs.value[0, 2])
    ((0, 2), 0.0)
    >>> found.missing["dsa"]
    'networks 0, 1 and 2 have no activity'
    """
    if len(networks) < 2:
        raise NoPairs(f"{len(networks)} networks have no pairs: give at least two")
    measuring = _Measuring(tuple(networks), dsa or DSA(delays=3, rank=10), seed)
    found: dict[str, Any] = {}
    missing: dict[str, str] = {}
    cautions: dict[str, str] = {}
    for name in MEASURES:
        progress(name)
        with warnings.catch_warnings(record=True) as warned, threadpool_limits(limits=1, user_api="blas"):
            warnings.simplefilter("always")
            try:
                found[name] = getattr(measuring, name)()
            except (LackingArrays, NoVariance, NoBalance) as error:
                missing[name] = str(error)
            except KeyboardInterrupt:
                left = {each: "stopped before" for each in MEASURES if each not in (*found, *missing)}
                done = NetworkDistances(**found, arrays=measuring.shared, missing=missing | left, cautions=cautions)
                raise StoppedEarly(done) from None
        for warning in warned:
            if issubclass(warning.category, FewerSamplesThanFeatures):
                cautions.setdefault(name, str(warning.message))
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return NetworkDistances(**found, arrays=measuring.shared, missing=missing, cautions=cautions)


@dataclass(frozen=True)
class _Measuring:
    """The measures, a method each, by the names in `NetworkDistances`."""

    networks: tuple[RecordedNetwork, ...]
    compare: DSA
    seed: int

    def dsa(self) -> BesideHalves:
        return self._of_dynamics(self.compare.compare)

    def eigenvalues(self) -> BesideHalves:
        return self._of_dynamics(EigenvalueDistance())

    def cka(self) -> BesideChance:
        return self._of_representations(LinearCKA(debiased=False))

    def cka_debiased(self) -> BesideChance:
        return self._of_representations(LinearCKA())

    def svcca(self) -> BesideChance:
        return self._of_representations(SVCCA())

    def procrustes(self) -> BesideChance:
        return self._of_representations(Procrustes())

    def weights(self) -> BesideChance:
        return self._of_weights(Symmetry(self._symmetry.units, signs=False, scales=False), ["W"])

    def weights_group(self) -> BesideChance:
        return self._of_weights(self._symmetry, ["W"])

    def weights_group_all(self) -> BesideChance:
        symmetry = self._symmetry
        if len(self.shared) == 1:
            raise LackingArrays("there is no other array of weights than W that all networks have")
        return self._of_weights(symmetry, list(self.shared))

    @property
    def shared(self) -> tuple[str, ...]:
        """The arrays of weights that all networks have; none where W is not among them."""
        first, *others = self.networks
        names = tuple(name for name in first.weights if all(name in each.weights for each in others))
        return names if "W" in names else ()

    def _of_dynamics(self, measure: Measure[Any, Any]) -> BesideHalves:
        whole, halves = self._operators
        return BesideHalves(pairwise(measure, whole), tuple(against_themselves(measure, *each) for each in halves))

    @cached_property
    def _operators(self) -> tuple[list[Operator], list[tuple[list[Operator], list[Operator]]]]:
        """Of each network's dynamics, in all trials, and in the two halves of each draw."""
        activities, fit = self._activities, self.compare.fit_operator
        half = min((len(each) // 2, *each.shape[1:]) for each in activities)
        enough = transitions_of(half, self.compare.delays, self.compare.interval) >= self.compare.rank
        draws = max(2, math.ceil(FEWEST / len(activities))) if enough else 0
        halves = []
        for k in range(draws):
            split = [split_trials(each, seed=self.seed + k) for each in activities]
            halves.append(([fit(first) for first, _ in split], [fit(second) for _, second in split]))
        return [fit(each) for each in activities], halves

    def _of_representations(self, measure: Measure[ArrayLike, Any]) -> BesideChance:
        activities = self._activities
        if len(activities[0]) < 2:
            return BesideChance(pairwise(measure, activities), None)
        found = against_other_trials(measure, activities, seed=self.seed, draws=self._draws)
        return BesideChance(found.pairs, found)

    def _of_weights(self, symmetry: Symmetry, names: list[str]) -> BesideChance:
        blocks = [network.blocks(names) for network in self.networks]
        found = against_shuffles(WeightsUpTo(symmetry), blocks, seed=self.seed, draws=self._draws)
        return BesideChance(found.pairs, found)

    @cached_property
    def _activities(self) -> list[np.ndarray]:
        self._require("activity", [network.activity is not None for network in self.networks])
        return [network.activity for network in self.networks if network.activity is not None]

    @property
    def _symmetry(self) -> Symmetry:
        self._require("W", [network.W is not None for network in self.networks])
        kinds = {(network.cell.__name__, network.phi.name) for network in self.networks}
        if len(kinds) > 1:
            told = " and ".join(f"{cell} ({phi})" for cell, phi in sorted(kinds))
            raise NotWeights(f"weights of {told}: compare networks of one cell")
        return self.networks[0].symmetry

    @property
    def _draws(self) -> int:
        return math.ceil(FEWEST / math.comb(len(self.networks), 2))

    def _require(self, name: str, there: list[bool]) -> None:
        lacking = [each.name or str(k) for k, each in enumerate(self.networks) if not there[k]]
        if lacking:
            *first, last = lacking
            listed = f"{', '.join(first)} and {last}" if first else last
            word = "" if any(each.name for each in self.networks) else "networks " if first else "network "
            raise LackingArrays(f"{word}{listed} {'have' if first else 'has'} no {name}")
