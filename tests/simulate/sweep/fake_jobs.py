"""Small jobs that write down, in a folder, each time they are computed."""

import os
import time
from pathlib import Path

import equinox as eqx
import xarray as xr

from simulate.sweep import Job


class Counted(Job):
    """x squared, after `seconds`; each computation leaves a file in `folder`."""

    x: float
    folder: str = eqx.field(compare=False)
    seconds: float = eqx.field(default=0.0, compare=False)

    def compute(self, needed, progress):
        Path(self.folder, f"{self.x}-{os.getpid()}-{time.monotonic_ns()}").touch()
        for step in range(10):
            progress(step, 10, "naps")
            time.sleep(self.seconds / 10)
        return xr.Dataset({"square": self.x**2})


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


def times_computed(folder: Path) -> dict[float, int]:
    """How often each x was squared."""
    counts: dict[float, int] = {}
    for path in folder.iterdir():
        x = float(path.name.split("-")[0])
        counts[x] = counts.get(x, 0) + 1
    return counts
