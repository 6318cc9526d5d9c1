"""Tasks: what a network is shown, what it should answer, and how far its answer is from that."""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Trials(eqx.Module):
    """Some trials of a task. Time is counted in Euler steps; the output is read after each step.

    `initial_activity` is the common activity of all units when a trial begins; `mask` is one where a step
    counts and zero where it does not; `step` is the Euler step in units of the time constant (dt/tau).
    """

    inputs: Float[Array, "trials steps channels"]
    targets: Float[Array, "trials steps"]
    mask: Float[Array, "trials steps"]
    initial_activity: Float[Array, " trials"]
    step: float = eqx.field(static=True)


class SquaredError(eqx.Module):
    """Sum over the steps of (output - target)^2, divided by `divisor`, averaged over the trials."""

    divisor: float = eqx.field(static=True)

    def __call__(self, outputs: Float[Array, "trials steps"], trials: Trials) -> Float[Array, ""]:
        """The loss of one network, a dimensionless number."""
        errors = trials.mask * (outputs - trials.targets) ** 2
        return jnp.mean(jnp.sum(errors, axis=1)) / self.divisor


def accuracy(outputs: Float[Array, "trials steps"], trials: Trials) -> Float[Array, ""]:
    """Fraction of the steps that count in which the output is on the target's side of one half."""
    right: Bool[Array, "trials steps"] = (outputs > 0.5) == (trials.targets > 0.5)
    return jnp.sum(trials.mask * right.astype(outputs.dtype)) / jnp.sum(trials.mask)


@dataclass(frozen=True)
class DelayedActivation:
    """Answer zero while the delay lasts, then one: the task of the ghost mechanism (Dinc et al., equation 1).

    There is one trial and no input. Defaults are the paper's: a delay of 100 ms and a response of the same
    length, 20 Euler steps of 5 ms each (tau = 10 ms), all units starting at -0.3.
    """

    delay_steps: int = 20
    response_steps: int = 20
    step: float = 0.5
    initial_activity: float = -0.3

    def trials(self, dtype: jnp.dtype) -> Trials:
        """The single trial, its arrays in the given precision."""
        steps = self.delay_steps + self.response_steps
        return Trials(
            inputs=jnp.zeros((1, steps, 0), dtype),
            targets=(jnp.arange(steps) >= self.delay_steps).astype(dtype)[None],
            mask=jnp.ones((1, steps), dtype),
            initial_activity=jnp.full((1,), self.initial_activity, dtype),
            step=self.step,
        )

    @property
    def loss(self) -> SquaredError:
        """Squared error summed over the steps and divided by the delay, as in the paper's published code."""
        return SquaredError(divisor=float(self.delay_steps))
