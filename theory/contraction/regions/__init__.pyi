from . import activation as activation
from . import autonomous as autonomous
from . import basin as basin
from . import basin_certificate as basin_certificate
from . import certify_basin as certify_basin
from . import fixed_points as fixed_points
from . import growth as growth
from . import outside as outside

__all__ = [
    "activation",
    "autonomous",
    "basin",
    "basin_certificate",
    "certify_basin",
    "fixed_points",
    "growth",
    "outside",
]
