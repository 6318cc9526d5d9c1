"""Networks of networks, simulated: pairs of trajectories, adversaries that set the slopes, and training on images.

A `RecurrentNetwork` is one network in `VOLTAGE` or `RATE` form, an `Assembly` several with links. `flow_distances` and
`euler_distances` follow pairs of trajectories, `worst_slopes` and `SwitchingSearch` look for slopes that part them.
A `ComboNet` learns to classify sequences (`classify`) and stays contracting; the room `parametrise` holds the ways to
make its modules contract by construction.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import jax.numpy as jnp
>>> from simulate.cells import TANH
>>> from simulate.contraction import VOLTAGE, RecurrentNetwork, euclidean, worst_slopes
>>> turning = RecurrentNetwork(jnp.array([[0.0, -1.0], [1.0, 0.0]]), VOLTAGE, TANH)
>>> round(worst_slopes(turning, euclidean(2)).log_norm, 3)  # minus the contraction rate, 1 - c / 2 at c = 1
-0.5
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
