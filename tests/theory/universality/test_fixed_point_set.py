"""Networks whose points are known: all are found, and none more; and what cannot be proved is said."""

import itertools

import numpy as np
import pytest
import scipy.optimize

from theory.universality import Completeness, Factored, SearchLimits, fixed_point_set, latent_map, prove_point, vanilla
from theory.universality.cells import WrongWeights
from theory.universality.slaved import AROUND, Boxes, examine
from theory.universality.split import split, split_low_rank


def points_of_one(gain, drive):
    """Of h = tanh(gain h + drive), by the signs of a fine grid."""
    grid = np.linspace(-1, 1, 20_000)
    off = np.tanh(gain * grid + drive) - grid
    at = np.flatnonzero(off[:-1] * off[1:] <= 0)
    return [scipy.optimize.brentq(lambda h: np.tanh(gain * h + drive) - h, grid[k], grid[k + 1]) for k in at]


def same_set(found, expected, within=1e-9):
    expected = np.array(expected).reshape(len(expected), -1)
    distance = np.abs(found.states[:, None] - expected).max(axis=2)
    return found.states.shape == expected.shape and (distance.min(axis=0) < within).all()


def test_units_that_do_not_meet_have_the_products_of_their_points():
    gains, drives = [2.0, 1.5, 0.5, 3.0], [0.1, 0.0, 0.3, -0.2]
    found = fixed_point_set(np.diag(gains), np.array(drives))
    assert found.outcome is Completeness.COMPLETE
    assert same_set(found, list(itertools.product(*map(points_of_one, gains, drives))))
    assert (len(found.points), found.index_sum, found.rank) == (27, 1, 3)
    assert sorted(found.unstable_dimensions) == [0] * 8 + [1] * 12 + [2] * 6 + [3]


def test_a_circulant_network_has_the_points_of_its_symmetry():
    """h -> tanh(W h), W = a + b * shift of three units: zero and, for large a, all signs."""
    W = 2.5 * np.eye(3) + 0.1 * (np.roll(np.eye(3), 1, axis=0) + np.roll(np.eye(3), -1, axis=0))
    found = fixed_point_set(W, np.zeros(3))
    assert (found.outcome, len(found.points), found.index_sum) == (Completeness.COMPLETE, 27, 1)
    for turned in (np.roll(found.states, 1, axis=1), -found.states):
        assert same_set(found, turned)


def brute_force(W, drive, cells=12):
    """All zeros by subdivision of the square and Newton's method from every cell."""
    return brute_force_from(W, drive, itertools.product(np.linspace(-1, 1, cells), repeat=len(W)))


def brute_force_from(W, drive, starts):
    """All zeros that Newton's method finds from states, or numbers that all units have."""
    found = []
    for start in starts:
        h = np.ones(len(W)) * start
        for _ in range(30):
            t = np.tanh(W @ h + drive)
            h = h - np.linalg.lstsq((1 - t * t)[:, None] * W - np.eye(len(W)), t - h, rcond=None)[0]
        off = np.abs(np.tanh(W @ h + drive) - h).max()
        if off < 1e-12 and not any(np.abs(h - other).max() < 1e-6 for other in found):
            found.append(h)
    return found


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(8))
def test_two_units_have_the_points_that_brute_force_finds(seed):
    random = np.random.default_rng(seed)
    W, drive = 2 * random.normal(size=(2, 2)), 0.3 * random.normal(size=2)
    found = fixed_point_set(W, drive)
    assert found.outcome is Completeness.COMPLETE
    assert same_set(found, brute_force(W, drive))
    assert found.index_sum == 1


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_product_and_its_matrix_have_the_same_points(rank):
    random = np.random.default_rng(10 + rank)
    M = random.normal(size=(12, rank))
    N = M @ np.diag([2.5, 2.0, 1.8][:rank]) / 12
    drive = 0.1 * random.normal(size=12)
    found = fixed_point_set(Factored(M, N), drive)
    whole = fixed_point_set(M @ N.T, drive)
    assert (found.outcome, whole.outcome) == (Completeness.COMPLETE, Completeness.COMPLETE)
    assert len(found.points) >= 3
    assert same_set(found, whole.states)
    assert sorted(found.unstable_dimensions) == sorted(whole.unstable_dimensions)
    assert sorted(point.index for point in found.points) == sorted(point.index for point in whole.points)


