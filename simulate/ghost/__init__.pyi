from . import toy_euler as toy_euler
from . import toy_model as toy_model
from .descent import descend as descend
from .gradient import rank_one_gradient as rank_one_gradient
from .initial import (
    GaussianBias as GaussianBias,
    RankRZeroBias as RankRZeroBias,
    ZeroBias as ZeroBias,
    draw_networks as draw_networks,
)
from .population import Experiment as Experiment, population as population, recover as recover

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
