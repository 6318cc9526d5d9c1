"""Networks of networks: links that keep contraction, and the metric and rate of the whole.

>>> import numpy as np
>>> from theory.contraction import VOLTAGE, assembly, certify
>>> found = certify(np.array([[0.0, -1.5], [1.5, -1.0]]), VOLTAGE)
>>> part = assembly.assembly.module(found.network, found.claims[0])
>>> assembly.assembly.linked([part, part], links={}).size
4
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
