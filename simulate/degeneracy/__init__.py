"""Degeneracy of low-rank networks: what is predicted from their overlaps, and populations of them, trained.

`TrainingMap` says what training makes of overlaps, `dispersed` how far apart that leaves networks of N neurons;
`train_rows` trains such networks and measures them, in the same words. `RowMatching` is the distance of the weights of
two of them up to the order of units, `settling` the activity that shows their dynamics, `saddle_of` how networks leave
a saddle that they begin at.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import numpy as np
>>> from simulate.degeneracy import TrainingMap, dispersed
>>> from simulate.overlaps import closure_of
>>> from simulate.tasks import filter_task
>>> from simulate.training import GradientDescent
>>> from theory.degeneracy import directions, normal_rows
>>> from theory.overlaps import LINEAR, Shape
>>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
>>> found = dispersed(learning, 0.8 * np.eye(4) + 0.2, directions(normal_rows(0.8 * np.eye(4) + 0.2)), epochs=20)
>>> found["sigma"].spread(neurons=1000).shape
(4, 4)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
