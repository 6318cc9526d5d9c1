"""How permutations approach the best coupling of two networks' rows: a random matching, and its law in N.

With unit i of the first network taken for unit p(i) of the second, the squared distance of the weights exceeds that of
the best coupling (`coupling`) by the mean of a quadratic form: if the coupling is a linear map x2 = T x1 of rows
x = (u, v), and unit p(i) has the row T (x1 + delta), then B = diag(C_vv, C_uu) is the slope of tr(C_uu C_vv^T) and

    |W1 - P W2 P^T|^2 - d^2 = mean of delta^T (B T) delta    (to leading order; B T is symmetric and positive).

In coordinates y, |y|^2 = x^T B T x, that is the least mean squared distance of two samples of N normal points of
covariance Gamma in 2 R dimensions, with det Gamma = |det C_uu det C_vv det C|. Of two samples of a density rho:

- **in the plane** (rank one), points of density N rho are (log(N rho) / 2 pi) / N rho away from their partners,
  squared, where N rho is large: Caracciolo, Lucibello, Parisi & Sicuro (Phys. Rev. E 90, 012118, 2014), for the uniform
  square Ambrosio, Stra & Trevisan (Probab. Theory Relat. Fields 173, 433, 2019), who have half of it for one sample and
  its density. For normal points log(N rho) is log N - e in a shell of energy e, so the mean is

      sqrt(det Gamma) (log N)^2 / 2 N,

  of the order that Ledoux (Zap. Nauchn. Sem. POMI 457, 226, 2017) and Talagrand (C. R. Math. 356, 692, 2018) bound
  (that of uniform points, log N / N, is due to Ajtai, Komlos & Tusnady, Combinatorica 4, 259, 1984); Caglioti & Pieroni
  (J. Stat. Phys. 191, 2024) have the constant of normal points. For W of equal covariances: w n (log N)^2 / 2 N, so
  that d falls as log N / sqrt(N).
- **beyond** (rank R, dimension D = 2 R > 2), the distance is local, beta_D / (N rho)^(2/D), and the mean

      beta_D N^-2/D times the integral of rho^(1 - 2/D),    so that d falls as N^-1/(2 R).

  beta_4 = 0.571284(6) is a measurement of Caracciolo et al. (quoted second-hand, their table was not at hand), made
  again in tests/theory/degeneracy/test_matching_law.py and, to 0.001, by benchmarks/matching.py. That
  such an integral is the limit is proved for bounded supports, for powers of the distance below D / 2 by Barthe &
  Bordenave (Sem. Probab. 45, 483, 2013), beyond by Goldman & Trevisan (Probab. Theory Relat. Fields 188, 1315, 2024,
  for uniform points in every D > 2 Prob. Math. Phys. 2, 341, 2021), for normal points its order (Ledoux & Zhu,
  Probab. Math. Stat. 41, 2021).

Next to leading terms are not small: in the plane they are of relative order log log N / log N (`matching_terms`).
"""

from functools import cache

import sympy as sp

N = sp.Symbol("N", positive=True)
determinant = sp.Symbol("Gamma", positive=True)
"""det Gamma."""
BETA = {4: 0.571284}
"""beta_D by dimension D."""


class NoLaw(ValueError):
    """Networks of which it is not known how their distance approaches its limit."""


@cache
def squared_gap(rank: int = 1) -> sp.Expr:
    """The leading term of the mean squared distance beyond that of the best coupling, in N and det Gamma.

    Raises:
        NoLaw: if the constant of that many dimensions is not known.

    >>> squared_gap()
    sqrt(Gamma)*log(N)**2/(2*N)
    >>> squared_gap(2).subs(determinant, 1)
    4.570272*pi/sqrt(N)
    """
    energy, L = sp.symbols("energy L", positive=True)
    if rank == 1:
        shells = sp.integrate(2 * sp.pi * sp.sqrt(determinant) * (L - energy) / (2 * sp.pi), (energy, 0, L))
        return shells.subs(L, sp.log(N)) / N
    dimension = 2 * rank
    if dimension not in BETA:
        raise NoLaw(f"rank {rank}: only the rate N^-1/{dimension} of the distance is known; give rank 1 or 2")
    power, x = 1 - sp.Rational(2, dimension), sp.Symbol("x", real=True)
    line = sp.integrate((sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)) ** power, (x, -sp.oo, sp.oo))
    whole = sp.simplify(line**dimension) * determinant ** sp.Rational(1, dimension)
    return sp.Float(BETA[dimension]) * whole * N ** sp.Rational(-2, dimension)
