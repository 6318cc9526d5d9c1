"""Conditions on the weights, one file each: what is asked, the metric and the rate it yields, its proof, its limits.

>>> from theory.contraction import conditions
>>> [condition.name for condition in conditions.registry.CONDITIONS]
['theorem 4', 'theorem 1', 'theorem 2', 'theorem 3', 'theorem 5', 'multiplier', 'vertices', 'norm 1', 'norm inf']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
