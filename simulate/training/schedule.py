"""How the learning rate changes during training."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Schedule:
    """The learning rate as a function of epochs done, counted in fractions."""

    @abstractmethod
    def __call__(self, epoch: float | int) -> float:
        """The learning rate."""


@dataclass(frozen=True)
class Constant(Schedule):
    """Always the same."""

    rate: float

    def __call__(self, epoch: float | int) -> float:
        """See `Schedule`."""
        return self.rate


@dataclass(frozen=True)
class Cosine(Schedule):
    """A linear rise to `rate` within `warm_up` epochs, then half a cosine down to `last` times it at `epochs`."""

    rate: float
    epochs: float | int
    warm_up: float | int = 0
    last: float = 0.01

    def __call__(self, epoch: float | int) -> float:
        """See `Schedule`."""
        if epoch < self.warm_up:
            return self.rate * (0.01 + 0.99 * epoch / self.warm_up)
        through = min((epoch - self.warm_up) / max(self.epochs - self.warm_up, 1e-9), 1.0)
        return self.rate * (self.last + (1 - self.last) * 0.5 * (1 + float(np.cos(np.pi * through))))


@dataclass(frozen=True)
class Stairs(Schedule):
    """Divided by `factor` at each of `epochs`."""

    rate: float
    epochs: tuple[float | int, ...]
    factor: float = 10.0

    def __call__(self, epoch: float | int) -> float:
        """See `Schedule`."""
        return float(self.rate / self.factor ** sum(epoch >= stair for stair in self.epochs))
