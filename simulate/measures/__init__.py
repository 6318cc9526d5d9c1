"""What is measured of networks: how alike their dynamics, their representations and their weights are.

Pure functions of NumPy arrays, for anyone's data. They compute in double precision and change no input.

>>> import numpy as np
>>> from simulate.measures import DSA, PopulationEstimate, pairwise
>>> activities = [np.random.default_rng(k).normal(size=(10, 50, 4)).cumsum(axis=1) for k in range(4)]
>>> found = pairwise(DSA(delays=2, rank=4), activities)  # trials x steps x units of each
>>> found.value.shape, bool((found.lower <= found.value).all()), PopulationEstimate.over_pairs(found).standard_error > 0
((4, 4), True, True)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
