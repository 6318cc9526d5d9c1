"""The law of random matching with its next terms: what the leading one leaves out at thousands of rows.

Two samples of N rows of density rho differ by a noise of variance 2 rho / N. Where they are matched by a small
displacement grad f, -div(rho grad f) is that noise, and the mean squared displacement is the sum of 2 / (N lambda) over
the modes of the operator -(1 / rho) div(rho grad). It diverges; a heat kernel p_t cuts it off at the distance of
partners, t_0 = tau (N rho)^(-2 / D) (after Caracciolo, Lucibello, Parisi & Sicuro, Phys. Rev. E 90, 012118, 2014; with
a density Caracciolo & Sicuro, Phys. Rev. Lett. 115, 230601, 2015; constant terms of surfaces Benedetto et al. 2020):

    mean = (2 / N) times the integral over x and t > t_0(x) of  rho(x) (p_t(x, x) - 1).

tau is that of the torus, on which the mean is known: (log N / 2 pi + 0.1332) / N in the plane, beta_4 N^-1/2 in four
dimensions. For normal rows of variances g_i, at energy e in direction n, by Mehler's formula

    rho p_t = prod_i (2 pi g_i (1 - exp(-2 t / g_i)))^(-1/2)  exp(-e sum_i n_i^2 tanh(t / 2 g_i)),

of which the mean over directions is a Bessel function in the plane. In four dimensions directions are two in planes,
and how much of n^2 is in the first is uniform: the mean of two Bessel functions over that. Derived here, as far as
noise and displacement are small; tests/theory/degeneracy/test_matching_terms.py holds it to matchings. At 1,024 normal
rows of the plane it is 1.6 times the leading term, and matchings agree to 5 %, in four dimensions to 3 %.

Networks are nearer than points by two terms of order 1 / N, or of the square of the mean (`of_a_product`,
`matching_copies`).

>>> round(1000 * leading_gap([1.0, 1.0], 1000), 1), round(1000 * gap_with_next_terms([1.0, 1.0], 1000), 1)
(23.9, 38.4)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from scipy.special import ive

from theory.degeneracy.matching_law import BETA, N, NoLaw, determinant, squared_gap
from theory.lowering import lower_numpy

TORUS_CONSTANT = 0.1332
"""N times the mean on the torus of unit area, less log N / 2 pi (Caracciolo et al. 2014, quoted second-hand).

