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

of which the mean over directions is a Bessel function in the plane. Derived here, as far as noise and displacement are
small; tests/theory/degeneracy/test_matching_terms.py holds it to matchings. At 1,024 normal rows of the plane it is 1.6
times the leading term, and matchings agree to 5 %, in four dimensions to 3 %.

Networks have copies that are the same (u and v negated; turned, beyond rank one), and take the best: N times their mean
is smaller by what two or more copies differ by, a constant at most, as odd modes decide (`best_of_two_signs`).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ive

from theory.degeneracy.matching_law import BETA, NoLaw

TORUS_CONSTANT = 0.1332
"""N times the mean on the torus of unit area, less log N / 2 pi (Caracciolo et al. 2014, quoted second-hand).

Measured again in tests/theory/degeneracy/test_matching_terms.py and, to 0.006, by benchmarks/matching.py.
"""
TORUS_MODES = -0.27296223
"""Sum of exp(-4 pi^2 k^2 t) over k in Z^2 without 0, over t > t_0, plus log(t_0) / 4 pi, as t_0 goes to 0."""
LATE = 40.0
"""Relaxation times after which nothing is left of a mode."""


def gap_with_next_terms(variances: ArrayLike, neurons: int) -> float:
    """The mean squared distance of partners in two matched samples of so many normal rows, 2 or 4 variances.

    Raises:
        NoLaw: for another number of variances, and for four that are not alike.

    >>> round(1000 * gap_with_next_terms([1.0, 1.0], 1000), 1)  # log(1000)^2 / 2 is 23.9
    38.4
    """
    g = np.asarray(variances, dtype=np.float64)
    D = g.size
    if D not in (2, 4) or (D == 4 and np.ptp(g) > 1e-9 * g.max()):
        raise NoLaw(f"{D} variances: next terms are known of two, and of four that are alike")
    tau = np.exp(2 * np.pi * (2 * TORUS_MODES - TORUS_CONSTANT)) if D == 2 else 1 / (8 * np.pi**2 * BETA[4])
    nodes, weights = np.polynomial.legendre.leggauss(200)
    highest = np.log(float(neurons)) + 12
    e = highest * (1 + nodes)[:, None] / 2
    of_e = highest * weights / 2 * (2 * np.pi) ** (D / 2) * np.sqrt(g.prod()) * (1 if D == 2 else e[:, 0])
    density = np.exp(-e) / ((2 * np.pi) ** (D / 2) * np.sqrt(g.prod()))
    first, last = np.log(tau * (float(neurons) * density) ** (-2 / D)), np.log(LATE * g.max())
    span = np.maximum(last - first, 0)
    t = np.exp(first + span * (1 + nodes) / 2)
    one, other = np.tanh(t / (2 * g[0])), np.tanh(t / (2 * g[1]))
    turned = ive(0, e * (one - other) / 2) * np.exp(-e * (np.minimum(one, other)))  # exp(-e (one + other) / 2) I_0
    widths = np.prod([2 * np.pi * each * -np.expm1(-2 * t / each) for each in g], axis=0)
    inner = ((turned / np.sqrt(widths) - density) * t) @ weights * span[:, 0] / 2
    return float(2 * (of_e @ inner) / float(neurons))


def best_of_two_signs(variances: ArrayLike, *, modes: int = 60) -> float:
    """N times by how much the better of two matchings is below the mean, that of the rows and of the rows negated.

    They differ by odd modes alone, by the sum of 4 a b / lambda over the normal amplitudes a and b of both samples; of
    rank one, lambda = k / g_1 + m / g_2.

    >>> round(best_of_two_signs([1.0, 1.0]), 1)
    3.1
    """
    one, other = np.asarray(variances, dtype=np.float64)
    k, m = np.indices((modes, modes)).reshape(2, -1)
    odd = ((k + m) % 2 == 1) & (k + m < modes)
    weights = 4 / (k[odd] / one + m[odd] / other)
    s = np.geomspace(1e-4, 1e3, 4000) / weights.max()
    characteristic = np.exp(-0.5 * np.log1p((weights * s[:, None]) ** 2).sum(axis=1))
    tail = 1 / s[-1] + s[0] * (weights**2).sum() / 2
    return float((np.trapezoid((1 - characteristic) / s**2, s) + tail) / np.pi)
