from .agreement import Agreement as Agreement, agreement as agreement
from .binomial import clopper_pearson as clopper_pearson
from .branches import Branches as Branches, follow_branches as follow_branches
from .following import Arrival as Arrival, follow as follow
from .graph import TransitionGraph as TransitionGraph, transition_graph as transition_graph
from .matched_distance import MatchedDistance as MatchedDistance
from .morse import (
    MorseDistance as MorseDistance,
    flip_flop_polynomial as flip_flop_polynomial,
    morse_polynomial as morse_polynomial,
)
from .ordered_distance import OrderedDistance as OrderedDistance
from .perturbations import Perturbations as Perturbations, perturb_points as perturb_points

__all__ = [
    "Agreement",
    "Arrival",
    "Branches",
    "MatchedDistance",
    "MorseDistance",
    "OrderedDistance",
    "Perturbations",
    "TransitionGraph",
    "agreement",
    "clopper_pearson",
    "flip_flop_polynomial",
    "follow",
    "follow_branches",
    "morse_polynomial",
    "perturb_points",
    "transition_graph",
]
