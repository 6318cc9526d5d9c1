"""Low-rank networks of infinitely many units, whose loadings are drawn from Gaussians: flow, slopes, and what N adds.

A unit of population p has loadings m, n (R numbers each) and a drive d that are jointly Gaussian; a share alpha_p of
the units is of p, and weights are M N^T / N. The input of a unit at kappa, a = m.kappa + d, is Gaussian, with a mean mu
and a variance Delta; with G_k = <tanh^(k)(mu + sqrt(Delta) xi)>, xi standard normal, and C the covariances,

    kappa' = -kappa + F(kappa),     F = sum_p alpha_p (<n> G_0 + c G_1),       c = Cov(n, a) = C_nm kappa + C_nd,

by Stein's lemma. With e = Cov(m, a) = C_mm kappa + C_md, half the gradient of Delta, and Price's theorem
(d G_k = G_k+1 d mu + G_k+2 d Delta / 2) the slopes are

    L = sum_p alpha_p (<n> (G_1 <m> + G_2 e)^T + C_nm G_1 + c (G_2 <m> + G_3 e)^T),

which is <n m^T tanh'(a)>, Stein's lemma used twice. Overlaps C_nm alone, in one population of mean zero, give
kappa' = -kappa + C_nm kappa <tanh'>. After Beiran et al. (Neural Computation 33, 1572, 2021) and Dubreuil et al.
(Nature Neuroscience 25, 783, 2022). A network of N units, drawn so, has F to N^-1/2: with S / N the covariance of its
sums, points move by (1 - L)^-1 times that (`scatter`). `tests/theory/universality/test_gaussian_loadings.py` derives
all this.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float
from numpy.typing import ArrayLike

from theory.universality.cells import WrongWeights
from theory.universality.fixed_point_set import Factored
from theory.universality.latent_flow import LatentFlow, of_flow, tanh_derivative

_FARTHEST = 8.2
"""Standard deviations: beyond lie 2e-16 of a Gaussian."""
_FINE, _COARSE = 1 / 16, 1 / 4
"""Steps of the trapezoid rule, in standard deviations, of averages over inputs and of nodes that stand for units. Poles
of tanh(sqrt(Delta) xi) are pi / (2 sqrt(Delta)) off the real axis, so that it is wrong by exp(-pi^2 / (sqrt(Delta)
step)): rounding up to a Delta of 18 with the fine one, of 1 with the coarse one, and about 1e-6 up to 130 and 8. Each
derivative of tanh loses a digit more."""
_MOST_NODES = 200_000


@dataclass(frozen=True, eq=False)
class GaussianPopulation:
    """A share of the units, whose (m_1 .. m_R, n_1 .. n_R, d) have this mean and covariance.

    >>> from theory.universality import GaussianPopulation
    >>> import numpy as np
    >>> GaussianPopulation(1.0, np.zeros(5), np.eye(5)).rank
    2

    Raises:
        WrongWeights: for shapes that do not fit, a share outside (0, 1], or no covariance.
    """

    share: float
    mean: Float[np.ndarray, " loadings"]
    covariance: Float[np.ndarray, "loadings loadings"]

    def __init__(self, share: float, mean: ArrayLike, covariance: ArrayLike) -> None:
        """Copies are kept."""
        middle, spread = np.array(mean, dtype=np.float64), np.array(covariance, dtype=np.float64)
        if middle.ndim != 1 or len(middle) % 2 == 0 or len(middle) < 3 or spread.shape != 2 * middle.shape:
            raise WrongWeights(
                f"a mean of {middle.shape} and a covariance of {spread.shape}: give 2 R + 1 numbers, m, n and the drive"
            )
        if not (np.isfinite(middle).all() and np.isfinite(spread).all() and 0 < share <= 1):
            raise WrongWeights(f"a share of {share}, or numbers that are not finite: shares are above 0, at most 1")
        if not np.allclose(spread, spread.T, rtol=0, atol=1e-12) or np.linalg.eigvalsh(spread)[0] < -1e-12:
            raise WrongWeights("no covariance: it is symmetric, with no negative eigenvalue")
        object.__setattr__(self, "share", float(share))
        object.__setattr__(self, "mean", middle)
        object.__setattr__(self, "covariance", spread)

    @property
    def rank(self) -> int:
        """R."""
        return len(self.mean) // 2


@dataclass(frozen=True, eq=False)
class GaussianLoadings:
    """A network of infinitely many units in some populations, whose shares sum to one.

    All arrays of kappa have R numbers along their last axis.

    >>> import numpy as np
    >>> from theory.universality import GaussianLoadings, GaussianPopulation
    >>> covariance = np.eye(5)
    >>> covariance[2:4, :2] = covariance[:2, 2:4] = 0.5 * np.eye(2)  # overlaps of m and n
    >>> network = GaussianLoadings((GaussianPopulation(1.0, np.zeros(5), covariance),))
    >>> network.slopes(np.zeros(2)).round(4).tolist()  # 0.5 <tanh'(d)>, d of variance one
    [[0.3029, 0.0], [0.0, 0.3029]]

    Raises:
        WrongWeights: for populations of several ranks, or shares that do not sum to one.
    """

    populations: tuple[GaussianPopulation, ...]

    def __post_init__(self) -> None:
        """Check ranks and shares."""
        shares, ranks = [each.share for each in self.populations], {each.rank for each in self.populations}
        if len(ranks) != 1 or abs(sum(shares) - 1) > 1e-12:
            raise WrongWeights(f"populations of ranks {sorted(ranks)} and shares {shares}: one rank, and a sum of one")

    @property
    def rank(self) -> int:
        """R."""
        return self.populations[0].rank

    def velocity(self, kappa: Float[np.ndarray, "*some rank"]) -> Float[np.ndarray, "*some rank"]:
        """kappa'."""
        total = -np.asarray(kappa, dtype=np.float64)
        for each in self.populations:
            at = _Input(each, kappa)
            total = total + each.share * (at.average(0)[..., None] * at.n + at.average(1)[..., None] * at.c)
        return total

    def slopes(self, kappa: Float[np.ndarray, "*some rank"]) -> Float[np.ndarray, "*some rank rank"]:
        """L: the Jacobian of the map kappa <- F(kappa); that of the flow is L - 1."""
        total = np.zeros((*np.shape(kappa), self.rank))
        for each in self.populations:
            at = _Input(each, kappa)
            first, second, third = (at.average(order)[..., None] for order in (1, 2, 3))
            by_mean = at.n[:, None] * (first * at.m + second * at.e)[..., None, :]
            by_covariance = at.c[..., None] * (second * at.m + third * at.e)[..., None, :]
            total = total + each.share * (by_mean + at.C_nm * first[..., None] + by_covariance)
        return total

    def eigenvalues(self, kappa: Float[np.ndarray, "*some rank"]) -> Complex[np.ndarray, "*some rank"]:
        """Of the flow's Jacobian, the largest real part first; all others of the network are -1."""
        return of_flow(self.slopes(kappa))

    def network(self, step: float = _COARSE) -> LatentFlow:
        """A finite network with the same flow: its units are nodes of the trapezoid rule, a `step` apart.

        Steps are in standard deviations of m and d. tanh depends on these alone, so n is replaced by its mean where
        they are given, exactly. What can be proved of finite networks (`LatentFlow.fixed_points`) can be proved of this
        one; how near it is to the infinite one its `velocity` tells.

        Raises:
            WrongWeights: for more than 200,000 nodes of a population.
        """
        units = [_Units.of(each, step) for each in self.populations]
        M, drive = (np.concatenate([getattr(each, name) for each in units]) for name in ("m", "drive"))
        return LatentFlow(Factored(M, np.concatenate([each.weight[:, None] * each.n for each in units])), drive)

    def covariance(self, kappa: Float[np.ndarray, " rank"], step: float = _COARSE) -> Float[np.ndarray, "rank rank"]:
        """N times the covariance of the velocity that networks of N units have here, their shares as exact as can be.

        S = sum_p alpha_p Cov_p(n tanh(a)).

        Raises:
            WrongWeights: for more than 200,000 nodes of a population.
        """
        total = np.zeros((self.rank, self.rank))
        for each in (_Units.of(population, step) for population in self.populations):
            t = np.tanh(each.m @ kappa + each.drive)
            mean = (each.weight * t) @ each.n
            square = (each.n * (each.weight * t * t)[:, None]).T @ each.n + float(each.weight @ (t * t)) * each.left
            total += square - np.outer(mean, mean) / each.weight.sum()
        return total

    def scatter(self, kappa: Float[np.ndarray, " rank"], step: float = _COARSE) -> Float[np.ndarray, "rank rank"]:
        """N times the covariance of where networks of N units have this fixed point, to leading order in 1 / N.

        (1 - L)^-1 S (1 - L)^-T.

        Raises:
            WrongWeights: for more than 200,000 nodes of a population.
        """
        inverse = np.linalg.inv(np.eye(self.rank) - self.slopes(kappa))
        return np.asarray(inverse @ self.covariance(kappa, step) @ inverse.T)


