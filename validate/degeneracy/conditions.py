"""The conditions that populations are trained under, by what they differ in."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Key

from simulate.cells.full_rank import FullRank
from simulate.cells.maximal_update import MaximalUpdate
from simulate.cells.scaled import Scaled
from simulate.cells.uniform_weights import UniformWeights
from simulate.populations.condition import Start, TrainingCondition
from simulate.tasks.delayed_discrimination import DelayedDiscrimination
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.n_bit_flip_flop import NBitFlipFlop
from simulate.training.penalty import Penalised, Penalty
from simulate.training.rule import Optax, Rule
from validate.degeneracy.settings import Config

RATE = 5e-3
MU_RATE = 1e-2
TAU = 0.5
RESPONSE = 5
EPS = 1e-12
"""Of Adam: gradients of raw weights fall as 1 / N^2, below the usual 1e-8 from some hundred units on."""


@dataclass(frozen=True)
class FactorLevel:
    """One level of a factor: what it is called, the number that it stands for, and the population's condition."""

    label: str
    value: float | int
    condition: TrainingCondition


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


def flip_flop(config: Config, bits: int) -> NBitFlipFlop:
    """The N-bit flip-flop, in trials of the run's length."""
    effort = config.effort
    return NBitFlipFlop(
        jax.random.key(config.seed),
        bits=bits,
        steps=effort.steps,
        trials=effort.trials,
        threshold=effort.flip_flop_loss,
    )


def discrimination(
    config: Config, *, channels: int = 1, delay: tuple[int, int] | None = None, magnitude_unit: float | None = None
) -> DelayedDiscrimination:
    """Delayed discrimination, at the run's threshold."""
    return DelayedDiscrimination(
        jax.random.key(config.seed),
        channels=channels,
        delay=delay or config.effort.levels.delays[0],
        magnitude_unit=magnitude_unit,
        response=RESPONSE,
        threshold=config.effort.discrimination_loss,
    )


def usual(config: Config, task: DrawnTask, penalty: Penalty | None = None) -> TrainingCondition:
    """A vanilla network from the usual start, by Adam, with a penalty or none."""
    adam: Rule = Optax(optax.adam(RATE))
    return _condition(
        config,
        task,
        UniformWeights(config.units, inputs=task.inputs, outputs=task.outputs),
        adam if penalty is None else Penalised(adam, penalty),
    )


def rich(config: Config, task: DrawnTask, *, gamma: float, units: int | None = None) -> TrainingCondition:
    """The paper's rate network, of richness gamma, by Adam at the rate gamma eta_0."""
    start = RichStart(units or config.units, task.inputs, task.outputs, gamma)
    return _condition(config, task, start, Optax(optax.adam(gamma * MU_RATE, eps=EPS)))


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
