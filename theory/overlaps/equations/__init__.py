"""The equations of the overlaps, from one neuron's row to flow, map, and what is visible.

Start with `row`, one neuron's row of theta, then `gram`, the flow of the overlaps.

>>> from theory.overlaps import LINEAR, Shape, equations
>>> equations.row.row(Shape())
(m_i, u_i, v_i, z_i)
>>> equations.visible.visible_overlaps(Shape(), LINEAR)
(vm, zm, vu, zu)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
