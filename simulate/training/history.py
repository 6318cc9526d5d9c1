"""What is kept of a training run: probes of every network, epoch by epoch, and parameters now and then."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int

from simulate.cells.rank_r import Network
from simulate.training.checkpoint import Arrays

TAIL = 50
"""Number of last epochs that are kept one by one, whatever is recorded of the others."""


class Probes(eqx.Module):
    """Measured on the parameters before each update: loss, accuracy and Euclidean norm of the gradient."""

    loss: Float[Array | np.ndarray, "*epochs networks"]
    accuracy: Float[Array | np.ndarray, "*epochs networks"]
    gradient_norm: Float[Array | np.ndarray, "*epochs networks"]


@dataclass(frozen=True)
class History:
    """Probes of the recorded `epochs`; those of the last (at most fifty) epochs; summaries over all epochs.

    Epoch e is measured after e updates. `best_accuracy` is the largest at any epoch, `first_non_finite` the
    first epoch at which loss or gradient was not a finite number, -1 for a sound network.
    """

    done: int
    epochs: Int[np.ndarray, " recorded"]
    probes: Probes
    tail: Probes
    best_accuracy: Float[np.ndarray, " networks"]
    first_non_finite: Int[np.ndarray, " networks"]

    def selected(self, which: slice) -> "History":
        """The same for some of the networks."""
        return History(
            self.done,
            self.epochs,
            jax.tree.map(lambda a: a[:, which], self.probes),
            jax.tree.map(lambda a: a[:, which], self.tail),
            self.best_accuracy[which],
            self.first_non_finite[which],
        )


@dataclass(frozen=True)
class Recorder:
    """A history while it grows, in pieces. It is never changed but replaced, so no interruption halves it."""

    record_every: int
    pieces: tuple[Probes, ...]
    tail: Probes
    best_accuracy: np.ndarray
    first_non_finite: np.ndarray
    done: int = 0

    @staticmethod
    def empty(networks: int, record_every: int, dtype: np.dtype) -> "Recorder":
        """Nothing recorded yet."""
        none = Probes(*(np.empty((0, networks), dtype) for _ in range(3)))
        return Recorder(record_every, (none,), none, np.zeros(networks, dtype), np.full(networks, -1, dtype=np.int64))

    def extended(self, probes: Probes) -> "Recorder":
        """With the probes of the epochs that followed, every one of them."""
        count = len(probes.loss)
        finite = np.isfinite(probes.loss) & np.isfinite(probes.gradient_norm)
        broken_at = np.where(finite.all(axis=0), -1, self.done + np.argmin(finite, axis=0))
        offset = -self.done % self.record_every
        return replace(
            self,
            pieces=(*self.pieces, jax.tree.map(lambda a: a[offset :: self.record_every].copy(), probes)),
            tail=jax.tree.map(lambda old, new: np.concatenate([old, new])[-TAIL:], self.tail, probes),
            best_accuracy=np.maximum(self.best_accuracy, probes.accuracy.max(axis=0)),
            first_non_finite=np.where(self.first_non_finite < 0, broken_at, self.first_non_finite),
            done=self.done + count,
        )

    def history(self) -> History:
        """All pieces joined."""
        return History(
            done=self.done,
            epochs=np.arange(0, self.done, self.record_every),
            probes=self._joined(),
            tail=self.tail,
            best_accuracy=self.best_accuracy,
            first_non_finite=self.first_non_finite,
        )

    def arrays(self) -> Arrays:
        """Everything by name, for a checkpoint."""
        joined = self._joined()
        return {
            "done": np.asarray(self.done),
            "best_accuracy": self.best_accuracy,
            "first_non_finite": self.first_non_finite,
            **{f"probes.{name}": getattr(joined, name) for name in _PROBES},
            **{f"tail.{name}": getattr(self.tail, name) for name in _PROBES},
        }

    def restored(self, arrays: Arrays) -> "Recorder":
        """The recorder that `arrays` was written by."""
        return replace(
            self,
            pieces=(Probes(*(arrays[f"probes.{name}"] for name in _PROBES)),),
            tail=Probes(*(arrays[f"tail.{name}"] for name in _PROBES)),
            best_accuracy=arrays["best_accuracy"],
            first_non_finite=arrays["first_non_finite"],
            done=int(arrays["done"]),
        )

    def _joined(self) -> Probes:
        return jax.tree.map(lambda *pieces: np.concatenate(pieces), *self.pieces)


_PROBES = ("loss", "accuracy", "gradient_norm")


@dataclass(frozen=True)
class Snapshots:
    """Parameters of all networks (leading axes: snapshots, networks) at given epochs."""

    epochs: tuple[int, ...] = ()
    networks: tuple[Network, ...] = ()

    def taken(self, epoch: int, networks: Network) -> "Snapshots":
        """With one more."""
        return Snapshots((*self.epochs, epoch), (*self.networks, networks))

    def arrays(self) -> Arrays:
        """Everything by name, for a checkpoint."""
        leaves = [jax.tree.leaves(networks) for networks in self.networks]
        stacked = {f"snapshot.{i}": np.stack(column) for i, column in enumerate(zip(*leaves, strict=True))}
        return {"snapshot_epochs": np.asarray(self.epochs, dtype=np.int64), **stacked}

    @staticmethod
    def restored(arrays: Arrays, like: Network) -> "Snapshots":
        """The snapshots that `arrays` was written from; `like` gives the structure of a population."""
        epochs = tuple(int(epoch) for epoch in arrays["snapshot_epochs"])
        leaves, structure = jax.tree.flatten(like)
        columns = [arrays[f"snapshot.{i}"] for i in range(len(leaves))] if epochs else []
        networks = (jax.tree.unflatten(structure, row) for row in zip(*columns, strict=True))
        return Snapshots(epochs, tuple(networks))
