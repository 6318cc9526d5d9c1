"""How far a sweep is, and how long the rest will take by what finished jobs took."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reached:
    """How far one job is, as it says itself."""

    done: int = 0
    of: int = 0
    unit: str = ""

    @property
    def fraction(self) -> float:
        """Between 0 and 1; 0 where the job does not say."""
        return min(max(self.done / self.of, 0.0), 1.0) if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.done} of {self.of} {self.unit}".rstrip() if self.of else "begun"


@dataclass(frozen=True)
class Standing:
    """How far a sweep is; as text, a line to print.

    `running` names the jobs in hand. `left` counts those that no worker has begun. `seconds_left` is an estimate: the
    seconds that finished jobs took per cost, for the cost of the rest, shared by the workers; None before one is done.

    >>> print(Standing(done=12, failed=0, running={"gru-0123456789abcdef": Reached(40, 100, "epochs")}, left=27,
    ...                seconds_left=185.0))
    12 of 40 done, 1 running (gru-0123456789abcdef: 40 of 100 epochs), 27 left, about 4 min
    """

    done: int
    failed: int
    running: Mapping[str, Reached]
    left: int
    seconds_left: float | None

    @property
    def jobs(self) -> int:
        """How many there are in all."""
        return self.done + self.failed + len(self.running) + self.left

    def __str__(self) -> str:
        words = [f"{self.done} of {self.jobs} done"]
        if self.failed:
            words.append(f"{self.failed} failed")
        if self.running:
            each = "; ".join(f"{name}: {part}" for name, part in self.running.items())
            words.append(f"{len(self.running)} running ({each})")
        if self.left:
            words.append(f"{self.left} left")
        return ", ".join(words + ([self.about] if self.about else []))

    @property
    def about(self) -> str:
        """The time that is left, in words; nothing where it is not known, or all is done."""
        if self.seconds_left is None or not (self.running or self.left):
            return ""
        return f"about {_in_words(self.seconds_left)}"


def _in_words(seconds: float) -> str:
    """Rounded up, in one unit."""
    for unit, length in (("s", 60), ("min", 60), ("h", 24)):
        if seconds <= 2 * length:
            return f"{-int(-seconds // 1)} {unit}"
        seconds /= length
    return f"{-int(-seconds // 1)} d"
