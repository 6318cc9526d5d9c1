from . import charts as charts
from . import confidence as confidence
from . import euler as euler
from . import finite_threshold as finite_threshold
from . import flip as flip
from . import no_learning as no_learning
from . import output as output
from . import panels as panels
from . import step_output as step_output
from . import toy_model as toy_model

__all__ = [
    "charts",
    "confidence",
    "euler",
    "finite_threshold",
    "flip",
    "no_learning",
    "output",
    "panels",
    "step_output",
    "toy_model",
]
