from . import forgetting as forgetting
from . import holonomy as holonomy
from . import loop as loop
from . import rank_one as rank_one
from . import weight_noise as weight_noise

__all__ = [
    "forgetting",
    "holonomy",
    "loop",
    "rank_one",
    "weight_noise",
]
