from . import closure as closure
from . import conserved as conserved
from . import equations as equations
from . import impulse as impulse
from . import memory as memory
from .conserved.counting import count_invariants as count_invariants
from .conserved.kept import kept_by_network as kept_by_network
from .equations.shape import Shape as Shape
from .gaussian import ERF as ERF, LINEAR as LINEAR, RELU as RELU, Smooth as Smooth, TANH as TANH
from .impulse.gramian import (
    ImpulseLoss as ImpulseLoss,
    exponential_target as exponential_target,
    oscillator_target as oscillator_target,
)
from .overlap_theory import OverlapTheory as OverlapTheory

__all__ = [
    "ERF",
    "ImpulseLoss",
    "LINEAR",
    "OverlapTheory",
    "RELU",
    "Shape",
    "Smooth",
    "TANH",
    "closure",
    "conserved",
    "count_invariants",
    "equations",
    "exponential_target",
    "impulse",
    "kept_by_network",
    "memory",
    "oscillator_target",
]
