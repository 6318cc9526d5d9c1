"""Gradient training of a population of any cell, in one compiled program.

`train` is the verb; `GradientDescent`, `Optax` and any transformation of optax are rules; `Penalised` adds a penalty to
one, `ReducedOnPlateau` slows it down; `Threshold` stops each network at its own time; `Checkpoint` lets a run go on
after a kill. `learn` is the pure core, for programs of your own.

>>> from simulate.training import Threshold
>>> Threshold(1e-3).patience
1
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
