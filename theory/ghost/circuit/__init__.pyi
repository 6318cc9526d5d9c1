from . import certify as certify
from . import crossing as crossing
from . import effective as effective
from . import latent_circuit as latent_circuit
from . import normal_form as normal_form
from . import passage as passage
from . import reduction as reduction
from . import roots as roots

__all__ = [
    "certify",
    "crossing",
    "effective",
    "latent_circuit",
    "normal_form",
    "passage",
    "reduction",
    "roots",
]
