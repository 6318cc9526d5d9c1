from . import rotation as rotation
from . import slow_slopes as slow_slopes

__all__ = [
    "rotation",
    "slow_slopes",
]
