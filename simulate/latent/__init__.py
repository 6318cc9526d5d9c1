"""Networks of low rank in their few latent variables: where states go, what bounds their basins, and a picture's data.

What is integrated here is written from the network's equations; where it stands still and why nothing is missing is
`theory.universality`.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import numpy as np
>>> from simulate.latent import LatentVelocity, settle
>>> wells = LatentVelocity(np.eye(2), 2.0 * np.eye(2), np.zeros(2))
>>> well = 1.9150080481545375
>>> settle(wells, [[well, well], [-well, well]], [[0.3, 0.1], [-0.2, 0.4]]).nodes.tolist()
[0, 1]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
