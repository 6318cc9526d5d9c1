"""Every setting of the degeneracy command, in one frozen object that the report records."""

from dataclasses import dataclass

from validate.options import Choice
from validate.settings import Derived, chosen, flag, setting
from validate.store_settings import POPULATIONS, StoreSettings, size_setting

TASKS = ("flip-flop", "discrimination", "sine", "path", "lorenz")
"""Huang et al., section 2.2, and their appendix E for the last."""


@dataclass(frozen=True)
class TaskEffort:
    """How a task is trained: in trials of `steps`, by Adam at `rate`, down to a mean squared error of `threshold`.

    `complexity` are its levels of that factor, `usual` is the one at which other factors are varied. Trials of delayed
    discrimination are as long as their delay makes them.
    """

    name: str
    rate: float
    threshold: float
    complexity: tuple[int, ...]
    usual: int
    steps: int = 0


@dataclass(frozen=True)
class FactorLevels:
    """The levels of the other factors: what each population differs in from the one before."""

    delays: tuple[tuple[int, int], ...]
    richness: tuple[float, ...]
    widths: tuple[int, ...]
    nuclear_norms: tuple[float, ...]
    absolute_values: tuple[float, ...]


@dataclass(frozen=True)
class Effort:
    """How much work a run does, on `run` of the `tasks` unless others are asked for.

    `updates` is the most that a network may have, by batches of `trials`; the loss is looked at `every` so many.
    """

    name: str
    networks: int
    units: int
    updates: int
    every: int
    trials: int
    run: tuple[str, ...]
    tasks: tuple[TaskEffort, ...]
    levels: FactorLevels
    full_length: bool = False

    def of(self, name: str) -> TaskEffort:
        """Of one task."""
        return next(task for task in self.tasks if task.name == name)


QUICK = Effort(
    "quick",
    networks=5,
    units=16,
    updates=4_000,
    every=16,
    trials=32,
    run=("flip-flop", "discrimination"),
    tasks=(
        TaskEffort("flip-flop", 5e-3, 0.01, (1, 2), 2, steps=20),
        TaskEffort("discrimination", 5e-3, 0.2, (1, 2), 1),
        TaskEffort("sine", 5e-3, 0.1, (1, 2), 1, steps=50),
        TaskEffort("path", 5e-3, 0.5, (2, 3), 2, steps=10),
        TaskEffort("lorenz", 5e-3, 0.005, (5, 8), 5, steps=20),
    ),
    levels=FactorLevels(((2, 5), (5, 10)), (0.5, 2.0), (16, 32), (0.0, 1e-3), (0.0, 1e-4)),
)
USUAL = Effort(
    "usual",
    networks=8,
    units=32,
    updates=12_000,
    every=32,
    trials=32,
    run=TASKS,
    tasks=(
        TaskEffort("flip-flop", 5e-3, 0.001, (1, 2, 3), 2, steps=30),
        TaskEffort("discrimination", 2e-3, 0.1, (1, 2), 1),
        TaskEffort("sine", 2e-3, 0.05, (1, 2), 1, steps=50),
        TaskEffort("path", 2e-3, 0.2, (2, 3), 2, steps=20),
        TaskEffort("lorenz", 3e-3, 0.005, (4, 5, 8), 5, steps=30),
    ),
    levels=FactorLevels(((2, 5), (5, 10), (5, 20)), (0.5, 1.0, 2.0), (16, 32, 64), (0.0, 1e-3), (0.0, 1e-4)),
)
FULL = Effort(
    "full",
    networks=50,
    units=128,
    updates=128_000,
    every=128,
    trials=64,
    run=TASKS,
    tasks=(
        TaskEffort("flip-flop", 1e-3, 0.001, (1, 2, 3, 4), 3, steps=100),
        TaskEffort("discrimination", 1e-3, 0.01, (1, 2, 3), 1),
        TaskEffort("sine", 1e-3, 0.05, (1, 2, 3), 1, steps=100),
        TaskEffort("path", 1e-3, 0.05, (2, 3), 2, steps=100),
        TaskEffort("lorenz", 1e-3, 0.005, (5, 8, 12), 8, steps=100),
    ),
    levels=FactorLevels(
        ((5, 20), (20, 40), (40, 80)),
        (0.25, 0.5, 1.0, 2.0, 4.0),
        (32, 64, 128, 256, 512),
        (0.0, 1e-4, 3e-4, 1e-3),
        (0.0, 1e-5, 3e-5, 1e-4),
    ),
    full_length=True,
)
EFFORTS = USUAL, QUICK, FULL


@dataclass(frozen=True, kw_only=True)
class Config(StoreSettings):
    """The settings of a run."""

    networks: int = size_setting(
        "--networks", 3, "Networks of each condition.", of=lambda effort: effort.networks, efforts=EFFORTS
    )
    units: int = size_setting(
        "--units",
        2,
        "Units, but of widths.",
        of=lambda effort: effort.units,
        efforts=EFFORTS,
    )
    tasks: tuple[str, ...] = setting(
        "--tasks",
        Choice(TASKS),
        "Tasks to train on.",
        default=Derived(lambda config: config.effort.run),
        shown="all; flip-flop, discrimination with --quick",
        group=POPULATIONS,
        many=True,
    )
    effort: Effort = chosen(
        USUAL,
        flag("--quick", QUICK, "The same on smaller populations."),
        flag("--full", FULL, "The paper's sizes; goes on where it was interrupted."),
    )

    @property
    def small(self) -> bool:
        """Of --quick."""
        return self.effort.name == QUICK.name
