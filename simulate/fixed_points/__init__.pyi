from .continuum import Continuum as Continuum, walk_continua as walk_continua
from .linearisation import Linearisation as Linearisation, linearise as linearise
from .point_search import PointSearch as PointSearch, search_points as search_points
from .unseen import Unseen as Unseen, unseen as unseen

__all__ = [
    "Continuum",
    "Linearisation",
    "PointSearch",
    "Unseen",
    "linearise",
    "search_points",
    "unseen",
    "walk_continua",
]
