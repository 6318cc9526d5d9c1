"""Answer zero while the delay lasts, then one: the task of the ghost mechanism."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from simulate.tasks.task import Batch, SummedSquares, Task


class DelayedActivation(Task):
    """Answer zero while the delay lasts, then one (Dinc et al., equation 1).

    There is one trial and no input. Defaults are the paper's: a delay of 100 ms and a response of the same length,
    20 Euler steps of 5 ms each (tau = 10 ms). The loss is summed over the steps and divided by those of the delay, as
    in the paper's published code.

    >>> import jax.numpy as jnp
    >>> DelayedActivation(delay_steps=3, response_steps=2)(jnp.asarray(0)).targets[0, :, 0].tolist()
    [0.0, 0.0, 0.0, 1.0, 1.0]
    """

    delay_steps: int = eqx.field(static=True, default=20)
    response_steps: int = eqx.field(static=True, default=20)
    dt: float = eqx.field(static=True, default=0.5)

    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """The single trial, the same in every epoch."""
        steps = self.delay_steps + self.response_steps
        return Batch(
            inputs=jnp.zeros((1, steps, 0)),
            targets=(jnp.arange(steps) >= self.delay_steps).astype(float)[None, :, None],
            mask=jnp.ones((1, steps)),
            dt=self.dt,
            criterion=SummedSquares(float(self.delay_steps)),
        )
