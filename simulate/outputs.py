"""Two ways to the outputs of a whole population, both differentiable: all neurons or the latent variable.

Populations have the networks on the first axis of every array.
"""

from abc import abstractmethod
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells import LatentReadout, Network, RankOne, simulate
from simulate.tasks import Trials

Vectors = Float[Array, "networks neurons"]
Scalars = Float[Array, " networks"]
Path = Float[Array, "steps networks"]
Carry = tuple[Scalars, Vectors, Vectors, Vectors]
Kept = tuple[Vectors, Path, Path, Float[Array, "steps networks neurons"]]


class NotReducible(TypeError):
    """The latent variable alone does not decide the outputs of this network."""


class Outputs(eqx.Module):
    """How the outputs of a population are computed."""

    @abstractmethod
    def __call__(self, networks: Network, trials: Trials) -> Float[Array, "networks trials steps"]:
        """Outputs after each step; every array of `networks` has a leading axis."""


class FullState(Outputs):
    """Simulate the state of every neuron: any network, any task. The reference."""

    def __call__(self, networks: Network, trials: Trials) -> Float[Array, "networks trials steps"]:
        """Outputs after each step of each network."""
        return jax.vmap(simulate, in_axes=(0, None))(networks, trials)


class LatentState(Outputs):
    """Iterate kappa alone: exact for a rank-one cell without input that is read through kappa.

    From any state, n.x obeys kappa <- (1 - D) kappa + D n.tanh(m kappa + b) (Dinc et al., equation 4, for the
    Euler map); the tests compare outputs and gradients with `FullState`. The adjoint is hand-written.
    """

    def __call__(self, networks: Network, trials: Trials) -> Float[Array, "networks trials steps"]:
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
        start = trials.initial_activity[0] * jnp.sum(cell.n, axis=1)
        kappa = latent_path(steps, trials.step, cell.m, cell.n, cell.b, start)
        return readout.from_latent(kappa).T[:, None]


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def latent_path(steps: int, step: float, m: Vectors, n: Vectors, b: Vectors, start: Scalars) -> Path:
    """kappa after each of `steps` Euler steps of size `step` (dt/tau) from kappa = `start`."""
    return _forward(steps, step, m, n, b, start)[0]


def _forward(steps: int, step: float, m: Vectors, n: Vectors, b: Vectors, start: Scalars) -> tuple[Path, Kept]:
    """The path; and for the adjoint n, and before each step kappa, d kappa_(t+1) / d kappa_t and the rates h."""
    product = m * n

    def advance(kappa: Array, _: None) -> tuple[Array, tuple[Array, Array, Array, Array]]:
        rate = jnp.tanh(m * kappa[:, None] + b)
        after = (1 - step) * kappa + step * jnp.sum(n * rate, axis=1)
        slope = (1 - step) + step * jnp.sum(product * (1 - rate * rate), axis=1)
        return after, (after, kappa, slope, rate)

    path, kappas, slopes, rates = jax.lax.scan(advance, start, length=steps)[1]
    return path, (n, kappas, slopes, rates)


def _backward(steps: int, step: float, kept: Kept, path_gradient: Path) -> tuple[Vectors, Vectors, Vectors, Scalars]:
    """Backwards in time: lambda_t = dL/dkappa_t + lambda_(t+1) d kappa_(t+1) / d kappa_t."""
    n, kappas, slopes, rates = kept

    def retreat(carry: Carry, now: tuple[Scalars, Scalars, Scalars, Vectors]) -> tuple[Carry, None]:
        adjoint, by_m, by_n, by_b = carry
        path_slope, kappa, slope, rate = now
        adjoint = adjoint + path_slope
        weight = (step * adjoint)[:, None]
        gain = weight * (1 - rate * rate)
        return (adjoint * slope, by_m + gain * kappa[:, None], by_n + weight * rate, by_b + gain), None

    nothing = jnp.zeros_like(n)
    start = (jnp.zeros_like(path_gradient[0]), nothing, nothing, nothing)
    along = (path_gradient, kappas, slopes, rates)
    (adjoint, by_m, by_n, by_b), _ = jax.lax.scan(retreat, start, along, reverse=True)
    return n * by_m, by_n, n * by_b, adjoint


latent_path.defvjp(_forward, _backward)
