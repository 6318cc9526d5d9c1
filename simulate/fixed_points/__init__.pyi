from .branches import Branches as Branches, follow_branches as follow_branches
from .continuum import Continuum as Continuum, walk_continua as walk_continua
from .following import Arrival as Arrival, follow as follow
from .linearisation import Linearisation as Linearisation, linearise as linearise
from .point_search import PointSearch as PointSearch, search_points as search_points
from .unseen import Unseen as Unseen, unseen as unseen

__all__ = [
    "Arrival",
    "Branches",
    "Continuum",
    "Linearisation",
    "PointSearch",
    "Unseen",
    "follow",
    "follow_branches",
    "linearise",
    "search_points",
    "unseen",
    "walk_continua",
]
