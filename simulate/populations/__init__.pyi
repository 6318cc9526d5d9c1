from .activity import activity as activity
from .condition import TrainingCondition as TrainingCondition
from .degeneracy import Degeneracy as Degeneracy, Probing as Probing, degeneracy_of as degeneracy_of
from .population import TrainedPopulation as TrainedPopulation, train_population as train_population

__all__ = [
    "TrainingCondition",
    "Degeneracy",
    "TrainedPopulation",
    "Probing",
    "activity",
    "degeneracy_of",
    "train_population",
]
