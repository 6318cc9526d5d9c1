from . import assembly as assembly
from . import claims as claims
from . import conditions as conditions
from . import exact_matrix as exact_matrix
from . import gated as gated
from . import lure as lure
from . import regions as regions
from . import search as search
from . import theorems as theorems
from .assembly.assembly import assemble as assemble, module as module
from .assembly.certificate import certify_assembly as certify_assembly
from .certificate import Certificate as Certificate
from .certify import as_multiplier as as_multiplier, certify as certify
from .form import DISCRETE as DISCRETE, DISCRETE_VOLTAGE as DISCRETE_VOLTAGE, RATE as RATE, VOLTAGE as VOLTAGE
from .gain import largest_gain as largest_gain
from .network import Network as Network, network as network
from .slope_range import SlopeRange as SlopeRange
from .verdict import Verdict as Verdict

__all__ = [
    "Certificate",
    "DISCRETE",
    "DISCRETE_VOLTAGE",
    "Network",
    "RATE",
    "SlopeRange",
    "VOLTAGE",
    "Verdict",
    "as_multiplier",
    "assemble",
    "assembly",
    "certify",
    "certify_assembly",
    "claims",
    "conditions",
    "exact_matrix",
    "gated",
    "largest_gain",
    "lure",
    "module",
    "network",
    "regions",
    "search",
    "theorems",
]
