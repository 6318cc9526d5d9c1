"""Gradient descent on the confident loss: plateau, cycles, error floor, and the proofs of safety and of failure.

Start with `training_map`, the map that is free of the delay.

>>> from theory.ghost import descent
>>> descent.training_map.branch("R")
u - 3/(4*u**(3/2))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
