"""Linear low-rank networks that answer an impulse: losses in closed form, critical points, plateaus.

Start with `filter`, rank one in closed form, or `gramian`, any rank.

>>> from theory.overlaps import impulse
>>> impulse.filter.impulse_response()
p*t*expdiff(-t, t*(vu - 1)) + zm*exp(-t)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
