from . import absolute_weights as absolute_weights
from . import claim as claim
from . import euler_step as euler_step
from . import fixed_slopes as fixed_slopes
from . import majorant as majorant
from . import multiplier as multiplier
from . import no_multiplier as no_multiplier
from . import no_quadratic as no_quadratic
from . import polytope as polytope
from . import slopes as slopes
from . import switching as switching
from . import vertices as vertices
from . import weighted_norm as weighted_norm

__all__ = [
    "absolute_weights",
    "claim",
    "euler_step",
    "fixed_slopes",
    "majorant",
    "multiplier",
    "no_multiplier",
    "no_quadratic",
    "polytope",
    "slopes",
    "switching",
    "vertices",
    "weighted_norm",
]
