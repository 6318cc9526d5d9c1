from .cells import gru as gru, lstm as lstm, rate as rate, ugrnn as ugrnn, vanilla as vanilla
from .krawczyk import ProvedPoint as ProvedPoint, prove_point as prove_point

__all__ = [
    "ProvedPoint",
    "gru",
    "lstm",
    "prove_point",
    "rate",
    "ugrnn",
    "vanilla",
]
