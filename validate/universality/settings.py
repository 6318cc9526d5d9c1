"""Every setting of the universality command's built-in checks, in one frozen object that the report records."""

from dataclasses import dataclass

from validate.settings import Settings, chosen, flag


@dataclass(frozen=True)
class Effort:
    """How much work a run does: networks of each kind that are drawn at random, and the starts of each search."""

    name: str
    networks: int
    starts: int


QUICK = Effort("quick", networks=2, starts=128)
USUAL = Effort("usual", networks=8, starts=256)


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of a run."""

    effort: Effort = chosen(USUAL, flag("--quick", QUICK, "The same on fewer networks."))
