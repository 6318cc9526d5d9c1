"""How the overlaps at the start differ between networks, and what training makes of the differences.

Rows of theta are drawn independently, with mean zero and covariance S. Then Sigma_0 = S + N^-1/2 xi, where

    cov(xi_ab, xi_cd) = S_ac S_bd + S_ad S_bc + kappa_abcd,    exactly for every N,

kappa_abcd the fourth cumulant of a row's entries, zero of normal rows (whose N Sigma_0 are Wishart). xi tends to a
normal matrix. A quantity g(Sigma_0) after training, of derivative g' at S, has to leading order the covariances of
g'(xi): with xi = sum_i e_i X_i, `directions` X_i and independent e_i of variance one, its standard deviation is
N^-1/2 (sum_i g'(X_i)^2)^1/2. Next to that come terms of the order of 1/N: of the mean, sum_i g''(X_i, X_i) / 2N.

Derived here; tests/theory/degeneracy/test_fluctuations.py proves the covariances by exact moments.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

Fourth = Float[np.ndarray, "d d d d"]
NEGLIGIBLE = 1e-12
"""Variances below this fraction of the largest are zero: rounding of eigenvalues leaves about 1e-15."""


def normal_rows(covariance: ArrayLike) -> Fourth:
    """N times the covariances of the overlaps, entry abcd of ab and cd, of normal rows of this covariance (d x d).

    >>> import numpy as np
    >>> normal_rows(np.eye(3))[0, 1].round(1)
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 0., 0.]])
    """
    s = np.asarray(covariance, dtype=np.float64)
    paired = np.einsum("ac,bd->abcd", s, s)
    return paired + paired.transpose(0, 1, 3, 2)


def mixed_rows(root: ArrayLike, excess: float) -> Fourth:
    """The same of rows e R, the entries of e independent, of variance one and this excess kurtosis: S = R^T R.

    kappa_abcd = excess sum_i R_ia R_ib R_ic R_id. Uniform entries have -6/5, of either sign at random -2, Laplace's 3.

    >>> import numpy as np
    >>> float(mixed_rows(np.eye(2), -2.0)[0, 0, 0, 0])  # signs: every column has norm sqrt(N)
    0.0
    """
    mixing = np.asarray(root, dtype=np.float64)
    return normal_rows(mixing.T @ mixing) + excess * np.einsum("ia,ib,ic,id->abcd", mixing, mixing, mixing, mixing)


def directions(covariances: Fourth) -> Float[np.ndarray, "directions d d"]:
    """Symmetric matrices X_i with sum_i X_i,ab X_i,cd = cov(xi_ab, xi_cd): independent changes of the overlaps.

    Those that do not occur are left out: d (d + 1) / 2 of normal rows with S of full rank.

    >>> import numpy as np
    >>> directions(normal_rows(np.diag([1.0, 0.0]))).round(4)
    array([[[1.4142, 0.    ],
            [0.    , 0.    ]]])
    """
    d = len(covariances)
    values, vectors = np.linalg.eigh(covariances.reshape(d * d, d * d))
    kept = values > NEGLIGIBLE * values[-1]
    found = (np.sqrt(values[kept]) * vectors[:, kept]).T.reshape(-1, d, d)
    return (found + found.transpose(0, 2, 1)) / 2


@dataclass(frozen=True, eq=False)
class Dispersion:
    """One quantity after training from S: its value, and how it answers to each of the `directions` X_i.

    >>> import numpy as np
    >>> found = Dispersion(np.array(1.0), np.array([0.3, 0.4]))
    >>> float(found.coefficient), float(found.spread(neurons=100))
    (0.5, 0.05)
    """

    value: Float[np.ndarray, "*shape"]
    slopes: Float[np.ndarray, "directions ..."]

    @property
    def coefficient(self) -> Float[np.ndarray, "*shape"]:
        """The standard deviation over networks, times N^1/2."""
        return np.asarray(np.sqrt((self.slopes**2).sum(axis=0)))

    def spread(self, neurons: int) -> Float[np.ndarray, "*shape"]:
        """The standard deviation over networks of that many neurons."""
        return np.asarray(self.coefficient / np.sqrt(neurons))
