"""Networks of infinitely many units: Stein's and Price's formulas as symbolic zeros, and against drawn units."""

import itertools

import numpy as np
import pytest
import sympy as sp

from theory.universality import GaussianLoadings, GaussianPopulation
from theory.universality.cells import WrongWeights


def population(share=1.0, *, rank=2, axes=None, overlap=1.6, drive=0.0):
    """Loadings of mean zero; m of variance one and n overlap on some axes."""
    C = np.zeros((2 * rank + 1, 2 * rank + 1))
    for k in range(rank) if axes is None else axes:
        C[k, k], C[rank + k, rank + k] = 1.0, overlap**2 + 1.0
        C[k, rank + k] = C[rank + k, k] = overlap
    C[-1, -1] = drive
    return GaussianPopulation(share, np.zeros(2 * rank + 1), C)


def correlated(share, seed, *, rank=2):
    random = np.random.default_rng(seed)
    A = 0.5 * random.normal(size=(2 * rank + 1, 2 * rank + 1))
    return GaussianPopulation(share, 0.5 * random.normal(size=2 * rank + 1), A @ A.T)


@pytest.fixture(scope="module")
def mixture():
    return GaussianLoadings((correlated(0.3, 1), correlated(0.7, 2)))


def gaussian_moment(mean, covariance, which):
    """<x_i x_j ...> of a Gaussian, exactly: the mean times the rest, and a covariance with each of the rest."""
    if not which:
        return sp.Integer(1)
    first, rest = which[0], which[1:]
    pairs = (
        covariance[first, other] * gaussian_moment(mean, covariance, rest[:k] + rest[k + 1 :])
        for k, other in enumerate(rest)
    )
    return sp.expand(mean[first] * gaussian_moment(mean, covariance, rest) + sum(pairs))


@pytest.mark.parametrize("power", [1, 3])
def test_flow_and_slopes_of_a_monomial_are_those_of_the_formulas(power):
    """phi = a^power in place of tanh, a = m k + d: moments of Gaussians are polynomials, and the zeros symbolic."""
    k = sp.Symbol("k")
    mean = sp.symbols("m n d")
    C = sp.Matrix(3, 3, lambda i, j: sp.Symbol("C" + "".join(sorted("mnd"[i] + "mnd"[j]))))
    F = sum(
        sp.binomial(power, j) * k**j * gaussian_moment(mean, C, (1, *(0,) * j, *(2,) * (power - j)))
        for j in range(power + 1)
    )
    mu, Delta = mean[0] * k + mean[2], C[0, 0] * k**2 + 2 * C[0, 2] * k + C[2, 2]
    a = sp.Symbol("a")

    def G(order):
        derivative = sp.Poly(sp.diff(a**power, a, order), a)
        return sum(
            coefficient * gaussian_moment([mu], sp.Matrix([[Delta]]), (0,) * degree)
            for (degree,), coefficient in derivative.terms()
        )

    c, e = C[0, 1] * k + C[1, 2], C[0, 0] * k + C[0, 2]
    assert sp.expand(F - (mean[1] * G(0) + c * G(1))) == 0
    slope = mean[1] * (G(1) * mean[0] + G(2) * e) + C[0, 1] * G(1) + c * (G(2) * mean[0] + G(3) * e)
    assert sp.expand(sp.diff(F, k) - slope) == 0


def test_slopes_are_the_derivative_of_the_flow(mixture):
    kappas, h = np.random.default_rng(0).normal(size=(4, 2)), 1e-5
    ahead, behind = (np.stack([mixture.velocity(kappas + s * h * e) for e in np.eye(2)], -1) for s in (1, -1))
    np.testing.assert_allclose(mixture.slopes(kappas), (ahead - behind) / (2 * h) + np.eye(2), atol=1e-9)


def test_units_at_nodes_have_the_same_flow_which_is_another_route(mixture):
    kappas = np.random.default_rng(0).normal(size=(3, 2))
    np.testing.assert_allclose(mixture.network(0.5).velocity(kappas), mixture.velocity(kappas), atol=1e-4)
    one = GaussianLoadings((population(drive=0.3),))
    for network, tolerance in ((one.network(0.5), 1e-5), (one.network(0.35), 1e-8)):
        np.testing.assert_allclose(network.velocity(kappas), one.velocity(kappas), atol=tolerance)
        np.testing.assert_allclose(network.slopes(kappas), one.slopes(kappas), atol=100 * tolerance)


