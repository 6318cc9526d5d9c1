"""What a training tells of itself while it runs."""

from collections.abc import Callable


class EpochsDone(int):
    """The number of epochs done, a whole number like any other, which knows how many networks are still `learning`.

    At the pace so far, at most epochs - done epochs of `learning` networks are left. Those that are finished or have
    diverged cost nothing once they have left the program.

    >>> done = EpochsDone(500, learning=3)
    >>> done, done / 2, done.learning
    (500, 250.0, 3)
    """

    learning: int

    def __new__(cls, done: int, *, learning: int) -> "EpochsDone":
        """So many epochs; so many networks still learn."""
        self = super().__new__(cls, done)
        self.learning = learning
        return self


Progress = Callable[[EpochsDone], None]
