"""Learning in overlap space: the learning of a low-rank network as equations for the overlaps of its vectors.

A network of N neurons has the connectivity theta = [m u v z]: input, connectivity, selection and readout vectors. Its
overlaps are Sigma = theta^T theta / N. `OverlapTheory` holds all equations of a `Shape` and a nonlinearity (`LINEAR`,
`ERF`, `TANH`, `RELU`, or your own formula as `Smooth`); `count_invariants` counts what learning cannot change;
`ImpulseLoss` has loss and gradient of linear networks that answer an impulse. The derivation is in five rooms:
`equations`, `conserved`, `impulse`, `closure` and `memory`.

>>> from theory.overlaps import LINEAR, OverlapTheory, Shape, count_invariants
>>> len(OverlapTheory(Shape(rank=2)).visible)
9
>>> count_invariants(Shape(rank=2), LINEAR).invariants
9
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
