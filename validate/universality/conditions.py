"""What kinds of networks are trained on a task, and by what rule each."""

from dataclasses import dataclass

import jax.numpy as jnp
import optax

from simulate.cells.dense import DenseCell
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import NONLINEARITIES
from simulate.cells.ugrnn import UGRNN
from simulate.cells.uniform_weights import UniformWeights
from simulate.cells.vanilla import Vanilla
from simulate.populations.condition import TrainingCondition
from simulate.populations.search import DescentNumbers, NoneTrained, SearchJob, best_numbers
from simulate.tasks.drawn import DrawnTask
from simulate.training.penalty import Penalised, Squares
from simulate.training.plateau import ReducedOnPlateau
from simulate.training.rule import Rule
from validate.progress import Progress
from validate.report import Unfinished
from validate.stored import results_of
from validate.universality.settings import AdamOnPlateaus, Config, SearchedDescent, TaskTraining

CELLS: dict[str, type[DenseCell]] = {"vanilla": Vanilla, "ugrnn": UGRNN, "gru": GRU, "lstm": LSTM}
PENALISED = ("W", "U", "V")
"""The weights of the L2 penalty: all but biases (not told in the paper)."""
PATIENCE = 40
"""Looks at the loss without a better one after which the rate is halved."""


@dataclass(frozen=True)
class NetworkKind:
    """A cell and its nonlinearity."""

    cell: str
    nonlinearity: str

    def __str__(self) -> str:
        return f"{self.cell} {self.nonlinearity}"

    @property
    def bounded(self) -> bool:
        """Whether its map takes a box into itself, so that indices of its points sum to one."""
        return self.nonlinearity == "tanh"


def kinds_of(config: Config) -> tuple[NetworkKind, ...]:
    """Every cell with every nonlinearity."""
    effort = config.effort.population
    return tuple(NetworkKind(cell, phi) for phi in effort.nonlinearities for cell in effort.cells)


def penalties_of(config: Config) -> tuple[float, ...]:
    """Of the networks of one kind."""
    return tuple(penalty for penalty in config.effort.population.penalties for _ in range(config.seeds))


def conditions_of(
    config: Config, task: DrawnTask, training: TaskTraining, progress: Progress
) -> dict[NetworkKind, TrainingCondition]:
    """All networks of one kind, in one program: each has a penalty and first weights of its own."""
    effort, penalty = config.effort.population, _squares(penalties_of(config))
    return {
        kind: TrainingCondition(
            task,
            _start(config, task, kind),
            Penalised(rule, penalty),
            networks=len(penalties_of(config)),
            updates=training.updates,
            every=effort.every,
            seed=config.seed + 1,
        )
        for kind, rule in _rules(config, task, training, progress).items()
    }


def _rules(config: Config, task: DrawnTask, training: TaskTraining, progress: Progress) -> dict[NetworkKind, Rule]:
    match config.effort.population.rule:
        case AdamOnPlateaus():
            adam = ReducedOnPlateau(optax.adam(training.rate), patience=PATIENCE, every=config.effort.population.every)
            return dict.fromkeys(kinds_of(config), adam)
        case SearchedDescent() as search:
            return _searched(config, task, training, search, progress)


def _searched(
    config: Config, task: DrawnTask, training: TaskTraining, search: SearchedDescent, progress: Progress
) -> dict[NetworkKind, Rule]:
    """Of each kind and penalty by the best numbers of a search of its own, as in the paper."""
    kinds, effort = kinds_of(config), config.effort.population
    jobs = {
        (kind, penalty): SearchJob(
            task,
            _start(config, task, kind),
            _squares((penalty,) * search.draws),
            draws=search.draws,
            updates=training.updates,
            every=effort.every,
            trials=search.trials,
            seed=config.seed,
        )
        for kind in kinds
        for penalty in effort.penalties
    }
    results = results_of(list(jobs.values()), config, progress)
    try:
        best = dict(zip(jobs, map(best_numbers, results), strict=True))
    except NoneTrained as error:
        raise Unfinished(f"the search for numbers of descent: {error}") from error
    return {
        kind: DescentNumbers.of_each([best[kind, penalty] for penalty in penalties_of(config)]).rule(
            updates=training.updates
        )
        for kind in kinds
    }


def _start(config: Config, task: DrawnTask, kind: NetworkKind) -> UniformWeights:
    return UniformWeights(
        config.units, task.inputs, task.outputs, phi=NONLINEARITIES[kind.nonlinearity], cell=CELLS[kind.cell]
    )


def _squares(weights: tuple[float, ...]) -> Squares:
    return Squares(jnp.asarray(weights, dtype=jnp.float32), on=PENALISED)
