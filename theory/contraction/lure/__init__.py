"""Lur'e systems, x <- A x + B phi(C x) + E u or x' = ...: contraction, and the incremental gain from u to F x.

>>> import numpy as np
>>> from theory.contraction import lure
>>> turn = np.array([[0.0, -1.0], [1.0, 0.0]])
>>> system = lure.system.lure(-np.eye(2), turn, np.eye(2), discrete=False)
>>> lure.decide.certify(system).verdict.word
'contracting'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
