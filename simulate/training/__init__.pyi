from .checkpoint import Checkpoint as Checkpoint
from .clipped import Clipped as Clipped
from .decayed import Decayed as Decayed
from .learn import learn as learn
from .learner import Learner as Learner
from .outcome import TrainingOutcome as TrainingOutcome
from .penalty import (
    AbsoluteValues as AbsoluteValues,
    NuclearNorm as NuclearNorm,
    Penalised as Penalised,
    Penalty as Penalty,
    Squares as Squares,
)
from .plateau import ReducedOnPlateau as ReducedOnPlateau
from .progress import EpochsDone as EpochsDone
from .rule import GradientDescent as GradientDescent, Optax as Optax, Rule as Rule
from .selection import Selection as Selection
from .stopping import Threshold as Threshold
from .train import train as train
from .trained import Trained as Trained, TrainingInterrupted as TrainingInterrupted

__all__ = [
    "AbsoluteValues",
    "Checkpoint",
    "Clipped",
    "Decayed",
    "EpochsDone",
    "GradientDescent",
    "Learner",
    "NuclearNorm",
    "Optax",
    "Penalised",
    "Penalty",
    "ReducedOnPlateau",
    "Rule",
    "Selection",
    "Squares",
    "Threshold",
    "Trained",
    "TrainingInterrupted",
    "TrainingOutcome",
    "learn",
    "train",
]
