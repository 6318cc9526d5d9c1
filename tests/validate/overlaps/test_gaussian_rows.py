"""Rows of known distributions: what is Gaussian is found to be, what is not is told apart."""

import numpy as np
import pytest

from validate.overlaps.gaussian_rows import MOST_COLUMNS, row_statistics

NEURONS = 600
NORMAL = np.random.default_rng(1).standard_normal((NEURONS, 5))
ALL = tuple(range(5))


def test_correlated_gaussian_rows_are_gaussian():
    """Within the bound each, and one class by the criterion, which errs here about once in 1e9."""
    mixed = NORMAL @ np.random.default_rng(2).standard_normal((5, 5))
    found = row_statistics(mixed, ALL, seed=0)
    assert found.classes == 1
    assert found.evidence == 0
    assert found.strayed == ()
    assert found.gaussian
    assert (np.abs(found.mean) < found.bound).all()


def test_the_standard_error_of_the_kurtosis():
    """Of 4000 networks of 60 neurons, whose spread is known to 1 %: four standard errors."""
    many = np.random.default_rng(3).standard_normal((60, 4000))
    found = row_statistics(many, (), seed=0)
    assert found.kurtosis_error == pytest.approx(found.kurtosis.std(), rel=0.06)
    assert found.kurtosis.mean() == pytest.approx(0, abs=4 * found.kurtosis_error / np.sqrt(4000))


@pytest.mark.parametrize("neurons", [50, 300])
def test_gaussian_columns_are_not_called_otherwise_however_many(neurons):
    """Of 120 networks of 500 columns one at most: five in 10,000 are expected. By standard errors it were every one."""
    rng = np.random.default_rng(5)
    found = [row_statistics(rng.standard_normal((neurons, 500)), (), seed=0) for _ in range(120)]
    assert sum(not each.gaussian for each in found) <= 1
    assert sum(bool((np.abs(each.kurtosis) > 3.9 * each.kurtosis_error).any()) for each in found) > 60


def test_two_classes_of_neurons_are_found_though_each_column_is_gaussian():
    """m and u move together in one half of the neurons and oppositely in the other: no overlap tells."""
    signs = np.repeat([1.0, -1.0], NEURONS // 2)
    theta = NORMAL.copy()
    theta[:, 1] = 0.9 * signs * theta[:, 0] + np.sqrt(1 - 0.81) * theta[:, 1]
    found = row_statistics(theta, ALL, seed=0)
    assert found.strayed == ()
    assert found.classes == 2
    assert found.evidence > 10
    assert not found.gaussian


@pytest.mark.parametrize("shape", [np.sign, lambda column: column**3])
def test_a_column_of_another_shape_is_named(shape):
    theta = NORMAL.copy()
    theta[:, 2] = shape(theta[:, 2])
    found = row_statistics(theta, ALL, seed=0)
    assert found.strayed == (2,)
    assert found.kurtosis[2] == pytest.approx(-2, abs=0.05) or found.kurtosis[2] > 5
    assert not found.gaussian


def test_a_mean_that_is_not_zero_is_told():
    theta = NORMAL + np.array([0.5, 0, 0, 0, 0])
    found = row_statistics(theta, ALL, seed=0)
    assert found.mean[0] == pytest.approx(0.5 * np.sqrt(NEURONS), abs=5)
    assert not found.gaussian


@pytest.mark.parametrize(
    "theta",
    [
        np.zeros((NEURONS, 3)),
        np.ones((NEURONS, 3)),
        np.ones((1, 3)),
        NORMAL[:3],
        np.repeat(NORMAL[:, :1], 3, axis=1),
        np.hstack([NORMAL, np.zeros((NEURONS, 2))]),
        1e140 * NORMAL,
        1e-140 * NORMAL,
    ],
)
def test_whatever_the_rows_are_numbers_come_out(theta):
    found = row_statistics(theta, tuple(range(theta.shape[1])), seed=0)
    assert not np.isinf(found.kurtosis).any()
    assert not np.isinf(found.mean).any()
    assert found.classes in (None, 1, 2, 3, 4)


def test_many_columns_cost_no_more_than_a_few():
    theta = np.random.default_rng(4).standard_normal((300, 700))
    found = row_statistics(theta, tuple(range(700)), seed=0)
    assert found.kurtosis.shape == (700,)
    assert found.classes == 1
    assert MOST_COLUMNS < 700
