"""The same network, outputs and gradient, faster: the activity of all neurons rebuilt from a few latent variables.

Activity stays in the span of m and u, x = m k_m + u k_u, so that one pass over the neurons is a whole step, with one
evaluation of phi, and leaves nothing behind but k. Backwards the activity is rebuilt from k, step by step, beside the
adjoint of k_u. Memory grows with steps x (inputs + rank), and not with steps x neurons.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.tasks.task import Batch, Outputs
from simulate.training.learner import Measured

Latents = Float[Array, "steps trials latents"]
Carry = tuple[Array, Array, Array]

UNROLLED = 4
"""Steps of the adjoint in one turn of its loop: the gradients, as long as the neurons, go to memory once a turn."""


class LowRankLatent(LowRank):
    """A network that is simulated and differentiated by its latent variables; equal to `LowRank` to rounding."""

    def outputs(self, batch: Batch) -> Outputs:
        """The readout of each trial after each step that the batch reads."""
        return self.activity(batch)[1][:, batch.inputs.shape[1] - batch.targets.shape[1] :]

    def activity(self, batch: Batch) -> tuple[Latents, Outputs]:
        """The latent variables (k_m, k_u) after each step, and the outputs."""
        driving, reading = self._driving(), self._reading()
        rank = self.connectivity.u.shape[1]

        def advance(carry: tuple[Array, Array], s: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
            k, kappa = carry
            k = k + batch.dt * (-k + jnp.concatenate([s, kappa], axis=1))
            read = (reading @ self.nonlinearity(mixed(k, driving)).T).T
            return (k, read[:, :rank]), (k, read[:, rank:])

        rest = jnp.zeros((batch.inputs.shape[0], len(driving)))
        start = rest, self.nonlinearity(mixed(rest, driving)) @ reading[:rank].T
        _, (k, y) = jax.lax.scan(advance, start, jnp.swapaxes(batch.inputs, 0, 1))
        return k, jnp.swapaxes(y, 0, 1)

    def loss_and_gradient(self, batch: Batch) -> tuple[Measured, PyTree]:
        """By the adjoint of the latent equations, written by hand.

        A bar stands for the derivative of the loss: `k_bar` is dL/dk_u after a step, given all later outputs.
        """
        k, outputs = self.activity(batch)
        unread = batch.inputs.shape[1] - batch.targets.shape[1]
        loss, y_bar = jax.value_and_grad(batch.loss)(outputs[:, unread:])
        y_bar = jnp.pad(y_bar, ((0, 0), (unread, 0), (0, 0)))
        driving, reading = self._driving(), self._reading()
        inputs, rank = self.connectivity.m.shape[1], self.connectivity.u.shape[1]

        def retreat(carry: Carry, step: tuple[Array, Array]) -> tuple[Carry, None]:
            k_bar, driving_bar, reading_bar = carry
            k, y_bar = step
            x = mixed(k, driving)
            phi, slope = jax.jvp(self.nonlinearity, (x,), (jnp.ones_like(x),))
            read_bar = jnp.concatenate([batch.dt * k_bar, y_bar], axis=1)
            x_bar = slope * mixed(read_bar, reading)
            k_bar = (1 - batch.dt) * k_bar + (driving[inputs:] @ x_bar.T).T
            return (k_bar, driving_bar + k.T @ x_bar, reading_bar + read_bar.T @ phi), None

        still = jnp.zeros((len(outputs), rank)), jnp.zeros_like(driving), jnp.zeros_like(reading)
        (k_bar, driving_bar, reading_bar), _ = jax.lax.scan(
            retreat, still, (k, jnp.swapaxes(y_bar, 0, 1)), reverse=True, unroll=UNROLLED
        )
        at_rest = self.nonlinearity(jnp.zeros_like(self.share))
        reading_bar = reading_bar.at[:rank].add(batch.dt * jnp.sum(k_bar, axis=0)[:, None] * at_rest)
        m, u = jnp.split(driving_bar.T, [inputs], axis=1)
        v, z = jnp.split((self.share * reading_bar).T, [rank], axis=1)
        gradient = eqx.tree_at(lambda n: n.connectivity, eqx.filter(self, self.learns()), Connectivity(m, u, v, z))
        return Measured(loss, batch.accuracy(outputs[:, unread:])), gradient

    def _driving(self) -> Float[Array, "latents neurons"]:
        """[m u]: how the latent variables drive each neuron."""
        return jnp.concatenate([self.connectivity.m, self.connectivity.u], axis=1).T

    def _reading(self) -> Float[Array, "read neurons"]:
        """[v z] with the share of each neuron: how kappa and y are read off phi(x)."""
        return jnp.concatenate([self.connectivity.v, self.connectivity.z], axis=1).T * self.share


def mixed(
    coefficients: Float[Array, "trials few"], vectors: Float[Array, "few neurons"]
) -> Float[Array, "trials neurons"]:
    """coefficients @ vectors as a sum of outer products, which the compiler fuses with what follows."""
    first, *rest = (coefficients[:, i, None] * vectors[i] for i in range(len(vectors)))
    return sum(rest, first)


def by_latent_state(network: LowRank) -> LowRankLatent:
    """The same network, simulated and differentiated by its latent variables.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> one = jnp.ones((5, 1))
    >>> type(by_latent_state(LowRank(Connectivity(one, one, one, one), jnp.full(5, 0.2), TANH))).__name__
    'LowRankLatent'
    """
    return LowRankLatent(network.connectivity, network.share, network.nonlinearity)
