"""Lorenz-96: say the next state of a chaotic system from its states up to now."""

import dataclasses
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from typing_extensions import override

from simulate.tasks.constant import COUNT, POSITIVE, BadConstant, Number, WholeNumber, constant
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch, MeanSquares

Sites = Float[Array, "*trials channels"]


class Lorenz96(DrawnTask):
    """Inputs are the states of the Lorenz-96 system, step after step; the target is always the next one.

    dx_i/dt = (x_(i+1) - x_(i-2)) x_(i-1) - x_i + F, on a ring of `channels` sites (Lorenz 1996), by steps of
    `sampling_interval` of the classical Runge-Kutta method. Trials start at normal states and leave out the first
    `spin_up` steps, after which they are on the attractor. Both inputs and targets are (x - `centre`) / `scale`, of
    mean zero and standard deviation one for F = 8. Every step counts.

    Huang et al. (solution degeneracy, section 2.2 and its appendix E) name the task. Unknown, and chosen here: all its
    constants. F = 8 and steps of 0.05 are Lorenz's; four sites are nearly periodic there, from five on the system is
    chaotic (Lyapunov exponents 0.06 and 0.5; 1.6 for the 8 sites chosen). An output that repeats the last state errs by
    0.07 (a mean square), one that goes on in a straight line by 0.016; the threshold of 0.005 is below both.

    >>> import jax, jax.numpy as jnp
    >>> batch = Lorenz96(jax.random.key(0))(jnp.asarray(0))
    >>> bool(jnp.all(batch.inputs[:, 1:] == batch.targets[:, :-1]))
    True

    Raises:
        BadConstant: also if forcing times sampling_interval is beyond one, either sign: from about two on, the steps of
            the method leave the attractor for infinity (seen with 8 sites).
    """

    channels: int = constant(8, WholeNumber(4))
    steps: int = constant(100, COUNT)
    forcing: float = constant(8.0, Number())
    sampling_interval: float = constant(0.05, Number(above=0.0, most=0.1))
    spin_up: int = constant(100, WholeNumber(0))
    centre: float = constant(2.3, Number())
    scale: float = constant(3.6, POSITIVE)
    threshold: float = constant(0.005, POSITIVE)

    def __check_init__(self) -> None:
        """Refuse steps that are too long for the forcing."""
        super().__check_init__()
        if abs(self.forcing) * self.sampling_interval > 1:
            raise BadConstant(
                f"sampling_interval of Lorenz96 is {self.sampling_interval}, too long a step at a forcing of "
                f"{self.forcing:g}: give at most {1 / abs(self.forcing):g}"
            )

    @override
    def draw(self, key: Key[Array, ""]) -> Batch:
        start = self.centre + self.scale * jax.random.normal(key, (self.trials, self.channels))
        flow = partial(lorenz_96, forcing=self.forcing)

        def advance(x: Sites, _: None) -> tuple[Sites, Sites]:
            return runge_kutta(flow, x, self.sampling_interval), x

        start, _ = jax.lax.scan(lambda x, _: (advance(x, None)[0], None), start, length=self.spin_up)
        _, orbit = jax.lax.scan(advance, start, length=self.steps + 1)
        scaled = (jnp.swapaxes(orbit, 0, 1) - self.centre) / self.scale
        mask = jnp.ones((self.trials, self.steps))
        return Batch(scaled[:, :-1], scaled[:, 1:], mask, self.dt, MeanSquares())

    @property
    @override
    def memory_demand(self) -> int:
        """The input is the whole state."""
        return 1

    @override
    def out_of_distribution(self) -> "Lorenz96":
        """Trials of twice as many steps."""
        return dataclasses.replace(self, steps=2 * self.steps)


def advection(x: Sites) -> Sites:
    """(x_(i+1) - x_(i-2)) x_(i-1), which conserves the sum of squares."""
    return (jnp.roll(x, -1, axis=-1) - jnp.roll(x, 2, axis=-1)) * jnp.roll(x, 1, axis=-1)


def lorenz_96(x: Sites, forcing: float) -> Sites:
    """dx/dt: advection, damping and forcing."""
    return advection(x) - x + forcing


def runge_kutta(flow: Callable[[Sites], Sites], x: Sites, dt: float) -> Sites:
    """One step of the classical method of order four."""
    first = flow(x)
    second = flow(x + dt / 2 * first)
    third = flow(x + dt / 2 * second)
    fourth = flow(x + dt * third)
    return x + dt / 6 * (first + 2 * second + 2 * third + fourth)
