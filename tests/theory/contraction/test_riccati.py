import numpy as np
import pytest

from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.angles import ceiling
from theory.contraction.search.riccati import residual, solve_metric


def matrix(seed: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, size)) / np.sqrt(size)


@pytest.mark.parametrize("size", [1, 2, 5, 40])
@pytest.mark.parametrize("factor", [1.0001, 1.1, 10.0])
def test_the_equation_holds_and_lies_inside_at_a_higher_level(size, factor):
    n = matrix(size, size) + 0.1
    level = ceiling(n).value * factor
    solution = solve_metric(n, level)
    scale = np.abs(solution).max() * max(1, level)
    assert np.abs(residual(n, level, solution)).max() < 1e-7 * scale
    inside = residual(n, level * 1.01, solution)
    np.testing.assert_allclose(inside, -0.04 * level * solution, atol=1e-7 * scale)


@pytest.mark.parametrize("seed", range(6))
def test_there_is_a_solution_exactly_above_the_ceiling(seed):
    n = matrix(seed, 7)
    level = ceiling(n).value
    assert solve_metric(n, level * 1.001) is not None
    below = solve_metric(n, level * 0.97)
    assert below is None or np.abs(residual(n, level * 0.97, below)).max() > 1e-3


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("seed", range(4))
def test_the_solution_solves_the_multiplier_lmi_in_both_forms(form, seed):
    """Eigenvalues of the LMI itself, for a matrix without symmetry and slopes that differ: signs and transposes."""
    rng = np.random.default_rng(seed)
    size = 5
    net = network(rng.normal(size=(size, size)), form, slopes=rng.uniform(0.2, 2, size))
    scaling = np.exp(rng.normal(size=size) / 3)
    scaled = net.gained * np.outer(scaling, 1 / scaling)
    level = ceiling(scaled).value
    assert level > 0
    inner = solve_metric(scaled if form == VOLTAGE else scaled.T.copy(), level * 1.01)
    x = inner if form == VOLTAGE else np.linalg.inv(inner)
    p, q = x * np.outer(scaling, scaling), np.diag(scaling**2)
    k = 1.02 * level
    corner = p @ net.gained + q if form == VOLTAGE else p + net.gained.T @ q
    lmi = np.block([[2 * k * p, -corner], [-corner.T, 2 * q]])
    assert np.linalg.eigvalsh(lmi)[0] > 0
    assert np.linalg.eigvalsh(p)[0] > 0
