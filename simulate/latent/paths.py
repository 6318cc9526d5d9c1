"""Paths of a flow in a plane, forward or back in time, told in steps of equal length."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.integrate import Method, solve_flow
from simulate.latent.settle import Velocity

LENGTH, SAMPLES = 8.0, 1600
"""Of a path, in reaches, and the states along it."""
SLOW = 0.05
"""Of the reach in a time constant: slower states are passed in equal times, faster ones in equal lengths."""
_METHOD = Method(
    diffrax.Tsit5(), diffrax.PIDController(rtol=1e-10, atol=1e-12), 0.01, diffrax.ForwardMode(), max_steps=2**14
)


class _Paced(eqx.Module):
    """A velocity of about one reach in a unit of time, wherever it is not small; its paths are those of the flow."""

    velocity: Velocity
    reach: Float[Array, ""]
    sign: Float[Array, ""]

    def __call__(self, time: Float[Array, ""], state: Float[Array, " 2"]) -> Float[Array, " 2"]:
        now = self.velocity(self.reach * state) / self.reach
        return self.sign * now / jnp.sqrt(now @ now + SLOW**2)


def trace_paths(
    velocity: Velocity, starts: Float[np.ndarray, "2 2"], *, reach: float, backward: bool = False
) -> tuple[Float[np.ndarray, "_ 2"], Float[np.ndarray, "_ 2"]]:
    """The paths from two states, for some length, or up to the border of the square of half-width `reach`."""
    paced = _Paced(velocity, jnp.asarray(reach), jnp.asarray(-1.0 if backward else 1.0))
    first, second = np.asarray(_paths(paced, jnp.asarray(starts) / reach))
    return reach * _within(first), reach * _within(second)


def _within(path: Float[np.ndarray, "samples 2"]) -> Float[np.ndarray, "_ 2"]:
    """The part in the square, to its border."""
    size = np.abs(path).max(axis=1)
    if size.max() <= 1:
        return path
    out = int((size > 1).argmax())
    if out == 0:
        return path[:0]
    share = (1 - size[out - 1]) / (size[out] - size[out - 1])
    return np.concatenate([path[:out], path[None, out - 1] + share * (path[out] - path[out - 1])])


@eqx.filter_jit
def _paths(paced: _Paced, starts: Float[Array, "2 2"]) -> Float[Array, "2 samples 2"]:
    times = jnp.linspace(0.0, LENGTH, SAMPLES)
    return jax.vmap(lambda start: solve_flow(paced, start, LENGTH, _METHOD, times=times).states)(starts)
