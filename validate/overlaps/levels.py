"""The levels of description that a user's task is trained at, each with what it errs by and how it is drawn.

Light: what trains is imported when a level starts.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from simulate.overlaps.gram_matrix import Counts

if TYPE_CHECKING:
    from simulate.cells.nonlinearity import Nonlinearity
    from simulate.training.learner import Learner
    from theory.overlaps.equations.shape import Shape


@dataclass(frozen=True)
class Beginning:
    """What a training begins from: the overlaps of the columns m, u, v, z, of which there are `counts`, or `theta`.

    `theta` are the columns of the user's own network, if there is one. `nodes` stand for infinitely many neurons.
    """

    counts: Counts
    sigma: Float[np.ndarray, "d d"]
    theta: Float[np.ndarray, "neurons d"] | None
    neurons: int
    nodes: int
    seed: int


@dataclass(frozen=True)
class UserLevel(ABC):
    """A level of description, by the name that the command knows it by."""

    name: str
    line: str
    marker: str

    @abstractmethod
    def start(self, begin: Beginning, shape: "Shape", phi: "Nonlinearity") -> "Learner":
        """A learner that starts from the user's overlaps, or is the user's network."""

    @abstractmethod
    def size(self, begin: Beginning) -> int:
        """The number of neurons, or of what stands for them: what an epoch costs."""

    @property
    @abstractmethod
    def error(self) -> str:
        """Why a nonlinear network of infinitely many neurons differs from this."""


@dataclass(frozen=True)
class Reduced(UserLevel):
    """The overlaps alone: the map of linear networks, the Gaussian closure of others; one theory by two names."""

    linear: bool
    """Whether the name is that of linear networks."""

    def start(self, begin: Beginning, shape: "Shape", phi: "Nonlinearity") -> "Learner":
        """The overlaps themselves."""
        from simulate.overlaps.levels import ReducedTheory

        return ReducedTheory().start(begin.sigma, shape, phi)

    def size(self, begin: Beginning) -> int:
        """Those of the d columns."""
        return sum(begin.counts)

    @property
    def error(self) -> str:
        """It takes the rows of theta to stay Gaussian."""
        return "bias of the closure: rows of theta do not stay Gaussian"


@dataclass(frozen=True)
class Wide(UserLevel):
    """Infinitely many neurons, by moving nodes of a quadrature; `compared` are nodes that err independently."""

    compared: bool = False

    def start(self, begin: Beginning, shape: "Shape", phi: "Nonlinearity") -> "Learner":
        """As many nodes as were asked for."""
        from simulate.overlaps.infinite_width import SobolNodes
        from simulate.overlaps.levels import InfiniteWidth

        nodes = SobolNodes(begin.nodes, begin.seed)
        return InfiniteWidth(nodes.comparison() if self.compared else nodes).start(begin.sigma, shape, phi)

    def size(self, begin: Beginning) -> int:
        """The nodes."""
        return begin.nodes

    @property
    def error(self) -> str:
        """The nodes are finite in number."""
        return "error of the nodes"


@dataclass(frozen=True)
class Neurons(UserLevel):
    """A network of N neurons: the user's own, or one that is drawn."""

    def start(self, begin: Beginning, shape: "Shape", phi: "Nonlinearity") -> "Learner":
        """The network of --network, or one drawn with exactly these overlaps."""
        import jax.numpy as jnp

        from simulate.overlaps.draw import network_of
        from simulate.overlaps.levels import FiniteNetwork

        if begin.theta is not None:
            return network_of(jnp.asarray(begin.theta), begin.counts, phi)
        return FiniteNetwork(begin.neurons, begin.seed).start(begin.sigma, shape, phi)

    def size(self, begin: Beginning) -> int:
        """The neurons."""
        return begin.neurons

    @property
    def error(self) -> str:
        """Fluctuations of averages over them."""
        return "neurons are finite in number: of the order of N^-1/2"


LEVELS: dict[str, UserLevel] = {
    each.name: each
    for each in (
        Reduced("map", "-", "", linear=True),
        Reduced("gaussian_closure", "-", "", linear=False),
        Wide("infinite_width", "--", ""),
        Neurons("network", "none", "o"),
    )
}
