"""Two ways to the outputs of a whole population, both differentiable: all neurons or the latent variable.

Populations have the networks on the first axis of every array.
"""

from abc import abstractmethod
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells.rank_r import LatentReadout, Network, RankOne, simulate
from simulate.tasks.delayed_activation import Trials

Vectors = Float[Array, "networks neurons"]
Scalars = Float[Array, " networks"]
Path = Float[Array, "steps networks"]
Sums = tuple[Vectors, Vectors, Vectors]
Kept = tuple[Vectors, Vectors, Vectors, Path, Path]


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
    """The path; kept for the adjoint: m, n, b, and kappa and d kappa_(t+1) / d kappa_t before each step."""
    product = m * n

    def advance(kappa: Scalars, _: None) -> tuple[Scalars, tuple[Scalars, Scalars]]:
        rate = jnp.tanh(m * kappa[:, None] + b)
        after = (1 - step) * kappa + step * jnp.sum(n * rate, axis=1)
        return after, (after, jnp.sum(product * rate * rate, axis=1))

    path, bend = jax.lax.scan(advance, start, length=steps, unroll=steps)[1]
    slopes = (1 - step) + step * (jnp.sum(product, axis=1) - bend)
    return path, (m, n, b, jnp.concatenate([start[None], path[:-1]]), slopes)


def _backward(steps: int, step: float, kept: Kept, path_gradient: Path) -> tuple[Vectors, Vectors, Vectors, Scalars]:
    """First lambda_t = dL/dkappa_t + lambda_(t+1) d kappa_(t+1) / d kappa_t back in time, then sums over time.

    With w_t = D lambda_(t+1), the gradients are n sum w kappa (1 - h^2), sum w h and n sum w (1 - h^2).
    The rates h are computed again: eight steps at once need less time than fetching stored ones from memory.
    """
    m, n, b, kappas, slopes = kept

    def retreat(adjoint: Scalars, now: tuple[Scalars, Scalars]) -> tuple[Scalars, Scalars]:
        adjoint = adjoint + now[0]
        return adjoint * now[1], step * adjoint

    adjoint, weights = jax.lax.scan(retreat, jnp.zeros_like(kappas[0]), (path_gradient, slopes), reverse=True)

    def gather(sums: Sums, block: tuple[Path, Path, Path]) -> tuple[Sums, None]:
        with_rate, with_square, with_kappa_square = sums
        kappa, weight, weight_kappa = (quantity[:, :, None] for quantity in block)
        rates = jnp.tanh(m * kappa + b)
        for i, rate in enumerate(rates):
            square = rate * rate
            with_rate += weight[i] * rate
            with_square += weight[i] * square
            with_kappa_square += weight_kappa[i] * square
        return (with_rate, with_square, with_kappa_square), None

    along = (kappas, weights, weights * kappas)
    zeros = jnp.zeros_like(n)
    sums, _ = jax.lax.scan(gather, (zeros, zeros, zeros), jax.tree.map(_blocks, along))
    with_rate, with_square, with_kappa_square = sums
    by_b = jnp.sum(weights, axis=0)[:, None] - with_square
    by_m = jnp.sum(weights * kappas, axis=0)[:, None] - with_kappa_square
    return n * by_m, with_rate, n * by_b, adjoint


def _blocks(along: Path) -> Float[Array, "blocks 8 networks"]:
    """Eight steps to a block, the last one filled up with zeros, which add nothing to a weighted sum."""
    filled = jnp.pad(along, ((0, -len(along) % 8), (0, 0)))
    return filled.reshape(-1, 8, filled.shape[1])


latent_path.defvjp(_forward, _backward)
