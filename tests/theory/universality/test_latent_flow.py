"""The latent flow of a network of any rank: reductions and spectra as symbolic zeros, numbers beside plain loops."""

import numpy as np
import pytest
import sympy as sp

from theory.ghost import circuit
from theory.universality import Factored, LatentFlow, SearchLimits
from theory.universality.cells import WrongWeights


def symbols(units, rank):
    x, d, v = (sp.Matrix(sp.symbols(f"{name}:{units}", real=True)) for name in "xdv")
    m, n = (sp.Matrix(units, rank, sp.symbols(f"{name}:{units * rank}", real=True)) for name in "mn")
    return x, d, v, m, n


def rate_velocity(x, m, n, d):
    """x' of the rate network."""
    return -x + m * (n.T * x.applyfunc(sp.tanh)) + d


def drawn(units, rank, seed=0, strength=2.0):
    random = np.random.default_rng(seed)
    M, N = random.normal(size=(units, rank)), strength * random.normal(size=(units, rank)) / units
    return LatentFlow(Factored(M, N + strength * M / units), 0.3 * random.normal(size=units))


@pytest.mark.parametrize(("units", "rank"), [(4, 2), (4, 3)])
def test_the_rate_network_splits_into_the_latent_flow_and_a_decay(units, rank):
    _, d, v, m, n = symbols(units, rank)
    kappa = sp.Matrix(sp.symbols(f"k:{rank}", real=True))
    state = m * kappa + v
    split = m * (-kappa + n.T * state.applyfunc(sp.tanh)) + (-v + d)
    assert (rate_velocity(state, m, n, d) - split).expand() == sp.zeros(units, 1)
    on_it = m * circuit.reduction.latent_velocity(kappa, m, n, d)  # at v = d, which stays
    assert (rate_velocity(m * kappa + d, m, n, d) - on_it).expand() == sp.zeros(units, 1)


@pytest.mark.parametrize(("units", "rank"), [(4, 2), (3, 2)])
def test_all_eigenvalues_but_those_of_the_latent_jacobian_are_minus_one(units, rank):
    _, d, _, m, n = symbols(units, rank)
    s, D = sp.Symbol("s"), sp.diag(*d)
    latent = (s + 1) ** (units - rank) * (n.T * D * m - sp.eye(rank)).charpoly(s).as_expr()
    for full in (D * m * n.T, m * n.T * D):  # activity, rate
        assert sp.expand((full - sp.eye(units)).charpoly(s).as_expr() - latent) == 0
    of_map = s ** (units - rank) * (n.T * D * m).charpoly(s).as_expr()
    assert sp.expand((D * m * n.T).charpoly(s).as_expr() - of_map) == 0


def test_the_spectrum_of_the_full_network_is_that_of_the_latent_one_and_minus_ones():
    flow = drawn(30, 3)
    kappa = np.random.default_rng(1).normal(size=3)
    M, N = flow.weights.M, flow.weights.N
    slopes = np.diag(1 - np.tanh(flow.state(kappa)) ** 2)
    for full in (M @ N.T @ slopes, slopes @ M @ N.T):
        values = np.linalg.eigvals(full - np.eye(30))
        rest = np.sort(np.abs(values + 1))
        assert rest[26] < 1e-6 < 1e-3 < rest[27]
        mine = values[np.abs(values + 1) > 1e-3]
        np.testing.assert_allclose(
            np.sort_complex(mine), np.sort_complex(flow.eigenvalues(kappa)), rtol=1e-12, atol=1e-12
        )


def test_velocity_and_slopes_beside_plain_loops():
    flow = drawn(5, 2)
    kappas = np.random.default_rng(2).normal(size=(3, 4, 2))
    M, N, d = flow.weights.M, flow.weights.N, flow.drive
    for place in np.ndindex(3, 4):
        kappa = kappas[place]
        velocity, slopes = -kappa.copy(), np.zeros((2, 2))
        for i in range(5):
            a = d[i] + sum(M[i, r] * kappa[r] for r in range(2))
            for r in range(2):
                velocity[r] += N[i, r] * np.tanh(a)
                for q in range(2):
                    slopes[r, q] += N[i, r] * M[i, q] / np.cosh(a) ** 2
        np.testing.assert_allclose(flow.velocity(kappas)[place], velocity, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(flow.slopes(kappas)[place], slopes, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rank", [2, 3])
def test_proved_points_stand_still_in_the_full_network_and_have_its_stability(rank):
    flow = drawn(20, rank, seed=rank)
    found = flow.fixed_points()
    assert found.complete
    assert found.index_sum == 1
    M, N = flow.weights.M, flow.weights.N
    for point in found.points:
        x = flow.state(point.state)
        np.testing.assert_allclose(M @ (N.T @ np.tanh(x)) + flow.drive, x, atol=1e-13)
        full = np.linalg.eigvals(M @ N.T * (1 - np.tanh(x) ** 2)) - 1
        assert flow.unstable_dimensions(point.state) == (full.real > 0).sum()
        assert (np.abs(point.state) <= flow.bound).all()
        # of real slopes within the unit circle above -1, the flow and the map agree
        if flow.slopes(point.state).shape and np.abs(np.linalg.eigvals(flow.slopes(point.state)).imag).max() == 0:
            assert point.unstable_dimension == flow.unstable_dimensions(point.state)


def test_a_drive_may_take_points_away():
    weights = Factored(np.eye(2), np.diag([2.0, 2.0]))
    counts = [len(LatentFlow(weights, np.array([drive, 0.0])).fixed_points().points) for drive in (0.0, 0.3, 1.0)]
    assert counts == [9, 9, 3]  # 2 tanh(k + d) = k has three roots up to d = sqrt(1/2) * 2 - atanh(sqrt(1/2)) = 0.533


def test_limits_are_passed_on_and_drives_refused():
    assert not drawn(20, 2).fixed_points(limits=SearchLimits(boxes=2)).complete
    with pytest.raises(WrongWeights, match="give 4 finite"):
        LatentFlow(Factored(np.ones((4, 1)), np.ones((4, 1))), np.zeros(3))
