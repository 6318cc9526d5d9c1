"""How alike networks are by what their units do and by their graphs, and whether they fall into groups."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import t as student

from simulate.cells.dense import DenseCell
from simulate.measures.estimate import PopulationEstimate
from simulate.measures.linear_cka import LinearCKA
from simulate.measures.pairwise import pairwise
from simulate.measures.representation import RepresentationMeasure
from simulate.measures.svcca import SVCCA
from simulate.populations.activity import activity
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch
from simulate.universality.between_share import BetweenShare, between_share
from simulate.universality.binomial import clopper_pearson
from simulate.universality.permanova import permanova
from simulate.universality.silhouette import silhouette
from validate.claim import CONTRADICTED, PaperClaim
from validate.universality.claims import (
    CONFIDENCE,
    LEVEL,
    SEEN,
    TOO_FEW,
    UNDECIDED,
    UNTRAINED,
    Clusters,
    MeasuredClaim,
    NoClusters,
)
from validate.universality.members import Members
from validate.universality.settings import Config

FEWEST = 3
"""Networks that a group has at least."""
PROBES = 32
"""Trials that all networks are shown."""
Square = Float[np.ndarray, "_ _"]
REPRESENTATION: dict[str, RepresentationMeasure[Any]] = {"SVCCA": SVCCA(), "CKA, debiased": LinearCKA()}


def probe(task: DrawnTask, seed: int) -> Batch:
    """The trials that all networks are shown."""
    return replace(task, trials=PROBES).draw(jax.random.fold_in(jax.random.key(seed), 2))


def states(network: DenseCell, batch: Batch) -> Float[np.ndarray, "trials steps size"]:
    """What its units do."""
    return np.asarray(activity(network, batch), dtype=np.float64)


@dataclass(frozen=True)
class Division:
    """Some networks, and the group of each: by cell at one nonlinearity, or by nonlinearity at one cell.

    Labels are exchanged among networks of one penalty, which is held as in the paper's factorial design.
    """

    name: str
    which: np.ndarray
    groups: tuple[str, ...]
    penalties: tuple[float, ...]

    def of(self, places: Sequence[int]) -> "Division":
        """Of these networks alone, told by their places in the division."""
        return Division(
            self.name,
            self.which[list(places)],
            tuple(self.groups[i] for i in places),
            tuple(self.penalties[i] for i in places),
        )


@dataclass(frozen=True, eq=False)
class SampledDistances:
    """Distances between all networks; NaN, the diagonal included, of those that are not compared.

    `noise`: what sampling adds to each network's squared distance from any other one (zero without sampling).
    """

    square: Square
    noise: Float[np.ndarray, " networks"]

    @classmethod
    def exact(cls, square: Square) -> "SampledDistances":
        """Without sampling."""
        return cls(square, np.zeros(len(square)))

    def within(self, which: np.ndarray) -> "SampledDistances":
        """Of some networks."""
        return SampledDistances(self.square[np.ix_(which, which)], self.noise[which])

    @property
    def noise_share(self) -> float:
        """Of the mean square of distances, how much is noise; zero where all are alike."""
        count = len(self.square)
        whole = float((self.square**2).sum()) / (count * (count - 1))
        return 2 * float(self.noise.mean()) / whole if whole else 0.0


def divisions(members: Members) -> Iterator[Division]:
    """As in the paper, by cell for tanh and by nonlinearity for vanilla networks; and the other cells and ReLU."""
    kinds = members.kinds
    for phi in dict.fromkeys(kind.nonlinearity for kind in kinds):
        which = members.which(nonlinearity=phi)
        yield _division(f"by cell, {phi}", members, which, "cell")
    for cell in dict.fromkeys(kind.cell for kind in kinds):
        which = members.which(cell=cell)
        yield _division(f"by nonlinearity, {cell}", members, which, "nonlinearity")


def _division(name: str, members: Members, which: np.ndarray, by: str) -> Division:
    chosen = [members.each[i] for i in which]
    groups = tuple(getattr(each.kind, by) for each in chosen)
    return Division(name, which, groups, tuple(each.penalty for each in chosen))


def in_groups(division: Division, compared: Bool[np.ndarray, " networks"]) -> Division | None:
    """Of networks that are compared, without groups of too few; None where fewer than two groups are left."""
    division = division.of(np.flatnonzero(compared[division.which]).tolist())
    counts = Counter(division.groups)
    division = division.of([place for place, group in enumerate(division.groups) if counts[group] >= FEWEST])
    return None if len(set(division.groups)) < 2 else division


def clustering(
    claim: Clusters | NoClusters, name: str, distances: SampledDistances, division: Division, config: Config
) -> MeasuredClaim:
    """Whether networks cluster by these distances.

    What sampling adds is the same in all groups, and makes the share between them smaller than it is: share and bounds
    are those of what is left without it. Where that is nothing there is no share, and no bound.
    """
    what = f"{division.name}, {name}"
    there = in_groups(division, np.isfinite(np.diagonal(distances.square)))
    if there is None:
        return MeasuredClaim(claim, what, None, None, None, TOO_FEW)
    part = distances.within(there.which)
    share, noise = between_share(part.square, there.groups, confidence=CONFIDENCE), part.noise_share
    if noise:
        share = _without(share, noise)
    draws, seed = config.effort.population.permutations, config.seed
    tests = (
        test(part.square, there.groups, within=there.penalties, draws=draws, seed=seed)
        for test in (permanova, silhouette)
    )
    p = max(test.p for test in tests)
    verdict = claim.verdict(share, apart=p < LEVEL)
    value = share.value if noise < 1 else None
    return MeasuredClaim(claim, what, value, share.low, share.high, verdict, p, noise or None)


def _without(share: BetweenShare, noise: float) -> BetweenShare:
    """Of what is left of the variance without noise; of nothing any share may be between groups."""
    if noise >= 1:
        return replace(share, low=0.0, high=1.0)
    value, low, high = (min(1.0, each / (1 - noise)) for each in (share.value, share.low, share.high))
    return replace(share, value=value, low=low, high=high)


def clusterings(
    claim: Clusters | NoClusters,
    by: Mapping[str, Square | SampledDistances],
    members: Members,
    config: Config,
    *,
    factor: str = "",
) -> list[MeasuredClaim]:
    """Whether networks cluster, in each division (or those by one `factor`) and by each of these distances."""
    return [
        clustering(
            claim,
            name,
            distances if isinstance(distances, SampledDistances) else SampledDistances.exact(distances),
            division,
            config,
        )
        for division in divisions(members)
        if division.name.startswith(f"by {factor}")
        for name, distances in by.items()
    ]


@dataclass(frozen=True, eq=False)
class Representations:
    """What trained and untrained networks do in the same trials, and the distances between them.

    Places are those of `members`, trained networks first, then the same as they started (`both` alone).
    """

    shown: tuple[Float[np.ndarray, "trials steps _"], ...]
    distances: dict[str, Square]
    both: Square


def representations(members: Members, seed: int) -> Representations:
    """By SVCCA and by linear CKA without bias."""
    batch = probe(members.task, seed)
    trained = tuple(states(each.network, batch) for each in members.each)
    untrained = tuple(states(each.first, batch) for each in members.each)
    distances = {name: pairwise(measure, trained).value for name, measure in REPRESENTATION.items()}
    return Representations(trained, distances, pairwise(SVCCA(), [*trained, *untrained]).value)


def untrained_beside_trained(both: Square, members: Members, cell: str, phi: str) -> MeasuredClaim:
    """How much farther trained networks of another nonlinearity are than untrained ones of the same, for one cell.

    No network is held against its own start, nor against one that was trained from the same: it may resemble them for
    that alone. The jackknife leaves out all that came from one start.
    """
    count, starts = len(members.each), members.starts
    own = members.which(cell=cell, nonlinearity=phi)
    other = np.setdiff1d(members.which(cell=cell), own)
    if min(len(own), len(other)) < FEWEST:
        return MeasuredClaim(UNTRAINED, f"{cell} {phi}", None, None, None, TOO_FEW)

    def excess(own: np.ndarray, other: np.ndarray) -> float:
        to_other, to_untrained = (
            both[np.ix_(own, others)][starts[own, None] != starts[others % count]] for others in (other, own + count)
        )
        return float(to_other.mean() - to_untrained.mean())

    drawn = np.unique(starts[np.concatenate([own, other])])
    left = [excess(own[starts[own] != each], other[starts[other] != each]) for each in drawn]
    found = PopulationEstimate.leaving_out(excess(own, other), left)
    low, high = _interval(found, len(left) - 1)
    verdict = SEEN if low > 0 else CONTRADICTED if high < 0 else UNDECIDED
    return MeasuredClaim(UNTRAINED, f"{cell} {phi}", found.value, low, high, verdict)


def fraction_claim(claim: PaperClaim, of: str, count: int, networks: int, *, more_than: float) -> MeasuredClaim:
    """Whether more than such a fraction of networks is as a claim says."""
    low, high = (float(each) for each in clopper_pearson(np.array(count), networks, confidence=CONFIDENCE))
    verdict = SEEN if low > more_than else CONTRADICTED if high < more_than else UNDECIDED
    return MeasuredClaim(claim, of, count / networks, low, high, verdict)


def mean_claim(claim: PaperClaim, of: str, values: Float[np.ndarray, " _"], *, below: float) -> MeasuredClaim:
    """Whether the mean over networks is below a number; it says of how many, where of some nothing was measured."""
    there = values[np.isfinite(values)]
    if len(there) < len(values):
        of = f"{of} ({len(there)} of {len(values)} networks)"
    if len(there) < FEWEST:
        return MeasuredClaim(claim, of, None, None, None, TOO_FEW)
    found = PopulationEstimate.of_mean(there)
    low, high = _interval(found, len(there) - 1)
    decided = SEEN if high < below else CONTRADICTED if low > below else UNDECIDED
    # networks that are all alike, as to a whole number, do not tell how far others may lie
    return MeasuredClaim(claim, of, found.value, low, high, decided if low < high else UNDECIDED)


def difference_claim(
    claim: PaperClaim, of: str, ours: Float[np.ndarray, " _"], theirs: Float[np.ndarray, " _"]
) -> MeasuredClaim:
    """Whether the mean of some networks is above that of others, by Welch's interval; see `mean_claim` for the rest."""
    there, others = ours[np.isfinite(ours)], theirs[np.isfinite(theirs)]
    if len(there) < len(ours) or len(others) < len(theirs):
        of = f"{of} ({len(there)} of {len(ours)} networks, {len(others)} of {len(theirs)})"
    if min(len(there), len(others)) < FEWEST:
        return MeasuredClaim(claim, of, None, None, None, TOO_FEW)
    value = float(there.mean() - others.mean())
    if there.std() == 0 and others.std() == 0:
        return MeasuredClaim(claim, of, value, value, value, UNDECIDED)
    squares = np.array([each.var(ddof=1) / len(each) for each in (there, others)])
    degrees = squares.sum() ** 2 / (squares**2 / (len(there) - 1, len(others) - 1)).sum()  # Welch and Satterthwaite
    reach = float(student.ppf((1 + CONFIDENCE) / 2, degrees) * np.sqrt(squares.sum()))
    low, high = value - reach, value + reach
    verdict = SEEN if low > 0 else CONTRADICTED if high < 0 else UNDECIDED
    return MeasuredClaim(claim, of, value, low, high, verdict)


def _interval(found: PopulationEstimate, degrees: int) -> tuple[float, float]:
    reach = float(student.ppf((1 + CONFIDENCE) / 2, degrees)) * found.standard_error
    return found.value - reach, found.value + reach
