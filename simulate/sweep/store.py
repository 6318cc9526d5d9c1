"""Results on the disk, one netCDF file a job: whole or not there, and each the job's that it is read for."""

import contextlib
import json
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dask
import h5py
import xarray as xr

from simulate.atomic import OutputError, write_atomically
from simulate.lock import InUse, held
from simulate.sweep.described import canonical
from simulate.sweep.job import FORMAT, Job

MARK = "store.json"
DESCRIPTION, PROVENANCE = "description", "provenance"
NOT_DISTRIBUTED = {"scheduler": "synchronous"}
"""Or xarray would guard what it writes by a lock of the scheduler's, where there is one, even in memory."""

PACKAGES = ("rnn-learning-theory", "jax", "jaxlib", "numpy", "equinox", "optax", "xarray")


class NoResult(FileNotFoundError):
    """A job that has not been computed, or not into this store.

    >>> issubclass(NoResult, FileNotFoundError)
    True
    """


class RefusedResult(ValueError):
    """What lies in a store is not what this version of the package would have put there; the message says what to do.

    >>> issubclass(RefusedResult, ValueError)
    True
    """


class NotStored(OSError):
    """A result could not be written: the disk is full, or the place is not one to write to.

    All results that were finished before are kept, and nothing half-written is left.

    >>> issubclass(NotStored, OSError)
    True
    """


class NoDataset(TypeError):
    """What a job returned is no dataset that can be stored; the message says why."""


