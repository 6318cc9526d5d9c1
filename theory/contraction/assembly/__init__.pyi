from . import assembly as assembly
from . import certificate as certificate
from . import euler as euler
from . import links as links

__all__ = [
    "assembly",
    "certificate",
    "euler",
    "links",
]