def test_drawn_units_have_this_flow_up_to_chance(mixture):
    random, kappa, units = np.random.default_rng(3), np.array([0.7, -0.4]), 50_000
    total = np.zeros((0, 2))
    for each in mixture.populations:
        rows = random.multivariate_normal(each.mean, each.covariance, size=round(each.share * units))
        total = np.concatenate([total, rows[:, 2:4] * np.tanh(rows[:, :2] @ kappa + rows[:, 4])[:, None]])
    error = total.std(axis=0) / np.sqrt(units)
    assert (np.abs(total.mean(axis=0) - kappa - mixture.velocity(kappa)) < 5 * error).all()


def test_one_population_of_overlaps_alone():
    """kappa' = -kappa + overlap kappa <tanh'>, in every direction alike: the origin, and a circle of points."""
    one, kappa = GaussianLoadings((population(),)), np.array([0.3, -0.8])
    xi = np.linspace(-9, 9, 20_001)
    gain = np.average(1 - np.tanh(np.linalg.norm(kappa) * xi) ** 2, weights=np.exp(-(xi**2) / 2))
    np.testing.assert_allclose(one.velocity(kappa), (1.6 * gain - 1) * kappa, rtol=1e-10)
    np.testing.assert_allclose(one.eigenvalues(np.zeros(2)).real, [0.6, 0.6], atol=1e-13)


def test_three_populations_remember_three_bits():
    cube = GaussianLoadings(tuple(population(1 / 3, rank=3, axes=[k], overlap=4.8) for k in range(3)))
    found = cube.network().fixed_points()
    states = np.array([point.state for point in found.points])
    assert found.complete
    assert sorted(found.unstable_dimensions) == [0] * 8 + [1] * 12 + [2] * 6 + [3]
    assert np.abs(cube.velocity(states)).max() < 1e-12
    signs = {tuple(row) for row in np.round(states / np.abs(states).max()).astype(int).tolist()}
    assert signs == set(itertools.product((-1, 0, 1), repeat=3))


def test_points_of_drawn_networks_scatter_as_told():
    """A chi-squared of 100 networks' two coordinates: 200 +- 20."""
    two = GaussianLoadings(tuple(population(0.5, axes=[k], overlap=4.0, drive=0.2) for k in range(2)))
    found = two.network(0.5).fixed_points()
    place = max((p for p in found.points if p.unstable_dimension == 0), key=lambda p: p.state.sum()).state
    scatter, random, units = two.scatter(place), np.random.default_rng(4), 4000
    total = 0.0
    for _ in range(100):
        rows = np.concatenate(
            [random.multivariate_normal(p.mean, p.covariance, size=units // 2) for p in two.populations]
        )
        kappa = place.copy()
        for _ in range(8):
            t = np.tanh(rows[:, :2] @ kappa + rows[:, 4])
            L = (rows[:, 2:4].T * (1 - t * t)) @ rows[:, :2] / units
            kappa += np.linalg.solve(np.eye(2) - L, rows[:, 2:4].T @ t / units - kappa)
        off = kappa - place
        total += units * off @ np.linalg.solve(scatter, off)
    assert abs(total - 200) < 4 * 20


@pytest.mark.parametrize(
    ("share", "mean", "covariance", "words"),
    [
        (1.0, np.zeros(4), np.eye(4), "2 R \\+ 1"),
        (1.0, np.zeros(3), np.eye(5), "2 R \\+ 1"),
        (0.0, np.zeros(3), np.eye(3), "share"),
        (1.0, np.zeros(3), -np.eye(3), "no covariance"),
        (1.0, np.full(3, np.nan), np.eye(3), "not finite"),
    ],
)
def test_what_is_no_population_is_refused(share, mean, covariance, words):
    with pytest.raises(WrongWeights, match=words):
        GaussianPopulation(share, mean, covariance)


def test_what_is_no_network_is_refused():
    with pytest.raises(WrongWeights, match="sum of one"):
        GaussianLoadings((population(0.5),))
    with pytest.raises(WrongWeights, match="one rank"):
        GaussianLoadings((population(0.5), population(0.5, rank=3)))
    with pytest.raises(WrongWeights, match="larger step"):
        GaussianLoadings((population(rank=3, drive=1.0),)).network()
