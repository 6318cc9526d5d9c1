"""Which parameters to keep: the best on trials that training does not see."""

from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.cell import Cell
from simulate.tasks.task import Batch, Outputs
from simulate.training.checkpoint import Arrays
from simulate.training.history import named, unnamed
from simulate.training.learner import Measured


@dataclass(frozen=True)
class Selection:
    """Look at `batch` every `every` epochs and at the end; keep the parameters with the best accuracy there.

    Where the task knows no accuracy, those with the least loss. `together` trials are computed at once.

    >>> import jax.numpy as jnp
    >>> held_out = Batch(jnp.zeros((8, 5, 1)), jnp.zeros((8, 5, 1)), jnp.ones((8, 5)), dt=0.1)
    >>> Selection(held_out, every=100).together
    500
    """

    batch: Batch
    every: int
    together: int = 500


@dataclass(frozen=True)
class Selected:
    """What was seen at each look, and the best parameters so far (leading axis: networks) with their epoch."""

    epochs: tuple[int, ...]
    loss: Float[np.ndarray, "looks networks"]
    accuracy: Float[np.ndarray, "looks networks"]
    best: Any
    best_after: np.ndarray

    @staticmethod
    def nothing(networks: Any) -> "Selected":
        """Before the first look."""
        count = len(jax.tree.leaves(networks)[0])
        none = np.empty((0, count))
        return Selected((), none, none, jax.tree.map(np.asarray, networks), np.full(count, -1))

    @property
    def score(self) -> Float[np.ndarray, "looks networks"]:
        """What is to be large: accuracy, or minus the loss where there is none."""
        return np.where(np.isfinite(self.accuracy), self.accuracy, -self.loss)

    def looked(self, epoch: int, networks: Any, selection: Selection) -> "Selected":
        """After one more look at these networks."""
        loss, accuracy = measured_on(networks, selection.batch, selection.together)
        best_before = np.nanmax(self.score, axis=0, initial=-np.inf)
        after = replace(
            self,
            epochs=(*self.epochs, epoch),
            loss=np.concatenate([self.loss, loss[None]]),
            accuracy=np.concatenate([self.accuracy, accuracy[None]]),
        )
        better = after.score[-1] > best_before

        def pick(old: np.ndarray, new: Any) -> np.ndarray:
            return np.where(better.reshape(-1, *[1] * (old.ndim - 1)), np.asarray(new), old)

        best = jax.tree.map(pick, self.best, networks)
        return replace(after, best=best, best_after=np.where(better, epoch, self.best_after))

    def arrays(self) -> Arrays:
        """Everything by name, for a checkpoint."""
        looks = {
            "looks": np.asarray(self.epochs, dtype=np.int64),
            "look_loss": self.loss,
            "look_accuracy": self.accuracy,
        }
        return {**looks, "best_after": self.best_after, **named("best", self.best)}

    def restored(self, arrays: Arrays) -> "Selected":
        """What `arrays` was written from."""
        epochs = tuple(int(epoch) for epoch in arrays["looks"])
        best = unnamed("best", self.best, arrays)
        return Selected(epochs, arrays["look_loss"], arrays["look_accuracy"], best, arrays["best_after"])


def measured_on(
    networks: Any, batch: Batch, together: int = 500
) -> tuple[Float[np.ndarray, " networks"], Float[np.ndarray, " networks"]]:
    """Loss and accuracy of each network of a population on a batch, of which `together` trials are computed at once."""
    parts = [
        _answers(networks, jax.tree.map(lambda a, start=start: a[start : start + together], batch))
        for start in range(0, len(batch.inputs), together)
    ]
    seen = _judged(jnp.concatenate(parts, axis=1), batch)
    return np.asarray(seen.loss, float), np.asarray(seen.accuracy, float)


@eqx.filter_jit
def _answers(networks: Any, batch: Batch) -> Float[Array, "networks trials read outputs"]:
    def one(network: Cell) -> Outputs:
        return network.outputs(batch.astype(network.dtype))

    one_by_one: Float[Array, "networks trials read outputs"] = jax.lax.map(one, jax.tree.map(jnp.asarray, networks))
    return one_by_one


@eqx.filter_jit
def _judged(answers: Float[Array, "networks trials read outputs"], batch: Batch) -> Measured:
    """Once for all trials, in JAX's default precision: a mean over what counts is not that of the means of parts."""
    answers = answers.astype(float)
    whole = batch.astype(answers.dtype)
    return jax.vmap(lambda one: Measured(whole.loss(one), whole.accuracy(one)))(answers)
