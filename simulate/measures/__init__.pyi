from .assignment import AssignmentSearch as AssignmentSearch
from .behaviour import LossSpread as LossSpread, loss_spread as loss_spread
from .blocks import Block as Block, Side as Side
from .cell_blocks import all_weights as all_weights
from .dsa import DSA as DSA
from .jackknife import MeanOverPairs as MeanOverPairs, jackknife as jackknife
from .learning import (
    KernelAlignment as KernelAlignment,
    WeightChange as WeightChange,
    kernel_alignment as kernel_alignment,
    weight_change as weight_change,
)
from .linear_cka import LinearCKA as LinearCKA
from .measure import Distance as Distance
from .operator import Operator as Operator
from .orthogonal import OperatorDistance as OperatorDistance
from .pairwise import Pairs as Pairs, pairwise as pairwise
from .procrustes import Procrustes as Procrustes
from .svcca import SVCCA as SVCCA
from .weights import WeightDistance as WeightDistance, WeightsUpTo as WeightsUpTo, shuffled as shuffled

__all__ = [
    "AssignmentSearch",
    "Block",
    "DSA",
    "Distance",
    "KernelAlignment",
    "LinearCKA",
    "LossSpread",
    "MeanOverPairs",
    "Operator",
    "OperatorDistance",
    "Pairs",
    "Procrustes",
    "SVCCA",
    "Side",
    "WeightChange",
    "WeightDistance",
    "WeightsUpTo",
    "all_weights",
    "jackknife",
    "kernel_alignment",
    "loss_spread",
    "pairwise",
    "shuffled",
    "weight_change",
]
