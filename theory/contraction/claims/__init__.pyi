from . import absolute_weights as absolute_weights
from . import claim as claim
from . import euler_step as euler_step
from . import fixed_slopes as fixed_slopes
from . import majorant as majorant
from . import multiplier as multiplier
from . import no_multiplier as no_multiplier
from . import no_multiplier_step as no_multiplier_step
from . import no_quadratic as no_quadratic
from . import no_quadratic_step as no_quadratic_step
from . import polytope as polytope
from . import slope_sequence as slope_sequence
from . import slopes as slopes
from . import step_absolute as step_absolute
from . import step_claim as step_claim
from . import step_majorant as step_majorant
from . import step_multiplier as step_multiplier
from . import step_norm as step_norm
from . import step_vertices as step_vertices
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
    "no_multiplier_step",
    "no_quadratic",
    "no_quadratic_step",
    "polytope",
    "slope_sequence",
    "slopes",
    "step_absolute",
    "step_claim",
    "step_majorant",
    "step_multiplier",
    "step_norm",
    "step_vertices",
    "switching",
    "vertices",
    "weighted_norm",
]
