from .cell import Cell as Cell
from .low_rank import (
    Connectivity as Connectivity,
)
from .low_rank import (
    LowRank as LowRank,
)
from .low_rank_latent import by_latent_state as by_latent_state
from .nonlinearity import (
    ERF as ERF,
)
from .nonlinearity import (
    LINEAR as LINEAR,
)
from .nonlinearity import (
    RELU as RELU,
)
from .nonlinearity import (
    TANH as TANH,
)
from .nonlinearity import (
    Nonlinearity as Nonlinearity,
)
from .rank_one import RankOne as RankOne
from .rank_r import RankR as RankR

__all__ = [
    "ERF",
    "LINEAR",
    "RELU",
    "TANH",
    "Cell",
    "Connectivity",
    "LowRank",
    "Nonlinearity",
    "RankOne",
    "RankR",
    "by_latent_state",
]
