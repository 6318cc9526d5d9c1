"""What becomes of a search for fixed points: whether it is at its end, continua, modes at points, where states go.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import jax.numpy as jnp
>>> from simulate.cells import Vanilla
>>> from simulate.fixed_points import linearise, search_points
>>> network = Vanilla(2.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
>>> search = search_points(network, [[1.0]])  # from one point to all three
>>> sorted(linearise(search.found, k).eigenvalues.real.round(3).tolist() for k in range(3))
[[0.166], [0.166], [2.0]]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
