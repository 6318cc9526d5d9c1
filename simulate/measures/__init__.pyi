from .annealing import Annealing as Annealing
from .assignment import AssignmentSearch as AssignmentSearch
from .blocks import Block as Block, Side as Side
from .dsa import DSA as DSA
from .jackknife import MeanOverPairs as MeanOverPairs, jackknife as jackknife
from .measure import Distance as Distance
from .operator import Operator as Operator
from .orthogonal import OperatorDistance as OperatorDistance
from .pairwise import Pairs as Pairs, pairwise as pairwise
from .weights import WeightDistance as WeightDistance, WeightsUpTo as WeightsUpTo, shuffled as shuffled

__all__ = [
    "Annealing",
    "AssignmentSearch",
    "Block",
    "DSA",
    "Distance",
    "MeanOverPairs",
    "Operator",
    "OperatorDistance",
    "Pairs",
    "Side",
    "WeightDistance",
    "WeightsUpTo",
    "jackknife",
    "pairwise",
    "shuffled",
]
