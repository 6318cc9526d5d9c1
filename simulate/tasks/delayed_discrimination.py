"""Delayed discrimination: was the second pulse larger than the first?"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key
from typing_extensions import override

from simulate.tasks.constant import COUNT, POSITIVE, Number, OrNone, Range, WholeNumber, constant
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch, MeanSquares


class DelayedDiscrimination(DrawnTask):
    """Two pulses f1 and f2 on each channel, with a silent delay between them; then the answer sign(f2 - f1).

    A trial starts with the first pulse. Amplitudes are uniform in `amplitudes`, each channel's by itself; the delay is
    uniform among the whole numbers of steps in `delay`, and the same for all channels of a trial. Right after the
    second pulse comes the response window, in which the target is the sign, and which alone counts. Trials of short
    delay end in steps that do not count.

    Memory demand is raised by a longer `delay`. With `magnitude_unit`, each channel has a second output, whose target
    is |f2 - f1| in that unit (the auxiliary loss); these come after all signs. The unit sets what they are worth. In a
    unit of 8, the largest difference, no target exceeds one, and an output that knows nothing costs 1/18 where a sign
    costs 1; in one of sqrt(32/9) = 1.9 both cost 1; in one of 1 the magnitudes cost 32/9 (derived here; tested).

    From Huang et al. (solution degeneracy, sections 2.2 and 3.1.1): the amplitudes, the delays, the threshold, the
    doubled delay out of distribution. Unknown, and chosen here: pulses of `pulse` = 1 step, where the loss is counted
    (a window of `response` = 10 steps), and the unit of the magnitude.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> task = DelayedDiscrimination(jax.random.key(0), trials=1, delay=(2, 2), response=3)
    >>> batch = task(jnp.asarray(0))
    >>> [round(f, 1) for f in batch.inputs[0, :, 0].tolist()]
    [3.3, 0.0, 0.0, 8.6, 0.0, 0.0, 0.0]
    >>> batch.targets[0, :, 0].tolist(), batch.mask[0].tolist()
    ([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    """

    channels: int = constant(1, COUNT)
    amplitudes: tuple[float, float] = constant((2.0, 10.0), Range(Number()))
    delay: tuple[int, int] = constant((5, 20), Range(WholeNumber(0)))
    pulse: int = constant(1, COUNT)
    response: int = constant(10, COUNT)
    magnitude_unit: float | None = constant(None, OrNone(POSITIVE))
    threshold: float = constant(0.01, POSITIVE)

    @property
    def steps(self) -> int:
        """Of a trial with the longest delay, and so of all."""
        return 2 * self.pulse + self.delay[1] + self.response

    @override
    def draw(self, key: Key[Array, ""]) -> Batch:
        amplitude_key, delay_key = jax.random.split(key)
        least, most = self.amplitudes
        pulses = jax.random.uniform(amplitude_key, (2, self.trials, 1, self.channels), minval=least, maxval=most)
        delay = jax.random.randint(delay_key, (self.trials, 1), self.delay[0], self.delay[1] + 1)
        second = self.pulse + delay
        asked = second + self.pulse
        first_on, second_on, counts = (
            self._between(start, length)
            for start, length in ((0 * delay, self.pulse), (second, self.pulse), (asked, self.response))
        )
        answers = jnp.sign(pulses[1] - pulses[0])
        if self.magnitude_unit is not None:
            answers = jnp.concatenate([answers, jnp.abs(pulses[1] - pulses[0]) / self.magnitude_unit], axis=-1)
        return Batch(
            inputs=jnp.where(first_on, pulses[0], jnp.where(second_on, pulses[1], 0.0)),
            targets=jnp.where(counts, answers, 0.0),
            mask=counts[..., 0].astype(float),
            dt=self.dt,
            criterion=MeanSquares(signs=self.channels),
        )

    def _between(self, start: Int[Array, "trials 1"], length: int) -> Bool[Array, "trials steps 1"]:
        """At which steps of each trial something lasts, that starts at `start`."""
        now = jnp.arange(self.steps)
        return ((start <= now) & (now < start + length))[..., None]

    @property
    @override
    def memory_demand(self) -> int:
        """From the end of the first pulse to the first answer, over the longest delay, with both steps counted."""
        return self.pulse + self.delay[1] + 2

    @override
    def out_of_distribution(self) -> "DelayedDiscrimination":
        """Delays twice as long, at either end of their range."""
        return dataclasses.replace(self, delay=(2 * self.delay[0], 2 * self.delay[1]))
