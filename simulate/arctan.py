"""The inverse tangent, which XLA gets wrong where it takes wide vectors."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

_ARCTAN = [(-1) ** k / (2 * k + 1) for k in reversed(range(12))]  # on [0, tan(pi / 16)] the next term is 3e-19


@jax.custom_jvp
def arctan(y: Array) -> Array:
    """arctan to a few roundings, from two halvings of the angle and its series.

    `jnp.arctan` is wrong in its first digit for arrays of 50 numbers and more where XLA takes 512-bit vectors
    (jaxlib 0.10.2 on processors, reported as jax-ml/jax 39352), and `runtime.request_wide_vectors` asks for them.
    """
    size = jnp.abs(y)
    steep = size > 1
    tangent = jnp.where(steep, 1 / jnp.where(steep, size, 1.0), size)
    for _ in range(2):
        tangent = tangent / (1 + jnp.sqrt(1 + tangent**2))
    angle = 4 * tangent * jnp.polyval(jnp.asarray(_ARCTAN, dtype=tangent.dtype), tangent**2)
    return jnp.sign(y) * jnp.where(steep, jnp.pi / 2 - angle, angle)


@arctan.defjvp
def _arctan_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (y,), (dy,) = primals, tangents
    return arctan(y), dy / (1 + y**2)
