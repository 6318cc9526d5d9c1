"""The limit of infinitely many neurons: a network whose neurons are quadrature nodes of the initial distribution.

Neurons feel one another through kappa and y alone, which are means over neurons. As N grows, the mean over rows of
theta drawn from N(0, Sigma) becomes an integral, and gradient descent moves every row by its own gradient.
The integral is taken by a rule of nodes and weights at the start; the nodes then move as neurons do, their weights
stay. The rows need not remain normal, and nothing here assumes it.
"""

from abc import abstractmethod
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float
from scipy.special import ndtri
from scipy.stats import qmc
from typing_extensions import override

from simulate.cells.low_rank import LowRank
from simulate.cells.nonlinearity import Nonlinearity
from simulate.integrate import require_double_precision
from simulate.overlaps.draw import network_of
from simulate.overlaps.gram_matrix import Counts, require_gram, square_root, triangular_root

MOST_NODES = 2**21
NEGLIGIBLE = 1e-16
"""Tensor nodes whose weight is below this fraction of the largest are left out."""

Points = Float[np.ndarray, "nodes dimension"]
Weights = Float[np.ndarray, " nodes"]
Gram = Float[np.ndarray, "d d"]
Root = Float[np.ndarray, "rank d"]


class BadNodes(ValueError):
    """A rule that has no nodes for this many dimensions, or too many."""


@dataclass(frozen=True)
class Nodes:
    """A quadrature rule for the standard normal distribution in any number of dimensions."""

    @abstractmethod
    def standard(self, dimension: int) -> tuple[Points, Weights]:
        """Nodes and weights (of sum 1), such that node k from the end is minus node k from the start.

        Raises:
            BadNodes: if there is no such rule, or it is too large.
        """

    @abstractmethod
    def root(self, sigma: Gram) -> Root:
        """The square root of sigma that mixes the nodes: nodes @ root are rows of that covariance."""

    @abstractmethod
    def comparison(self) -> "Nodes":
        """A rule whose distance from this one is about the error of this one, or more."""


@dataclass(frozen=True)
class SobolNodes(Nodes):
    """Scrambled Sobol points through the normal quantiles, each with its mirror image, of equal weight.

    The error falls a little slower than 1/count in any dimension; two seeds differ by about as much as each errs. A
    triangular root gives the first coordinates to m and u, of which the nonlinearity makes functions. With a root of
    eigenvectors the nodes turn about where eigenvalues cross, and 2,048 of them err by a quarter more (median of 20
    trainings: tanh and ReLU; filter, flip-flop and random tasks; rank one and two); 512 err alike.

    >>> points, weights = SobolNodes(256).standard(dimension=4)
    >>> points.shape, round(float(weights.sum()), 12)
    ((256, 4), 1.0)
    """

    count: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no power of two: the points would be out of balance."""
        if self.count < 2 or self.count & (self.count - 1):
            raise BadNodes(f"{self.count} Sobol nodes: give a power of two from 2, as 1024 or 4096")

    @override
    def comparison(self) -> "SobolNodes":
        """Another scrambling, which errs independently and by as much."""
        return SobolNodes(self.count, self.seed + 1)

    @override
    def standard(self, dimension: int) -> tuple[Points, Weights]:
        if self.count < 2 * dimension:
            raise BadNodes(f"{self.count} Sobol nodes cannot span {dimension} dimensions: {2 * dimension} or more can")
        sobol = qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng(self.seed))
        half = ndtri(sobol.random(self.count // 2))
        return np.concatenate([half, -half[::-1]]), np.full(self.count, 1 / self.count)

    @override
    def root(self, sigma: Gram) -> Root:
        return triangular_root(sigma)


@dataclass(frozen=True)
class TensorNodes(Nodes):
    """Gauss-Hermite nodes along every axis, without those of negligible weight.

    For smooth nonlinearities the error falls exponentially with `points`, whose power `dimension` is the cost.

    >>> points, weights = TensorNodes(points=4).standard(dimension=2)
    >>> points.shape, round(float(weights @ points[:, 0] ** 2), 12)
    ((16, 2), 1.0)
    """

    points: int = 12

    def __post_init__(self) -> None:
        """Refuse fewer nodes than have a variance."""
        if self.points < 2:
            raise BadNodes(f"{self.points} points along an axis: give 2 or more")

    @override
    def comparison(self) -> "TensorNodes":
        """Fewer points, which err by more."""
        return TensorNodes(self.points - 1 if self.points > 2 else 3)

    @override
    def standard(self, dimension: int) -> tuple[Points, Weights]:
        if self.points**dimension > MOST_NODES:
            raise BadNodes(
                f"{self.points} points along {dimension} axes are {self.points**dimension:,} nodes, more than "
                f"{MOST_NODES:,}: take fewer points, or SobolNodes"
            )
        x, w = np.polynomial.hermite_e.hermegauss(self.points)
        x, w = (x - x[::-1]) / 2, (w + w[::-1]) / 2
        nodes = np.stack(np.meshgrid(*[x] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)
        weights = np.stack(np.meshgrid(*[w] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension).prod(axis=1)
        kept = weights > NEGLIGIBLE * weights.max()
        return nodes[kept], weights[kept] / weights[kept].sum()

    @override
    def root(self, sigma: Gram) -> Root:
        return square_root(sigma)


USUAL_NODES = SobolNodes(8192)
"""They err less than tensor nodes of the same cost once training has moved the rows far from where they started."""


def infinite_width(sigma: ArrayLike, counts: Counts, nonlinearity: Nonlinearity, nodes: Nodes = USUAL_NODES) -> LowRank:
    """The limit of infinitely many neurons with independent normal rows of covariance sigma (d x d, of any rank).

    Its overlaps are sigma to rounding. An odd nonlinearity turns the mirror image of a neuron into the mirror image of
    its activity, for ever: one node of each pair is then left out, and the other counts twice.
    Weight noise draws one path a node, so that with it the error falls as nodes^-1/2 only.

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        BadNodes: if the rule does not fit the rank of sigma.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> network = infinite_width(sigma, Shape().counts, ERF, SobolNodes(256))
    >>> network.connectivity.theta.shape[1], round(float(network.share.sum()), 12)
    (4, 1.0)
    """
    require_double_precision()
    root = nodes.root(require_gram(sigma, counts))
    points, weights = nodes.standard(len(root)) if len(root) else (np.zeros((1, 0)), np.ones(1))
    theta = whitened(points, weights) @ root
    if nonlinearity.odd:
        kept = np.arange((len(weights) + 1) // 2)
        theta, weights = theta[kept], np.where(kept == len(weights) - 1 - kept, weights[kept], 2 * weights[kept])
    return network_of(jnp.asarray(theta), counts, nonlinearity, jnp.asarray(weights))


def whitened(points: Points, weights: Weights) -> Points:
    """The nodes, mixed so that their covariance is 1 to rounding."""
    values, vectors = np.linalg.eigh(points.T @ (weights[:, None] * points))
    return points @ (vectors / np.sqrt(values)) @ vectors.T
