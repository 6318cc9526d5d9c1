"""Small jobs that write down, in a folder, each time they are computed, and by which process."""

import os
import time
from collections import Counter
from pathlib import Path

import equinox as eqx
import numpy as np
import xarray as xr

from simulate.sweep import Job


class Counted(Job):
    """x squared and some ballast, after `seconds`; each computation leaves a file in `folder`."""

    x: float
    folder: str = eqx.field(compare=False)
    seconds: float = eqx.field(default=0.0, compare=False)

    def compute(self, needed, progress):
        Path(self.folder, f"{self.x}-{os.getpid()}-{time.monotonic_ns()}").touch()
        for step in range(10):
            progress(step, 10, "naps")
            time.sleep(self.seconds / 10)
        return xr.Dataset({"square": self.x**2, "ballast": ("long", np.full(5_000, self.x))})


class Total(Job):
    """The sum of the squares of others, at a cost of one each."""

    parts: tuple[Counted, ...]

    def needs(self):
        return self.parts

    @property
    def cost(self):
        return float(len(self.parts))

    def compute(self, needed, progress):
        return xr.Dataset({"total": sum(part.square for part in needed)})


def counted(folder: str | Path, count: int, seconds: float = 0.0) -> list[Counted]:
    """As many jobs, of x = 0, 1, 2, ..."""
    return [Counted(float(x), str(folder), seconds) for x in range(count)]


def times_computed(folder: Path) -> dict[float, int]:
    """How often each x was squared."""
    return Counter(float(path.name.split("-")[0]) for path in folder.iterdir())


def processes(folder: Path, x: float) -> list[int]:
    """Of the processes that squared x, the first first."""
    begun = sorted((path.name.split("-") for path in folder.glob(f"{x}-*")), key=lambda parts: int(parts[2]))
    return [int(parts[1]) for parts in begun]
