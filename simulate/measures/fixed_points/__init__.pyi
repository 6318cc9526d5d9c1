from . import descent as descent
from . import find as find
from . import starts as starts
from . import static_map as static_map

__all__ = ["descent", "find", "starts", "static_map"]
