from . import assembly as assembly
from . import certificate as certificate
from . import euler as euler

__all__ = [
    "assembly",
    "certificate",
    "euler",
]
