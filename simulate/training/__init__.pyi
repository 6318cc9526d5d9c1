from .checkpoint import Checkpoint as Checkpoint
from .learn import learn as learn
from .learner import Learner as Learner
from .outcome import TrainingOutcome as TrainingOutcome
from .rule import GradientDescent as GradientDescent, Optax as Optax, Rule as Rule
from .selection import Selection as Selection
from .stopping import Threshold as Threshold
from .train import train as train
from .trained import Trained as Trained, TrainingInterrupted as TrainingInterrupted

__all__ = [
    "Checkpoint",
    "GradientDescent",
    "Learner",
    "Optax",
    "Rule",
    "Selection",
    "Threshold",
    "Trained",
    "TrainingInterrupted",
    "TrainingOutcome",
    "learn",
    "train",
]
