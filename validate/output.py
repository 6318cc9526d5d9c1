"""Results reach the disk whole or not at all: written beside their place under another name, then renamed."""

import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


class OutputError(OSError):
    """A result could not be written; the message names the file and the reason."""


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a reader finds the old file or the new one, never a part of it.

    Raises `OutputError` where the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def npz_bytes(data: Mapping[str, ArrayLike]) -> bytes:
    """The arrays of `data` as a compressed npz file, to be read with `numpy.load(..., allow_pickle=False)`.

    Raises `ValueError` for an array of objects, which numpy could only pickle.
    """
    arrays = {name: np.asarray(values) for name, values in data.items()}
    for name, array in arrays.items():
        if array.dtype == object:
            raise ValueError(f"array {name!r} holds Python objects; give numbers or text of one type")
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


@dataclass(frozen=True)
class OutputDirectory:
    """A directory for results, made if missing.

    Raises `OutputError` when it cannot be made or written into; nothing is left behind then.
    """

    path: Path

    def __post_init__(self) -> None:
        missing = []
        directory = self.path
        while not os.path.exists(directory) and directory != directory.parent:
            missing.append(directory)
            directory = directory.parent
        made: list[Path] = []
        try:
            for directory in reversed(missing):
                directory.mkdir(exist_ok=True)
                made.append(directory)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            for directory in reversed(made):
                directory.rmdir()
            raise OutputError(f"cannot write into {self.path}: {error.strerror or error}") from error

    def write(self, name: str, content: bytes) -> None:
        """Write `content` to the file `name` in this directory, whole or not at all."""
        write_atomically(self.path / name, content)


@dataclass(frozen=True)
class Plot:
    """A figure as files, what it shows in a sentence, and every array drawn in it.

    `name` becomes the stem of the files' names. Made by `validate.plotting.plot`.
    """

    name: str
    caption: str
    png: bytes
    svg: bytes
    data: Mapping[str, ArrayLike]

    def save(self, directory: OutputDirectory) -> None:
        """Write `name.png`, `name.svg` and the data as `name.npz`."""
        directory.write(f"{self.name}.png", self.png)
        directory.write(f"{self.name}.svg", self.svg)
        directory.write(f"{self.name}.npz", npz_bytes(self.data))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
