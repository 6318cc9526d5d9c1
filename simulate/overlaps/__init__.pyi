from .closure import Closure as Closure, closure_of as closure_of, rule_step as rule_step
from .draw import draw_exact as draw_exact, draw_on_average as draw_on_average
from .flow import overlap_flow as overlap_flow
from .gram_matrix import random_gram as random_gram, square_root as square_root
from .infinite_width import SobolNodes as SobolNodes, TensorNodes as TensorNodes, infinite_width as infinite_width
from .infinite_width_error import learn_infinite_width as learn_infinite_width
from .levels import FiniteNetwork as FiniteNetwork, InfiniteWidth as InfiniteWidth, ReducedTheory as ReducedTheory

__all__ = [
    "Closure",
    "FiniteNetwork",
    "InfiniteWidth",
    "ReducedTheory",
    "SobolNodes",
    "TensorNodes",
    "closure_of",
    "draw_exact",
    "draw_on_average",
    "infinite_width",
    "learn_infinite_width",
    "overlap_flow",
    "random_gram",
    "rule_step",
    "square_root",
]
