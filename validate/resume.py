"""Where long runs keep their checkpoints, so that one that was killed goes on: in the user's cache directory.

A file is named by all that decides what is trained, so that a run with another seed, rate or task never meets it. One
that has lain there for `KEPT_DAYS` is removed by the next run of whatever kind.
"""

import contextlib
import dataclasses
import enum
import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from simulate.lock import held
from simulate.runtime import cache_directory
from simulate.training.checkpoint import Checkpoint, Spare

KEPT_DAYS = 30


def resumable(name: str, *identity: object) -> Checkpoint | None:
    """The checkpoint that a training goes on from; None where nothing can be written.

    `identity` is all that decides the result: numbers, text, arrays, and lists, dicts and dataclasses of them. The file
    stays when the training is done, which then takes no time at all.
    """
    folder = _folder()
    return None if folder is None else Spare(folder / f"{name}-{fingerprint(*identity)}.npz")


@dataclass(frozen=True)
class Resumption:
    """The checkpoints of one run, a file for each of its trainings; none where `prefix` is None."""

    prefix: Path | None

    def checkpoint(self, training: str) -> Checkpoint | None:
        """From which the training of this name goes on, and which it keeps up to date."""
        return None if self.prefix is None else Spare(self.prefix.with_name(f"{self.prefix.name}-{training}.npz"))

    def finish(self) -> None:
        """Remove the files: the run has come to its end."""
        if self.prefix is not None:
            for path in self.prefix.parent.glob(f"{self.prefix.name}-*"):
                path.unlink(missing_ok=True)


@contextmanager
def resuming(name: str, *identity: object) -> Iterator[Resumption]:
    """The checkpoints of a run while it lasts. A twin that runs at the same time gets none, and is not disturbed."""
    folder = _folder()
    with ExitStack() as lock:
        prefix = None if folder is None else folder / f"{name}-{fingerprint(*identity)}"
        if prefix is not None:
            try:
                lock.enter_context(held(prefix.with_name(f".{prefix.name}.lock")))
            except OSError:  # a twin holds it, or nothing can be written there after all
                prefix = None
        yield Resumption(prefix)


def fingerprint(*values: object) -> str:
    """Sixteen digits that differ where any of the values does."""
    digest = hashlib.sha256()
    for value in values:
        digest.update(_bytes(value))
    return digest.hexdigest()[:16]


def _bytes(value: object) -> bytes:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = (f"{field.name}=".encode() + _bytes(getattr(value, field.name)) for field in dataclasses.fields(value))
        return type(value).__qualname__.encode() + b"(" + b",".join(parts) + b")"
    if isinstance(value, dict):
        return b"{" + b",".join(_bytes(key) + b":" + _bytes(value[key]) for key in value) + b"}"
    if isinstance(value, list | tuple):
        return b"[" + b",".join(_bytes(each) for each in value) + b"]"
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return f"{array.dtype}{array.shape}".encode() + array.tobytes()
    if value is None or isinstance(value, str | bool | int | float | enum.Enum | PurePath):
        return repr(value).encode()
    raise TypeError(f"a {type(value).__name__} tells nothing of itself by which one run could be told from another")


def _folder() -> Path | None:
    directory = cache_directory()
    if directory is None:
        return None
    folder = directory / "checkpoints"
    folder.mkdir(exist_ok=True)
    _tidy(folder)
    return folder


def _tidy(folder: Path) -> None:
    """Remove what nobody has written for long; the lock of a run that still lasts stays."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # a twin tidies as well
            if path.stat().st_mtime > oldest:
                continue
            if path.suffix == ".lock":
                with held(path):  # which removes it in the end
                    pass
            else:
                path.unlink()
