"""What training gives: the networks, the history of their training, how it ended for each."""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import jax
import numpy as np
from jaxtyping import Bool, Float, Int, PyTree

from simulate.training.history import History, Probes, Snapshots
from simulate.training.learner import Learner
from simulate.training.outcome import TrainingOutcome
from simulate.training.selection import Selected

LearnerT = TypeVar("LearnerT", bound=Learner)


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM during training; `result` holds everything up to the last finished chunk of epochs.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import RankOne
    >>> from simulate.tasks import DelayedActivation
    >>> from simulate.training import GradientDescent, train
    >>> def stop(epochs_done):
    ...     raise KeyboardInterrupt
    >>> network = RankOne(0.3 * jnp.ones(9), 0.3 * jnp.ones(9), jnp.zeros(9))
    >>> try:
    ...     train([network], DelayedActivation(4, 4), rule=GradientDescent(0.05), epochs=9, chunk=3, progress=stop)
    ... except TrainingInterrupted as interrupted:
    ...     interrupted.result.history.done
    3
    """

    def __init__(self, result: "Trained[Any]") -> None:
        super().__init__(f"training stopped after {result.history.done} epochs")
        self.result = result


@dataclass(frozen=True)
class Trained(Generic[LearnerT]):
    """The trained networks (leading axis on every array), the history of their training, and how it ended for each.

    `after` was measured after the last update. `stopped_at` is the number of updates of each network. `selected` holds
    the parameters that validation chose, if it was asked to.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, optax
    >>> from simulate.cells import RankOne
    >>> from simulate.tasks import DelayedActivation
    >>> from simulate.training import train
    >>> ones = jnp.ones((2, 9))  # two networks of nine neurons
    >>> trained = train(RankOne(0.3 * ones, 0.3 * ones, 0.0 * ones, *jnp.ones((3, 2))), DelayedActivation(4, 4),
    ...                 rule=optax.adam(0.05), epochs=20)
    >>> trained.loss.shape, trained.network(0).m.shape, [outcome.name for outcome in trained.outcomes]
    ((21, 2), (9,), ['completed', 'completed'])
    """

    networks: LearnerT
    history: History
    after: Probes
    snapshots: Snapshots
    selected: Selected | None
    outcomes: tuple[TrainingOutcome, ...]
    stopped_at: Int[np.ndarray, " networks"]
    seconds: float

    @property
    def finite(self) -> Bool[np.ndarray, " networks"]:
        """Which networks kept finite numbers."""
        return self.history.first_non_finite < 0

    @property
    def loss(self) -> Float[np.ndarray, "recorded networks"]:
        """The loss before each recorded epoch and after the last; NaN once a network was finished or had diverged."""
        return self._with_after(self.history.probes.loss, self.after.loss)

    @property
    def observed(self) -> PyTree:
        """What was observed before each recorded epoch and after the last; NaN as the loss is."""
        return jax.tree.map(self._with_after, self.history.probes.observed, self.after.observed)

    def _with_after(self, path: Any, last: Any) -> np.ndarray:
        whole = np.concatenate([path, np.asarray(last)[None]])
        sound = np.append(self.history.epochs, self.history.done)[:, None] < self.epochs_finite
        return np.where(sound.reshape(*sound.shape, *[1] * (whole.ndim - 2)), whole, np.nan)

    @property
    def epochs_finite(self) -> Int[np.ndarray, " networks"]:
        """How many of the moments 0, 1, ..., epochs (each before an update, the last after all) have finite numbers."""
        broken = self.history.first_non_finite
        last = np.isfinite(self.after.loss)
        for leaf in jax.tree.leaves(self.after.observed):
            last &= np.isfinite(leaf).reshape(len(last), -1).all(axis=-1)
        return np.where(broken < 0, self.history.done + last, broken)

    def network(self, which: int) -> LearnerT:
        """One of them."""
        return jax.tree.map(lambda leaf: leaf[which], self.networks)

    def part(self, which: slice) -> "Trained[LearnerT]":
        """The result for some of the networks."""
        return replace(
            self,
            networks=jax.tree.map(lambda a: a[which], self.networks),
            history=self.history.selected(which),
            after=jax.tree.map(lambda a: a[which], self.after),
            snapshots=Snapshots(
                self.snapshots.epochs,
                tuple(jax.tree.map(lambda a: a[which], networks) for networks in self.snapshots.networks),
            ),
            selected=None,
            outcomes=self.outcomes[which],
            stopped_at=self.stopped_at[which],
        )
