"""What networks that solve one task have in common: graphs of their fixed points, how alike these are, and claims.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import jax.numpy as jnp, numpy as np
>>> from simulate.cells import Vanilla
>>> from simulate.measures import find_fixed_points
>>> from simulate.universality import transition_graph
>>> two_wells = Vanilla(2.0 * jnp.eye(2), jnp.eye(2), jnp.zeros(2), jnp.eye(2), jnp.zeros(2))
>>> found = find_fixed_points(two_wells, np.random.default_rng(0).uniform(-1, 1, (100, 2)))
>>> made = transition_graph(found, trials=20)
>>> len(made.graph), len(made.branches.edges), made.agreement.holds
(9, 8, True)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
