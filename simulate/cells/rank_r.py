"""Recurrent cells, written out by hand from their equations: one Euler step on the state of all neurons.

Methods speak of one network. A population is the same object with a leading axis on every array.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.tasks.delayed_activation import Trials

State = Float[Array, " neurons"]


class RankOne(eqx.Module):
    """tau x' = -x + tanh(m (n.x) + b) (Dinc et al., equation 3 with W = m n^T). A step costs O(N)."""

    m: Float[Array, "*networks neurons"]
    n: Float[Array, "*networks neurons"]
    b: Float[Array, "*networks neurons"]

    def initial_state(self, activity: Float[Array, ""]) -> State:
        """Every neuron at the same activity."""
        return jnp.full_like(self.b, activity)

    def latent(self, state: State) -> Float[Array, ""]:
        """kappa = n.x, all that the neurons tell one another and the readout."""
        return self.n @ state

    def advance(self, state: State, inputs: Float[Array, " channels"], step: float) -> State:
        """x <- (1 - D) x + D tanh(m (n.x) + b), with D = dt/tau (equation 17). The cell takes no input."""
        return (1 - step) * state + step * jnp.tanh(self.m * self.latent(state) + self.b)


class RankR(eqx.Module):
    """tau x' = -x + tanh(M N x + b) with M (`left`) N by R and N (`right`) R by N (equations 3 and 19).

    The N by N product is never formed: a step costs O(N R).
    """

    left: Float[Array, "*networks neurons rank"]
    right: Float[Array, "*networks rank neurons"]
    b: Float[Array, "*networks neurons"]

    def initial_state(self, activity: Float[Array, ""]) -> State:
        """Every neuron at the same activity."""
        return jnp.full_like(self.b, activity)

    def latent(self, state: State) -> Float[Array, " rank"]:
        """kappa = N x, all that the neurons tell one another."""
        return self.right @ state

    def advance(self, state: State, inputs: Float[Array, " channels"], step: float) -> State:
        """x <- (1 - D) x + D tanh(M (N x) + b), with D = dt/tau. The cell takes no input."""
        return (1 - step) * state + step * jnp.tanh(self.left @ self.latent(state) + self.b)


Cell = RankOne | RankR


class LatentReadout(eqx.Module):
    """Output sigmoid(c (kappa - threshold)) of a rank-one cell; neither c nor threshold is trained."""

    confidence: Float[Array, "*networks"]
    threshold: Float[Array, "*networks"]

    def from_latent(self, kappa: Float[Array, " *steps"]) -> Float[Array, " *steps"]:
        """The output at given values of the latent variable."""
        return jax.nn.sigmoid(self.confidence * (kappa - self.threshold))

    def __call__(self, cell: Cell, state: State) -> Float[Array, ""]:
        """The output at a given state of the network."""
        return self.from_latent(cell.latent(state))


class AffineReadout(eqx.Module):
    """Output sigmoid(w.x + bias), weights and bias trained (equation 18 with the sigmoid of Fig. S2)."""

    weights: Float[Array, "*networks neurons"]
    bias: Float[Array, "*networks"]

    def __call__(self, cell: Cell, state: State) -> Float[Array, ""]:
        """The output at a given state of the network."""
        return jax.nn.sigmoid(self.weights @ state + self.bias)


Readout = LatentReadout | AffineReadout


class Network(eqx.Module):
    """A cell and its readout."""

    cell: Cell
    readout: Readout


def trained_part(network: Network) -> Network:
    """The same tree with True at each array that training moves, False at each that it leaves alone."""
    readout_is_trained = isinstance(network.readout, AffineReadout)
    return Network(
        cell=jax.tree.map(lambda _: True, network.cell),
        readout=jax.tree.map(lambda _: readout_is_trained, network.readout),
    )


def simulate(network: Network, trials: Trials) -> Float[Array, "trials steps"]:
    """Outputs of one network on each trial, from the full state of all its neurons, read after each step."""
    cell, readout = network.cell, network.readout

    def one_trial(inputs: Array, activity: Array) -> Array:
        def advance(state: Array, now: Array) -> tuple[Array, Array]:
            state = cell.advance(state, now, trials.step)
            return state, readout(cell, state)

        return jax.lax.scan(advance, cell.initial_state(activity), inputs)[1]

    return jax.vmap(one_trial)(trials.inputs, trials.initial_activity)
