"""How many distances are measured, told while the rest are; and what so many cost, beside training."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

Found = TypeVar("Found")

DistanceProgress: TypeAlias = Callable[[int, int], None]
"""What a measurement tells: how many distances are done, of how many."""


def unheard(done: int, of: int) -> None:
    """Nobody listens."""


class Counted:
    """Counts what passes through it: `counted(found, pairs)` is `found`, and so many distances more.

    >>> counted = Counted(lambda done, of: print(done, "of", of), of=20)
    >>> counted("ten of them", 10)
    10 of 20
    'ten of them'
    """

    def __init__(self, progress: DistanceProgress, of: int) -> None:
        """None are measured yet."""
        self.progress = progress
        self.of = of
        self.done = 0

    def __call__(self, found: Found, distances: int) -> Found:
        """Tell that they are measured."""
        self.done += distances
        self.progress(self.done, self.of)
        return found


def cost_of_distances(distances: int, units: int) -> float:
    """Of so many distances between networks, in steps of training (`TrainJob.cost`): roughly, for the time left.

    As seen on two cores: some seconds to begin, and for 128 units of the order of 0.1 s each, while a second is about
    ten million steps of networks that need a fifth of their updates. Weights of n units cost as n^2, or little more.

    >>> cost_of_distances(90, units=16) < 2 * cost_of_distances(0, units=16)
    True
    """
    return 1e7 + 5e5 * distances * (units / 128) ** 2
