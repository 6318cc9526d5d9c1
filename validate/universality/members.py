"""The networks of a task's populations: how each was trained, where it stands still, and which were not trained."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from simulate.cells.dense import DenseCell
from simulate.populations.jobs import TrainJob, trained_population
from simulate.tasks.drawn import DrawnTask
from simulate.training.outcome import TrainingOutcome
from simulate.universality.points import NetworkPoints, PointsAsked, PointsJob, points_of
from validate.progress import Progress
from validate.report import Report
from validate.stored import results_of
from validate.tolerance import Reported
from validate.universality.conditions import NetworkKind, conditions_of, penalties_of
from validate.universality.settings import Config, TaskTraining


@dataclass(frozen=True, eq=False)
class PopulationMember:
    """A network that was trained to the threshold, what it started from, and its points."""

    kind: NetworkKind
    penalty: float
    network: DenseCell
    first: DenseCell
    points: NetworkPoints


@dataclass(frozen=True, eq=False)
class Members:
    """All networks of a task that reached its threshold, by kind; and how training ended for every network.

    `seed` is that of the run.
    """

    task: DrawnTask
    seed: int
    each: tuple[PopulationMember, ...]
    outcomes: dict[NetworkKind, Counter[str]]

    def which(self, *, cell: str | None = None, nonlinearity: str | None = None) -> np.ndarray:
        """The places of those of a cell, of a nonlinearity, or of both."""
        return np.array(
            [
                i
                for i, each in enumerate(self.each)
                if cell in (None, each.kind.cell) and nonlinearity in (None, each.kind.nonlinearity)
            ],
            dtype=int,
        )

    @property
    def starts(self) -> Int[np.ndarray, " networks"]:
        """A number for each network's recurrent weights before training, equal where these are.

        Networks of one cell that differ by their nonlinearity alone are drawn by one key.
        """
        drawn = [np.asarray(each.first.W).tobytes() for each in self.each]
        return np.array([drawn.index(each) for each in drawn])

    @property
    def kinds(self) -> tuple[NetworkKind, ...]:
        """In the order of training, each once."""
        return tuple(dict.fromkeys(each.kind for each in self.each))


def members_of(
    config: Config, task: DrawnTask, training: TaskTraining, search: PointsAsked, progress: Progress
) -> Members:
    """Train every kind of network on a task, and find the points of those that reach its threshold."""
    conditions = conditions_of(config, task, training, progress)
    searches = [PointsJob(condition, search) for condition in conditions.values()]
    trainings = [TrainJob(job.condition) for job in searches]
    results = results_of([*searches, *trainings], config, progress)
    each: list[PopulationMember] = []
    outcomes: dict[NetworkKind, Counter[str]] = {}
    for kind, job, found, trained in zip(conditions, searches, results, results[len(searches) :], strict=False):
        population = trained_population(job.condition, trained)
        outcomes[kind] = Counter(outcome.name for outcome in population.outcomes)
        places = np.flatnonzero(population.converged)
        networks, firsts = population.trained.each(), population.trained.each(at_start=True)
        for place, network, first, points in zip(
            places.tolist(), networks, firsts, points_of(job, population, found), strict=True
        ):
            assert isinstance(network, DenseCell)
            assert isinstance(first, DenseCell)
            each.append(PopulationMember(kind, penalties_of(config)[place], network, first, points))
    return Members(task, config.seed, tuple(each), outcomes)


def report_outcomes(name: str, members: Members, report: Report) -> None:
    """How many networks of each kind were trained; what became of the others, and what to do about it."""
    for kind, counted in members.outcomes.items():
        report.check(
            f"{name}: {kind} networks that were trained",
            predicted=counted.total(),
            measured=counted[TrainingOutcome.converged.name],
            tolerance=Reported("others did not reach the threshold"),
        )
    told = {
        str(kind): {
            name: f"{count} of {counted.total()}: {TrainingOutcome[name].sentence}" for name, count in counted.items()
        }
        for kind, counted in members.outcomes.items()
    }
    report.quantity(f"{name}: outcomes of training", told)


def labels(members: Sequence[PopulationMember], which: np.ndarray, by: str) -> list[str]:
    """Of some members the cell or the nonlinearity."""
    return [getattr(members[i].kind, by) for i in which]
