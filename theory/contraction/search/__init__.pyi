from . import angles as angles
from . import balanced_units as balanced_units
from . import boundary_dual as boundary_dual
from . import central_path as central_path
from . import column_weights as column_weights
from . import components as components
from . import conic as conic
from . import conic_dual as conic_dual
from . import euler_lmi as euler_lmi
from . import filters as filters
from . import frequency_dual as frequency_dual
from . import growing_form as growing_form
from . import instability as instability
from . import invariant as invariant
from . import irreducible as irreducible
from . import leaky as leaky
from . import memo as memo
from . import mixed_leaks as mixed_leaks
from . import multiplier_lmi as multiplier_lmi
from . import numerical_range as numerical_range
from . import polygon as polygon
from . import polytope as polytope
from . import rates as rates
from . import revolution as revolution
from . import riccati as riccati
from . import scaled_multiplier as scaled_multiplier
from . import scaled_norm as scaled_norm
from . import scaled_step as scaled_step
from . import slope_interval as slope_interval
from . import slope_sequences as slope_sequences
from . import smallest_conic as smallest_conic
from . import smallest_step as smallest_step
from . import step_dual as step_dual
from . import step_riccati as step_riccati
from . import switching as switching
from . import unequal as unequal
from . import vertex_dual as vertex_dual
from . import vertex_lmi as vertex_lmi

__all__ = [
    "angles",
    "balanced_units",
    "boundary_dual",
    "central_path",
    "column_weights",
    "components",
    "conic",
    "conic_dual",
    "euler_lmi",
    "filters",
    "frequency_dual",
    "growing_form",
    "instability",
    "invariant",
    "irreducible",
    "leaky",
    "memo",
    "mixed_leaks",
    "multiplier_lmi",
    "numerical_range",
    "polygon",
    "polytope",
    "rates",
    "revolution",
    "riccati",
    "scaled_multiplier",
    "scaled_norm",
    "scaled_step",
    "slope_interval",
    "slope_sequences",
    "smallest_conic",
    "smallest_step",
    "step_dual",
    "step_riccati",
    "switching",
    "unequal",
    "vertex_dual",
    "vertex_lmi",
]
