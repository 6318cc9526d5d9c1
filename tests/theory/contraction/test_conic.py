"""Searches in conics of every eccentricity: discs and ellipses against what is known, brute force and programs."""

import numpy as np
import pytest
import scipy.optimize
import sympy as sp

from theory.contraction.form import DISCRETE
from theory.contraction.network import network
from theory.contraction.search.angles import ceiling, hermitian_part
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.conic import DISC, PARABOLA, Conic
from theory.contraction.search.euler_lmi import StepProgram
from theory.contraction.search.smallest_conic import ConicOutcome, smallest_conic
from theory.contraction.search.smallest_step import conic_of, least_factor

ECCENTRICITIES = (-0.5, 0.0, 0.3, 0.8, 0.97, 1.0)
conics = pytest.mark.parametrize("conic", [Conic(t) for t in ECCENTRICITIES], ids=lambda conic: str(conic.eccentricity))


def dense(size, seed=0):
    return np.random.default_rng(seed).normal(size=(size, size)) / np.sqrt(size)


def fine_ceiling(matrix, conic, points=4001):
    angles = np.linspace(0, np.pi, points)
    turns = (conic.eccentricity + np.exp(1j * angles)) / (1 + conic.eccentricity)
    turned = turns[:, None, None] * matrix
    return float(np.linalg.eigvalsh((turned + turned.conj().transpose(0, 2, 1)) / 2)[:, -1].max())


def test_the_circle_of_a_step():
    """a / (z - k) at z = rho (rho + k w) / (k + rho w) is a (k + rho w) / (rho^2 - k^2); |z| = rho where |w| = 1."""
    a, rho, w = sp.symbols("a rho w")
    k = 1 - a
    z = rho * (rho + k * w) / (k + rho * w)
    assert sp.simplify(a / (z - k) - a * (k + rho * w) / (rho**2 - k**2)) == 0
    conjugate = z.subs(w, 1 / w)  # parameters are real
    assert sp.simplify(z * conjugate - rho**2) == 0


@conics
def test_the_turn_is_the_largest_of_the_family(conic):
    """max over theta of Re(c s) is (|s| + t Re s) / (1 + t), reached at -arg s."""
    rng = np.random.default_rng(0)
    for s in rng.normal(size=20) + 1j * rng.normal(size=20):
        values = [(conic.turn(angle) * s).real for angle in (-np.angle(s), *np.linspace(-np.pi, np.pi, 2001))]
        assert values[0] == pytest.approx((abs(s) + conic.eccentricity * s.real) / (1 + conic.eccentricity))
        assert max(values) <= values[0] + 1e-12
    assert conic.turn(np.pi).imag == 0
    assert conic.level(-3.0) == pytest.approx(3 * (1 - conic.eccentricity) / (1 + conic.eccentricity))


@conics
def test_the_ceiling_is_that_of_a_fine_grid(conic):
    for seed in range(3):
        matrix = dense(7, seed) - seed * np.eye(7)
        assert ceiling(matrix, filters=conic).value == pytest.approx(fine_ceiling(matrix, conic), rel=1e-4)


def test_numerical_radii_that_are_known():
    """Jordan blocks cos(pi / (n + 1)), normal matrices their spectral radius, nilpotent [[0, 2], [0, 0]] one."""
    for size in (2, 3, 5):
        assert ceiling(np.eye(size, k=1), filters=DISC).value == pytest.approx(np.cos(np.pi / (size + 1)), rel=1e-6)
    rng = np.random.default_rng(1)
    orthogonal = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    assert ceiling(0.95 * orthogonal, filters=DISC).value == pytest.approx(0.95, rel=1e-5)
    symmetric = dense(6) + dense(6).T
    assert ceiling(symmetric, filters=DISC).value == pytest.approx(
        np.abs(np.linalg.eigvalsh(symmetric)).max(), rel=1e-6
    )
    assert ceiling(-np.eye(3), filters=DISC).value == pytest.approx(1.0)  # at the angle pi alone


