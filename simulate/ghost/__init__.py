"""The ghost mechanism, simulated: populations of rank-one networks, and the toy model integrated.

`population` trains the networks of an `Experiment` and says which of them learned and which are stuck; `recover` trains
the stuck ones further at a lower confidence. `toy_model` integrates x' = x^2 + r adaptively, `toy_euler` by the paper's
Euler scheme.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from simulate.ghost import toy_model
>>> f"{float(toy_model.escape_time(0.25, threshold=float('inf'), longest=10.0).time):.6f}"  # pi / (2 sqrt(r))
'3.141593'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
