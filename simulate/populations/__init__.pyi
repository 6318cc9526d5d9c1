from .activity import activity as activity
from .condition import TrainingCondition as TrainingCondition
from .degeneracy import Degeneracy as Degeneracy, Probing as Probing, degeneracy_of as degeneracy_of
from .jobs import (
    MeasureJob as MeasureJob,
    MeasuredPopulation as MeasuredPopulation,
    TrainJob as TrainJob,
    measured_degeneracy as measured_degeneracy,
    trained_population as trained_population,
)
from .population import TrainedPopulation as TrainedPopulation, train_population as train_population

__all__ = [
    "TrainingCondition",
    "Degeneracy",
    "TrainedPopulation",
    "MeasureJob",
    "MeasuredPopulation",
    "Probing",
    "TrainJob",
    "activity",
    "degeneracy_of",
    "measured_degeneracy",
    "train_population",
    "trained_population",
]
