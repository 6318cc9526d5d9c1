"""Weights that contract by construction, one file a theorem, and what they are made of.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from simulate.contraction import parametrise
>>> module = parametrise.singular.draw_singular(seed=0, units=4)
>>> module.weights().shape, bool(module.rate() > 0)
((4, 4), True)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
