"""What the best of a network's copies saves, held to matchings of copies."""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from theory.degeneracy.coupling import has_turned_copies
from theory.degeneracy.matching_copies import _covariances, _linear, best_of_turned, best_of_two_signs
from theory.overlaps import Shape


def matched(one: np.ndarray, other: np.ndarray) -> float:
    squares = cdist(one, other, "sqeuclidean")
    return float(squares[linear_sum_assignment(squares)].sum())


def turn(angle: float) -> np.ndarray:
    """By one angle in two planes."""
    c, s = np.cos(angle), np.sin(angle)
    return np.kron(np.eye(2), [[c, -s], [s, c]])


@pytest.mark.parametrize("variances", [[1.0, 1.0], [1.6, 0.4]])
def test_the_better_of_two_signs(variances: list[float]) -> None:
    """To the error of draws, and that of a normal field: 5 %, as sums of few products are nearer to zero."""
    rng, size, count = np.random.default_rng(0), 100, 400
    pairs = rng.normal(size=(count, 2, size, 2)) * np.sqrt(variances)
    saved = np.array([abs(matched(x, y) - matched(x, -y)) / 2 for x, y in pairs])
    predicted = best_of_two_signs(variances, size)
    left_out = (0.05 + 2 / np.log(size) ** 2) * predicted  # where fewer than one row is expected
    assert saved.mean() == pytest.approx(predicted, abs=left_out + 4 * saved.std() / np.sqrt(count))


def test_the_best_of_a_circle_of_copies() -> None:
    """Below the mean of all copies, by as much as the field of the theory; 16 rotations and reflections of 64 each."""
    rng, size, count, angles = np.random.default_rng(1), 64, 24, 2 * np.pi * np.arange(16) / 16
    mirror = np.diag([1.0, -1.0, 1.0, -1.0])
    copies = [turn(angle) @ each for angle in angles for each in (np.eye(4), mirror)]
    costs = np.array([[matched(x, y @ each) for each in copies] for x, y in rng.normal(size=(count, 2, size, 4))])
    saved = costs.mean(axis=1) - costs.min(axis=1)
    thin = (1 + np.log(size) / 2) / np.sqrt(size)
    predicted = best_of_turned(np.ones(4), size)
    assert saved.mean() == pytest.approx(predicted, abs=thin * predicted + 4 * saved.std() / np.sqrt(count))


def test_the_covariance_is_that_of_modes() -> None:
    """Of variances one, by Hermite's modes of degree k: k + 1 of rate k in the plane, of sign (-1)^k when negated."""
    late = partial(_covariances, (1.0, 1.0))
    same, negated = late(10**7, ((0.0, 0.0), (np.pi, np.pi)))
    k = np.arange(1, 8)
    assert same > 4 * ((k + 1) / k**2).sum()
    assert same + negated > 2 * 4 * (3 / 4 + 5 / 16 + 7 / 36)  # modes of even degree
    quarter = _covariances((1.0,) * 4, 10**7, ((np.pi / 2,) * 4,))[0]
    degrees = np.arange(1, 400)  # turned by a quarter the sum of the four axes' i^k: (1 + t^2)^-2, that converges
    even = np.where(degrees % 2 == 0, (-1.0) ** (degrees // 2) * (degrees // 2 + 1), 0.0)
    averaged = np.cumsum(4 * even / degrees**2)
    assert quarter == pytest.approx((averaged[-1] + averaged[-3]) / 2, abs=0.05)


def test_linear_modes_of_copies() -> None:
    """Symmetric matrices of four axes, with the rates of their axes, turned: by the trace of the turn on them."""
    g, angles = (0.5, 0.5, 2.0, 2.0), np.array([0.0, 0.7, np.pi])
    found = _linear(g, angles)
    for expected, copy in zip(found, [*map(turn, angles), np.diag([1.0, -1.0, 1.0, -1.0])], strict=True):
        trace = 0.0
        for i in range(4):
            for k in range(i, 4):
                E = np.zeros((4, 4))
                E[i, k] = E[k, i] = 1.0
                trace += (copy @ E @ copy.T)[i, k] / (1 / g[i] + 1 / g[k]) ** 2
        assert expected == pytest.approx(4 * trace)


def test_two_signs_save_less_than_a_circle_and_both_grow_slowly() -> None:
    signs, circle = ([each(np.ones(4), n) for n in (64, 1024)] for each in (best_of_two_signs, best_of_turned))
    assert signs[0] < signs[1] < circle[0] < circle[1] < 2 * circle[0]


def test_which_weights_have_turned_copies() -> None:
    leaning = np.array([[1.0, 0.3, 0.2, 0.1], [0.3, 1.0, 0.4, 0.2], [0.2, 0.4, 2.0, 0.3], [0.1, 0.2, 0.3, 1.0]])
    shape = Shape(2, 2, 2)
    twice = np.kron(leaning, np.eye(2))
    gauge = np.eye(8)
    gauge[2:4, 2:4], gauge[4:6, 4:6] = [[2.0, 1.0], [0.0, 0.5]], np.linalg.inv([[2.0, 1.0], [0.0, 0.5]]).T
    assert has_turned_copies(twice, shape)
    assert has_turned_copies(gauge.T @ twice @ gauge, shape)  # the same weights
    assert not has_turned_copies(twice + 0.01 * np.diag(np.arange(8.0)), shape)
    assert not has_turned_copies(leaning, Shape())
