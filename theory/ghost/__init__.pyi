from . import circuit as circuit
from . import descent as descent
from . import toy as toy
from .circuit.crossing import predict_crossing as predict_crossing
from .circuit.effective import effective_toy_model as effective_toy_model
from .circuit.latent_circuit import LatentCircuit as LatentCircuit
from .descent.capture import capture_certificate as capture_certificate, failure_ratio as failure_ratio
from .descent.captured_fraction import captured_fraction as captured_fraction
from .descent.catalogue import attracting_cycles as attracting_cycles
from .descent.error_floor import error_floor as error_floor
from .descent.plateau import plateau_length as plateau_length
from .descent.safety import safety_proof as safety_proof
from .descent.training_map import Window as Window
from .toy.toy_model import ToyModel as ToyModel

__all__ = [
    "LatentCircuit",
    "ToyModel",
    "Window",
    "attracting_cycles",
    "capture_certificate",
    "captured_fraction",
    "circuit",
    "descent",
    "effective_toy_model",
    "error_floor",
    "failure_ratio",
    "plateau_length",
    "predict_crossing",
    "safety_proof",
    "toy",
]
