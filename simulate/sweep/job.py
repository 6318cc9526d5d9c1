"""A job: something to compute, whose result belongs to what it depends on and to nothing else."""

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeAlias, final

import equinox as eqx
import xarray as xr

from simulate.sweep.described import Plain, digest, told_by_fields

FORMAT = 1
"""Of names and files: raised when a description or a file comes to mean something else."""


JobProgress: TypeAlias = Callable[[int, int, str], None]
"""What a job tells while it computes: `progress(done, of, "epochs")`."""


class Job(eqx.Module):
    """One entry of a sweep: fields that decide the result, and `compute`. A new kind of job is one subclass.

    Its fields are what its result depends on: numbers, text, arrays, keys, tasks, cells' draws, rules, other jobs. Two
    jobs of the same class whose fields tell the same are the same job, in every process.

    >>> import xarray as xr
    >>> class Square(Job):
    ...     x: float
    ...     def compute(self, needed, progress):
    ...         return xr.Dataset({"square": self.x**2})
    >>> class Sum(Job):
    ...     parts: tuple[Square, ...]
    ...     def needs(self):
    ...         return self.parts
    ...     def compute(self, needed, progress):
    ...         return xr.Dataset({"sum": sum(part.square for part in needed)})
    >>> Square(2.0).name == Square(2).name, Square(2.0).name == Square(2.0).name
    (False, True)
    >>> Sum((Square(2.0), Square(3.0))).stem
    'sum'

    The code of `compute` is no part of the name: raise `version` when it comes to compute something else.
    """

    version: ClassVar[int] = 1

    @abstractmethod
    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """The result: labelled arrays of numbers (complex ones too), text and booleans.

        Arguments:
            needed: the results of `needs()`, in that order.
            progress: may be told how much is done, of how much, of what:
                `train(..., progress=lambda epochs: progress(epochs, self.epochs, "epochs"))`.
        """

    def needs(self) -> "tuple[Job, ...]":
        """Jobs whose results it reads. They should follow from its fields, as by being among them."""
        return ()

    @property
    def cost(self) -> float:
        """How long it takes, relative to the other jobs of a sweep; for the estimate of the time left, and the order.

        It is no part of the name.
        """
        return 1.0

    @property
    def stem(self) -> str:
        """The readable half of its name; that of its class where a kind of job does not say more."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()

    def description(self) -> dict[str, Plain]:
        """All that the result depends on, as JSON can hold it: class, version and fields, all the way down."""
        return {**told_by_fields(self), "version": self.version}

    @final
    @property
    def name(self) -> str:
        """What its file is called: the stem, and sixteen digits that differ where anything does it depends on."""
        stem = re.sub(r"[^\w.-]+", "-", self.stem).strip("-.")[:80]
        return f"{stem}-{digest({'format': FORMAT, 'job': self.description()})}"
