"""A low-rank network of N neurons, written out from its equations, with its own gradient.

tau x' = -x + u kappa + m s,   kappa = v^T phi(x) / N,   y = z^T phi(x) / N
"""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from simulate.cells.nonlinearity import Nonlinearity
from simulate.tasks.task import Batch, Outputs
from simulate.training.learning import Gram, Learner
from simulate.training.rule import GradientDescent

NetworkT = TypeVar("NetworkT", bound="Network")


class Connectivity(eqx.Module):
    """theta = [m u v z], one row a neuron; also a gradient or a velocity in the same space."""

    m: Float[Array, "neurons inputs"]
    u: Float[Array, "neurons rank"]
    v: Float[Array, "neurons rank"]
    z: Float[Array, "neurons outputs"]

    @property
    def theta(self) -> Float[Array, "neurons d"]:
        """All columns side by side."""
        return jnp.concatenate([self.m, self.u, self.v, self.z], axis=1)


class Network(Learner):
    """N neurons; `share` is the weight of each in the sums over neurons: 1/N, or that of a quadrature node.

    Gradient descent moves neuron i by the rate times -dL/dtheta_i / share_i, which for shares of 1/N is the rate N.
    """

    connectivity: Connectivity
    share: Float[Array, " neurons"]
    nonlinearity: Nonlinearity = eqx.field(static=True)
    velocity: Connectivity | None = None

    def outputs(self, batch: Batch) -> Outputs:
        """The readout of each trial after each step, from the activity of every neuron."""
        c, phi = self.connectivity, self.nonlinearity

        def advance(x: Array, s: Array) -> tuple[Array, Array]:
            kappa = c.v.T @ (self.share * phi(x))
            x = x + batch.dt * (-x + c.u @ kappa + c.m @ s)
            return x, c.z.T @ (self.share * phi(x))

        def trial(inputs: Array) -> Array:
            return jax.lax.scan(advance, jnp.zeros_like(self.share), inputs)[1]

        return jax.vmap(trial)(batch.inputs)

    def loss(self, batch: Batch) -> Float[Array, ""]:
        """The loss on a batch."""
        return batch.loss(self.outputs(batch))

    def sigma(self) -> Gram:
        """See `Learner`."""
        theta = self.connectivity.theta
        return theta.T @ (self.share[:, None] * theta)

    def prepared(self: NetworkT, rule: GradientDescent) -> NetworkT:
        """See `Learner`."""
        if rule.momentum is None or self.velocity is not None:
            return self
        still = jax.tree.map(jnp.zeros_like, self.connectivity)
        return eqx.tree_at(lambda n: n.velocity, self, still, is_leaf=lambda leaf: leaf is None)

    def loss_and_gradient(self, batch: Batch) -> tuple[Float[Array, ""], Connectivity]:
        """See `Learner`: reverse mode through the simulation."""

        def loss(connectivity: Connectivity) -> Array:
            return eqx.tree_at(lambda n: n.connectivity, self, connectivity).loss(batch)

        return jax.value_and_grad(loss)(self.connectivity)

    def stepped(self: NetworkT, gradient: Connectivity, rule: GradientDescent, key: Key[Array, ""]) -> NetworkT:
        """See `Learner`."""
        blocks = ("m", "u", "v", "z")
        moved, velocities = {}, {}
        for block, relative, noise_key in zip(blocks, rule.block_rates, jax.random.split(key, 4), strict=True):
            weights = getattr(self.connectivity, block)
            step = -rule.rate * relative * getattr(gradient, block) / self.share[:, None]
            if rule.momentum is not None and self.velocity is not None:
                step = rule.momentum * getattr(self.velocity, block) + step
            velocities[block] = step
            moved[block] = (1 - rule.weight_decay) * weights + step
            if rule.noise is not None:
                moved[block] += rule.noise * jax.random.normal(noise_key, weights.shape)
        velocity = None if self.velocity is None else Connectivity(**velocities)
        return type(self)(Connectivity(**moved), self.share, self.nonlinearity, velocity)
