"""Two ways to the outputs of a whole population, both differentiable: all neurons or the latent variable.

Populations have the networks on the last axis here, so that the arithmetic of many networks fills the vector
lanes of the processor.
"""

from abc import abstractmethod
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells import LatentReadout, Network, RankOne, simulate
from simulate.tasks import Trials

Vector = Float[Array, "neurons networks"]
Scalar = Float[Array, " networks"]
Path = Float[Array, "steps networks"]
Kept = tuple[Vector, Vector, list[Scalar], list[Vector]]


class NotReducible(TypeError):
    """The latent variable alone does not decide the outputs of this network."""


class Outputs(eqx.Module):
    """How the outputs of a population are computed."""

    @abstractmethod
    def __call__(self, networks: Network, trials: Trials) -> Float[Array, "trials steps networks"]:
        """Outputs after each step; every array of `networks` has the networks on its last axis."""


class FullState(Outputs):
    """Simulate the state of every neuron: any network, any task. The reference."""

    def __call__(self, networks: Network, trials: Trials) -> Float[Array, "trials steps networks"]:
        """Outputs after each step of each network."""
        return jax.vmap(simulate, in_axes=(-1, None), out_axes=-1)(networks, trials)


class LatentState(Outputs):
    """Iterate kappa alone: exact for a rank-one cell without input that is read through kappa.

    From any state, n.x obeys kappa <- (1 - D) kappa + D n.tanh(m kappa + b) (Dinc et al., equation 4, for the
    Euler map); the tests compare outputs and gradients with `FullState`. The adjoint is hand-written.
    """

    def __call__(self, networks: Network, trials: Trials) -> Float[Array, "trials steps networks"]:
        """Outputs after each step of each network.

        Raises `NotReducible` for other cells and readouts, for a task with inputs or more than one trial.
        """
        cell, readout = networks.cell, networks.readout
        if not (isinstance(cell, RankOne) and isinstance(readout, LatentReadout)):
            raise NotReducible("only a RankOne cell with a LatentReadout follows kappa alone; use FullState()")
        count, steps, channels = trials.inputs.shape
        if count != 1 or channels != 0:
            raise NotReducible(
                f"{count} trials with {channels} input channels; one without input is needed: use FullState()"
            )
        start = trials.initial_activity[0] * jnp.sum(cell.n, axis=0)
        kappa = latent_path(steps, trials.step, cell.m, cell.n, cell.b, start)
        return readout.from_latent(kappa)[None]


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def latent_path(steps: int, step: float, m: Vector, n: Vector, b: Vector, start: Scalar) -> Path:
    """kappa after each of `steps` Euler steps of size `step` (dt/tau) from kappa = `start`."""
    return _forward(steps, step, m, n, b, start)[0]


def _forward(steps: int, step: float, m: Vector, n: Vector, b: Vector, start: Scalar) -> tuple[Path, Kept]:
    kappas, rates = [start], []
    for _ in range(steps):
        rate = jnp.tanh(m * kappas[-1] + b)
        kappas.append((1 - step) * kappas[-1] + step * jnp.sum(n * rate, axis=0))
        rates.append(rate)
    return jnp.stack(kappas[1:]), (m, n, kappas[:-1], rates)


def _backward(steps: int, step: float, kept: Kept, path_gradient: Path) -> tuple[Vector, Vector, Vector, Scalar]:
    """Adjoint of the recursion: lambda_t = dL/dkappa_t + lambda_(t+1) (1 - D + D sum n m (1 - h^2))."""
    m, n, kappas, rates = kept
    product = n * m
    total = jnp.sum(product, axis=0)
    slopes = [1 - step + step * (total - jnp.sum(product * rate * rate, axis=0)) for rate in rates]
    adjoint = jnp.zeros_like(path_gradient[0])
    weights: list[Scalar] = []
    for t in reversed(range(steps)):
        adjoint = adjoint + path_gradient[t]
        weights.insert(0, step * adjoint)
        adjoint = adjoint * slopes[t]
    # The sums over time of weight * h, weight * (1 - h^2) and weight * kappa * (1 - h^2), in one pass over h.
    by_n = by_b = by_m = jnp.zeros_like(n)
    for weight, kappa, rate in zip(weights, kappas, rates, strict=True):
        by_n += weight * rate
        slope = weight * (1 - rate * rate)
        by_b += slope
        by_m += slope * kappa
    return n * by_m, by_n, n * by_b, adjoint


latent_path.defvjp(_forward, _backward)
