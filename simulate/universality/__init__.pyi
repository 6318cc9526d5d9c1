from .agreement import Agreement as Agreement, agreement as agreement
from .between_share import BetweenShare as BetweenShare, between_share as between_share
from .binomial import clopper_pearson as clopper_pearson
from .graph import TransitionGraph as TransitionGraph, transition_graph as transition_graph
from .matched_distance import MatchedDistance as MatchedDistance
from .morse import (
    MorseDistance as MorseDistance,
    flip_flop_polynomial as flip_flop_polynomial,
    morse_polynomial as morse_polynomial,
)
from .ordered_distance import OrderedDistance as OrderedDistance
from .permanova import Permanova as Permanova, permanova as permanova
from .perturbations import Perturbations as Perturbations, perturb_points as perturb_points
from .silhouette import Silhouette as Silhouette, silhouette as silhouette

__all__ = [
    "Agreement",
    "BetweenShare",
    "MatchedDistance",
    "MorseDistance",
    "OrderedDistance",
    "Permanova",
    "Perturbations",
    "Silhouette",
    "TransitionGraph",
    "agreement",
    "between_share",
    "clopper_pearson",
    "flip_flop_polynomial",
    "morse_polynomial",
    "permanova",
    "perturb_points",
    "silhouette",
    "transition_graph",
]
