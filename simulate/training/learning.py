"""Learning, epoch by epoch: the same loop for a network, for its infinite-width limit and for its overlaps."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, PyTree

from simulate.outcome import Outcome
from simulate.tasks.task import Batch, Task
from simulate.training.rule import GradientDescent

Gram = Float[Array, "d d"]
LearnerT = TypeVar("LearnerT", bound="Learner")


class LearningOutcome(Outcome):
    """How a training ended."""

    finished = 0, "trained to the last epoch"
    diverged = 1, "overlaps or loss stopped being finite numbers: lower the learning rate"


class NothingToLearn(ValueError):
    """A training of less than no epochs."""


class Learner(eqx.Module):
    """Something that learns by gradient steps and has overlaps: a level of description."""

    @abstractmethod
    def prepared(self: LearnerT, rule: GradientDescent) -> LearnerT:
        """The same with room for what the rule keeps from step to step (the velocity of momentum)."""

    @abstractmethod
    def sigma(self) -> Gram:
        """The Gram matrix theta^T theta / N."""

    @abstractmethod
    def loss_and_gradient(self, batch: Batch) -> tuple[Float[Array, ""], PyTree]:
        """The loss on a batch, and its gradient in whatever form `stepped` takes."""

    @abstractmethod
    def stepped(self: LearnerT, gradient: PyTree, rule: GradientDescent, key: Key[Array, ""]) -> LearnerT:
        """The learner after one step of the rule; `key` is for the rule's noise."""


class Learning(eqx.Module, Generic[LearnerT]):
    """A training: overlaps and loss before each epoch, and once more after the last.

    `sigma[k]` and `loss[k]` are finite for k < `epochs_finite` and NaN from there on; `epochs_finite` is epochs + 1
    unless training diverged. `end` is the learner after the last epoch that was run, to go on with if all is finite.
    """

    sigma: Float[Array, "*runs epochs d d"]
    loss: Float[Array, "*runs epochs"]
    outcome: Int[Array, "*runs"]  # LearningOutcome
    epochs_finite: Int[Array, "*runs"]
    end: LearnerT


def learn(
    learner: LearnerT,
    task: Task,
    rule: GradientDescent,
    epochs: int,
    key: Key[Array, ""] | None = None,
    first_epoch: int | Int[Array, ""] = 0,
) -> Learning[LearnerT]:
    """Train for a number of epochs, counted from `first_epoch`. May be jitted and vmapped; not compiled by itself.

    Without a key the noise of the rule, if it has any, is that of `jax.random.key(0)`.

    Raises:
        NothingToLearn: if `epochs` is negative.
    """
    if epochs < 0:
        raise NothingToLearn(f"{epochs} epochs: give a whole number from 0")
    key = jax.random.key(0) if key is None else key

    def epoch(learner: LearnerT, now: Int[Array, ""]) -> tuple[LearnerT, tuple[Gram, Float[Array, ""]]]:
        sigma = learner.sigma()
        loss, gradient = _loss_and_gradient(learner, task(now))
        return learner.stepped(gradient, rule, jax.random.fold_in(key, now)), (sigma, loss)

    learner = learner.prepared(rule)
    end, (sigma, loss) = jax.lax.scan(epoch, learner, first_epoch + jnp.arange(epochs))
    last, _ = _loss_and_gradient(end, task(jnp.asarray(first_epoch + epochs)))
    sigma = jnp.concatenate([sigma, end.sigma()[None]])
    loss = jnp.concatenate([loss, last[None]])
    sound: Bool[Array, " epochs"] = jnp.isfinite(loss) & jnp.all(jnp.isfinite(sigma), axis=(1, 2))
    sound = jnp.cumprod(sound).astype(bool)
    outcome = jnp.where(jnp.all(sound), LearningOutcome.finished, LearningOutcome.diverged)
    return Learning(
        sigma=jnp.where(sound[:, None, None], sigma, jnp.nan),
        loss=jnp.where(sound, loss, jnp.nan),
        outcome=outcome,
        epochs_finite=jnp.sum(sound),
        end=end,
    )


@eqx.filter_jit
def _loss_and_gradient(learner: Learner, batch: Batch) -> tuple[Float[Array, ""], PyTree]:
    """Traced once for all the programs that it is part of."""
    return learner.loss_and_gradient(batch)


_compiled = eqx.filter_jit(learn)


def learn_in_chunks(
    learner: LearnerT,
    task: Task,
    rule: GradientDescent,
    epochs: int,
    key: Key[Array, ""] | None = None,
    progress: Callable[[int], None] = lambda epochs_done: None,
    chunk: int = 500,
) -> Learning[LearnerT]:
    """The same, compiled and in pieces of up to `chunk` epochs, so that progress can be told and Ctrl-C obeyed.

    Stops after the piece in which it diverged.

    Raises:
        NothingToLearn: if `epochs` is negative.
    """
    key = jax.random.key(0) if key is None else key
    rule = jax.tree.map(partial(jnp.asarray, dtype=float), rule)  # numbers as arrays: a new rate is not a new program
    learner = learner.prepared(rule)
    parts: list[Learning[LearnerT]] = []
    done = 0
    while not parts or (done < epochs and parts[-1].outcome == LearningOutcome.finished):
        count = min(chunk, epochs - done)
        parts.append(_compiled(learner, task, rule, count, key, jnp.asarray(done)))
        learner, done = parts[-1].end, done + count
        progress(done)
    missing = epochs - done
    sigma = [np.asarray(part.sigma[:-1]) for part in parts] + [np.asarray(parts[-1].sigma[-1:])]
    loss = [np.asarray(part.loss[:-1]) for part in parts] + [np.asarray(parts[-1].loss[-1:])]
    finite = sum(len(part.loss) - 1 for part in parts[:-1]) + parts[-1].epochs_finite
    return Learning(
        sigma=jnp.asarray(np.pad(np.concatenate(sigma), ((0, missing), (0, 0), (0, 0)), constant_values=np.nan)),
        loss=jnp.asarray(np.pad(np.concatenate(loss), (0, missing), constant_values=np.nan)),
        outcome=parts[-1].outcome,
        epochs_finite=finite,
        end=learner,
    )
