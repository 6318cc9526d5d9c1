"""Claims about groups of networks: against plain loops and known tests, and how often they are wrong."""

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import silhouette_samples

from simulate.measures.samples import TooFewSamples, WrongShape
from simulate.universality import between_share, permanova, silhouette
from simulate.universality.grouping import Grouping


def distances_of(places: np.ndarray) -> np.ndarray:
    places = places.reshape(len(places), -1)
    return np.linalg.norm(places[:, None] - places, axis=2)


def F_of(distances: np.ndarray, labels: np.ndarray) -> float:
    """Pair by pair."""
    count, inside = len(labels), 0.0
    total = sum(distances[i, j] ** 2 for i, j in itertools.combinations(range(count), 2)) / count
    for label in set(labels.tolist()):
        members = np.flatnonzero(labels == label)
        inside += sum(distances[i, j] ** 2 for i, j in itertools.combinations(members, 2)) / len(members)
    groups = len(set(labels.tolist()))
    return (total - inside) / (groups - 1) / (inside / (count - groups))


def not_euclidean(count: int, random: np.random.Generator) -> np.ndarray:
    drawn = random.uniform(size=(count, count))
    return np.triu(drawn, 1) + np.triu(drawn, 1).T


def test_F_of_numbers_is_that_of_the_analysis_of_variance() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [4, 5, 7])
    values = random.normal(size=16) + labels
    found = permanova(distances_of(values), labels.tolist(), draws=99)
    known = stats.f_oneway(*(values[labels == k] for k in range(3)))
    assert pytest.approx(known.statistic, rel=1e-10) == found.F
    assert found.share == pytest.approx(1 - 1 / (1 + found.F * 2 / 13), rel=1e-10)


@pytest.mark.parametrize("sizes", [(3, 4), (2, 2, 3)])
def test_all_labellings_are_those_of_a_loop(sizes: tuple[int, ...]) -> None:
    random = np.random.default_rng(1)
    labels = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    distances = not_euclidean(len(labels), random)
    every = sorted(set(itertools.permutations(labels.tolist())))
    by_F = [F_of(distances, np.array(each)) for each in every]
    by_silhouette = [silhouette_samples(distances, each, metric="precomputed").mean() for each in every]
    found, inside = permanova(distances, labels.tolist()), silhouette(distances, labels.tolist())
    assert found.exact
    assert inside.exact
    assert found.labellings == inside.labellings == len(every)
    assert pytest.approx(F_of(distances, labels), rel=1e-10) == found.F
    assert found.p == pytest.approx(np.mean(np.array(by_F) >= found.F - 1e-9), abs=1e-12)
    np.testing.assert_allclose(inside.each, silhouette_samples(distances, labels, metric="precomputed"), atol=1e-12)
    assert inside.p == pytest.approx(np.mean(np.array(by_silhouette) >= inside.value - 1e-9), abs=1e-12)


def test_labels_are_exchanged_within_strata_only() -> None:
    strata, labels = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 1, 0, 0, 1, 1])
    grouping = Grouping.of(labels.tolist(), 7, within=strata.tolist())
    assert grouping.number_of_labellings == 3 * 6
    seen: list[np.ndarray] = []

    def noted(labellings: np.ndarray) -> np.ndarray:
        seen.append(labellings)
        return np.zeros(len(labellings))

    assert grouping.by_chance(noted, draws=100, seed=0).p == 1.0
    every = np.vstack(seen[1:])
    assert len(np.unique(every, axis=0)) == len(every) == 18
    assert {tuple(np.bincount(each[strata == 0])) for each in every} == {(1, 2)}
    seen.clear()
    assert not grouping.by_chance(noted, draws=17, seed=0).exact
    assert all((np.bincount(each[strata == 1]) == 2).all() for each in seen[1])


def test_a_factor_is_tested_with_another_held() -> None:
    """Labels that follow the strata alone: a difference over all, and none within."""
    random = np.random.default_rng(2)
    strata = np.repeat([0, 1], 12)
    labels = np.concatenate([np.repeat([0, 1], [9, 3]), np.repeat([0, 1], [3, 9])])
    distances = distances_of(random.normal(size=24) + 4 * strata)
    assert permanova(distances, labels.tolist(), draws=999).p < 0.05
    assert permanova(distances, labels.tolist(), within=strata.tolist(), draws=999).p > 0.05


