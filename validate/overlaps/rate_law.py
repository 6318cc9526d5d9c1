"""How far the flow of the overlaps is from their map, as the rate is halved at equal rate times epochs."""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.flow import overlap_flow
from simulate.tasks.impulse import filter_task
from simulate.tasks.task import Batch
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from validate.overlaps.settings import Config

RATE = 2e-3
EPOCHS = 400
READINGS = 40
START = np.array([[1.0, 0.2, 0.1, 0.1], [0.2, 1.0, 0.1, 0.1], [0.1, 0.1, 1.0, 0.2], [0.1, 0.1, 0.2, 1.0]])


@dataclass(frozen=True)
class RateLaw:
    """Rates, and the largest difference of an overlap between flow and map along the training."""

    rates: Float[np.ndarray, " rates"]
    errors: Float[np.ndarray, " rates"]

    @property
    def slope(self) -> float:
        """The power of the rate, fitted."""
        return float(np.polyfit(np.log(self.rates), np.log(self.errors), 1)[0])


@eqx.filter_jit
def _flow(closure: Closure, batch: Batch, rate: Float[Array, ""], times: Float[Array, " times"]) -> Array:
    return overlap_flow(closure, jnp.asarray(START), batch, GradientDescent(rate), times).sigma


def rate_law(config: Config) -> RateLaw:
    """On a filter task of ten time units, from the same overlaps, for a rate and its halves."""
    task, closure = filter_task(dt=0.1, steps=100), Closure(Shape(), LINEAR)
    halvings = 3 if config.effort.small else 5
    rates = RATE / 2.0 ** np.arange(halvings + 1)
    errors = []
    for k, rate in enumerate(rates):
        epochs = EPOCHS * 2**k
        start = Overlaps(jnp.asarray(START), closure)
        mapped = train([start], task, rule=GradientDescent(rate), epochs=epochs, chunk=EPOCHS)
        times = jnp.linspace(0.0, epochs, READINGS + 1)
        followed = _flow(closure, task.batch, jnp.asarray(rate), times)
        errors.append(float(jnp.abs(followed - mapped.observed[:: epochs // READINGS, 0]).max()))
    return RateLaw(rates, np.array(errors))
