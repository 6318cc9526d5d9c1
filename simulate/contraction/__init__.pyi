from . import parametrise as parametrise
from .adversary import worst_slopes as worst_slopes
from .classify import (
    Classification as Classification,
)
from .classify import (
    classify as classify,
)
from .combo import (
    ComboNet as ComboNet,
)
from .combo import (
    draw_singular_modules as draw_singular_modules,
)
from .combo import (
    draw_sparse_modules as draw_sparse_modules,
)
from .combo import (
    joined as joined,
)
from .form import (
    RATE as RATE,
)
from .form import (
    VOLTAGE as VOLTAGE,
)
from .inputs import (
    Constant as Constant,
)
from .inputs import (
    RandomSinusoids as RandomSinusoids,
)
from .metric import (
    Dense as Dense,
)
from .metric import (
    euclidean as euclidean,
)
from .network import (
    Assembly as Assembly,
)
from .network import (
    RecurrentNetwork as RecurrentNetwork,
)
from .pairs import (
    euler_distances as euler_distances,
)
from .pairs import (
    flow_distances as flow_distances,
)
from .switching_search import SwitchingSearch as SwitchingSearch

__all__ = [
    "RATE",
    "VOLTAGE",
    "Assembly",
    "Classification",
    "ComboNet",
    "Constant",
    "Dense",
    "RandomSinusoids",
    "RecurrentNetwork",
    "SwitchingSearch",
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
