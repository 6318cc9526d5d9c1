"""Distances of representations: identities of their papers, plain loops beside them, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from sklearn.cross_decomposition import CCA

from simulate.measures import SVCCA, LinearCKA, Procrustes, pairwise
from simulate.measures.measure import Measure
from simulate.measures.representation import NoVariance
from simulate.measures.samples import FewerSamplesThanFeatures, NotFinite, NotReal, TooFewSamples, WrongShape
from simulate.measures.svcca import NoShare

MEASURES = [SVCCA(), SVCCA(variance=1.0), LinearCKA(), LinearCKA(debiased=False), Procrustes(), Procrustes(False)]
SEEDS = st.integers(0, 2**32 - 1)


def turned(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


@pytest.mark.parametrize("measure", MEASURES, ids=repr)
def test_turned_shifted_and_scaled_activity_is_the_same(measure: Measure) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 7))
    assert measure(X, -2.5 * X @ turned(rng, 7) + rng.normal(size=7)).value == 0.0
    assert measure(X, X).value == 0.0


@pytest.mark.parametrize("measure", MEASURES, ids=repr)
@pytest.mark.filterwarnings("ignore::simulate.measures.samples.FewerSamplesThanFeatures")
def test_no_distance_is_negative_and_copies_are_none_apart_whatever_their_shape_and_scales(measure: Measure) -> None:
    """Rounding gave -7e-16, and shapes of few samples 4e-12."""
    rng = np.random.default_rng(16)
    for _ in range(150):
        samples, units = int(rng.integers(5, 80)), int(rng.integers(2, 40))
        X = rng.normal(size=(samples, units)) * 10 ** rng.uniform(-2, 2, size=units)
        assert measure(X, X.copy()).value == 0.0
        assert measure(X, -2.5 * X @ turned(rng, units)).value == 0.0


def test_what_is_above_rounding_is_told() -> None:
    """Noise of 1e-6 in activity: a distance of shapes of that order, and of its square of similarities."""
    rng = np.random.default_rng(17)
    X = rng.normal(size=(1000, 7))
    Y = X + 1e-6 * rng.normal(size=X.shape)
    for measure in MEASURES:
        order = 1e-6 if isinstance(measure, Procrustes) else 1e-12
        assert order / 10 < measure(X, Y).value < 10 * order


@pytest.mark.parametrize("measure", MEASURES, ids=repr)
def test_distances_are_symmetric_and_the_order_of_trials_does_not_matter(measure: Measure) -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(12, 10, 5)), rng.normal(size=(12, 10, 8))
    kept = X.copy(), Y.copy()
    there, order = measure(X, Y), rng.permutation(12)
    assert measure(Y, X).value == pytest.approx(there.value, rel=1e-12)
    assert measure(X[order], Y[order]).value == pytest.approx(there.value, rel=1e-12)
    assert measure(X.reshape(120, 5), Y.reshape(120, 8)).value == pytest.approx(there.value, rel=1e-12)
    assert there.value == there.lower > 0
    assert (kept[0] == X).all()
    assert (kept[1] == Y).all()


def test_canonical_correlations_do_not_see_invertible_maps_and_the_others_do() -> None:
    rng = np.random.default_rng(2)
    X, map_of = rng.normal(size=(80, 6)), rng.normal(size=(6, 6))
    assert SVCCA(variance=1.0)(X, X @ map_of).value == pytest.approx(0.0, abs=1e-12)
    for measure in (LinearCKA(), LinearCKA(debiased=False), Procrustes()):
        assert measure(X, X @ map_of).value > 0.05


def test_canonical_correlations_are_those_of_regression() -> None:
    """Their squares are eigenvalues of Sxx^-1 Sxy Syy^-1 Syx."""
    rng = np.random.default_rng(3)
    X, noise = rng.normal(size=(50, 4)), rng.normal(size=(50, 3))
    Y = X[:, :3] + noise
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    products = np.linalg.solve(X.T @ X, X.T @ Y) @ np.linalg.solve(Y.T @ Y, Y.T @ X)
    squares = np.sort(np.linalg.eigvals(products).real)[-3:]
    assert SVCCA(variance=1.0)(X, Y).similarity == pytest.approx(np.sqrt(squares).mean(), rel=1e-10)


def test_canonical_correlations_are_those_of_scikit_learn() -> None:
    """Which finds one after another by iteration, to a tolerance of 1e-14, and standardises features or does not."""
    rng = np.random.default_rng(15)
    X = rng.normal(size=(80, 4))
    Y = X[:, :3] @ rng.normal(size=(3, 3)) + rng.normal(size=(80, 3))
    for scale in (True, False):
        one, other = CCA(n_components=3, max_iter=20_000, tol=1e-14, scale=scale).fit(X, Y).transform(X, Y)
        theirs = [np.corrcoef(one[:, k], other[:, k])[0, 1] for k in range(3)]
        assert SVCCA(variance=1.0)(X, Y).similarity == pytest.approx(np.mean(theirs), rel=1e-9)


def test_so_many_directions_are_kept_as_hold_the_variance() -> None:
    """Of singular values with squares 6, 3, 1: 60 %, 90 %, 100 %."""
    rng = np.random.default_rng(4)
    U = rng.normal(size=(30, 3))
    U = np.linalg.qr(U - U.mean(axis=0))[0]
    X = U * np.sqrt([6.0, 3.0, 1.0])
    kept = [SVCCA(variance=share)(X, X).features[0] for share in (0.5, 0.6, 0.61, 0.9, 0.95, 1.0)]
    assert kept == [1, 1, 2, 2, 3, 3]
    silent = np.concatenate([X, np.zeros((30, 4)), X[:, :1]], axis=1)
    assert SVCCA(variance=1.0)(silent, silent).features == (3, 3)


def unbiased_dependence(X: np.ndarray, Y: np.ndarray) -> float:
    """The sum over four different samples that the unbiased HSIC is (Song et al., 2012, equation 4)."""
    n, K, L = len(X), X @ X.T, Y @ Y.T
    total = 0.0
    for i, j, q, r in ((i, j, q, r) for i in range(n) for j in range(n) for q in range(n) for r in range(n)):
        if len({i, j, q, r}) == 4:
            total += K[i, j] * (L[i, j] + L[q, r] - 2 * L[i, q])
    return total / (n * (n - 1) * (n - 2) * (n - 3))


def test_debiased_alignment_is_the_sum_over_four_samples() -> None:
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    expected = unbiased_dependence(X, Y) / np.sqrt(unbiased_dependence(X, X) * unbiased_dependence(Y, Y))
    assert LinearCKA()(X, Y).similarity == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("conditions", [4, 6, 40])
def test_conditions_that_are_all_as_unlike_leave_nothing_without_bias(conditions: int) -> None:
    """A unit for each condition, turned and scaled: the sum over four samples has no term that is not zero."""
    rng = np.random.default_rng(14)
    X, Y = 3.0 * np.eye(conditions) @ turned(rng, conditions), rng.normal(size=(conditions, 2))
    if conditions < 7:
        assert abs(unbiased_dependence(X, X)) < 1e-12 * 81
    with pytest.raises(NoVariance, match="as unlike"):
        LinearCKA()(X, Y)
    X[0, 0] += 0.5
    assert np.isfinite(LinearCKA()(X, Y).value)


def test_biased_alignment_is_that_of_centred_gram_matrices() -> None:
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 4))
    H = np.eye(20) - 1 / 20
    K, L = H @ X @ X.T @ H, H @ Y @ Y.T @ H
    expected = np.trace(K @ L) / np.linalg.norm(K) / np.linalg.norm(L)
    assert LinearCKA(debiased=False)(X, Y).similarity == pytest.approx(expected, rel=1e-12)


def test_unrelated_activity_is_at_a_fifth_if_biased_and_at_zero_if_not() -> None:
    """32 samples of 8 normal features: d / (n + d) by Wishart's moments, within 2 %, the ratio of means being no mean
    of ratios; debiased zero, within four standard errors."""
    rng = np.random.default_rng(7)
    drawn = [rng.normal(size=(2, 32, 8)) for _ in range(400)]
    biased = [LinearCKA(debiased=False)(X, Y).similarity for X, Y in drawn]
    debiased = [LinearCKA()(X, Y).similarity for X, Y in drawn]
    assert np.mean(biased) == pytest.approx(0.2, rel=0.02)
    assert abs(np.mean(debiased)) < 4 * np.std(debiased) / 20


def test_shape_distance_is_the_nuclear_norm_and_the_best_rotation() -> None:
    rng = np.random.default_rng(8)
    X, Y = rng.normal(size=(2, 40, 5))
    X, Y = (Z - Z.mean(axis=0) for Z in (X, Y))
    X, Y = X / np.linalg.norm(X), Y / np.linalg.norm(Y)
    nuclear = np.linalg.svd(X.T @ Y, compute_uv=False).sum()
    assert Procrustes()(X, Y).value == pytest.approx(np.arccos(nuclear), rel=1e-12)
    assert np.sin(Procrustes()(X, Y).value) ** 2 == pytest.approx(procrustes(X, Y)[2], rel=1e-12)  # SciPy scales too
    Q, _ = orthogonal_procrustes(Y, X)
    assert Procrustes(angular=False)(X, Y).value == pytest.approx(np.linalg.norm(X - Y @ Q), rel=1e-12)


def test_silent_units_do_not_matter_to_shapes() -> None:
    rng = np.random.default_rng(9)
    X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 8))
    padded = np.concatenate([X, np.zeros((40, 3))], axis=1)
    for measure in (Procrustes(), Procrustes(angular=False)):
        assert measure(X, Y).value == pytest.approx(measure(padded, Y).value, rel=1e-12)
        assert measure(X, padded).value == pytest.approx(0.0, abs=1e-14)


@given(seed=SEEDS, angular=st.booleans(), near=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_shape_distances_obey_the_triangle_inequality(seed: int, angular: bool, near: float) -> None:
    rng = np.random.default_rng(seed)
    X, Y, Z = rng.normal(size=(20, 2)), rng.normal(size=(20, 3)), rng.normal(size=(20, 4))
    Z[:, :2] += 3 * near * X
    measure = Procrustes(angular)
    assert measure(X, Z).value <= measure(X, Y).value + measure(Y, Z).value + 1e-12


def test_all_pairs_at_once_are_the_pairs_one_by_one() -> None:
    rng = np.random.default_rng(10)
    activities = list(rng.normal(size=(4, 30, 3)))
    for measure in MEASURES:
        found = pairwise(measure, activities)
        assert found.value[1, 3] == measure(activities[1], activities[3]).value
        assert found.value[3, 1] == found.value[1, 3]


@pytest.mark.parametrize(
    ("measure", "few", "enough"),
    [
        (SVCCA(variance=1.0), (11, 5), (12, 5)),
        (LinearCKA(debiased=False), (5, 5), (6, 5)),
        (Procrustes(), (5, 5), (6, 5)),
    ],
)
def test_too_few_samples_to_tell_are_warned_of(measure: Measure, few: tuple[int, int], enough: tuple[int, int]) -> None:
    rng = np.random.default_rng(11)
    with pytest.warns(FewerSamplesThanFeatures, match="give more"):
        measure(rng.normal(size=few), rng.normal(size=few))
    measure(rng.normal(size=enough), rng.normal(size=enough))  # warnings are errors in tests


def test_what_canonical_correlations_find_in_too_few_samples() -> None:
    """Two five-dimensional subspaces of the nine dimensions that ten centred samples have share one direction."""
    rng = np.random.default_rng(12)
    with pytest.warns(FewerSamplesThanFeatures):
        found = SVCCA(variance=1.0)(rng.normal(size=(6, 5)), rng.normal(size=(6, 5)))
    assert found.similarity == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("measure", MEASURES, ids=repr)
def test_what_cannot_be_compared_is_refused(measure: Measure) -> None:
    X = np.random.default_rng(13).normal(size=(20, 3))
    broken = X.copy()
    broken[3, 1] = np.nan
    with pytest.raises(NotFinite):
        measure(X, broken)
    with pytest.raises(NotReal, match="complex"):
        measure(X, X + 1j)
    with pytest.raises(WrongShape, match="same trials"):
        measure(X, X[:-1])
    with pytest.raises(WrongShape):
        measure(X[0], X[0])
    with pytest.raises(TooFewSamples):
        measure(X[:1], X[:1])
    with pytest.raises(NoVariance):
        measure(X, np.full((20, 3), 0.1))


@pytest.mark.parametrize("measure", MEASURES, ids=repr)
def test_scales_whose_squares_are_no_numbers_do_not_matter(measure: Measure) -> None:
    """A power of two changes no digit: the distance is the same to the bit."""
    X, Y = np.random.default_rng(14).normal(size=(2, 20, 3))
    for scale in (2.0**900, 2.0**-900):
        assert measure(scale * X, Y).value == measure(X, Y).value


def test_a_share_is_between_none_and_all() -> None:
    for share in (0.0, 1.5):
        with pytest.raises(NoShare):
            SVCCA(variance=share)
