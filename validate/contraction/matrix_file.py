"""A user's weight matrix in a file: npy or text, or one of the arrays by name in an npz, mat, safetensors or PyTorch
file."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from validate.arrays import MATRIX_FILES, NAMED_FILES, BadArray, finite, read_arrays, read_matrix
from validate.options import InputFile, Kind, one_of

FORMATS = f"{one_of(MATRIX_FILES)}, or {one_of(NAMED_FILES)} (FILE:KEY where it holds several)"
"""Of files with a matrix, as help and refusals name them."""
SQUARE = "a square matrix of finite real numbers"
_GATED = {3: "a GRU", 4: "an LSTM"}
_GATED_NAME = re.compile(r"LSTM|GRU|(?<![a-z])(lstm|gru)(?![a-z])|(forget|reset|update|input|output)_?[Gg]ate")
_GATES = ("ifo", "rz")
"""Letters for the gates of an LSTM and of a GRU, where each has a matrix of its own."""
_SILENT = "a gated cell, about which these theorems say nothing"


class MatrixFile(str):
    """Where the matrix is, as the user named it: FILE, or FILE:KEY of a file with several arrays."""

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self if self.key is None else self[: -len(self.key) - 1])

    @property
    def key(self) -> str | None:
        """The name of the matrix in the file, if one was named."""
        keys = (key for suffix in NAMED_FILES for _, colon, key in [self.rpartition(f"{suffix}:")] if colon)
        return next(keys, None)

    def read(self) -> Float[np.ndarray, "n n"]:
        """The matrix.

        Raises:
            BadArray: if the file cannot be read or holds no such matrix, or one that belongs to a gated cell.
        """
        matrix = read_matrix(self.path) if self.path.suffix in MATRIX_FILES else _among_several(self.path, self.key)
        if matrix.ndim != 2 or matrix.size == 0 or matrix.shape[0] != matrix.shape[1]:
            raise BadArray(f"the matrix is {_shape(matrix)}{_gated(matrix)}; {SQUARE} is needed")
        return matrix


@dataclass(frozen=True)
class MatrixOption(Kind):
    """A matrix file, named FILE or FILE:KEY."""

    metavar = "FILE"
    accepted: ClassVar[str] = f"a file that exists and whose name ends in {FORMATS}, with {SQUARE}"
    formats = FORMATS

    def __call__(self, text: object) -> MatrixFile:
        """The name of a file that can be read."""
        named = MatrixFile(text)
        suffixes = (*MATRIX_FILES, *NAMED_FILES) if named.key is None else NAMED_FILES
        path = InputFile(suffixes)(named.path if named else "")
        return MatrixFile(path if named.key is None else f"{path}:{named.key}")

    def files(self, value: object) -> tuple[Path, ...]:
        """The file that is read."""
        return (MatrixFile(value).path,)


def _among_several(path: Path, key: str | None) -> Float[np.ndarray, "..."]:
    found = read_arrays(path)
    names = list(found)
    if key is None:
        square = [name for name, array in found.items() if array.ndim == 2 and len(set(array.shape)) == 1]
        if len(square) != 1:
            listed = ", ".join(square) or "none"
            raise BadArray(f"it holds {len(square)} square matrices ({listed}): name one as FILE{path.suffix}:KEY")
        key = square[0]
    if key not in found:
        raise BadArray(f"it has no array named {key!r}; it has {', '.join(names) or 'none'}")
    named = _GATED_NAME.search(key) or _among_gates(key, names)
    if len(set(found[key].shape)) == 1 and named:  # one gate's matrix; of several the shape tells
        raise BadArray(f"by its name, {key} belongs to {_SILENT}")
    return finite(key, found[key])


def _among_gates(key: str, names: list[str]) -> bool:
    """Whether the names that differ from this one by the letter of a gate are all there."""
    return any(
        letter in gates and all(f"{key[:place]}{gate}{key[place + 1 :]}" in names for gate in gates)
        for place, letter in enumerate(key)
        for gates in _GATES
    )


def _shape(matrix: np.ndarray) -> str:
    return " x ".join(map(str, matrix.shape)) if matrix.ndim else "one number"


def _gated(matrix: np.ndarray) -> str:
    """Why several square matrices in one, below or beside one another, are refused."""
    if matrix.ndim != 2 or min(matrix.shape) < 2 or max(matrix.shape) % min(matrix.shape):
        return ""
    cell = _GATED.get(max(matrix.shape) // min(matrix.shape))
    return f": it looks like the weights of {cell}, {_SILENT}" if cell else ""
