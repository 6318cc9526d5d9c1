from .dsa import DSA as DSA
from .jackknife import MeanOverPairs as MeanOverPairs, jackknife as jackknife
from .measure import Distance as Distance
from .operator import Operator as Operator
from .orthogonal import OperatorDistance as OperatorDistance
from .pairwise import Pairs as Pairs, pairwise as pairwise

__all__ = [
    "DSA",
    "Distance",
    "MeanOverPairs",
    "Operator",
    "OperatorDistance",
    "Pairs",
    "jackknife",
    "pairwise",
]
