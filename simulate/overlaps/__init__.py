"""Learning in overlap space: the overlaps alone, infinitely many neurons, or N neurons, all from the same overlaps.

A level makes a learner of an overlap matrix, which `simulate.training.train` trains: `ReducedTheory`, `InfiniteWidth`,
`FiniteNetwork`.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import numpy as np
>>> from simulate.cells import LINEAR
>>> from simulate.overlaps import FiniteNetwork, ReducedTheory
>>> from theory.overlaps import Shape
>>> sigma = 0.8 * np.eye(4) + 0.2
>>> levels = [level.start(sigma, Shape(), LINEAR) for level in (ReducedTheory(), FiniteNetwork(neurons=50))]
>>> bool(abs(levels[0].sigma() - levels[1].sigma()).max() < 1e-12)
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
