"""Every setting of the overlaps command, in one frozen object that the report records."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much work a run does: fewer and smaller networks where it is to be quick, never fewer checks."""

    name: str
    small: bool


QUICK = Effort("quick", small=True)
USUAL = Effort("usual", small=False)


@dataclass(frozen=True)
class Config:
    """The settings of the built-in checks."""

    effort: Effort = USUAL
    seed: int = 0
