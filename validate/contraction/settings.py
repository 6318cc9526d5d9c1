"""Every setting of the contraction command, in one frozen object a kind of run, which the report records."""

from dataclasses import dataclass
from pathlib import Path

FORMS = ("voltage", "rate")


@dataclass(frozen=True)
class Effort:
    """How much work a run does: smaller samples where it is to be quick, never fewer checks."""

    name: str
    matrices: int
    """Random matrices of each kind."""
    trajectories: int
    """Pairs of trajectories of each network."""
    epochs: int
    """Epochs of each trained network."""


QUICK = Effort("quick", matrices=10, trajectories=16, epochs=3)
USUAL = Effort("usual", matrices=60, trajectories=200, epochs=40)


@dataclass(frozen=True)
class Config:
    """The settings of the built-in checks."""

    effort: Effort = USUAL
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class MatrixConfig:
    """The settings of a run on the user's own matrix. Rates are per unit of tau, the step is in units of tau."""

    weights: str
    form: str
    slope: float
    rate: float
    euler_step: float | None
    certificate: Path | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class ImagesConfig:
    """The settings of a run on images: a network of `modules` x `units` reads an image pixel by pixel.

    `minutes` is the time that training may take, `step` the Euler step in units of tau; the learning rate rises within
    `warm_up` epochs and falls to a hundredth over `schedule_epochs`.
    """

    data: Path
    permuted: bool
    downsample: int
    modules: int
    units: int
    density: float
    step: float
    learning_rate: float
    batch: int
    epochs: int
    warm_up: float
    schedule_epochs: float
    minutes: float | None
    checkpoint: Path | None
    certificate: Path | None
    seed: int
