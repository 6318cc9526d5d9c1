"""How alike networks are by what their units do and by their graphs, and whether they fall into groups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
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
from simulate.universality.between_share import between_share
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
    """Some networks, and the group of each: by cell at one nonlinearity, or by nonlinearity at one cell."""

    name: str
    which: np.ndarray
    groups: tuple[str, ...]


def divisions(members: Members) -> Iterator[Division]:
    """As in the paper, by cell for tanh and by nonlinearity for vanilla networks; and the other cells and ReLU."""
    kinds = members.kinds
    for phi in dict.fromkeys(kind.nonlinearity for kind in kinds):
        which = members.which(nonlinearity=phi)
        yield Division(f"by cell, {phi}", which, tuple(members.each[i].kind.cell for i in which))
    for cell in dict.fromkeys(kind.cell for kind in kinds):
        which = members.which(cell=cell)
        yield Division(f"by nonlinearity, {cell}", which, tuple(members.each[i].kind.nonlinearity for i in which))


def in_groups(division: Division) -> Division | None:
    """Without groups of too few networks; None where fewer than two are left."""
    counts = {group: division.groups.count(group) for group in division.groups}
    kept = [place for place, group in enumerate(division.groups) if counts[group] >= FEWEST]
    groups = tuple(division.groups[place] for place in kept)
    return None if len(set(groups)) < 2 else replace(division, which=division.which[kept], groups=groups)


def clustering(
    claim: Clusters | NoClusters, name: str, distances: Square, division: Division, config: Config
) -> MeasuredClaim:
    """Whether networks cluster by these distances."""
    what, there = f"{division.name}, {name}", in_groups(division)
    if there is None:
        return MeasuredClaim(claim, what, None, None, None, TOO_FEW)
    part = distances[np.ix_(there.which, there.which)]
    share = between_share(part, there.groups, confidence=CONFIDENCE)
    draws = config.effort.population.permutations
    p = max(test(part, there.groups, draws=draws, seed=config.seed).p for test in (permanova, silhouette))
    verdict = claim.verdict(share, apart=p < LEVEL)
    return MeasuredClaim(claim, what, share.value, share.low, share.high, verdict, p)


def clusterings(
    claim: Clusters | NoClusters, by: Mapping[str, Square], members: Members, config: Config
) -> list[MeasuredClaim]:
    """Whether networks cluster, in each division and by each of these distances."""
    return [
        clustering(claim, name, distances, division, config)
        for division in divisions(members)
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
    """How much farther trained networks of another nonlinearity are than untrained ones of the same, for one cell."""
    count = len(members.each)
    own = members.which(cell=cell, nonlinearity=phi)
    other = np.setdiff1d(members.which(cell=cell), own)
    if min(len(own), len(other)) < FEWEST:
        return MeasuredClaim(UNTRAINED, f"{cell} {phi}", None, None, None, TOO_FEW)

    def excess(own: np.ndarray, other: np.ndarray) -> float:
        return float(both[np.ix_(own, other)].mean() - both[np.ix_(own, own + count)].mean())

    left = [excess(own[own != i], other) for i in own] + [excess(own, other[other != i]) for i in other]
    found = PopulationEstimate.leaving_out(excess(own, other), left)
    low, high = _interval(found, len(left) - 2)
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


def _interval(found: PopulationEstimate, degrees: int) -> tuple[float, float]:
    reach = float(student.ppf((1 + CONFIDENCE) / 2, degrees)) * found.standard_error
    return found.value - reach, found.value + reach
