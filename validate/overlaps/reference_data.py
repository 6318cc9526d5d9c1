"""Somebody else's network: the filter run published with the paper, beside the map and beside a naive flow.

The naive flow moves the visible overlaps down the loss's own gradient, sigma' = -grad L, as if the others did not
matter.
"""

from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.overlaps.closure import Closure, Overlaps
from simulate.tasks.impulse import impulse_task
from simulate.tasks.task import Batch, FixedTask
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR

FILE = Path(__file__).parents[1] / "data" / "filter_task_full_network.csv"
RATE, EPOCHS = 5e-3, 2000
DT, STEPS, DECAY = 0.05, 400, 0.2
SHAPE = Shape()
VISIBLE = ("zm", "zu", "vm", "vu")
CLOCKS = np.geomspace(1.0, 8.0, 25)
"""By how much the naive flow is let run faster: at first its own clock, then all the others to find the best."""


@dataclass(frozen=True)
class ReferenceRun:
    """Columns `names`, rows `epochs`: their network and the map.

    The naive flows have the columns `VISIBLE`.
    """

    names: tuple[str, ...]
    epochs: Float[np.ndarray, " rows"]
    theirs: Float[np.ndarray, "rows columns"]
    mapped: Float[np.ndarray, "rows columns"]
    naive: Float[np.ndarray, "rows visible"]
    naive_fitted: Float[np.ndarray, "rows visible"]
    """By the clock that brings it nearest to the network."""
    fitted_clock: float

    @property
    def error(self) -> float:
        """The largest difference between map and network."""
        return float(np.abs(self.theirs - self.mapped).max())

    @property
    def visible(self) -> Float[np.ndarray, "rows visible"]:
        """The visible overlaps of their network."""
        return self.theirs[:, [self.names.index(name) for name in VISIBLE]]

    def naive_errors(self) -> tuple[float, ...]:
        """The largest difference of a visible overlap from their network: of the naive flow, and by the best clock."""
        return tuple(float(np.abs(naive - self.visible).max()) for naive in (self.naive, self.naive_fitted))


def published_task() -> FixedTask:
    """Their filter task, with the stretched grid of their targets."""
    t = np.linspace(0, STEPS, STEPS) * DT
    return impulse_task(jnp.asarray(np.exp(-DECAY * t))[:, None], DT)


def reference_run() -> ReferenceRun:
    """Start the map and the naive flow from the overlaps of the file's first row."""
    names = tuple(FILE.read_text().splitlines()[0].split(","))[1:]
    table = np.loadtxt(FILE, delimiter=",", skiprows=1)
    epochs, theirs = table[:, 0], table[:, 1:]
    start = dict(zip(names, theirs[0], strict=True))
    sigma = np.array([[start[str(SHAPE.overlap(a, b))] for b in range(SHAPE.size)] for a in range(SHAPE.size)])
    closure, task = Closure(SHAPE, LINEAR), published_task()
    overlaps = Overlaps(jnp.asarray(sigma), closure)
    learnt = train([overlaps], task, rule=GradientDescent(RATE), epochs=EPOCHS)
    path = learnt.observed[:, 0]
    rows = epochs.astype(int)
    place = {str(SHAPE.overlap(a, b)): (a, b) for a, b in SHAPE.pairs}
    mapped = [learnt.loss[:, 0] if name == "loss" else path[(slice(None), *place[name])] for name in names]
    naive = np.asarray(_naive(closure, jnp.asarray(sigma), task.batch, jnp.asarray(RATE * CLOCKS)))
    visible = np.stack([naive[:, rows, *place[name]] for name in VISIBLE], axis=-1)
    wanted = theirs[:, [names.index(name) for name in VISIBLE]]
    best = int(np.abs(visible - wanted).max(axis=(1, 2)).argmin())
    return ReferenceRun(
        names=names,
        epochs=epochs,
        theirs=theirs,
        mapped=np.stack(mapped, axis=-1)[rows],
        naive=visible[0],
        naive_fitted=visible[best],
        fitted_clock=float(CLOCKS[best]),
    )


@eqx.filter_jit
def _naive(
    closure: Closure, sigma: Float[Array, "d d"], batch: Batch, rates: Float[Array, " rates"]
) -> Float[Array, "rates epochs d d"]:
    """sigma <- sigma - rate dL/dsigma; an overlap off the diagonal stands twice in the matrix."""

    def one(rate: Array) -> Array:
        def epoch(sigma: Array, _: Array) -> tuple[Array, Array]:
            _, gradient = closure.loss_and_gradient(sigma, batch)
            return sigma - rate * (2 * gradient - jnp.diag(jnp.diag(gradient))), sigma

        return jax.lax.scan(epoch, sigma, jnp.arange(EPOCHS))[1]

    return jax.vmap(one)(rates)
