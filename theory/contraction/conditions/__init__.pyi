from . import absolute as absolute
from . import condition as condition
from . import metzler as metzler
from . import multiplier as multiplier
from . import product as product
from . import registry as registry
from . import scaled_symmetric as scaled_symmetric
from . import singular as singular
from . import symmetric as symmetric
from . import triangular as triangular
from . import vertex as vertex
from . import weighted_norms as weighted_norms

__all__ = [
    "absolute",
    "condition",
    "metzler",
    "multiplier",
    "product",
    "registry",
    "scaled_symmetric",
    "singular",
    "symmetric",
    "triangular",
    "vertex",
    "weighted_norms",
]
