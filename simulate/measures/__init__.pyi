from .blocks import Block as Block, Side as Side
from .cell_blocks import all_weights as all_weights
from .dsa import DSA as DSA
from .eigenvalues import EigenvalueDistance as EigenvalueDistance
from .embedding import bootstrap_ellipses as bootstrap_ellipses, embed as embed
from .estimate import PopulationEstimate as PopulationEstimate
from .fixed_points.find import find_fixed_points as find_fixed_points
from .fixed_points.starts import visited_states as visited_states
from .learning import kernel_alignment as kernel_alignment, weight_change as weight_change
from .linear_cka import LinearCKA as LinearCKA
from .measure import Distance as Distance
from .nulls import against_halves as against_halves, split_trials as split_trials
from .orthogonal import OperatorAngle as OperatorAngle, OperatorDistance as OperatorDistance
from .pairwise import pairwise as pairwise
from .procrustes import Procrustes as Procrustes
from .svcca import SVCCA as SVCCA
from .trend import trend as trend
from .weights import WeightsUpTo as WeightsUpTo, shuffled as shuffled

__all__ = [
    "Block",
    "DSA",
    "Distance",
    "EigenvalueDistance",
    "LinearCKA",
    "OperatorAngle",
    "OperatorDistance",
    "PopulationEstimate",
    "Procrustes",
    "SVCCA",
    "Side",
    "WeightsUpTo",
    "against_halves",
    "all_weights",
    "bootstrap_ellipses",
    "embed",
    "find_fixed_points",
    "kernel_alignment",
    "pairwise",
    "shuffled",
    "split_trials",
    "trend",
    "visited_states",
    "weight_change",
]
