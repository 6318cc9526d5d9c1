"""The tasks of the paper and how each is trained: by what it grows more complex, and what of it an effort asks for."""

from collections.abc import Callable
from dataclasses import dataclass

import jax

from simulate.tasks.delayed_discrimination import DelayedDiscrimination
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.lorenz_96 import Lorenz96
from simulate.tasks.n_bit_flip_flop import NBitFlipFlop
from simulate.tasks.path_integration import PathIntegration
from simulate.tasks.sine_generation import SineGeneration
from validate.degeneracy.settings import Config, TaskEffort

RESPONSE = 5
SAMPLING = 0.004
"""Of the sines, so that the fastest turns by 43 degrees a step.

To turn by theta in a step, a cell that goes a share tau of its way has to be driven |exp(i theta) - 1 + tau| / tau
times as strongly as it leaks: 1.4 times here for tau = 1/2, but 2.5 times at the 108 degrees of a sampling by 0.01.
"""


@dataclass(frozen=True)
class SuiteTask:
    """A task: its name, that of its option, the unit of its complexity, and how it is made of so many of them."""

    option: str
    name: str
    unit: str
    make: Callable[[Config, int], DrawnTask]

    def effort(self, config: Config) -> TaskEffort:
        """What this run asks of it."""
        return config.effort.of(self.option)

    def at(self, config: Config, level: int | None = None) -> DrawnTask:
        """The task at a level of complexity; at its usual one where something else is the factor."""
        return self.make(config, self.effort(config).usual if level is None else level)


def flip_flop(config: Config, bits: int) -> NBitFlipFlop:
    """The N-bit flip-flop."""
    effort = config.effort.of("flip-flop")
    return NBitFlipFlop(
        jax.random.key(config.seed),
        bits=bits,
        steps=effort.steps,
        trials=config.effort.trials,
        threshold=effort.threshold,
    )


def discrimination(
    config: Config, channels: int, *, delay: tuple[int, int] | None = None, magnitude_unit: float | None = None
) -> DelayedDiscrimination:
    """Delayed discrimination, whose trials are as long as their delay makes them."""
    return DelayedDiscrimination(
        jax.random.key(config.seed),
        channels=channels,
        delay=delay or config.effort.levels.delays[0],
        magnitude_unit=magnitude_unit,
        response=RESPONSE,
        trials=config.effort.trials,
        threshold=config.effort.of("discrimination").threshold,
    )


def sine(config: Config, channels: int) -> SineGeneration:
    """Sine generation."""
    effort = config.effort.of("sine")
    return SineGeneration(
        jax.random.key(config.seed),
        channels=channels,
        steps=effort.steps,
        sampling_interval=SAMPLING,
        trials=config.effort.trials,
        threshold=effort.threshold,
    )


def path(config: Config, dimensions: int) -> PathIntegration:
    """Path integration from a random start, which is shown."""
    effort = config.effort.of("path")
    return PathIntegration(
        jax.random.key(config.seed),
        dimensions=dimensions,
        steps=effort.steps,
        trials=config.effort.trials,
        threshold=effort.threshold,
    )


def lorenz(config: Config, sites: int) -> Lorenz96:
    """The next state of Lorenz-96."""
    effort = config.effort.of("lorenz")
    return Lorenz96(
        jax.random.key(config.seed),
        channels=sites,
        steps=effort.steps,
        trials=config.effort.trials,
        threshold=effort.threshold,
    )


FLIP_FLOP = SuiteTask("flip-flop", "flip-flop", "bits", flip_flop)
DISCRIMINATION = SuiteTask("discrimination", "delayed discrimination", "channels", discrimination)
SUITE = (
    FLIP_FLOP,
    DISCRIMINATION,
    SuiteTask("sine", "sine generation", "channels", sine),
    SuiteTask("path", "path integration", "dimensions", path),
    SuiteTask("lorenz", "Lorenz-96", "sites", lorenz),
)


def chosen(config: Config) -> tuple[SuiteTask, ...]:
    """The tasks of this run."""
    return tuple(task for task in SUITE if task.option in config.tasks)
