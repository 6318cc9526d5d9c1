"""The ghost mechanism: why a network learns abruptly without a bifurcation, and past which rate it never learns.

What a user asks stands here: the toy model x' = x^2 + r and gradient descent on it (`ToyModel`, `plateau_length`,
`error_floor`, `captured_fraction`, `failure_ratio`), and a rank-one network of one's own (`LatentCircuit`,
`predict_crossing`, `effective_toy_model`). Who follows the derivation finds it in three rooms: `toy` (the model, its
loss and gradient), `descent` (gradient descent as a map), `circuit` (a rank-one network as a toy model).

>>> from theory.ghost import ToyModel, plateau_length
>>> model = ToyModel(delay=100.0)
>>> f"{model.critical_learning_rate:.4g}"
'9.132e-10'
>>> round(plateau_length(start=10.0, a=0.1).epochs)
1683
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
