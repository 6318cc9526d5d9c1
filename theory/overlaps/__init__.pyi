from . import closure as closure
from . import conserved as conserved
from . import equations as equations
from . import impulse as impulse
from . import memory as memory
from .conserved.counting import count_invariants as count_invariants
from .equations.shape import Shape as Shape
from .gaussian import (
    ERF as ERF,
)
from .gaussian import (
    LINEAR as LINEAR,
)
from .gaussian import (
    RELU as RELU,
)
from .gaussian import (
    TANH as TANH,
)
from .gaussian import (
    Smooth as Smooth,
)
from .impulse.gramian import (
    ImpulseLoss as ImpulseLoss,
)
from .impulse.gramian import (
    exponential_target as exponential_target,
)
from .impulse.gramian import (
    oscillator_target as oscillator_target,
)
from .overlap_theory import OverlapTheory as OverlapTheory

__all__ = [
    "ERF",
    "LINEAR",
    "RELU",
    "TANH",
    "ImpulseLoss",
    "OverlapTheory",
    "Shape",
    "Smooth",
    "closure",
    "conserved",
    "count_invariants",
    "equations",
    "exponential_target",
    "impulse",
    "memory",
    "oscillator_target",
]
