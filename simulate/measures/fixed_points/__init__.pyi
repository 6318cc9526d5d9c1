from .find import FixedPoints as FixedPoints, find_fixed_points as find_fixed_points
from .starts import visited_states as visited_states
from .static_map import StaticMap as StaticMap

__all__ = ["FixedPoints", "StaticMap", "find_fixed_points", "visited_states"]
