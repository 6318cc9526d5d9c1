"""What is kept of a training run: probes of every network, epoch by epoch, and parameters now and then."""

from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from simulate.training.checkpoint import Arrays

TAIL = 50
"""Number of last epochs that are kept one by one, whatever is recorded of the others."""


class Probes(eqx.Module):
    """Measured on the parameters before each update: loss, accuracy, Euclidean norm of the gradient.

    `observed` is what the network records of itself besides: its overlaps, say. NaN from the epoch on at which a
    network was finished.
    """

    loss: Float[Array | np.ndarray, "*axes"]
    accuracy: Float[Array | np.ndarray, "*axes"]
    gradient_norm: Float[Array | np.ndarray, "*axes"]
    observed: PyTree = ()


@dataclass(frozen=True)
class History:
    """Probes of the recorded `epochs`; those of the last (at most fifty) epochs; summaries over all epochs.

    Epoch e is measured after e updates. `best_accuracy` is the largest at any epoch, `first_non_finite` the first epoch
    at which loss, gradient or what is observed was not a finite number, -1 for a sound network.
    """

    done: int
    epochs: Int[np.ndarray, " recorded"]
    probes: Probes
    tail: Probes
    best_accuracy: Float[np.ndarray, " networks"]
    first_non_finite: Int[np.ndarray, " networks"]

    def selected(self, which: slice) -> "History":
        """The history of some of the networks."""
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
    """A history while it grows, in pieces. It is never changed but replaced, so no interruption halves it.

    `running[e, i]` of each piece tells whether network i still learned at epoch e: what came later is left out.
    """

    record_every: int
    pieces: tuple[Probes, ...]
    tail: Probes
    best_accuracy: np.ndarray
    first_non_finite: np.ndarray
    done: int = 0

    @staticmethod
    def empty(like: Probes, record_every: int) -> "Recorder":
        """Nothing recorded yet; `like` gives dtypes and shapes, its leading axis being that of networks."""
        none = jax.tree.map(lambda a: np.empty((0, *a.shape), a.dtype), like)
        networks = len(like.loss)
        best = np.full(networks, -np.inf, like.accuracy.dtype)
        return Recorder(record_every, (none,), _without_observed(none), best, np.full(networks, -1, dtype=np.int64))

    def extended(self, probes: Probes, running: np.ndarray) -> "Recorder":
        """With the probes of the epochs that followed, every one of them."""
        count = len(probes.loss)
        finite = np.isfinite(probes.loss) & np.isfinite(probes.gradient_norm)
        for leaf in jax.tree.leaves(probes.observed):
            finite &= np.isfinite(leaf).reshape(*finite.shape, -1).all(axis=-1)
        broken = ~finite & running
        broken_at = np.where(broken.any(axis=0), self.done + np.argmax(broken, axis=0), -1)
        offset = -self.done % self.record_every
        accuracy = np.where(np.isfinite(probes.accuracy), probes.accuracy, -np.inf)
        return replace(
            self,
            pieces=(*self.pieces, jax.tree.map(lambda a: a[offset :: self.record_every].copy(), probes)),
            tail=jax.tree.map(
                lambda old, new: np.concatenate([old, new])[-TAIL:], self.tail, _without_observed(probes)
            ),
            best_accuracy=np.maximum(self.best_accuracy, accuracy.max(axis=0, initial=-np.inf)),
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
        return {
            "done": np.asarray(self.done),
            "best_accuracy": self.best_accuracy,
            "first_non_finite": self.first_non_finite,
            **named("probes", self._joined()),
            **named("tail", self.tail),
        }

    def restored(self, arrays: Arrays) -> "Recorder":
        """The recorder that `arrays` was written by."""
        return replace(
            self,
            pieces=(unnamed("probes", self.pieces[0], arrays),),
            tail=unnamed("tail", self.tail, arrays),
            best_accuracy=arrays["best_accuracy"],
            first_non_finite=arrays["first_non_finite"],
            done=int(arrays["done"]),
        )

    def _joined(self) -> Probes:
        return jax.tree.map(lambda *pieces: np.concatenate(pieces), *self.pieces)


def _without_observed(probes: Probes) -> Probes:
    return Probes(probes.loss, probes.accuracy, probes.gradient_norm)


@dataclass(frozen=True)
class Snapshots:
    """Parameters of all networks (leading axes: snapshots, networks) at given epochs."""

    epochs: tuple[int, ...] = ()
    networks: tuple[Any, ...] = ()

    def taken(self, epoch: int, networks: PyTree) -> "Snapshots":
        """With one more."""
        return Snapshots((*self.epochs, epoch), (*self.networks, networks))

    def arrays(self) -> Arrays:
        """Everything by name, for a checkpoint."""
        leaves = [jax.tree.leaves(networks) for networks in self.networks]
        stacked = {f"snapshot.{i}": np.stack(column) for i, column in enumerate(zip(*leaves, strict=True))}
        return {"snapshot_epochs": np.asarray(self.epochs, dtype=np.int64), **stacked}

    @staticmethod
    def restored(arrays: Arrays, like: PyTree) -> "Snapshots":
        """The snapshots that `arrays` was written from; `like` gives the structure of a population."""
        epochs = tuple(int(epoch) for epoch in arrays["snapshot_epochs"])
        leaves, structure = jax.tree.flatten(like)
        columns = [arrays[f"snapshot.{i}"] for i in range(len(leaves))] if epochs else []
        networks = (jax.tree.unflatten(structure, row) for row in zip(*columns, strict=True))
        return Snapshots(epochs, tuple(networks))


def named(name: str, tree: PyTree) -> Arrays:
    """The arrays of a tree by name, for a checkpoint."""
    return {f"{name}.{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(tree))}


def unnamed(name: str, like: Any, arrays: Arrays) -> Any:
    """The tree that `named` took apart; `like` gives its structure."""
    leaves, structure = jax.tree.flatten(like)
    return jax.tree.unflatten(structure, [arrays[f"{name}.{i}"] for i in range(len(leaves))])
