from .cell import Cell as Cell
from .full_rank import FullRank as FullRank
from .gru import GRU as GRU
from .low_rank import Connectivity as Connectivity, LowRank as LowRank
from .low_rank_latent import by_latent_state as by_latent_state
from .lstm import LSTM as LSTM
from .maximal_update import MaximalUpdate as MaximalUpdate
from .nonlinearity import (
    ERF as ERF,
    LINEAR as LINEAR,
    Nonlinearity as Nonlinearity,
    RELU as RELU,
    SOFTPLUS as SOFTPLUS,
    TANH as TANH,
    steepened as steepened,
)
from .pytorch import from_state_dict as from_state_dict, to_state_dict as to_state_dict
from .rank_one import RankOne as RankOne
from .rank_r import RankR as RankR
from .symmetry import Monomial as Monomial, Symmetry as Symmetry
from .ugrnn import UGRNN as UGRNN
from .uniform_weights import UniformWeights as UniformWeights
from .vanilla import Vanilla as Vanilla

__all__ = [
    "Cell",
    "Connectivity",
    "ERF",
    "FullRank",
    "GRU",
    "LINEAR",
    "LSTM",
    "LowRank",
    "MaximalUpdate",
    "Monomial",
    "Nonlinearity",
    "RELU",
    "RankOne",
    "RankR",
    "SOFTPLUS",
    "Symmetry",
    "TANH",
    "UGRNN",
    "UniformWeights",
    "Vanilla",
    "by_latent_state",
    "from_state_dict",
    "steepened",
    "to_state_dict",
]