@pytest.mark.parametrize("kept", [np.float64, np.float32])
def test_of_weights_next_to_a_low_rank_the_points_are_those_of_the_weights_themselves(kept):
    """W = M N^T and what storing it added: single precision moves points by 1e-8, and the moved ones are proved."""
    random = np.random.default_rng(4)
    M = random.normal(size=(30, 2))
    N = M @ np.diag([2.5, 1.6]) / 30
    W, drive = (M @ N.T).astype(kept).astype(float), 0.05 * random.normal(size=30)
    found, product = fixed_point_set(W, drive), fixed_point_set(Factored(M, N), drive)
    assert found.tried[0].startswith("rank 2, but for a rest")
    assert (found.complete, len(found.points)) == (True, len(product.points))
    assert sorted(found.unstable_dimensions) == sorted(product.unstable_dimensions)
    exact = [prove_point(vanilla(W, drive), state) for state in found.states]
    assert all(proof is not None and proof.radius < 1e-12 for proof in exact)
    off = np.abs(found.states[:, None] - product.states).max(axis=2).min(axis=1)
    assert (off < 1e-12).all() == (kept is np.float64)
    assert (off < 1e-5).all()


def test_a_faint_rest_moves_what_boxes_hold_and_is_not_left_out():
    """W = u v^T + E, E far above rounding and below 2^-8: points move with E, and are found where W has them."""
    W = np.outer(np.ones(8), np.full(8, 2.0 / 8))
    rest = 1e-6 * np.random.default_rng(5).normal(size=(8, 8))
    found = fixed_point_set(W + rest, np.full(8, 0.01))
    assert found.tried[0].startswith("rank 1, but for a rest")
    assert same_set(found, brute_force_from(W + rest, np.full(8, 0.01), np.linspace(-1, 1, 9)), within=1e-12)
    assert not same_set(found, fixed_point_set(W, np.full(8, 0.01)).states, within=1e-8)
    network = split_low_rank(W + rest, np.zeros(8), 3).network
    assert (np.abs(W + rest - network.U @ network.V.T - network.rest.middle) <= network.rest.radius).all()
    assert network.rest.size().max() > 1e-6
    assert split_low_rank(W + 1e3 * rest, np.zeros(8), 3) is None


def test_points_of_a_design_are_found_in_many_units():
    """Of tanh(M kappa), M with one column of signs a block, blocks do not meet: 3 x 3 points."""
    signs = np.sign(np.random.default_rng(0).normal(size=400))
    M = np.zeros((400, 2))
    M[:200, 0], M[200:, 1] = 2 * signs[:200], 3 * signs[200:]
    found = fixed_point_set(Factored(M, np.sign(M) / 200), np.zeros(400))
    assert found.outcome is Completeness.COMPLETE
    latent = np.array([point.state for point in found.points])
    expected = np.array(list(itertools.product(points_of_one(2.0, 0), points_of_one(3.0, 0))))
    assert latent.shape == (9, 2)
    assert np.abs(latent[:, None] - expected).max(axis=2).min(axis=0).max() < 1e-9


def test_a_network_that_contracts_has_one_point():
    found = fixed_point_set(np.array([[0.5, -0.6], [0.6, -4.0]]), np.array([1.0, -0.5]))
    assert (found.outcome, len(found.points), found.rank) == (Completeness.COMPLETE, 1, 0)


def test_a_degenerate_point_is_left_undecided_where_it_is():
    found = fixed_point_set(np.array([[1.0]]), np.zeros(1))
    assert found.outcome is Completeness.UNDECIDED_BOXES
    assert not found.points
    assert min(box.lower[0] for box in found.undecided) <= 0 <= max(box.upper[0] for box in found.undecided)
    assert max(abs(box.lower[0]) for box in found.undecided) < 1e-2


