"""The latent circuit of a rank-one network: certified fixed points, ghosts, delays and critical rates.

Start with `reduction`, from the network to its one latent variable.

>>> from theory.ghost import circuit
>>> circuit.crossing.crossing_rate(1)
-r_eff/F
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