def test_equal_networks_are_in_no_groups() -> None:
    nothing, labels = np.zeros((8, 8)), ["a", "b"] * 4
    assert (permanova(nothing, labels).F, permanova(nothing, labels).p) == (0.0, 1.0)
    assert (silhouette(nothing, labels).value, silhouette(nothing, labels).p) == (0.0, 1.0)
    found = between_share(nothing, labels, confidence=0.95)
    assert found.value == 0.0
    assert found.high == pytest.approx(1 - 0.025**0.25)


def test_points_that_are_their_group_are_all_between() -> None:
    labels = [0, 0, 0, 1, 1, 1]
    distances = distances_of(np.array(labels, float))
    assert np.inf == permanova(distances, labels).F
    assert permanova(distances, labels).p == pytest.approx(2 / 20)
    assert silhouette(distances, labels).value == 1.0
    assert between_share(distances, labels).high == 1.0


def test_labels_that_do_not_fit_are_refused() -> None:
    distances = not_euclidean(5, np.random.default_rng(0))
    with pytest.raises(WrongShape):
        permanova(distances, ["a"] * 4)
    with pytest.raises(TooFewSamples, match=r"\[5\]"):
        silhouette(distances, ["a"] * 5)
    with pytest.raises(TooFewSamples, match="3 or more"):
        between_share(distances, ["a", "a", "b", "b", "b"])
    with pytest.raises(ValueError, match="confidence"):
        between_share(distances, ["a", "a", "b", "b", "b"], confidence=0.3)


def at_share(share: float, sizes: tuple[int, int], dimensions: int, random: np.random.Generator) -> np.ndarray:
    """Two normal groups whose centres are apart by so much that the share between them is this one."""
    labels = np.repeat([-1.0, 1.0], sizes)
    places = random.normal(size=(len(labels), dimensions))
    places[:, 0] += np.sqrt(share / (1 - share) * dimensions) * labels
    return distances_of(places)


def test_the_share_between_is_estimated_without_bias_where_there_is_none() -> None:
    """Its numerator is: F is 1 on average times a ratio's (f / (f - 2))."""
    random = np.random.default_rng(3)
    labels = np.repeat([0, 1], 20).tolist()
    raw, corrected = [], []
    for _ in range(60):
        distances = at_share(0.0, (20, 20), 3, random)
        raw.append(1 - 1 / (1 + F_of(distances, np.array(labels)) / 38))
        corrected.append(between_share(distances, labels).value)
    error = np.std(corrected) / 60**0.5
    assert abs(np.mean(corrected)) < 4 * error
    assert np.mean(raw) > 4 * error


def covered(dimensions: int, trials: int, share: float, random: np.random.Generator) -> tuple[int, int]:
    """How often groups at a share are said to be below it, and to be above it."""
    labels = np.repeat([0, 1], 10).tolist()
    found = [between_share(at_share(share, (10, 10), dimensions, random), labels) for _ in range(trials)]
    return sum(each.high < share for each in found), sum(each.low > share for each in found)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("share", [0.1, 0.25])
@pytest.mark.parametrize("dimensions", [1, 5])
def test_groups_at_the_margin_are_called_below_it_no_more_often_than_allowed(dimensions: int, share: float) -> None:
    """Binomial: 5 % of trials, at most; of normal numbers 5 %."""
    trials = 120
    below, above = covered(dimensions, trials, share, np.random.default_rng(4))
    most = stats.binom.isf(1e-4, trials, 0.05)
    assert below <= most
    assert above <= most
    if dimensions == 1:
        assert min(below, above) >= stats.binom.ppf(1e-4, trials, 0.05)


def test_absence_is_shown_with_networks_enough_and_not_with_few() -> None:
    random = np.random.default_rng(5)
    many, few = [between_share(at_share(0.0, (n, n), 8, random), np.repeat([0, 1], n).tolist()) for n in (60, 4)]
    assert many.is_below(0.1)
    assert not few.is_below(0.1)
    assert not between_share(at_share(0.5, (60, 60), 8, random), np.repeat([0, 1], 60).tolist()).is_below(0.1)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("test", [permanova, silhouette])
def test_labels_that_mean_nothing_are_called_groups_as_often_as_allowed(test) -> None:
    """Exactly alpha, up to the grid of 70 labellings, whatever the distances."""
    random, trials = np.random.default_rng(6), 200
    p = np.array([test(not_euclidean(8, random), [0, 1] * 4).p for _ in range(trials)])
    assert abs((p <= 0.1).sum() - trials * 0.1) <= 4 * (trials * 0.09) ** 0.5 + 1
