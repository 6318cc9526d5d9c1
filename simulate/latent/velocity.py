"""The velocity of a low-rank network in its latent variables, at an input that does not change."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells.nonlinearity import TANH, Nonlinearity, known_function


class LatentVelocity(eqx.Module):
    """kappa' = -kappa + N^T phi(M kappa + drive): M and N are units x R, the drive is U x + b.

    On x = M kappa + drive that is the network x' = -x + M N^T phi(x) + drive, and with kappa = N^T h, anywhere, the
    network h' = -h + phi(M N^T h + drive).

    >>> import jax.numpy as jnp
    >>> from simulate.latent import LatentVelocity
    >>> LatentVelocity(jnp.eye(2), 2.0 * jnp.eye(2), jnp.zeros(2))(jnp.zeros(2)).tolist()
    [0.0, 0.0]
    """

    M: Float[Array, "units rank"] = eqx.field(converter=jnp.asarray)
    N: Float[Array, "units rank"] = eqx.field(converter=jnp.asarray)
    drive: Float[Array, " units"] = eqx.field(converter=jnp.asarray)
    phi: Nonlinearity = eqx.field(static=True, converter=known_function, default=TANH)

    def __call__(self, kappa: Float[Array, " rank"]) -> Float[Array, " rank"]:
        """kappa'."""
        return -kappa + self.N.T @ self.phi(self.M @ kappa + self.drive)


class RateVelocity(eqx.Module):
    """The network itself: x' = -x + M N^T phi(x) + drive, in all of its units.

    >>> import jax.numpy as jnp
    >>> from simulate.latent import RateVelocity
    >>> RateVelocity(jnp.ones((3, 2)), jnp.ones((3, 2)), jnp.ones(3))(jnp.zeros(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    M: Float[Array, "units rank"] = eqx.field(converter=jnp.asarray)
    N: Float[Array, "units rank"] = eqx.field(converter=jnp.asarray)
    drive: Float[Array, " units"] = eqx.field(converter=jnp.asarray)
    phi: Nonlinearity = eqx.field(static=True, converter=known_function, default=TANH)

    def __call__(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """x'."""
        return -state + self.M @ (self.N.T @ self.phi(state)) + self.drive