def test_giving_up_is_said():
    few = fixed_point_set(np.diag([2.0, 3.0]), np.zeros(2), limits=SearchLimits(boxes=10))
    assert few.outcome is Completeness.UNDECIDED_BOXES
    endless = fixed_point_set(np.eye(1), np.zeros(1), limits=SearchLimits(boxes=100, smallest=0.0))
    assert endless.outcome is Completeness.UNDECIDED_BOXES
    low = fixed_point_set(np.diag([2.0, 3.0]), np.zeros(2), limits=SearchLimits(rank=1))
    assert low.outcome is Completeness.REST_NOT_PROVED
    assert low.tried == ("2 eigenvalues have real parts of one or more: no rank up to 1 will do",)
    turning = np.array([[2.0, -4.0], [4.0, -3.0]])  # real parts of -1/2, and one unit that is unstable by itself
    none = fixed_point_set(turning, np.zeros(2), limits=SearchLimits(rank=0))
    assert none.tried == ("rank 0: the rest is not proved to contract",)


def test_what_is_said_of_boxes_is_true_of_the_points_in_them():
    """Many boxes of a network of known points: none that is called empty, or narrowed, loses one."""
    random = np.random.default_rng(3)
    W = np.diag([2.0, 1.8, 0.4, -0.5, 0.3]) + 0.05 * random.normal(size=(5, 5))
    drive = 0.02 * random.normal(size=5)
    network = split(W, drive, 2).network
    zeros = fixed_point_set(W, drive).states @ network.V
    assert len(zeros) == 9
    middle = random.uniform(-2, 2, size=(400, 2))
    radius = random.uniform(0.01, 0.6, size=(400, 2))
    middle[:200] = zeros[random.integers(9, size=200)] + radius[:200] * random.uniform(-1, 1, size=(200, 2))
    boxes = Boxes(middle - radius, middle + radius, middle @ network.U.T + drive, radius @ np.abs(network.U).T)
    found = examine(network, boxes)
    inside = (zeros >= boxes.lower[:, None]).all(2) & (zeros <= boxes.upper[:, None]).all(2)
    kept = (zeros >= found.lower[:, None] - 1e-9).all(2) & (zeros <= found.upper[:, None] + 1e-9).all(2)
    around = (np.abs(zeros - boxes.middle[:, None]) < AROUND * boxes.radius[:, None]).all(2).sum(axis=1)
    assert not (inside.any(axis=1) & found.empty).any()
    assert (kept | ~inside).all()
    assert (around[found.single] <= 1).all()
    assert found.empty.sum() > 50  # and the tests do tell something
    assert found.single.sum() > 50


def test_a_wrong_rest_is_not_in_its_bound():
    """E with its radius holds W - U V^T, and not that of weights that differ by more than rounding."""
    W = np.random.default_rng(0).normal(size=(6, 6)) / 4 + np.diag([2.0, 0, 0, 0, 0, 0])
    network = split(W, np.zeros(6), 1).network
    for moved, inside in ((0.0, True), (1e-12, False)):
        off = np.abs(W + moved - network.U @ network.V.T - network.rest.middle)
        assert (off <= network.rest.radius).all() == inside


def test_the_latent_map_is_the_network_seen_through_n():
    random = np.random.default_rng(1)
    weights, drive = Factored(random.normal(size=(7, 2)), random.normal(size=(7, 2)) / 7), random.normal(size=7)
    found = fixed_point_set(weights, drive)
    for point, state in zip(found.points, found.states, strict=True):
        whole = prove_point(vanilla(weights.M @ weights.N.T, drive), state)
        assert (whole.unstable_dimension, whole.index) == (point.unstable_dimension, point.index)
        assert np.abs(weights.N.T @ whole.state - point.state).max() < 1e-12
    assert latent_map(weights, drive).size == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: Factored(np.ones((3, 2)), np.ones((3, 1))),
        lambda: Factored(np.full((3, 2), np.nan), np.ones((3, 2))),
        lambda: Factored(np.ones((3, 0)), np.ones((3, 0))),
        lambda: fixed_point_set(Factored(np.ones((3, 1)), np.ones((3, 1))), np.zeros(2)),
        lambda: fixed_point_set(np.ones((3, 2)), np.zeros(3)),
        lambda: fixed_point_set(np.eye(2), np.array([0.0, np.inf])),
        lambda: fixed_point_set(np.eye(2), np.zeros(1 << 15)),
    ],
)
def test_what_makes_no_network_is_refused(make):
    with pytest.raises(WrongWeights):
        make()