Measured again in tests/theory/degeneracy/test_matching_terms.py and, to 0.006, by benchmarks/matching.py.
"""
QUOTED = {2: TORUS_CONSTANT, 4: BETA[4]}
"""The constants of the law that were measured elsewhere, by dimension."""
TORUS_MODES = -0.27296223
"""Sum of exp(-4 pi^2 k^2 t) over k in Z^2 without 0, over t > t_0, plus log(t_0) / 4 pi, as t_0 goes to 0."""
LATE = 40.0
"""Relaxation times after which nothing is left of a mode."""
NODES = 48
"""Of both integrals."""


def leading_gap(variances: ArrayLike, neurons: int) -> float:
    """The leading term alone (`matching_law.squared_gap`), as a number.

    Raises:
        NoLaw: if the constant of that many dimensions is not known.

    >>> round(1000 * leading_gap([1.0, 1.0], 1000), 1)  # log(1000)^2 / 2
    23.9
    """
    g = np.asarray(variances, dtype=np.float64)
    return float(_leading(g.size // 2)(float(neurons), g.prod()))


@cache
def _leading(rank: int) -> Callable[..., NDArray[Any]]:
    return lower_numpy((N, determinant), squared_gap(rank))


def gap_with_next_terms(variances: ArrayLike, neurons: int) -> float:
    """The mean squared distance of partners in two matched samples of so many normal rows, of 2 or 4 variances.

    Raises:
        NoLaw: for another number of variances, and for so few rows that `terms_hold` not.

    >>> round(1000 * gap_with_next_terms([1.0, 1.0], 1000), 1)  # log(1000)^2 / 2 is 23.9
    38.4
    """
    g = np.asarray(variances, dtype=np.float64)
    if not terms_hold(g, neurons):
        raise NoLaw(f"{neurons} rows of variances {g}: give 2 or 4 of a size, or more rows")
    shells = Shells.of(g, neurons)
    return float(2 * shells.integral(np.ones_like(shells.t)) / float(neurons))


@dataclass(frozen=True, eq=False)
class Shells:
    """Energies e of normal rows and times t from the cut on, at which integrals over both are taken.

    Attributes:
        variances: of the rows, 2 or 4.
        e: energies, a column, and `of_e` their weights; `density` of rows there.
        t: times, a row for each energy, from a multiple of the cut `first` on, and `of_t` their weights.

    >>> shells = Shells.of(np.ones(2), 1000)
    >>> round(1000 * float(2 * shells.integral(np.ones_like(shells.t)) / 1000), 1)
    38.4
    """

    variances: Float[np.ndarray, " dimensions"]
    e: Float[np.ndarray, "energies 1"]
    of_e: Float[np.ndarray, "energies 1"]
    density: Float[np.ndarray, "energies 1"]
    first: Float[np.ndarray, "energies 1"]
    t: Float[np.ndarray, "energies times"]
    of_t: Float[np.ndarray, "energies times"]

    @classmethod
    def of(cls, variances: Float[np.ndarray, " dimensions"], neurons: int, *, after: float = 1.0) -> "Shells":
        """Of so many rows, times from `after` times the cut on."""
        D, volume = variances.size, np.sqrt((2 * np.pi * variances).prod())
        tau = np.exp(2 * np.pi * (2 * TORUS_MODES - TORUS_CONSTANT)) if D == 2 else 1 / (8 * np.pi**2 * BETA[4])
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        highest = np.log(float(neurons)) + 12
        e = highest * (1 + nodes)[:, None] / 2
        density = np.exp(-e) / volume
        first = tau * (float(neurons) * density) ** (-2 / D)
        lowest = np.log(after * first)
        span = np.maximum(np.log(LATE * variances.max()) - lowest, 0)
        t = np.exp(lowest + span * (1 + nodes) / 2)
        of_e = highest * weights[:, None] / 2 * volume * (1 if D == 2 else e)
        return cls(variances, e, of_e, density, first, t, t * weights * span / 2)

    def integral(self, factor: Float[np.ndarray, "energies times"], angles: Sequence[float] | None = None) -> float:
        """Over x and t of factor rho(x) (p_t(x, O x) - 1), where O turns along each axis by an angle, unless by none.

        Along an axis of angle zero rows stay as they are, of pi they are negated; two axes of one variance and angle
        are a plane that is turned.
        """
        rates = [
            self._rate(g, angle) for g, angle in zip(self.variances, angles or [0.0] * self.variances.size, strict=True)
        ]
        turned = _of_planes(self.e, list(zip(rates[::2], rates[1::2], strict=True)))
        widths = np.prod([2 * np.pi * g * -np.expm1(-2 * self.t / g) for g in self.variances], axis=0)
        return float((self.of_e * factor * (turned / np.sqrt(widths) - self.density) * self.of_t).sum())

    def _rate(self, variance: float, angle: float) -> Float[np.ndarray, "energies times"]:
        """c of exp(-e n^2 c) along an axis: tanh(t / 2 g) where rows stay, coth where they are negated."""
        passed = self.t / variance
        return (np.expm1(-passed) ** 2 + 4 * np.exp(-passed) * np.sin(angle / 2) ** 2) / -np.expm1(-2 * passed)


def terms_hold(variances: ArrayLike, neurons: int) -> bool:
    """Whether partners in the middle are nearer, on the torus of that density, than the smallest standard deviation.

    Else the cloud of rows is a line, or a sheet, to their matching.

    >>> terms_hold([1.0, 1.0], 10), terms_hold([1.0, 1e-6], 1000)
    (True, False)
    """
    g = np.asarray(variances, dtype=np.float64)
    if g.size not in (2, 4) or not g.min() > 0:
        return False
    nearest = BETA[4] if g.size == 4 else np.log(float(neurons)) / (2 * np.pi) + TORUS_CONSTANT
    in_the_middle = float(neurons) / np.sqrt((2 * np.pi * g).prod())
    return bool(nearest * in_the_middle ** (-2 / g.size) < g.min())


def _of_planes(e: np.ndarray, planes: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The mean of exp(-e sum_i n_i^2 c_i) over directions n, c given two by two."""

    def of_plane(share: float, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """exp(-share e (one + other) / 2) I_0(share e (one - other) / 2)."""
        return np.asarray(ive(0, share * e * (one - other) / 2) * np.exp(-share * e * np.minimum(one, other)))

    if len(planes) == 1:
        return of_plane(1.0, *planes[0])
    nodes, weights = np.polynomial.legendre.leggauss(24)
    first, second = planes
    return np.sum(
        [
            weight / 2 * of_plane((1 + x) / 2, *first) * of_plane((1 - x) / 2, *second)
            for x, weight in zip(nodes, weights, strict=True)
        ],
        axis=0,
    )


def linear_modes(variances: ArrayLike) -> float:
    """N times what the modes whose displacement is linear in the rows are of the mean: that of covariances.

    Of variances g_i they have lambda = 1 / g_i + 1 / g_k. Networks that are held to the coupling of their own overlaps
    do not pay it.

    >>> linear_modes([1.0, 1.0])
    3.0
    """
    rates = 1 / np.asarray(variances, dtype=np.float64)
    first, second = np.triu_indices(rates.size)
    return float((2 / (rates[first] + rates[second])).sum())


def of_a_product(squares: float, overlap: float) -> float:
    """The squared distance of weights whose rows are matched to such a mean squared distance of partners.

    With `overlap` = tr(C_uu C_vv^T) of the best coupling, C, that of the matched weights is a product of K_u and K_v,
    and both are smaller than of C by one share, squares / (4 overlap): the squared distance is that of the linear order
    less squares^2 / (8 overlap).

    >>> of_a_product(0.4, 1.0)
    0.38
    """
    return squares - squares**2 / (8 * overlap)
