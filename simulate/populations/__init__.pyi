from .activity import activity as activity
from .condition import Condition as Condition
from .degeneracy import Degeneracy as Degeneracy, Probing as Probing, degeneracy_of as degeneracy_of
from .population import Population as Population, train_population as train_population

__all__ = [
    "Condition",
    "Degeneracy",
    "Population",
    "Probing",
    "activity",
    "degeneracy_of",
    "train_population",
]
