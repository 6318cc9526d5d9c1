"""The operator of a linear network's activity, from overlaps, against networks of N neurons and their trajectories."""

import numpy as np
import pytest
import sympy as sp

from theory.degeneracy.dynamics import (
    NoSpan,
    activity_operator,
    dynamics_apart,
    in_coordinates_of,
    latent_generator,
    non_normality,
    operator_coordinates,
    planar_operator,
    whitened_operator,
)
from theory.degeneracy.rotations import least_distance
from theory.overlaps import Shape

TWO = Shape(inputs=2, rank=2)
mm, mu, uu, vm, vu = sp.symbols("mm mu uu vm vu", real=True)


def network(shape: Shape, seed: int, neurons: int = 12):
    """m, u, v, and the overlaps of all blocks."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(neurons, shape.size)) @ (np.eye(shape.size) + 0.4 * rng.normal(size=(shape.size,) * 2))
    m, u, v = (theta[:, list(shape.columns(block))] for block in "muv")
    return m, u, v, theta.T @ theta / neurons


@pytest.mark.parametrize("shape", [Shape(), TWO])
def test_the_operator_is_that_of_all_neurons_in_an_orthonormal_basis(shape: Shape) -> None:
    """-1 + u v^T / N, restricted to the span of m and u, which it keeps."""
    m, u, v, sigma = network(shape, 0)
    flow = -np.eye(len(m)) + u @ v.T / len(m)
    basis = np.linalg.qr(np.hstack([m, u]))[0]
    restricted = basis.T @ flow @ basis
    np.testing.assert_allclose(flow @ basis, basis @ restricted, atol=1e-12)
    assert least_distance(restricted, activity_operator(sigma, shape)).value < 1e-9


def test_the_closed_form_is_the_distance_of_the_restricted_flows() -> None:
    sigmas = [network(Shape(), seed)[3] for seed in (1, 2)]
    closed = dynamics_apart(*sigmas)
    searched = least_distance(*(activity_operator(each) for each in sigmas))
    assert closed.value == pytest.approx(searched.value, abs=1e-9)
    assert closed.gap == 0
    turned = closed.turn @ activity_operator(sigmas[1]) @ closed.turn.T
    assert np.linalg.norm(activity_operator(sigmas[0]) - turned) == pytest.approx(closed.value, abs=1e-6)


def test_trace_and_the_rest_of_the_spectrum_are_visible() -> None:
    t, a, s = operator_coordinates()
    L = latent_generator()
    assert sp.simplify(t**2 / 2 - (L.trace() / 2) ** 2) == 0
    assert sp.simplify((s**2 - a**2) / 2 - (L.trace() ** 2 / 4 - L.det())) == 0


def test_the_turn_is_the_departure_from_normality() -> None:
    """|A|^2 - sum |eigenvalue|^2 (Henrici), the eigenvalues -1 and vu - 1 being real."""
    A = planar_operator()
    departure = sum(each**2 for each in A) - 1 - (vu - 1) ** 2
    assert sp.simplify(departure - non_normality() ** 2) == 0
    assert sp.simplify(non_normality() ** 2 - (mu * vu - uu * vm) ** 2 / (mm * uu - mu**2)) == 0


def test_dsa_sees_one_number_of_the_invisible_overlaps() -> None:
    """On a level set of the non-normality mm, mu and uu differ, and the distance is zero; off it it is not."""
    one = np.eye(4)
    one[0, 0], one[1, 1] = 2.0, 1.5
    one[0, 2] = one[2, 0] = 0.5
    one[1, 2] = one[2, 1] = 0.8
    other = one.copy()
    other[0, 1] = other[1, 0] = 0.3
    kept = (1.5 * 0.5) ** 2 / (2.0 * 1.5)
    other[0, 0] = ((0.3 * 0.8 - 1.5 * 0.5) ** 2 / kept + 0.3**2) / 1.5
    assert abs(other[0, 0] - 2.0) > 0.1
    assert dynamics_apart(one, other).value < 1e-12
    other[0, 0] *= 1.5
    assert dynamics_apart(one, other).value > 0.01


def test_whitening_leaves_nothing_invisible() -> None:
    """From trajectories of two networks of one L and one set of latent trials: the white operators are one."""
    sigma = np.eye(TWO.size)  # G = 1, so that the operator is L itself
    for k, v in enumerate(TWO.columns("v")):
        sigma[v, :4] = sigma[:4, v] = 0.1 * (k + np.arange(4))
    step, rng = np.eye(4) + 0.1 * activity_operator(sigma, TWO), np.random.default_rng(0)
    trials = [rng.normal(size=(30, 4))]
    for _ in range(20):
        trials.append(trials[-1] @ step.T)
    before, after = np.concatenate(trials[:-1]), np.concatenate(trials[1:])
    found = []
    for sizes in (np.array([1.0, 2.0, 3.0, 4.0]), np.array([5.0, 0.2, 1.0, 1.0])):
        span = rng.normal(size=(15, 4)) * sizes
        _, size, directions = np.linalg.svd(before @ span.T, full_matrices=False)
        white = directions[:4].T / size[:4]
        found.append(np.linalg.lstsq(before @ span.T @ white, after @ span.T @ white, rcond=None)[0].T)
    assert least_distance(*found).value < 1e-8
    predicted = np.eye(4) + 0.1 * whitened_operator(sigma, before.T @ before, TWO)
    assert least_distance(found[0], predicted).value < 1e-8


def test_of_any_rank_the_interval_closes() -> None:
    first, second = (network(TWO, seed)[3] for seed in (3, 4))
    found = dynamics_apart(first, second, TWO)
    A, B = activity_operator(first, TWO), activity_operator(second, TWO)
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(2_000, 4, 4)))[0]
    tried = np.linalg.norm(A - Q @ B @ Q.transpose(0, 2, 1), axis=(1, 2)).min()
    assert found.lower <= found.value <= tried
    assert found.gap < 1e-5 * found.value


def test_no_span_no_operator() -> None:
    with pytest.raises(NoSpan, match="fewer directions"):
        activity_operator(np.ones((4, 4)))
    with pytest.raises(NoSpan, match="4 x 4"):
        dynamics_apart(np.eye(3), np.eye(3))
    with pytest.raises(NoSpan):
        in_coordinates_of(np.eye(2), np.diag([1.0, 0.0]))
