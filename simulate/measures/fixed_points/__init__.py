"""Where networks stand still: fixed points and slow points of any cell at a constant input.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import jax.numpy as jnp
>>> from simulate.cells import Vanilla
>>> from simulate.measures import find_fixed_points
>>> network = Vanilla(3.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
>>> found = find_fixed_points(network, [[-1.0], [0.1], [1.0]])
>>> [f"{point:.4f}" for point in sorted(abs(found.points[:, 0]))]
['0.0000', '0.9949', '0.9949']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
