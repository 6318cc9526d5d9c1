"""Every setting of the overlaps command, in one frozen object a kind of run, which the report records."""

from dataclasses import dataclass
from pathlib import Path

LEVELS = ("map", "gaussian_closure", "infinite_width", "network")
"""Levels of description. The first two are names of one reduced theory: exact for linear networks, else a closure."""

NONLINEARITIES = ("linear", "erf", "tanh", "relu")


@dataclass(frozen=True)
class Effort:
    """How much work a run does: fewer and smaller networks where it is to be quick, never fewer checks.

    `nodes` stand for infinitely many neurons in a run on the user's own task.
    """

    name: str
    small: bool
    nodes: int


QUICK = Effort("quick", small=True, nodes=1024)
USUAL = Effort("usual", small=False, nodes=8192)


@dataclass(frozen=True)
class Config:
    """The settings of the built-in checks."""

    effort: Effort = USUAL
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class OwnConfig:
    """The settings of a run on the user's own files; None where an option plays no part.

    `learning_rate` is eta in theta <- theta - eta N dL/dtheta; `neurons` those of the network that is trained.
    """

    task: Path | None
    sigma: Path | None
    network: Path | None
    nonlinearity: str
    rank: int
    neurons: int
    learning_rate: float | None
    epochs: int | None
    levels: tuple[str, ...]
    effort: Effort
    seed: int
