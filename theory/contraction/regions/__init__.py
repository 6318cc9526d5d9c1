"""Certified basins of attraction: around a stable fixed point, an ellipsoid of states that all tend to it.

>>> import numpy as np
>>> from theory.contraction import DISCRETE, regions
>>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
>>> found = regions.certify_basin.certify_basin(switch, np.array([1.0]))
>>> found.outcome.name, found.basin.proved(switch.exact)
('CERTIFIED', True)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
