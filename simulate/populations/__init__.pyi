from .activity import activity as activity
from .condition import Condition as Condition
from .degeneracy import Degeneracy as Degeneracy, Probing as Probing, degeneracy_of as degeneracy_of
from .population import Population as Population, train_population as train_population
from .weights import all_weights as all_weights, recurrent_weights as recurrent_weights

__all__ = [
    "Condition",
    "Degeneracy",
    "Population",
    "Probing",
    "activity",
    "all_weights",
    "degeneracy_of",
    "recurrent_weights",
    "train_population",
]
