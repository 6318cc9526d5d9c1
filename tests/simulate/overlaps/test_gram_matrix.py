import numpy as np
import pytest

from simulate.overlaps.gram_matrix import NotAGramMatrix, random_gram, require_gram, square_root, triangular_root

COUNTS = (1, 1, 1, 1)


def test_a_gram_matrix_comes_back_symmetric_to_the_last_bit():
    sigma = random_gram(7, 4, seed=0)
    skewed = sigma.copy()
    skewed[0, 1] += 1e-12
    found = require_gram(skewed, COUNTS)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(found, sigma, atol=1e-12)


def test_asymmetry_and_negative_eigenvalues_are_refused_above_rounding_only():
    """The bound is 1e-9 of the largest entry, from both sides."""
    for size, fine in ((0.99e-9, True), (1.01e-9, False)):
        skewed, negative = 5 * np.eye(4), 5 * np.diag([1.0, 1.0, 1.0, -size])
        skewed[0, 1] = 5 * size
        for matrix in (skewed, negative):
            if fine:
                require_gram(matrix, COUNTS)
            else:
                with pytest.raises(NotAGramMatrix):
                    require_gram(matrix, COUNTS)


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_the_root_has_as_many_rows_as_the_rank_and_the_matrix_for_its_gram_matrix(rank):
    sigma = random_gram(rank, 4, seed=1)
    root = square_root(sigma)
    assert root.shape == (rank, 4)
    np.testing.assert_allclose(root.T @ root, sigma, atol=1e-14)


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_the_triangular_root_gives_each_column_one_direction_more(rank):
    """Also of overlaps without full rank; Cholesky's factor where they have it."""
    sigma = random_gram(rank, 4, seed=1)
    root = triangular_root(sigma)
    assert root.shape == (rank, 4)
    np.testing.assert_allclose(root.T @ root, sigma, atol=1e-14)
    np.testing.assert_allclose(np.tril(root, -1), 0, atol=1e-15)
    assert (np.diagonal(root) > 0).all()
    if rank == 4:
        np.testing.assert_allclose(root, np.linalg.cholesky(sigma).T, atol=1e-13)


def test_the_triangular_root_follows_overlaps_whose_eigenvalues_cross():
    """By 1e-9 about the identity: the root moves as little, that of eigenvectors by a rotation."""
    nudge = np.random.default_rng(0).normal(size=(4, 4))
    near = [np.eye(4) + 1e-9 * sign * (nudge + nudge.T) for sign in (1, -1)]
    assert np.abs(np.subtract(*map(triangular_root, near))).max() < 1e-8
    assert np.abs(np.subtract(*map(square_root, near))).max() > 0.1


def test_the_triangular_root_of_overlaps_that_are_zero_or_repeat_a_column():
    assert triangular_root(np.zeros((4, 4))).shape == (0, 4)
    repeated = random_gram(9, 4, seed=2)[:, [0, 0, 1, 2]][[0, 0, 1, 2]]
    root = triangular_root(repeated)
    np.testing.assert_allclose(root.T @ root, repeated, atol=1e-14)


def test_weak_directions_are_kept_down_to_rounding():
    """An overlap of 1e-11 is small and meant; one of 1e-15 is the rounding of the others."""
    assert square_root(np.diag([1.0, 1.0, 1.0, 1e-11])).shape == (4, 4)
    assert square_root(np.diag([1.0, 1.0, 1.0, 1e-15])).shape == (3, 4)
    assert square_root(np.zeros((4, 4))).shape == (0, 4)


@pytest.mark.parametrize(
    ("matrix", "problem"),
    [
        (np.eye(5), r"4 x 4 are needed"),
        (np.ones(4), r"overlaps of shape \(4,\)"),
        (np.full((4, 4), np.nan), "not finite"),
        (np.triu(np.ones((4, 4))), r"not symmetric: entry \(0, 1\) is 1, entry \(1, 0\) is 0"),
        (np.diag([1.0, 1.0, 1.0, -0.5]), "least eigenvalue is -0.5"),
    ],
)
def test_other_matrices_are_refused(matrix, problem):
    with pytest.raises(NotAGramMatrix, match=problem):
        require_gram(matrix, COUNTS)


def test_random_overlaps_are_those_of_columns_of_norm_root_n():
    """Off the diagonal each is a mean of N products: zero to N^-1/2, 5 standard deviations for 6 x 20 of them."""
    for neurons in (3, 100):
        every = np.array([random_gram(neurons, 4, seed) for seed in range(20)])
        np.testing.assert_allclose(np.diagonal(every, axis1=1, axis2=2), 1, rtol=1e-14)
        off = every[:, *np.triu_indices(4, 1)]
        assert np.abs(off).max() <= min(1, 5 / np.sqrt(neurons))
        assert np.abs(off).max() > 1 / np.sqrt(neurons)
    assert np.linalg.matrix_rank(random_gram(3, 4, 0)) == 3
