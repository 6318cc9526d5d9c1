"""The law of random matching with its next terms, held to matchings, to its leading term and to the torus."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from theory.degeneracy.matching_law import N as NEURONS
from theory.degeneracy.matching_law import NoLaw, determinant, squared_gap
from theory.degeneracy.matching_terms import (
    TORUS_CONSTANT,
    TORUS_MODES,
    _of_planes,
    gap_with_next_terms,
    of_a_product,
)


def matched(squares: np.ndarray) -> float:
    return float(squares[linear_sum_assignment(squares)].sum())


def test_the_constant_of_the_torus_and_its_modes() -> None:
    rng, size, count = np.random.default_rng(0), 64, 300
    costs = []
    for x, y in rng.random((count, 2, size, 2)):
        apart = np.abs(x[:, None] - y)
        costs.append(matched((np.minimum(apart, 1 - apart) ** 2).sum(axis=2)))
    measured = np.array(costs) - np.log(size) / (2 * np.pi)
    assert abs(measured.mean() - TORUS_CONSTANT) < 4 * measured.std() / np.sqrt(count)
    k = np.arange(-60, 61)
    rates = 4 * np.pi**2 * (k[:, None] ** 2 + k**2).ravel()
    rates = rates[rates > 0]
    cut = 1e-3
    assert (np.exp(-rates * cut) / rates).sum() + np.log(cut) / (4 * np.pi) == pytest.approx(
        TORUS_MODES + cut, abs=1e-6
    )


@pytest.mark.parametrize(("variances", "size", "count"), [([1.0, 1.0], 128, 150), ([1.6, 0.4], 128, 150)])
def test_matchings_of_the_plane(variances: list[float], size: int, count: int) -> None:
    """Where fewer than one row is expected is a share of some 1 / (log N)^2 of the law: of order one."""
    rng, scale = np.random.default_rng(1), np.sqrt(variances)
    costs = [matched(((x[:, None] - y) ** 2).sum(axis=2)) for x, y in rng.normal(size=(count, 2, size, 2)) * scale]
    predicted = size * gap_with_next_terms(variances, size)
    allowed = 2 / np.log(size) ** 2 * predicted + 4 * np.std(costs) / np.sqrt(count)
    assert np.mean(costs) == pytest.approx(predicted, abs=allowed)
    assert np.mean(costs) > 1.4 * size * float(squared_gap().subs({NEURONS: size, determinant: np.prod(variances)}))


def test_matchings_of_four_dimensions() -> None:
    rng, size, count = np.random.default_rng(2), 128, 100
    costs = [matched(((x[:, None] - y) ** 2).sum(axis=2)) for x, y in rng.normal(size=(count, 2, size, 4))]
    predicted = size * gap_with_next_terms(np.ones(4), size)
    assert np.mean(costs) == pytest.approx(predicted, rel=1 / np.sqrt(size))


@pytest.mark.parametrize("rank", [1, 2])
def test_the_leading_term_is_the_limit(rank: int) -> None:
    """Relative next terms fall as log log N / log N in the plane, as powers of log N over sqrt(N) beyond."""
    over = [
        gap_with_next_terms(np.ones(2 * rank), n) / float(squared_gap(rank).subs({NEURONS: float(n), determinant: 1}))
        for n in (10**3, 10**6, 10**12, 10**24)
    ]
    off = np.abs(np.array(over) - 1)
    assert (np.diff(off) < 0).all()
    assert off[-1] < (0.1 if rank == 1 else 1e-6)


def test_a_product_of_two_overlaps_that_shrink_alike() -> None:
    """Of W of rank two, |W|^2 = 2: both networks' 2 + 2 less twice the product of overlaps (1 - x), each on R axes."""
    x, R = 0.1, 2
    linear, exact = 2 * R - 2 * R * (1 - 2 * x), 2 * R - 2 * R * (1 - x) ** 2
    assert of_a_product(linear, float(R)) == pytest.approx(exact, rel=1e-12)


def test_what_is_not_known_is_refused() -> None:
    for variances, neurons in ((np.ones(3), 100), (np.ones(4), 12), (np.array([1.0, 1e-6]), 100)):
        with pytest.raises(NoLaw, match="more rows"):
            gap_with_next_terms(variances, neurons)


def test_directions_in_four_dimensions() -> None:
    """By drawing them; and the law of four that are alike is that of four that nearly are."""
    n = np.random.default_rng(5).normal(size=(100_000, 4))
    shares = n**2 / (n**2).sum(axis=1, keepdims=True)
    c = np.array([0.9, 0.2, 0.5, 0.05])
    drawn = np.exp(-6 * shares @ c)
    found = _of_planes(np.array([[6.0]]), [(c[:1], c[1:2]), (c[2:3], c[3:])])
    assert float(found[0, 0]) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(len(drawn)))
    near = gap_with_next_terms([1.0, 1 + 1e-6, 1.0, 1 - 1e-6], 500)
    assert near == pytest.approx(gap_with_next_terms(np.ones(4), 500), rel=1e-6)
