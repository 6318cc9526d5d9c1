"""Statements about one network that rational arithmetic decides, as `docs/certificates.md` lists them.

>>> import numpy as np
>>> from theory.contraction import VOLTAGE, certify, claims
>>> found = certify(np.array([[0.5, 0.25], [0.25, 0.5]]), VOLTAGE)
>>> isinstance(found.claims[0], claims.claim.Claim), found.claims[0].holds(found.network.exact)
(True, True)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
