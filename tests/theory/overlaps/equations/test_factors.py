import numpy as np
import pytest

from theory.overlaps.equations.factors import BadRank, nearest_factors


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_weights_of_that_rank_are_found_to_rounding(rank):
    random = np.random.default_rng(rank)
    u, v = random.standard_normal((2, 40, rank))
    weights = u @ v.T / 40
    found = nearest_factors(weights, rank)
    assert np.abs(found.u @ found.v.T / 40 - weights).max() < 1e-14
    assert found.residual < 1e-14
    assert found.first_left_out < 1e-14 < found.last_kept
    np.testing.assert_allclose(found.u.T @ found.u, found.v.T @ found.v, atol=1e-12)  # balanced
    np.testing.assert_allclose(found.u.T @ found.u / 40, np.diag(found.singular_values[:rank]), atol=1e-14)


def test_the_residual_is_what_is_left_out_and_no_other_choice_leaves_less():
    random = np.random.default_rng(0)
    weights = random.standard_normal((30, 30))
    found = nearest_factors(weights, 3)
    left = np.linalg.norm(weights - found.u @ found.v.T / 30)
    assert found.residual == pytest.approx(left / np.linalg.norm(weights), rel=1e-13)
    for step in (1e-3, 1e-2):  # nearest: every move away leaves more, by the square of the step
        for _ in range(20):
            moved = (found.u + step * random.standard_normal((30, 3))) @ found.v.T / 30
            assert np.linalg.norm(weights - moved) > left


def test_noise_shows_in_the_next_singular_value():
    """The norm of N x N noise of variance s^2 / N tends to 2 s; at N = 400 it is within 5 % of that."""
    random = np.random.default_rng(1)
    u, v = random.standard_normal((2, 400, 2))
    noise = 0.05 * random.standard_normal((400, 400)) / np.sqrt(400)
    found = nearest_factors(u @ v.T / 400 + noise, 2)
    assert found.first_left_out == pytest.approx(0.1, rel=0.05)
    assert found.last_kept > 0.8


def test_the_sign_is_fixed():
    weights = np.random.default_rng(2).standard_normal((10, 10))
    u = nearest_factors(weights, 4).u
    assert (u[np.abs(u).argmax(axis=0), range(4)] > 0).all()


def test_full_rank_leaves_nothing_and_zero_weights_divide_by_nothing():
    weights = np.random.default_rng(3).standard_normal((5, 5))
    assert nearest_factors(weights, 5).residual == 0
    assert nearest_factors(weights, 5).first_left_out == 0
    nothing = nearest_factors(np.zeros((4, 4)), 1)
    assert nothing.residual == 0
    assert not nothing.u.any()


@pytest.mark.parametrize("rank", [0, -1, 6])
def test_a_rank_that_is_none_is_refused(rank):
    with pytest.raises(BadRank, match="whole number from 1 to 5"):
        nearest_factors(np.eye(5), rank)
