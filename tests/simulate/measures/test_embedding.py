"""Embeddings of distances that are known, and ellipses that are as wide as they should be."""

import numpy as np
import pytest
from sklearn.manifold import smacof

from simulate.measures.embedding import _majorised, bootstrap_ellipses, embed
from simulate.measures.samples import NotFinite, TooFewSamples, WrongShape


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points, axis=-1)


def test_points_of_the_plane_come_back() -> None:
    points = np.random.default_rng(0).normal(size=(15, 2))
    found = embed(distances(points))
    np.testing.assert_allclose(distances(found.points), distances(points), atol=1e-7)
    assert found.stress < 1e-7
    np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-12)


def test_metric_scaling_is_no_worse_than_classical_and_at_a_minimum() -> None:
    """Points of ten dimensions in two; small moves of the points found only add to the stress."""
    rng = np.random.default_rng(1)
    wanted = distances(rng.normal(size=(12, 10)))
    found = embed(wanted)
    assert found.stress < found.classical_stress

    def misfit(points: np.ndarray) -> float:
        return float(((distances(points) - wanted) ** 2).sum())

    for _ in range(20):
        assert misfit(found.points + 1e-2 * rng.normal(size=(12, 2))) > misfit(found.points)


def test_the_order_of_items_turns_or_mirrors_the_picture_at_most() -> None:
    wanted = distances(np.random.default_rng(2).normal(size=(10, 2)) * [2, 1])
    order = np.random.default_rng(3).permutation(10)
    one, other = embed(wanted).points, embed(wanted[np.ix_(order, order)]).points
    np.testing.assert_allclose(other, one[order], atol=1e-6)


def test_ellipses_of_centroids_are_those_of_means() -> None:
    """Points of the plane are embedded as they are, so a centroid is a mean of 100 draws with replacement.

    The half axes of its 95 % ellipse are 2.448 standard deviations, each over the root of 100. A standard deviation of
    200 replicates is right to 5 percent; four of these are allowed.
    """
    rng = np.random.default_rng(4)
    points = rng.normal(size=(200, 2)) * [1, 3] + np.repeat([0.0, 30.0], 100)[:, None]
    found = bootstrap_ellipses(distances(points), groups=["a"] * 100 + ["b"] * 100, replicates=200, seed=0)
    for label, members in (("a", points[:100]), ("b", points[100:])):
        expected = np.sqrt(np.linalg.eigvalsh(np.cov(members.T, ddof=0)) / 100) * np.sqrt(-2 * np.log(0.05))
        np.testing.assert_allclose(np.linalg.norm(found[label].half_axes, axis=1), expected, rtol=0.2)


def test_ellipses_of_networks_hold_exact_places_and_shrink_with_the_misfit() -> None:
    """Points of the plane are where they are whichever others are drawn; those of more dimensions are not."""
    rng = np.random.default_rng(5)
    flat, high = rng.normal(size=(12, 2)), rng.normal(size=(12, 8))
    sure = bootstrap_ellipses(distances(flat), replicates=30, seed=0)
    unsure = bootstrap_ellipses(distances(high), replicates=30, seed=0)
    assert list(sure) == list(range(12))
    for k in range(12):
        np.testing.assert_allclose(sure[k].centre, embed(distances(flat)).points[k], atol=1e-2)
        assert sure[k].area < 1e-3 < unsure[k].area


def test_refusals() -> None:
    with pytest.raises(WrongShape, match="square"):
        embed(np.zeros((3, 4)))
    with pytest.raises(WrongShape, match="not symmetric"):
        embed([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [3.0, 1.0, 0.0]])
    with pytest.raises(NotFinite):
        embed(np.full((3, 3), np.nan))
    with pytest.raises(TooFewSamples, match="2 items"):
        embed(np.zeros((2, 2)))
    with pytest.raises(WrongShape, match="2 labels for 3"):
        bootstrap_ellipses(distances(np.eye(3)), groups=["a", "b"], seed=0)
    with pytest.raises(TooFewSamples, match="replicates"):
        bootstrap_ellipses(distances(np.eye(3)), replicates=2, seed=0)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_the_search_is_that_of_scikit_learn(dimensions: int) -> None:
    """From any start, with points that begin in one place and distances of zero."""
    rng = np.random.default_rng(dimensions)
    wanted, start = distances(rng.normal(size=(12, 4))), rng.normal(size=(12, dimensions))
    wanted[0, 1] = wanted[1, 0] = 0.0
    start[2] = start[3]
    expected, _ = smacof(wanted, init=start, n_init=1, max_iter=1000, eps=1e-9, normalized_stress=False)
    np.testing.assert_allclose(_majorised(wanted, start), expected, rtol=1e-6, atol=1e-6)
