from . import contracting as contracting
from . import multiplier as multiplier
from . import orthogonal as orthogonal
from . import product as product
from . import singular as singular
from . import sparse as sparse

__all__ = [
    "contracting",
    "multiplier",
    "orthogonal",
    "product",
    "singular",
    "sparse",
]
