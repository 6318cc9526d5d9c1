"""The conditions that populations are trained under, by what they differ in."""

from dataclasses import dataclass

import jax.numpy as jnp
import optax
from jaxtyping import Array, Key

from simulate.cells.full_rank import FullRank
from simulate.cells.maximal_update import MaximalUpdate
from simulate.cells.scaled import Scaled
from simulate.cells.uniform_weights import UniformWeights
from simulate.populations.condition import Start, TrainingCondition
from simulate.tasks.drawn import DrawnTask
from simulate.training.penalty import Penalised, Penalty
from simulate.training.plateau import ReducedOnPlateau
from simulate.training.rule import Rule
from validate.degeneracy.settings import Config
from validate.degeneracy.suite import SuiteTask

MU_RATE = 1e-2
TAU = 0.5
PATIENCE = 40
"""Stretches without a better loss after which the rate is halved: of later code of the paper's authors."""
EPS = 1e-12
"""Of Adam: gradients of raw weights fall as 1 / N^2, below the usual 1e-8 from some hundred units on."""


@dataclass(frozen=True)
class FactorLevel:
    """One level of a factor: what it is called, the number that it stands for, and the population's condition.

    `shown` is what an axis says in the place of the number, if anything.
    """

    label: str
    value: float | int
    condition: TrainingCondition
    shown: str = ""

    @property
    def tick(self) -> str:
        """On an axis."""
        return self.shown or f"{self.value:g}"


@dataclass(frozen=True)
class RichStart:
    """The rate network of the paper in its maximal-update parametrisation with richness gamma."""

    units: int
    inputs: int
    outputs: int
    gamma: float

    def draw(self, key: Key[Array, ""], dtype: jnp.dtype) -> Scaled:
        """One network."""
        blank = FullRank.blank(self.units, self.inputs, self.outputs, tau=TAU)
        return MaximalUpdate.around(blank, key, dtype, gamma=self.gamma)


def usual(
    config: Config, task: SuiteTask, made: DrawnTask | None = None, *, penalty: Penalty | None = None
) -> TrainingCondition:
    """A vanilla network from the usual start, by Adam, with a penalty or none; on the task as it is, or as `made`."""
    made = made or task.at(config)
    adam = _adam(config, task.effort(config).rate)
    start = UniformWeights(config.units, inputs=made.inputs, outputs=made.outputs)
    return _condition(config, made, start, adam if penalty is None else Penalised(adam, penalty))


def rich(config: Config, task: SuiteTask, *, gamma: float, units: int | None = None) -> TrainingCondition:
    """The paper's rate network, of richness gamma, by Adam at the rate gamma eta_0."""
    made = task.at(config)
    start = RichStart(units or config.units, made.inputs, made.outputs, gamma)
    return _condition(config, made, start, _adam(config, gamma * MU_RATE, eps=EPS))


def _adam(config: Config, rate: float, eps: float = 1e-8) -> Rule:
    return ReducedOnPlateau(optax.adam(rate, eps=eps), patience=PATIENCE, every=config.effort.every)


def _condition(config: Config, task: DrawnTask, start: Start, rule: Rule) -> TrainingCondition:
    return TrainingCondition(
        task,
        start,
        rule,
        networks=config.networks,
        updates=config.effort.updates,
        every=config.effort.every,
        seed=config.seed + 1,
    )
