from .across import (
    AcrossJob as AcrossJob,
    DistancesAcross as DistancesAcross,
    distances_across as distances_across,
    measured_across as measured_across,
)
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
from .rate import seconds_an_update as seconds_an_update

__all__ = [
    "AcrossJob",
    "Degeneracy",
    "DistancesAcross",
    "MeasureJob",
    "MeasuredPopulation",
    "Probing",
    "TrainJob",
    "TrainedPopulation",
    "TrainingCondition",
    "activity",
    "degeneracy_of",
    "distances_across",
    "measured_across",
    "measured_degeneracy",
    "seconds_an_update",
    "train_population",
    "trained_population",
]