@dataclass(frozen=True, eq=False)
class _Units:
    """Nodes of m and d, their weights (which sum to the share), the mean of n at each, and the covariance it has left.

    In independent directions z of (m, d): n = <n> + Cov(n, z) z, and what is independent of them.
    """

    m: Float[np.ndarray, "nodes rank"]
    n: Float[np.ndarray, "nodes rank"]
    drive: Float[np.ndarray, " nodes"]
    weight: Float[np.ndarray, " nodes"]
    left: Float[np.ndarray, "rank rank"]

    @staticmethod
    def of(population: GaussianPopulation, step: float) -> "_Units":
        R, C = population.rank, population.covariance
        seen = np.r_[0:R, 2 * R]
        values, vectors = np.linalg.eigh(C[np.ix_(seen, seen)])
        spread = values > _NONE * max(values.max(), np.finfo(float).tiny)
        scale, directions = np.sqrt(values[spread]), vectors[:, spread]
        line = step * np.arange(-(_FARTHEST // step), _FARTHEST // step + 1)
        if len(line) ** len(scale) > _MOST_NODES:
            raise WrongWeights(f"{len(line)} nodes in {len(scale)} dimensions: give a larger step")
        z = np.stack(np.meshgrid(*[line] * len(scale), indexing="ij"), axis=-1).reshape(-1, len(scale))
        z = z[(z * z).sum(axis=1) <= _FARTHEST**2]
        density = np.exp(-(z * z).sum(axis=1) / 2)
        at = population.mean[seen] + (z * scale) @ directions.T
        by_z = C[R : 2 * R][:, seen] @ directions / scale
        n = population.mean[R : 2 * R] + z @ by_z.T
        left = C[R : 2 * R, R : 2 * R] - by_z @ by_z.T
        return _Units(at[:, :R], n, at[:, R], population.share * density / density.sum(), left)


_NONE = 1e-14
"""Of the largest variance: less is none."""


class _Input:
    """The Gaussian input of a population's units at kappa, and the averages of tanh's derivatives over it."""

    def __init__(self, population: GaussianPopulation, kappa: Float[np.ndarray, "*some rank"]) -> None:
        R, C = population.rank, population.covariance
        self.m, self.n = population.mean[:R], population.mean[R : 2 * R]
        self.C_nm = C[R : 2 * R, :R]
        self.c = kappa @ self.C_nm.T + C[R : 2 * R, -1]
        self.e = kappa @ C[:R, :R].T + C[:R, -1]
        self.mean = kappa @ self.m + population.mean[-1]
        variance = (self.e * kappa).sum(axis=-1) + kappa @ C[:R, -1] + C[-1, -1]
        self.deviation = np.sqrt(np.maximum(variance, 0.0))
        self.found = dict[int, np.ndarray]()

    def average(self, order: int) -> Float[np.ndarray, "*some"]:
        """G_order."""
        if order not in self.found:
            inputs = self.mean[..., None] + self.deviation[..., None] * _NODES
            self.found[order] = np.asarray(tanh_derivative(order, inputs) @ _DENSITY)
        return self.found[order]


_NODES = _FINE * np.arange(-(_FARTHEST // _FINE), _FARTHEST // _FINE + 1)
_DENSITY = _FINE * np.exp(-(_NODES**2) / 2) / np.sqrt(2 * np.pi)
