"""What a run writes: a directory of results, a figure with its data."""

import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from simulate.atomic import OutputError, write_atomically


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
