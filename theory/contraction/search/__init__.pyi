from . import angles as angles
from . import balanced_units as balanced_units
from . import boundary_dual as boundary_dual
from . import central_path as central_path
from . import column_weights as column_weights
from . import components as components
from . import euler_lmi as euler_lmi
from . import frequency_dual as frequency_dual
from . import instability as instability
from . import invariant as invariant
from . import irreducible as irreducible
from . import memo as memo
from . import multiplier_lmi as multiplier_lmi
from . import parabola as parabola
from . import parabola_dual as parabola_dual
from . import polygon as polygon
from . import polytope as polytope
from . import revolution as revolution
from . import riccati as riccati
from . import scaled_multiplier as scaled_multiplier
from . import scaled_norm as scaled_norm
from . import switching as switching
from . import vertex_dual as vertex_dual
from . import vertex_lmi as vertex_lmi

__all__ = [
    "angles",
    "balanced_units",
    "boundary_dual",
    "central_path",
    "column_weights",
    "components",
    "euler_lmi",
    "frequency_dual",
    "instability",
    "invariant",
    "irreducible",
    "memo",
    "multiplier_lmi",
    "parabola",
    "parabola_dual",
    "polygon",
    "polytope",
    "revolution",
    "riccati",
    "scaled_multiplier",
    "scaled_norm",
    "switching",
    "vertex_dual",
    "vertex_lmi",
]
