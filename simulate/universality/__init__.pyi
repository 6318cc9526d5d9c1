from .agreement import Agreement as Agreement, agreement as agreement
from .binomial import clopper_pearson as clopper_pearson
from .branches import Branches as Branches, follow_branches as follow_branches
from .following import Arrival as Arrival, follow as follow
from .graph import TransitionGraph as TransitionGraph, transition_graph as transition_graph
from .perturbations import Perturbations as Perturbations, perturb_points as perturb_points

__all__ = [
    "Agreement",
    "Arrival",
    "Branches",
    "Perturbations",
    "TransitionGraph",
    "agreement",
    "clopper_pearson",
    "follow",
    "follow_branches",
    "perturb_points",
    "transition_graph",
]
