from .carried import carried as carried
from .dispersed import (
    StoppedAtLoss as StoppedAtLoss,
    dispersed as dispersed,
    dispersed_at_loss as dispersed_at_loss,
)
from .escaping import Saddle as Saddle, saddle_of as saddle_of
from .population import LowRankPopulation as LowRankPopulation, train_rows as train_rows
from .predicted import predict_spread as predict_spread
from .row_matching import RowMatching as RowMatching
from .rows import LAPLACE as LAPLACE, NORMAL as NORMAL, Rows as Rows, SIGNS as SIGNS, UNIFORM as UNIFORM
from .settling import settling as settling
from .spread import PopulationSpread as PopulationSpread, measure_spread as measure_spread
from .training_map import TrainingMap as TrainingMap
from .transported import TransportedRows as TransportedRows, transported_rows as transported_rows
from .trials import OtherTrials as OtherTrials

__all__ = [
    "LAPLACE",
    "LowRankPopulation",
    "NORMAL",
    "OtherTrials",
    "PopulationSpread",
    "RowMatching",
    "Rows",
    "SIGNS",
    "Saddle",
    "StoppedAtLoss",
    "TrainingMap",
    "TransportedRows",
    "UNIFORM",
    "carried",
    "dispersed",
    "dispersed_at_loss",
    "measure_spread",
    "predict_spread",
    "saddle_of",
    "settling",
    "train_rows",
    "transported_rows",
]
