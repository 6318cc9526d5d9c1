from . import descent as descent
from . import find as find
from . import pull as pull
from . import starts as starts
from . import static_map as static_map

__all__ = ["descent", "find", "pull", "starts", "static_map"]