@dataclass(frozen=True, init=False)
class Store:
    """A directory of results, made where there is none.

    Each result is the file `NAME.nc` of a job's name: its arrays, with `description` and `provenance` (versions of
    packages, seconds) as attributes, in JSON. `xarray.open_dataset(path, engine="h5netcdf")` reads it without this
    package. Many processes may read and write one store at once.

    >>> import tempfile, xarray as xr
    >>> from simulate.sweep import Job, Store
    >>> class Square(Job):
    ...     x: float
    ...     def compute(self, needed, progress):
    ...         return xr.Dataset({"square": self.x**2})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store, job = Store(folder), Square(1j)
    ...     store.write(job, xr.Dataset({"square": job.x**2}), seconds=0.5)
    ...     job in store, complex(store.read(job).square)
    (True, (-1+0j))

    Raises:
        NotStored: if the directory cannot be made.
        RefusedResult: if it is a store of another format.
    """

    directory: Path

    def __init__(self, directory: str | Path) -> None:
        object.__setattr__(self, "directory", Path(directory).absolute())
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not (self.directory / MARK).exists():
                write_atomically(self.directory / MARK, canonical({"format": FORMAT}).encode())
        except OSError as error:
            raise NotStored(f"{error}; name a directory that can be written to") from error
        self.require()

    def require(self) -> None:
        """Refuse a directory that is no store of this format.

        Raises:
            RefusedResult: if it is none.
        """
        mark = self.directory / MARK
        try:
            found = json.loads(mark.read_text())["format"]
        except FileNotFoundError:
            raise RefusedResult(
                f"{self.directory} is no store here: it has to be a directory that all workers share"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedResult(f"{mark} cannot be read; name another directory for the store") from error
        if found != FORMAT:
            raise RefusedResult(
                f"{self.directory} holds results of format {found}, this version writes format {FORMAT}: "
                "name another directory, or read them by the version that wrote them"
            )

    def path(self, job: Job) -> Path:
        """Where the result of a job is, or will be."""
        return self.directory / f"{job.name}.nc"

    def __contains__(self, job: Job) -> bool:
        """Whether there is a file of it; `read` says whether that is sound."""
        return self.path(job).exists()

    def read(self, job: Job) -> xr.Dataset:
        """The result of a job, in memory, as `compute` returned it.

        Raises:
            NoResult: if it is not there.
            RefusedResult: if the file is damaged, or not the job's.
        """
        self.provenance(job)
        with self.path(job).open("rb") as file:
            try:
                with dask.config.set(NOT_DISTRIBUTED):
                    result = xr.load_dataset(file, engine="h5netcdf")
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise self._damaged(job, error) from error
        del result.attrs[DESCRIPTION], result.attrs[PROVENANCE]
        return result

    def provenance(self, job: Job) -> dict[str, Any]:
        """Of a result: the `seconds` that it took, `versions` of Python and packages, `format`. Reads the head alone.

        Raises:
            NoResult: if it is not there.
            RefusedResult: if the file is damaged, or not the job's.
        """
        path = self.path(job)
        if job not in self:
            raise NoResult(f"{path} is not there: sweep([job], store) computes it")
        with path.open("rb") as stream:  # opened by name, HDF5 would lock it, which fails on some network file systems
            try:
                with h5py.File(stream, "r") as file:
                    provenance, description = json.loads(file.attrs[PROVENANCE]), file.attrs[DESCRIPTION]
                    written, _ = provenance["format"], float(provenance["seconds"])
            except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
                raise self._damaged(job, error) from error
        if written != FORMAT:
            raise RefusedResult(
                f"{path} is of format {written}, this version reads format {FORMAT}: remove it, or name another store"
            )
        if description != canonical(job.description()):
            raise RefusedResult(f"{path} holds the result of another job: remove it, and it is computed anew")
        return provenance

    def write(self, job: Job, result: xr.Dataset, *, seconds: float) -> None:
        """Put the result of a job there, flushed to the disk before it gets its name.

        Raises:
            NoDataset: if it is none that netCDF can hold.
            NotStored: if the disk is full or cannot be written; nothing half-written is left.
        """
        content = _content(job, result, seconds)
        try:
            write_atomically(self.path(job), content)
        except OutputError as error:
            raise _not_stored(error) from error

    @contextmanager
    def holding(self, job: Job) -> Iterator[None]:
        """Be the only one, of all processes, to compute this job while the block runs; ends with the process.

        What a killed process has left of the job is removed.

        Raises:
            InUse: if another process holds it.
            NotStored: if the store cannot be written.
        """
        with ExitStack() as lock:
            try:
                lock.enter_context(held(self._lock(job.name)))
            except InUse:
                raise
            except OSError as error:
                raise _not_stored(error) from error
            self._remove_parts(job.name)
            yield

    def was_in_hand(self, job: Job) -> bool:
        """Whether a process holds this job, or died when it did."""
        return self._lock(job.name).exists()

    def tidy(self) -> None:
        """Remove what killed processes have left; what is being written stays."""
        left = {path.name[1:].partition(".nc.")[0] for path in self.directory.glob(".*.nc.*.part")}
        left |= {path.name[1:].removesuffix(".lock") for path in self.directory.glob(".*.lock")}
        for name in left:
            with contextlib.suppress(OSError), held(self._lock(name)):  # who holds it still writes
                self._remove_parts(name)

    def _lock(self, name: str) -> Path:
        return self.directory / f".{name}.lock"

    def _remove_parts(self, name: str) -> None:
        for path in self.directory.glob(f".{name}.nc.*.part"):
            path.unlink(missing_ok=True)

    def _damaged(self, job: Job, error: Exception) -> RefusedResult:
        return RefusedResult(f"{self.path(job)} is damaged ({error}): remove it, and it is computed anew")


def _not_stored(error: OSError) -> NotStored:
    return NotStored(f"{error}: all finished results are kept; free space or name another directory, and start again")


def _content(job: Job, result: xr.Dataset, seconds: float) -> memoryview:
    """The file of a result; numbers carry checksums, by which damage is found when they are read."""
    if not isinstance(result, xr.Dataset):
        raise NoDataset(f"{job.name} returned a {type(result).__name__}: return an xarray.Dataset")
    if taken := {DESCRIPTION, PROVENANCE} & set(result.attrs):
        raise NoDataset(f"{job.name} returned a dataset with the attribute {min(taken)!r}: name it otherwise")
    provenance = {"format": FORMAT, "seconds": round(seconds, 3), "versions": _versions()}
    told = {DESCRIPTION: canonical(job.description()), PROVENANCE: canonical(provenance)}
    summed = {
        name: {"fletcher32": True}
        for name, array in result.variables.items()
        if array.ndim and array.size and array.dtype.kind in "biufc"
    }
    try:
        with dask.config.set(NOT_DISTRIBUTED):
            content: Any = result.assign_attrs(told).to_netcdf(engine="h5netcdf", encoding=summed)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise NoDataset(f"{job.name} returned a dataset that netCDF cannot hold: {error}") from error
    return memoryview(content)


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions
