"""The same network, outputs and gradient, faster: the activity of all neurons rebuilt from a few latent variables.

Activity stays in the span of m and u, x = m k_m + u k_u, so that one pass over the neurons is a whole step, with one
evaluation of phi, and leaves nothing behind but k. Backwards the activity is rebuilt from k, step by step, beside the
adjoint of k_u. Memory grows with steps x (inputs + rank), and not with steps x neurons.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells.low_rank import Connectivity, Network
from simulate.tasks.task import Batch, Outputs

Latents = Float[Array, "steps trials latents"]
Carry = tuple[Array, Array, Array]

UNROLLED = 4
"""Steps of the adjoint in one turn of its loop: the gradients, as long as the neurons, go to memory once a turn."""


class LatentNetwork(Network):
    """A network that is simulated and differentiated by its latent variables; equal to `Network` to rounding."""

    def outputs(self, batch: Batch) -> Outputs:
        """See `Network`."""
        return self.activity(batch)[1]

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

    def loss_and_gradient(self, batch: Batch) -> tuple[Float[Array, ""], Connectivity]:
        """See `Learner`: the adjoint of the latent equations, written by hand.

        A bar stands for the derivative of the loss: `k_bar` is dL/dk_u after a step, given all later outputs.
        """
        k, outputs = self.activity(batch)
        loss, y_bar = jax.value_and_grad(batch.loss)(outputs)
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
        return loss, Connectivity(m, u, v, z)

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


def by_latent_state(network: Network) -> LatentNetwork:
    """The same network, simulated and differentiated by its latent variables."""
    return LatentNetwork(network.connectivity, network.share, network.nonlinearity, network.velocity)
