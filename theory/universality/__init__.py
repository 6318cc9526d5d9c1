"""Sets of fixed points with proof: that one is there, alone, and how many directions leave it.

What a search has found (`simulate.measures.find_fixed_points`) is a claim in floating point. `prove_point` makes it a
theorem: a box that holds exactly one fixed point of the map, by Krawczyk's test, rounding included, with the number of
unstable directions and the index of that point. The maps are written here from their equations once more, for balls:
`vanilla`, `ugrnn`, `gru`, `lstm`, `rate`.

>>> import numpy as np
>>> from theory.universality import prove_point, vanilla
>>> network = vanilla(np.array([[2.0]]), np.array([0.0]))
>>> proved = prove_point(network, np.array([0.9575040240772687]))
>>> proved.unstable_dimension, proved.index, proved.radius < 1e-14
(0, 1, True)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
