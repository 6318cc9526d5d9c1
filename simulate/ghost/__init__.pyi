from . import toy_euler as toy_euler
from . import toy_model as toy_model
from .descent import descend as descend
from .gradient import rank_one_gradient as rank_one_gradient
from .initial import (
    GaussianBias as GaussianBias,
)
from .initial import (
    RankRZeroBias as RankRZeroBias,
)
from .initial import (
    ZeroBias as ZeroBias,
)
from .initial import (
    draw_networks as draw_networks,
)
from .population import (
    Experiment as Experiment,
)
from .population import (
    population as population,
)
from .population import (
    recover as recover,
)

__all__ = [
    "Experiment",
    "GaussianBias",
    "RankRZeroBias",
    "ZeroBias",
    "descend",
    "draw_networks",
    "population",
    "rank_one_gradient",
    "recover",
    "toy_euler",
    "toy_model",
]
