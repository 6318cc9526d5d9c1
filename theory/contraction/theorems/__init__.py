"""Theorems 6 and 7: slowly varying slopes, and the rotation that no constant quadratic metric serves.

>>> from theory.contraction import theorems
>>> round(float(theorems.rotation.threshold()), 4)
2.8834
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
