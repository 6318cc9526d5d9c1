from . import matching_terms as matching_terms
from . import saddles as saddles
from . import transport as transport
from .coupling import Coupling as Coupling, coupled as coupled, weight_coordinates as weight_coordinates
from .dynamics import (
    activity_operator as activity_operator,
    dynamics_apart as dynamics_apart,
    embedded_operator as embedded_operator,
    non_normality as non_normality,
    operator_coordinates as operator_coordinates,
    whitened_operator as whitened_operator,
)
from .fluctuations import (
    Dispersion as Dispersion,
    directions as directions,
    mixed_rows as mixed_rows,
    normal_rows as normal_rows,
)
from .influence import Influence as Influence
from .matched_weights import matched_distance as matched_distance
from .points import dispersed_points as dispersed_points, root_mean_square_apart as root_mean_square_apart
from .rotations import LeastDistance as LeastDistance, least_distance as least_distance
from .stopping import LossCrossing as LossCrossing, WholeEpochs as WholeEpochs

__all__ = [
    "Coupling",
    "Dispersion",
    "Influence",
    "LeastDistance",
    "LossCrossing",
    "WholeEpochs",
    "activity_operator",
    "coupled",
    "directions",
    "dispersed_points",
    "dynamics_apart",
    "embedded_operator",
    "least_distance",
    "matched_distance",
    "matching_terms",
    "mixed_rows",
    "non_normality",
    "normal_rows",
    "operator_coordinates",
    "root_mean_square_apart",
    "saddles",
    "transport",
    "weight_coordinates",
    "whitened_operator",
]
