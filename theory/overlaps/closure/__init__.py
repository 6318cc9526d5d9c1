"""The Gaussian closure of nonlinear networks: its averages, where it parts from the truth, when to trust it.

Start with `potential`, in which every neuron moves.

>>> from theory.overlaps import closure
>>> closure.trust.checkpoints(10)
array([ 0,  1,  2,  4,  8, 10])
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
