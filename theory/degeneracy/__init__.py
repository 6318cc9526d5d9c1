"""Degeneracy predicted: how far apart networks end that were trained alike, from the overlaps they start with.

A linear low-rank network of N neurons ends at theta_0 M, with a matrix M that its overlaps at the start decide
(`transport`). These differ from network to network by O(N^-1/2), with known covariances. What training makes of such
differences is its derivative (`fluctuations`); where training ends at a loss, the epoch differs too (`stopping`). What
networks that start on a saddle become does not fall with N: when they leave, and which way (`saddles`).

How far apart two networks are follows from the overlaps of both: their weights up to the order of units (`coupling`),
and how that is approached as N grows (`matching_law`); their dynamics up to rotation (`dynamics`); for both the least
distance of two matrices up to rotation (`rotations`); for populations how far apart their networks are (`points`).

>>> import numpy as np
>>> from theory.degeneracy import normal_rows
>>> covariance = normal_rows(np.diag([1.0, 2.0]))
>>> [float(covariance[index]) for index in ((0, 0, 0, 0), (0, 1, 0, 1), (0, 0, 1, 1))]  # times N
[2.0, 2.0, 0.0]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
