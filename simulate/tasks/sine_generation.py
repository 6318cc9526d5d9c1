"""Sine generation: turn a constant input into a sine wave of the frequency that it names."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key
from typing_extensions import override

from simulate.tasks.constant import COUNT, POSITIVE, BadConstant, Number, OrNone, Range, constant
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch, MeanSquares


class SineGeneration(DrawnTask):
    """Each channel's input is the same at all steps and names a frequency f; its target is sin(2 pi f t).

    Time t starts at zero, in steps of `sampling_interval`. A channel's frequency is one of `frequencies`, evenly spaced
    over `band` (its lower end, if there is but one); None: any of the band, uniformly. Each trial and channel has one
    by itself. The input is (f - `input_zero`) / `input_unit`. Every step counts.

    From Huang et al. (solution degeneracy, section 2.2): the band, evenly spaced frequencies, the threshold. Unknown,
    and chosen here: 3 frequencies; 100 steps of 0.01, so that the lowest frequency has one cycle and the highest more
    than three steps a cycle; inputs f / 30, at most one, where the paper may well mean f itself (`input_unit=1.0`).

    Maheswaranathan et al. (universality, section 2) ask for `frequencies=None, band=(0.01, 0.05), input_zero=0.01,
    input_unit=0.04, steps=500, sampling_interval=0.01`. As printed, that is a quarter of a cycle at most, for
    0.05 * 500 * 0.01 = 1/4; where t counts steps (`sampling_interval=1.0`) it is 5 to 25 cycles.

    >>> import jax, jax.numpy as jnp
    >>> task = SineGeneration(jax.random.key(0), trials=1, frequencies=1, band=(25.0, 25.0), steps=5)
    >>> batch = task(jnp.asarray(0))
    >>> batch.targets[0, :, 0].round().astype(int).tolist()  # four steps a cycle
    [0, 1, 0, -1, 0]

    Raises:
        BadConstant: also if a cycle of the highest frequency has less than two steps.
    """

    channels: int = constant(1, COUNT)
    frequencies: int | None = constant(3, OrNone(COUNT))
    band: tuple[float, float] = constant((1.0, 30.0), Range(POSITIVE))
    steps: int = constant(100, COUNT)
    sampling_interval: float = constant(0.01, POSITIVE)
    input_zero: float = constant(0.0, Number())
    input_unit: float = constant(30.0, POSITIVE)
    threshold: float = constant(0.05, POSITIVE)

    def __check_init__(self) -> None:
        """Refuse waves that the steps do not resolve."""
        super().__check_init__()
        highest = self.band[1]
        if 2 * highest * self.sampling_interval > 1:
            raise BadConstant(
                f"sampling_interval of SineGeneration is {self.sampling_interval}, less than two steps for a cycle at "
                f"{highest:g}: give at most {1 / (2 * highest):g}"
            )

    @override
    def draw(self, key: Key[Array, ""]) -> Batch:
        shape, (low, high) = (self.trials, 1, self.channels), self.band
        if self.frequencies is None:
            f = jax.random.uniform(key, shape, minval=low, maxval=high)
        else:
            f = jnp.linspace(low, high, self.frequencies)[jax.random.randint(key, shape, 0, self.frequencies)]
        t = self.sampling_interval * jnp.arange(self.steps, dtype=float)[:, None]
        told = (f - self.input_zero) / self.input_unit
        return Batch(
            inputs=jnp.broadcast_to(told, (self.trials, self.steps, self.channels)),
            targets=jnp.sin(2 * jnp.pi * f * t),
            mask=jnp.ones((self.trials, self.steps)),
            dt=self.dt,
            criterion=MeanSquares(),
        )

    @property
    @override
    def memory_demand(self) -> int:
        """Two steps: y_t = 2 cos(w) y_(t-1) - y_(t-2), where w is told by the input; one does not tell up from down."""
        return 2

    @override
    def out_of_distribution(self) -> "SineGeneration":
        """Trials of twice as many steps."""
        return dataclasses.replace(self, steps=2 * self.steps)
