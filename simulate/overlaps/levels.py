"""The levels of description of one learning problem: from overlaps to something that learns, at each of them.

for level in (ReducedTheory(), InfiniteWidth(), FiniteNetwork(neurons=500)):
    trained = train([level.start(sigma, shape, ERF)], task, rule=GradientDescent(rate=5e-3), epochs=2000)
"""

from abc import abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import ArrayLike
from typing_extensions import override

from simulate.cells.low_rank_latent import LowRankLatent, by_latent_state
from simulate.cells.nonlinearity import AnyNonlinearity
from simulate.integrate import require_double_precision
from simulate.overlaps.closure import Overlaps, closure_of
from simulate.overlaps.draw import draw_exact
from simulate.overlaps.gram_matrix import require_gram
from simulate.overlaps.infinite_width import USUAL_NODES, Nodes, infinite_width
from simulate.overlaps.nonlinearity import function_of
from simulate.training.learner import Learner
from theory.overlaps.equations.shape import Shape


@dataclass(frozen=True)
class Level:
    """A level of description."""

    @abstractmethod
    def start(self, sigma: ArrayLike, shape: Shape, nonlinearity: AnyNonlinearity) -> Learner:
        """A learner with the overlaps sigma (d x d), before its first epoch.

        Raises:
            NotAGramMatrix: if no vectors have these overlaps.
            UnknownNonlinearity: if what is given is no nonlinearity, or the theory does not know it.
            DoublePrecisionRequired: if `jax_enable_x64` is off.
        """


@dataclass(frozen=True)
class ReducedTheory(Level):
    """The overlaps alone: exact for linear networks of any size, the Gaussian closure for others.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> ReducedTheory().start(sigma, Shape(), ERF).sigma().shape
    (4, 4)
    """

    @override
    def start(self, sigma: ArrayLike, shape: Shape, nonlinearity: AnyNonlinearity) -> Overlaps:
        require_double_precision()
        return Overlaps(jnp.asarray(require_gram(sigma, shape.counts)), closure_of(shape, nonlinearity))


@dataclass(frozen=True)
class InfiniteWidth(Level):
    """Infinitely many neurons, whose rows start out Gaussian, by moving quadrature nodes.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from simulate.overlaps import SobolNodes
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> start = InfiniteWidth(SobolNodes(256)).start(sigma, Shape(), ERF)
    >>> bool(abs(start.sigma() - sigma).max() < 1e-12)
    True
    """

    nodes: Nodes = USUAL_NODES

    @override
    def start(self, sigma: ArrayLike, shape: Shape, nonlinearity: AnyNonlinearity) -> LowRankLatent:
        """Raises `BadNodes` where the rule of nodes does not fit."""
        return by_latent_state(infinite_width(sigma, shape.counts, function_of(nonlinearity), self.nodes))


@dataclass(frozen=True)
class FiniteNetwork(Level):
    """N neurons, whose overlaps start out equal to those given, to rounding.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> start = FiniteNetwork(neurons=50).start(sigma, Shape(), ERF)
    >>> start.connectivity.theta.shape, bool(abs(start.sigma() - sigma).max() < 1e-12)
    ((50, 4), True)
    """

    neurons: int
    seed: int = 0

    @override
    def start(self, sigma: ArrayLike, shape: Shape, nonlinearity: AnyNonlinearity) -> LowRankLatent:
        """Raises `TooFewNeurons` where the rank of sigma exceeds their number."""
        phi = function_of(nonlinearity)
        return by_latent_state(draw_exact(jax.random.key(self.seed), sigma, shape.counts, self.neurons, phi))
