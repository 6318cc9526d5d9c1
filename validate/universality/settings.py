"""Every setting of the universality command's built-in checks, in one frozen object that the report records."""

from dataclasses import dataclass

from validate.options import Choice
from validate.settings import Derived, chosen, flag, setting
from validate.store_settings import POPULATIONS, StoreSettings, size_setting

CELLS = ("vanilla", "ugrnn", "gru", "lstm")
NONLINEARITIES = ("tanh", "relu")
TASKS = ("flip-flop", "sine", "integration")
"""Maheswaranathan et al., section 2.2."""


@dataclass(frozen=True)
class AdamOnPlateaus:
    """Adam at a task's rate, which is halved where the loss falls no more."""


@dataclass(frozen=True)
class SearchedDescent:
    """The paper's: stochastic gradient descent with momentum, gradients clipped, a rate that falls exponentially.

    Rate, decay, momentum and clipping are the best, on `trials` that training does not show, of so many random `draws`
    for each kind of network, task and penalty; each draw trains one network for all updates.
    """

    draws: int
    trials: int


@dataclass(frozen=True)
class TaskTraining:
    """How networks learn a task: in trials of `steps`, down to a mean squared error of `threshold`; by Adam at `rate`.

    `size` is what the task has of its own: bits of a flip-flop, commands at which a sine generator is asked for its
    points, streams of which an integrator sums one.
    """

    name: str
    size: int
    steps: int
    rate: float
    threshold: float
    updates: int


@dataclass(frozen=True)
class PopulationEffort:
    """The networks that are trained by a `rule`: `seeds` of each cell, nonlinearity and strength of the L2 penalty.

    The loss is looked at `every` so many updates, by batches of `trials`; each search for points has so many `starts`,
    each point is moved so many times (`perturbations`), and nulls are drawn from `permutations`. Tasks to `run` are
    those that are not asked for by name.
    """

    rule: AdamOnPlateaus | SearchedDescent
    cells: tuple[str, ...]
    nonlinearities: tuple[str, ...]
    penalties: tuple[float, ...]
    seeds: int
    units: int
    every: int
    trials: int
    starts: int
    perturbations: int
    permutations: int
    run: tuple[str, ...]
    tasks: tuple[TaskTraining, ...]

    def of(self, name: str) -> TaskTraining:
        """Of one task."""
        return next(task for task in self.tasks if task.name == name)


@dataclass(frozen=True)
class Effort:
    """How much work a run does: random networks of each kind, the starts of each search, and trained populations."""

    name: str
    networks: int
    starts: int
    population: PopulationEffort


QUICK = Effort(
    "quick",
    networks=2,
    starts=128,
    population=PopulationEffort(
        rule=AdamOnPlateaus(),
        cells=("vanilla", "gru"),
        nonlinearities=NONLINEARITIES,
        penalties=(1e-5,),
        seeds=5,
        units=16,
        every=32,
        trials=32,
        starts=256,
        perturbations=50,
        permutations=999,
        run=("flip-flop",),
        tasks=(
            TaskTraining("flip-flop", 2, 30, 5e-3, 0.02, 3_000),
            TaskTraining("sine", 5, 50, 5e-3, 0.1, 3_000),
            TaskTraining("integration", 2, 15, 5e-3, 1.0, 3_000),
        ),
    ),
)
USUAL = Effort(
    "usual",
    networks=8,
    starts=256,
    population=PopulationEffort(
        rule=AdamOnPlateaus(),
        cells=CELLS,
        nonlinearities=NONLINEARITIES,
        penalties=(1e-5, 1e-4),
        seeds=3,
        units=32,
        every=32,
        trials=32,
        starts=512,
        perturbations=100,
        permutations=999,
        run=TASKS,
        tasks=(
            TaskTraining("flip-flop", 3, 40, 5e-3, 0.01, 6_000),
            TaskTraining("sine", 10, 100, 2e-3, 0.05, 6_000),
            TaskTraining("integration", 2, 20, 5e-3, 1.0, 6_000),
        ),
    ),
)
FULL = Effort(
    "full",
    networks=8,
    starts=256,
    population=PopulationEffort(
        rule=SearchedDescent(draws=20, trials=512),
        cells=CELLS,
        nonlinearities=NONLINEARITIES,
        penalties=(1e-5, 1e-4, 1e-3, 1e-2),
        seeds=30,
        units=64,
        every=100,
        trials=64,
        starts=2048,
        perturbations=100,
        permutations=9_999,
        run=TASKS,
        tasks=(
            TaskTraining("flip-flop", 3, 100, 1e-3, 0.01, 20_000),
            TaskTraining("sine", 20, 500, 1e-3, 0.05, 20_000),
            TaskTraining("integration", 2, 30, 1e-3, 0.5, 20_000),
        ),
    ),
)
EFFORTS = USUAL, QUICK, FULL


@dataclass(frozen=True, kw_only=True)
class Config(StoreSettings):
    """The settings of a run."""

    seeds: int = size_setting(
        "--seeds",
        2,
        "Networks trained of each cell, nonlinearity and penalty.",
        of=lambda effort: effort.population.seeds,
        efforts=EFFORTS,
    )
    units: int = size_setting(
        "--units", 2, "Units of each of them.", of=lambda effort: effort.population.units, efforts=EFFORTS
    )
    tasks: tuple[str, ...] = setting(
        "--tasks",
        Choice(TASKS),
        "Tasks of the populations.",
        default=Derived(lambda config: config.effort.population.run),
        shown="all, or flip-flop with --quick",
        group=POPULATIONS,
        many=True,
    )
    effort: Effort = chosen(
        USUAL,
        flag("--quick", QUICK, "The same on fewer, smaller networks."),
        flag("--full", FULL, "The paper's sizes; goes on where it was interrupted."),
    )

    @property
    def small(self) -> bool:
        """Of --quick."""
        return self.effort.name == QUICK.name
