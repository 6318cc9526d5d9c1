"""Floating point proposes claims; each is returned only after rational arithmetic has proved it.

>>> import numpy as np
>>> from theory.contraction import VOLTAGE, network, search
>>> steep = network(np.array([[0.0, -2.1], [2.1, 0.0]]), VOLTAGE)
>>> proof = search.frequency_dual.refute_multiplier(steep, rate=0.0)  # that no multiplier exists
>>> proof.holds(steep.exact)
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
