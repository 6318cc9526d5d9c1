from . import parametrise as parametrise
from .adversary import worst_slopes as worst_slopes
from .classify import Classification as Classification, classify as classify
from .combo import (
    ComboNet as ComboNet,
    draw_singular_modules as draw_singular_modules,
    draw_sparse_modules as draw_sparse_modules,
    joined as joined,
)
from .form import RATE as RATE, VOLTAGE as VOLTAGE
from .inputs import Constant as Constant, RandomSinusoids as RandomSinusoids
from .metric import Dense as Dense, euclidean as euclidean
from .network import Assembly as Assembly, RecurrentNetwork as RecurrentNetwork
from .pairs import euler_distances as euler_distances, flow_distances as flow_distances
from .switching_search import SwitchingSearch as SwitchingSearch

__all__ = [
    "Assembly",
    "Classification",
    "ComboNet",
    "Constant",
    "Dense",
    "RATE",
    "RandomSinusoids",
    "RecurrentNetwork",
    "SwitchingSearch",
    "VOLTAGE",
    "classify",
    "draw_singular_modules",
    "draw_sparse_modules",
    "euclidean",
    "euler_distances",
    "flow_distances",
    "joined",
    "parametrise",
    "worst_slopes",
]
