"""The matching of rows: every permutation of few units, FAQ on many, and what must not change the distance."""

import itertools

import numpy as np
import pytest
from scipy.optimize import quadratic_assignment

from simulate.degeneracy.row_matching import RowMatching
from simulate.measures.blocks import NotWeights
from simulate.measures.orthogonal import OperatorDistance


def factors(neurons: int, rank: int, seed: int):
    rng = np.random.default_rng(seed)
    u, v = rng.normal(size=(2, neurons, rank))
    return u, 0.5 * v + 0.3 * u


def weights(u, v):
    return u @ v.T / len(u)


@pytest.mark.parametrize(("rank", "seed"), [(1, 0), (1, 2), (2, 4)])
def test_of_few_units_it_finds_the_best_of_all_permutations(rank: int, seed: int) -> None:
    pair = factors(6, rank, seed), factors(6, rank, seed + 1)
    A, B = (weights(*each) for each in pair)
    least = min(np.linalg.norm(A - B[np.ix_(p, p)]) for p in map(list, itertools.permutations(range(6))))
    found = RowMatching()(*pair)
    assert found.value == pytest.approx(least, rel=1e-12)
    assert found.lower <= least


@pytest.mark.parametrize("rank", [1, 2])
def test_it_is_never_worse_than_faq_on_matrices(rank: int) -> None:
    for seed in range(4):
        pair = factors(40, rank, 10 * seed), factors(40, rank, 10 * seed + 1)
        A, B = (weights(*each) for each in pair)
        found = RowMatching(starts=8)(*pair)
        by_faq = quadratic_assignment(A, B, options={"maximize": True, "rng": np.random.default_rng(0)}).col_ind
        order = list(found.order)
        assert found.value == pytest.approx(np.linalg.norm(A - B[np.ix_(order, order)]), rel=1e-9)
        assert found.value <= np.linalg.norm(A - B[np.ix_(by_faq, by_faq)]) + 1e-12


def test_a_copy_in_any_order_and_any_coordinates_of_the_rank_is_no_distance_away() -> None:
    u, v = factors(200, 2, 0)
    G, order = np.array([[2.0, 1.0], [0.0, -0.5]]), np.random.default_rng(1).permutation(200)
    found = RowMatching()((u, v), ((u @ G)[order], (v @ np.linalg.inv(G).T)[order]))
    assert found.value < 1e-12 * found.size
    np.testing.assert_array_equal(order[list(found.order)], np.arange(200))


def test_all_starts_on_all_rows_are_no_worse_than_some_chosen_on_a_sample() -> None:
    """And these no worse than the worst: a start that was chosen is one of all."""
    pair = factors(150, 1, 0), factors(150, 1, 1)
    every, some = RowMatching(starts=4, sample=150)(*pair), RowMatching(starts=4, sample=40, refined=1)(*pair)
    assert some.lower < every.value <= some.value < every.size


def test_the_bound_is_the_distance_up_to_rotation_of_the_matrices() -> None:
    pair = factors(10, 1, 0), factors(10, 1, 1)
    found = RowMatching()(*pair)
    turned = OperatorDistance()(*(weights(*each) for each in pair))
    assert found.lower == pytest.approx(turned.value, rel=1e-6)
    assert found.value > turned.value
    assert found.size == pytest.approx(np.hypot(*(np.linalg.norm(weights(*each)) for each in pair)))


def test_silent_and_small_networks_have_a_distance_and_others_are_refused() -> None:
    u, v = factors(5, 1, 0)
    assert RowMatching()((u, v), (0 * u, v)).relative == pytest.approx(1.0)
    assert RowMatching()(factors(2, 2, 0), factors(2, 2, 1)).value > 0
    with pytest.raises(NotWeights, match="one size"):
        RowMatching()((u, v), factors(6, 1, 0))
    with pytest.raises(NotWeights, match="finite"):
        RowMatching()((u, v), (u * np.nan, v))
    with pytest.raises(NotWeights, match="N x R"):
        RowMatching()((u, v), (u, v[:, 0]))
