"""Recurrent cells and their nonlinearities, written by hand from their equations; one short file each.

A cell is a network with its readout: `RankOne` and `RankR` of the ghost mechanism, `LowRank` of learning in overlap
space, and those whose weights all learn: `Vanilla`, `UGRNN`, `GRU`, `LSTM` and the rate network `FullRank`. They
start by `UniformWeights` or `MaximalUpdate`, come from PyTorch by `from_state_dict`, and know what may be done to
their units (`Symmetry`). A cell of your own is a subclass of `Cell`; every task and `simulate.training.train` take
it.

>>> import jax.numpy as jnp
>>> from simulate.cells import RankOne
>>> from simulate.tasks import DelayedActivation
>>> network = RankOne(m=jnp.ones(4), n=jnp.ones(4) / 2, b=jnp.zeros(4))
>>> network.outputs(DelayedActivation()(jnp.asarray(0))).shape  # trials, steps, outputs
(1, 40, 1)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
