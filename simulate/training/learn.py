"""The pure core of training: one network, one program, to be compiled and mapped as one likes."""

from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, PyTree

from simulate.tasks.task import Task
from simulate.training.epoch import Observe, Regime, loss_and_gradient, measure_and_step, own_observation
from simulate.training.learner import Learner
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import Rule
from simulate.training.stopping import NEVER

LearnerT = TypeVar("LearnerT", bound=Learner)


class NothingToTrain(ValueError):
    """No epochs, no networks, or numbers that are neither one for all networks nor one for each."""


class Learning(eqx.Module, Generic[LearnerT]):
    """A training: what was observed and the loss before each epoch, and once more after the last.

    `observed` and `loss` are finite for k < `epochs_finite` and NaN from there on; `epochs_finite` is epochs + 1 unless
    training diverged. `end` is the network after the last epoch that was run, `state` what the rule keeps of it.
    """

    observed: PyTree
    loss: Float[Array, "*runs epochs"]
    outcome: Int[Array, "*runs"]  # TrainingOutcome
    epochs_finite: Int[Array, "*runs"]
    end: LearnerT
    state: PyTree

    @property
    def sigma(self) -> Float[Array, "*runs epochs d d"]:
        """The overlaps, of what observes its overlaps."""
        return self.observed


def learn(
    learner: LearnerT,
    task: Task,
    rule: Rule,
    epochs: int,
    key: Key[Array, ""] | None = None,
    *,
    first_epoch: int | Int[Array, ""] = 0,
    observe: Observe = own_observation,
    state: PyTree = None,
) -> Learning[LearnerT]:
    """Train one network for a number of epochs, counted from `first_epoch`; nothing is compiled, chunked or saved.

    For use inside programs of one's own, under `jax.jit` and `jax.vmap`; `train` is the way to train networks.
    `observe` says what to record of the network in every epoch. With `end` and `state` of an earlier training and its
    number of epochs as `first_epoch`, that training goes on. Without a key the noise of the rule, if it has any, is
    that of `jax.random.key(0)`.

    Raises:
        NothingToTrain: if `epochs` is negative.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import LINEAR
    >>> from simulate.overlaps import ReducedTheory
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import Shape
    >>> start = ReducedTheory().start(0.8 * np.eye(4) + 0.2, Shape(), LINEAR)
    >>> learning = learn(start, filter_task(), GradientDescent(rate=5e-3), epochs=50)
    >>> learning.loss.shape, bool(learning.loss[-1] < learning.loss[0])
    ((51,), True)
    """
    if epochs < 0:
        raise NothingToTrain(f"{epochs} epochs: give a whole number from 0")
    regime = Regime(rule, NEVER, jax.random.key(0) if key is None else key, observe)

    def epoch(
        now: tuple[LearnerT, PyTree], count: Int[Array, ""]
    ) -> tuple[tuple[LearnerT, PyTree], tuple[Any, PyTree]]:
        learner, state, probes = measure_and_step(*now, regime, task(count), count)
        return (learner, state), (probes.loss, probes.observed)

    start = learner, rule.init(learner) if state is None else state
    (end, state), (loss, observed) = jax.lax.scan(epoch, start, first_epoch + jnp.arange(epochs))
    last, _ = loss_and_gradient(end, task(jnp.asarray(first_epoch + epochs)))
    observed = jax.tree.map(lambda path, now: jnp.concatenate([path, now[None]]), observed, observe(end))
    loss = jnp.concatenate([loss, last.loss[None]])
    sound = sound_until(loss, observed)
    return Learning(
        observed=jax.tree.map(lambda path: jnp.where(_like(sound, path), path, jnp.nan), observed),
        loss=jnp.where(sound, loss, jnp.nan),
        outcome=jnp.where(jnp.all(sound), TrainingOutcome.completed, TrainingOutcome.diverged),
        epochs_finite=jnp.sum(sound),
        end=end,
        state=state,
    )


def learned(
    learner: LearnerT, task: Task, rule: Rule, epochs: int | Int[Array, ""], key: Key[Array, ""] | None = None
) -> LearnerT:
    """The network after some epochs and nothing else: no history, so that their number may be traced as well."""
    regime = Regime(rule, NEVER, jax.random.key(0) if key is None else key)

    def epoch(count: Int[Array, ""], now: tuple[LearnerT, PyTree]) -> tuple[LearnerT, PyTree]:
        learner, state, _ = measure_and_step(*now, regime, task(count), count)
        return learner, state

    end: LearnerT = jax.lax.fori_loop(0, epochs, epoch, (learner, rule.init(learner)))[0]
    return end


def sound_until(loss: Float[Array, " epochs"], observed: PyTree) -> Bool[Array, " epochs"]:
    """True up to the first epoch at which the loss or anything observed is not a finite number."""
    sound = jnp.isfinite(loss)
    for path in jax.tree.leaves(observed):
        sound &= jnp.all(jnp.isfinite(path), axis=tuple(range(1, path.ndim)))
    return jnp.cumprod(sound).astype(bool)


def _like(sound: Bool[Array, " epochs"], path: Array) -> Bool[Array, "epochs ..."]:
    return sound.reshape(-1, *[1] * (path.ndim - 1))
