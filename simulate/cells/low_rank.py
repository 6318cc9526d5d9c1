"""A low-rank network of N neurons, written out from its equations, with its own gradient.

tau x' = -x + u kappa + m s,   kappa = v^T phi(x) / N,   y = z^T phi(x) / N
"""

from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from simulate.cells.cell import Cell
from simulate.cells.nonlinearity import Nonlinearity, known_function
from simulate.cells.symmetry import Monomial, Symmetry
from simulate.training.learner import kept
from simulate.training.rule import GradientDescent

LowRankT = TypeVar("LowRankT", bound="LowRank")
Gram = Float[Array, "d d"]
BLOCKS = ("m", "u", "v", "z")


class Connectivity(eqx.Module):
    """theta = [m u v z], one row a neuron; also a gradient or a velocity in the same space.

    >>> one = jnp.ones((5, 1))
    >>> Connectivity(m=one, u=one, v=one, z=one).theta.shape  # neurons, columns
    (5, 4)
    """

    m: Float[Array, "*networks neurons inputs"]
    u: Float[Array, "*networks neurons rank"]
    v: Float[Array, "*networks neurons rank"]
    z: Float[Array, "*networks neurons outputs"]

    @property
    def theta(self) -> Float[Array, "*networks neurons d"]:
        """All columns side by side."""
        return jnp.concatenate([self.m, self.u, self.v, self.z], axis=-1)


class LowRank(Cell):
    """N neurons; `share` is the weight of each in the sums over neurons: 1/N, or that of a quadrature node.

    m, u, v and z learn. Gradient descent moves neuron i by the rate times -dL/dtheta_i / share_i, which for shares of
    1/N is the rate N. What is observed of it in every epoch are its overlaps.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> one = jnp.ones((5, 1))
    >>> LowRank(Connectivity(one, 2 * one, one, one), jnp.full(5, 0.2), TANH).sigma()[0].tolist()
    [1.0, 2.0, 1.0, 1.0]
    """

    fixed: ClassVar[tuple[str, ...]] = ("share",)

    connectivity: Connectivity
    share: Float[Array, "*networks neurons"]
    nonlinearity: Nonlinearity = eqx.field(static=True, converter=known_function)

    def initial_state(self) -> Float[Array, " neurons"]:
        """Silence."""
        return jnp.zeros_like(self.share)

    def step(self, state: Float[Array, " neurons"], inputs: Float[Array, " inputs"], dt: float) -> Array:
        """x <- x + dt (-x + u kappa + m s)."""
        c = self.connectivity
        kappa = c.v.T @ (self.share * self.nonlinearity(state))
        return state + dt * (-state + c.u @ kappa + c.m @ inputs)

    def read(self, state: Float[Array, " neurons"]) -> Float[Array, " outputs"]:
        """z^T phi(x) / N."""
        return self.connectivity.z.T @ (self.share * self.nonlinearity(state))

    @property
    def symmetry(self) -> Symmetry:
        """Permutations; signs where phi is odd, rescalings where it is homogeneous. Mixed latents are left out."""
        return Symmetry(self.share.shape[-1], signs=self.nonlinearity.odd, scales=self.nonlinearity.homogeneous)

    def transformed(self: LowRankT, element: Monomial) -> LowRankT:
        """The network of transformed neurons."""
        c = self.connectivity
        v, z = element.columns(c.v.T).T, element.columns(c.z.T).T
        moved = Connectivity(m=element.rows(c.m), u=element.rows(c.u), v=v, z=z)
        return type(self)(moved, self.share[element.order], self.nonlinearity)

    def sigma(self) -> Gram:
        """The Gram matrix theta^T theta / N."""
        theta = self.connectivity.theta
        return theta.T @ (self.share[:, None] * theta)

    def observe(self) -> Gram:
        """The overlaps."""
        return self.sigma()

    def still(self, rule: GradientDescent) -> Connectivity | None:
        """No velocity in any block; None without momentum."""
        return None if rule.momentum is None else jax.tree.map(jnp.zeros_like, self.connectivity)

    def descended(
        self: LowRankT, gradient: PyTree, rule: GradientDescent, velocity: Connectivity | None, key: Key[Array, ""]
    ) -> tuple[LowRankT, Connectivity | None]:
        """After a step, each block at its own rate, and the velocity that is left."""
        moved, velocities = {}, {}
        rates = (1.0, 1.0, 1.0, 1.0) if rule.block_rates is None else rule.block_rates
        for block, relative, noise_key in zip(BLOCKS, rates, jax.random.split(key, 4), strict=True):
            weights = getattr(self.connectivity, block)
            step = -rule.rate * relative * getattr(gradient.connectivity, block) / self.share[:, None]
            if rule.momentum is not None and velocity is not None:
                step = rule.momentum * getattr(velocity, block) + step
            velocities[block] = step
            moved[block] = kept(weights, rule) + step
            if rule.noise is not None:
                moved[block] += rule.noise * jax.random.normal(noise_key, weights.shape)
        network = type(self)(Connectivity(**moved), self.share, self.nonlinearity)
        return network, None if velocity is None else Connectivity(**velocities)
