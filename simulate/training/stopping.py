"""When a network has learned enough, each by itself."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree


class Stopping(eqx.Module):
    """A rule that ends the training of a network."""

    @abstractmethod
    def init(self) -> PyTree:
        """What the rule remembers of one network, at the start."""

    @abstractmethod
    def look(self, memory: PyTree, loss: Float[Array, ""]) -> tuple[PyTree, Bool[Array, ""]]:
        """After the loss of one more epoch: what it remembers, and whether to stop before this epoch's step."""


class BadThreshold(ValueError):
    """A patience or a stretch of no length."""


class Never(Stopping):
    """Train to the last epoch."""

    def init(self) -> None:
        """Nothing is remembered."""

    def look(self, memory: PyTree, loss: Float[Array, ""]) -> tuple[PyTree, Bool[Array, ""]]:
        """It is never enough."""
        return memory, jnp.asarray(False)


class Threshold(Stopping):
    """Stop once the loss, averaged over `every` epochs, was at or below `loss` in `patience` such stretches on end.

    `loss` is one number for all networks, or one for each.

    Raises:
        BadThreshold: if `patience` or `every` is below 1.

    >>> Threshold(1e-3, patience=3, every=128).patience  # the paper's epoch is 128 steps
    3
    """

    loss: float | Float[Array, "*networks"]
    patience: int = eqx.field(static=True, default=1)
    every: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        """Something to wait for."""
        if self.patience < 1 or self.every < 1:
            raise BadThreshold(f"patience {self.patience}, every {self.every}: give whole numbers from 1")

    def init(self) -> tuple[Int[Array, ""], Int[Array, ""], Float[Array, ""]]:
        """Epochs into this stretch, stretches below the threshold on end, the sum of this stretch's losses."""
        return jnp.asarray(0), jnp.asarray(0), jnp.asarray(0.0)

    def look(self, memory: PyTree, loss: Float[Array, ""]) -> tuple[PyTree, Bool[Array, ""]]:
        """Count the stretches below the threshold."""
        within, below, total = memory
        within, total = within + 1, total + loss.astype(total.dtype)
        ended = within == self.every
        low = total / self.every <= jnp.asarray(self.loss, total.dtype)
        below = jnp.where(ended, jnp.where(low, below + 1, 0), below)
        return (jnp.where(ended, 0, within), below, jnp.where(ended, 0.0, total)), below >= self.patience


NEVER = Never()
