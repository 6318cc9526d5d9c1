from .cell import Cell as Cell
from .low_rank import Connectivity as Connectivity, LowRank as LowRank
from .low_rank_latent import by_latent_state as by_latent_state
from .nonlinearity import (
    ERF as ERF,
    LINEAR as LINEAR,
    Nonlinearity as Nonlinearity,
    RELU as RELU,
    SOFTPLUS as SOFTPLUS,
    TANH as TANH,
    steepened as steepened,
)
from .rank_one import RankOne as RankOne
from .rank_r import RankR as RankR
from .vanilla import UniformWeights as UniformWeights, Vanilla as Vanilla

__all__ = [
    "Cell",
    "Connectivity",
    "ERF",
    "LINEAR",
    "LowRank",
    "Nonlinearity",
    "RELU",
    "RankOne",
    "RankR",
    "SOFTPLUS",
    "TANH",
    "UniformWeights",
    "Vanilla",
    "by_latent_state",
    "steepened",
]
