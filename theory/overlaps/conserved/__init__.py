"""What gradient descent on a low-rank network cannot change, and what breaks such laws.

Start with `invariants`, matrices B with theta B theta^T constant.

>>> from theory.overlaps import Shape, conserved
>>> import sympy
>>> conserved.invariants.spectral_invariant(sympy.diag(1, 1, -1, -1), Shape().sigma, 1)
mm + uu - vv - zz
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
