"""The toy model x' = x^2 + r: trajectory, loss and gradient from the ODE, and what finite settings do to them.

Start with `step_output`, where everything follows from the differential equation.

>>> from theory.ghost import toy
>>> toy.step_output.optimal_r(), toy.step_output.point_of_no_return()
(pi**2/(4*T**2), pi**2/(4*(T + T_r)**2))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