@conics
@pytest.mark.parametrize("size", [1, 2, 7])
def test_value_and_bound_meet(conic, size):
    for matrix in (dense(size, 1), dense(size, 2) - np.eye(size), -np.abs(dense(size, 3))):
        search = smallest_conic(matrix, conic)
        assert search.outcome is not ConicOutcome.APART
        if search.outcome is ConicOutcome.CLOSED:
            scaled = rescaled(matrix, np.log(search.scaling))
            assert fine_ceiling(scaled, conic, 501) <= search.value * (1 + 1e-4)
            assert search.value * 0.999 <= search.lower <= search.value * (1 + 1e-6)
            spectrum = np.linalg.eigvals(matrix)
            levels = (np.abs(spectrum) + conic.eccentricity * spectrum.real) / (1 + conic.eccentricity)
            assert search.value >= levels.max() - 1e-9


@conics
@pytest.mark.sampled(3)
def test_two_neurons_by_brute_force(conic):
    """The least ceiling over D = diag(1, d), on a fine grid of angles: to a thousandth."""
    for seed in range(4):
        matrix = np.random.default_rng(seed).normal(size=(2, 2)) * [[1, 3], [0.5, 1]]

        def level(logarithm, matrix=matrix):
            return fine_ceiling(rescaled(matrix, np.array([0.0, logarithm])), conic, 721)

        best = scipy.optimize.minimize_scalar(level, bounds=(-4, 4), method="bounded", options={"xatol": 1e-6}).fun
        assert smallest_conic(matrix, conic).value == pytest.approx(best, rel=1e-3)


def test_starting_near_changes_nothing():
    matrix = dense(12, 5)
    cold = smallest_conic(matrix, Conic(0.4))
    warm = smallest_conic(matrix, Conic(0.4), smallest_conic(matrix, Conic(0.5)).scaling)
    assert warm.value == pytest.approx(cold.value, rel=1e-3)
    assert max(warm.lower, cold.lower) <= min(warm.value, cold.value) * (1 + 1e-6)


def test_the_parabola_is_the_default():
    matrix = dense(9, 7)
    one, other = smallest_conic(matrix), smallest_conic(matrix, PARABOLA)
    assert (one.value, one.lower) == (other.value, other.lower)
    assert np.array_equal(hermitian_part(matrix, 0.7), hermitian_part(matrix, 0.7, PARABOLA))


@pytest.mark.parametrize("leak", [1.0, 0.6, 0.2])
@pytest.mark.parametrize("size", [2, 5])
def test_the_least_factor_is_that_of_the_lmi(leak, size):
    """One minus it to a thousandth, from both sides, by a semidefinite program."""
    for seed in (0, 3):
        matrix = dense(size, seed)
        matrix *= 0.9 / np.linalg.norm(matrix, 2)
        factor = least_factor(matrix, 1 - leak)
        assert factor < 1
        program = StepProgram(network(matrix, DISCRETE, leak=leak), 1.0)
        assert program.solve(factor + 1e-3 * (1 - factor)) is not None
        assert program.solve(factor - 1e-3 * (1 - factor)) is None


@pytest.mark.parametrize("keep", [0.05, 0.4, 0.9])
def test_the_least_factor_is_a_fixed_point(keep):
    """rho = k + a f*(k / rho), from both sides, and no more than the norm gives."""
    matrix = dense(5, 11)
    matrix *= 0.8 / np.linalg.norm(matrix, 2)
    factor = least_factor(matrix, keep)
    assert keep < factor <= keep + (1 - keep) * 0.8 + 1e-6
    found = smallest_conic(matrix, conic_of(keep, factor))
    assert keep + (1 - keep) * found.lower <= factor * (1 + 1e-6)
    assert factor <= keep + (1 - keep) * found.value * (1 + 1e-3)
