from . import capture as capture
from . import captured_fraction as captured_fraction
from . import catalogue as catalogue
from . import cycles as cycles
from . import epochs as epochs
from . import error_floor as error_floor
from . import errors as errors
from . import itinerary as itinerary
from . import plateau as plateau
from . import safety as safety
from . import training_map as training_map

__all__ = [
    "capture",
    "captured_fraction",
    "catalogue",
    "cycles",
    "epochs",
    "error_floor",
    "errors",
    "itinerary",
    "plateau",
    "safety",
    "training_map",
]
