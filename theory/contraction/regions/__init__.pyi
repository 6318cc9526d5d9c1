from . import activation as activation
from . import autonomous as autonomous
from . import basin as basin
from . import basin_certificate as basin_certificate
from . import box as box
from . import box_claim as box_claim
from . import certify_basin as certify_basin
from . import constant_inputs as constant_inputs
from . import fixed_cube as fixed_cube
from . import fixed_points as fixed_points
from . import grown_box as grown_box
from . import growth as growth
from . import input_certificate as input_certificate
from . import outside as outside
from . import refutation as refutation
from . import two_basins as two_basins
from . import two_points as two_points
from . import unstable_point as unstable_point

__all__ = [
    "activation",
    "autonomous",
    "basin",
    "basin_certificate",
    "box",
    "box_claim",
    "certify_basin",
    "constant_inputs",
    "fixed_cube",
    "fixed_points",
    "grown_box",
    "growth",
    "input_certificate",
    "outside",
    "refutation",
    "two_basins",
    "two_points",
    "unstable_point",
]
