from .across import (
    AcrossJob as AcrossJob,
    DistancesAcross as DistancesAcross,
    distances_across as distances_across,
    measured_across as measured_across,
)
from .activity import activity as activity
from .condition import TrainingCondition as TrainingCondition
from .degeneracy import Degeneracy as Degeneracy, Probing as Probing, degeneracy_of as degeneracy_of
from .distances import NetworkDistances as NetworkDistances, distances_between as distances_between
from .jobs import (
    MeasureJob as MeasureJob,
    MeasuredPopulation as MeasuredPopulation,
    TrainJob as TrainJob,
    measured_degeneracy as measured_degeneracy,
    trained_population as trained_population,
)
from .population import TrainedPopulation as TrainedPopulation, train_population as train_population
from .rate import seconds_an_update as seconds_an_update
from .recorded import RecordedNetwork as RecordedNetwork
from .search import (
    DescentNumbers as DescentNumbers,
    SearchJob as SearchJob,
    best_numbers as best_numbers,
)

__all__ = [
    "AcrossJob",
    "Degeneracy",
    "DescentNumbers",
    "DistancesAcross",
    "MeasureJob",
    "MeasuredPopulation",
    "NetworkDistances",
    "Probing",
    "RecordedNetwork",
    "SearchJob",
    "TrainJob",
    "TrainedPopulation",
    "TrainingCondition",
    "activity",
    "best_numbers",
    "degeneracy_of",
    "distances_across",
    "distances_between",
    "measured_across",
    "measured_degeneracy",
    "seconds_an_update",
    "train_population",
    "trained_population",
]
