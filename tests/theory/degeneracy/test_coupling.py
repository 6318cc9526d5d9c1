"""The coupling of two networks' weights: closed form and interval, against brute force over couplings."""

import itertools

import numpy as np
import pytest
import sympy as sp

from theory.degeneracy.coupling import NoOverlaps, coupled, planar_weights, uu, vu, vv, weight_coordinates
from theory.overlaps import Shape

TWO = Shape(rank=2)


def overlaps(shape: Shape, seed: int):
    """Overlaps of columns of unlike sizes that lean on one another."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(3 * shape.size, shape.size)) * rng.uniform(0.4, 1.5, shape.size)
    theta[:, 1:] += 0.6 * theta[:, :-1]
    return theta.T @ theta / len(theta)


def weights_of(sigma, shape: Shape, neurons: int, seed: int):
    """u, v and W of a network with exactly these overlaps."""
    frame = np.linalg.qr(np.random.default_rng(seed).normal(size=(neurons, shape.size)))[0]
    theta = np.sqrt(neurons) * frame @ np.linalg.cholesky(sigma).T
    u, v = theta[:, list(shape.columns("u"))], theta[:, list(shape.columns("v"))]
    return u, v, u @ v.T / neurons


def test_the_plane_has_the_norm_and_the_trace_of_the_weights() -> None:
    W = planar_weights()
    assert sp.simplify(W.trace() - vu) == 0
    assert sp.expand(sum(each**2 for each in W) - uu * vv) == 0
    assert W.det() == 0


def test_the_distance_of_points_is_the_best_angle() -> None:
    """d^2 = |W1|^2 + |W2|^2 - |W1| |W2| (1 + cos(t - t')), where cos t = vu / w."""
    w, x, t, r = sp.symbols("w x t r", positive=True)
    of = [{uu: size, vv: size, vu: size * sp.cos(angle)} for size, angle in ((w, t), (x, r))]
    squares = [[each.subs(place) ** 2 for each in weight_coordinates()] for place in of]
    products = w * x * (sp.cos(t) * sp.cos(r) + sp.sin(t) * sp.sin(r) + 1)  # 0 < t, r < pi, where sines are positive
    assert sp.simplify(sum(squares[0]) - w**2) == 0
    assert sp.simplify(products - w * x * (1 + sp.cos(t - r))) == 0


def test_no_coupling_of_rank_one_does_better() -> None:
    """All cross-covariances on a grid of contractions: two rotations about singular values from -1 to 1."""
    first, second = overlaps(Shape(), 0), overlaps(Shape(), 10)
    found = coupled(first, second)
    roots = [np.linalg.cholesky(each[1:3, 1:3]).T for each in (first, second)]
    angles, sizes = np.linspace(0, np.pi, 31), np.linspace(-1, 1, 5)
    best = -np.inf
    for a, b in itertools.product(angles, angles):
        one, other = (np.array([[np.cos(r), -np.sin(r)], [np.sin(r), np.cos(r)]]) for r in (a, b))
        middle = np.array([np.diag(each) for each in itertools.product(sizes, sizes)])
        C = roots[0].T @ one @ middle @ other @ roots[1]
        best = max(best, float((C[:, 0, 0] * C[:, 1, 1]).max()))
    squared = found.size**2 - 2 * best
    # The grid of the sum of both angles has steps of pi / 30, and the square a curvature of 4 |W1| |W2| at most.
    off = 2 * found.size**2 * (np.pi / 30) ** 2
    assert found.distance**2 - 1e-9 <= squared <= found.distance**2 + off


@pytest.mark.parametrize(("shape", "seed"), [(Shape(), 0), (Shape(), 4), (TWO, 1)])
def test_the_cross_covariance_is_possible_and_reaches_the_distance(shape: Shape, seed: int) -> None:
    first, second = overlaps(shape, seed), overlaps(shape, seed + 1)
    found, R = coupled(first, second, shape), shape.rank
    those = [*shape.columns("u"), *shape.columns("v")]
    S1, S2 = first[np.ix_(those, those)], second[np.ix_(those, those)]
    assert np.linalg.eigvalsh(np.block([[S1, found.cross], [found.cross.T, S2]]))[0] > -1e-9
    K_u, K_v = found.cross[:R, :R], found.cross[R:, R:]
    assert found.size**2 - 2 * np.trace(K_u @ K_v.T) == pytest.approx(found.distance**2, abs=1e-9)
    assert 0 <= found.distance - found.lower < 1e-5 * found.size


@pytest.mark.parametrize(("shape", "seed"), [(Shape(), 0), (TWO, 1)])
def test_permutations_and_rotations_of_networks_stay_above(shape: Shape, seed: int) -> None:
    first, second = overlaps(shape, seed), overlaps(shape, seed + 1)
    found, rng = coupled(first, second, shape), np.random.default_rng(seed)
    (_, _, W1), (_, _, W2) = (weights_of(each, shape, 8, k) for k, each in enumerate((first, second)))
    assert np.hypot(np.linalg.norm(W1), np.linalg.norm(W2)) == pytest.approx(found.size)
    turns = [np.linalg.qr(rng.normal(size=(8, 8)))[0] for _ in range(500)]
    shuffles = [np.eye(8)[rng.permutation(8)] for _ in range(500)]
    assert min(np.linalg.norm(W1 - Q @ W2 @ Q.T) for Q in (*turns, *shuffles)) > found.lower


def test_the_coupling_is_of_weights_and_not_of_factors() -> None:
    """u G, v G^-T are the same weights; so are units in any order; and twice the weights twice the distance."""
    first, second = overlaps(TWO, 1), overlaps(TWO, 2)
    G = np.array([[2.0, 1.0], [0.0, -0.5]])
    gauge = np.eye(6)
    gauge[1:3, 1:3], gauge[3:5, 3:5] = G, np.linalg.inv(G).T
    plain, turned = coupled(first, second, TWO), coupled(gauge.T @ first @ gauge, second, TWO)
    assert turned.distance == pytest.approx(plain.distance, abs=1e-6)
    assert coupled(first, gauge.T @ first @ gauge, TWO).distance < 1e-5 * plain.size
    doubled = np.diag([1.0, 2.0, 2.0, 1.0, 1.0, 1.0])
    larger = coupled(doubled @ first @ doubled, doubled @ second @ doubled, TWO)
    assert larger.distance == pytest.approx(2 * plain.distance, abs=1e-6)


def test_rank_one_is_the_interval_of_rank_two_with_nothing_in_it() -> None:
    """The closed form against the semidefinite bound, which knows nothing of it."""
    first, second = overlaps(Shape(), 5), overlaps(Shape(), 7)
    kept = [0, 1, 3, 5]
    wide = [np.eye(6) * 0.0 for _ in range(2)]
    for each, sigma in zip(wide, (first, second), strict=True):
        each[np.ix_(kept, kept)] = sigma
    two, one = coupled(*wide, TWO), coupled(first, second)
    assert two.lower - 1e-5 <= one.distance <= two.distance + 1e-5


def test_what_is_no_gram_matrix_is_refused() -> None:
    with pytest.raises(NoOverlaps, match="4 x 4"):
        coupled(np.eye(6), np.eye(6))
    with pytest.raises(NoOverlaps, match="negative"):
        coupled(np.diag([1.0, -1.0, 1.0, 1.0]), np.eye(4))
    with pytest.raises(NoOverlaps, match="symmetric"):
        coupled(np.triu(np.ones((4, 4))), np.eye(4))
    nothing = coupled(np.zeros((4, 4)), np.zeros((4, 4)))
    assert (nothing.distance, nothing.relative) == (0.0, 0.0)
