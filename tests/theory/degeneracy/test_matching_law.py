"""The law of random matching: its integrals again, and its constant in four dimensions measured again."""

import numpy as np
import pytest
import sympy as sp
from scipy import integrate
from scipy.optimize import linear_sum_assignment

from theory.degeneracy.matching_law import BETA, N, NoLaw, determinant, squared_gap


def test_the_integral_of_the_plane_by_quadrature() -> None:
    """(1 / 2 pi) of log(N rho / rho(0)) over the ellipse where it is positive; rho normal with variances 2 and 3."""
    L = float(np.log(500.0))
    radii = np.sqrt(2 * L * np.array([2.0, 3.0]))
    inside, _ = integrate.dblquad(
        lambda y, x: max(L - x**2 / 4 - y**2 / 6, 0.0) / (2 * np.pi),
        -radii[0],
        radii[0],
        lambda x: -radii[1] * np.sqrt(max(1 - (x / radii[0]) ** 2, 0.0)),
        lambda x: radii[1] * np.sqrt(max(1 - (x / radii[0]) ** 2, 0.0)),
    )
    assert float(squared_gap().subs({N: 500, determinant: 6})) == pytest.approx(inside / 500, rel=1e-6)


def test_the_integral_of_four_dimensions_by_sampling_its_line() -> None:
    line = integrate.quad(lambda x: np.sqrt(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)), -np.inf, np.inf)[0]
    assert float(squared_gap(2).subs({N: 100, determinant: 16})) == pytest.approx(BETA[4] * 2 * line**4 / 10, rel=1e-9)


def test_the_constant_of_four_dimensions() -> None:
    """On the torus the mean is beta N^-1/2 + zeta / (2 pi^2 N) (Caracciolo et al. 2014), zeta = -4 log 4 of Z^4."""
    rng, sizes, count = np.random.default_rng(0), 64, 300
    means = []
    for _ in range(count):
        x, y = rng.random((2, sizes, 4))
        apart = np.abs(x[:, None] - y)
        squares = (np.minimum(apart, 1 - apart) ** 2).sum(axis=2)
        means.append(squares[linear_sum_assignment(squares)].mean())
    zeta = float(-4 * sp.log(4))
    measured = (np.array(means) - zeta / (2 * np.pi**2 * sizes)) * np.sqrt(sizes)
    assert abs(measured.mean() - BETA[4]) < 4 * measured.std() / np.sqrt(count)


def test_no_constant_no_law() -> None:
    with pytest.raises(NoLaw, match="N\\^-1/6"):
        squared_gap(3)
