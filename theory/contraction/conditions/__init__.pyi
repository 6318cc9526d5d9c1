from . import absolute as absolute
from . import centre_norm as centre_norm
from . import condition as condition
from . import inclusion as inclusion
from . import metzler as metzler
from . import multiplier as multiplier
from . import product as product
from . import ranged_multiplier as ranged_multiplier
from . import registry as registry
from . import scaled_symmetric as scaled_symmetric
from . import singular as singular
from . import step_absolute as step_absolute
from . import step_bound as step_bound
from . import step_condition as step_condition
from . import step_diagonal as step_diagonal
from . import step_inclusion as step_inclusion
from . import step_multiplier as step_multiplier
from . import step_norms as step_norms
from . import step_registry as step_registry
from . import step_vertex as step_vertex
from . import symmetric as symmetric
from . import triangular as triangular
from . import vertex as vertex
from . import weighted_norms as weighted_norms

__all__ = [
    "absolute",
    "centre_norm",
    "condition",
    "inclusion",
    "metzler",
    "multiplier",
    "product",
    "ranged_multiplier",
    "registry",
    "scaled_symmetric",
    "singular",
    "step_absolute",
    "step_bound",
    "step_condition",
    "step_diagonal",
    "step_inclusion",
    "step_multiplier",
    "step_norms",
    "step_registry",
    "step_vertex",
    "symmetric",
    "triangular",
    "vertex",
    "weighted_norms",
]
