"""A user's weight matrix in a file: npy or text, or one of the arrays by name in an npz, mat, safetensors or PyTorch
file, where recurrent weights are found by their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Shaped

from validate.arrays import MATRIX_FILES, NAMED_FILES, BadArray, finite, read_arrays, read_matrix
from validate.contraction.recurrent_weights import (
    RecurrentWeights,
    by_rows,
    described,
    of_a_gate,
    of_inputs,
    recurrent_weights,
)
from validate.options import InputFile, Kind, listed, one_of

Array = Shaped[np.ndarray, "..."]

FORMATS = f"{one_of(MATRIX_FILES)}, or {one_of(NAMED_FILES)} (FILE:KEY where it holds several)"
"""Of files with a matrix, as help and refusals name them."""
SQUARE = "a square matrix of finite real numbers"
_GATED = {3: "a GRU", 4: "an LSTM"}
_SILENT = "a gated cell: ask about it by --gated"
_TRANSPOSED = "transposed here, as arrays of that name multiply rows of states"


@dataclass(frozen=True, eq=False)
class ChosenMatrix:
    """The matrix that is asked about, W in W phi(x) for a column x; its name in the file, if any, and what it is."""

    matrix: Float[np.ndarray, "n n"]
    key: str | None
    words: str


class ArrayFile(str):
    """Where an array is, as the user named it: FILE, or FILE:KEY of a file with several arrays."""

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self if self.key is None else self[: -len(self.key) - 1])

    @property
    def key(self) -> str | None:
        """The name of the array in the file, if one was named."""
        keys = (key for suffix in NAMED_FILES for _, colon, key in [self.rpartition(f"{suffix}:")] if colon)
        return next(keys, None)


class MatrixFile(ArrayFile):
    """Where the matrix is."""

    def read(self) -> ChosenMatrix:
        """The matrix.

        Raises:
            BadArray: if the file cannot be read or holds no such matrix, or one that belongs to a gated cell.
        """
        if self.path.suffix in MATRIX_FILES:
            return ChosenMatrix(_require_square(read_matrix(self.path)), None, "the matrix of the file")
        return _among_several(read_arrays(self.path), self.key, self.path.suffix)


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


def _among_several(found: Mapping[str, Array], key: str | None, suffix: str) -> ChosenMatrix:
    recurrent = recurrent_weights({name: array.shape for name, array in found.items()})
    if key is None:
        key = _only(found, recurrent, suffix)
    if key not in found:
        raise BadArray(f"it has no array named {key!r}; it has {listed(found, most=40) or 'none'}")
    known = next((each for each in recurrent if key in each.names), None)
    if known is not None and known.gated:
        raise BadArray(_not_asked(known, found, suffix))
    if known is None and len(set(found[key].shape)) == 1 and of_a_gate(key, found):  # of several the shape tells
        raise BadArray(f"by its name, {key} belongs to {_SILENT}")
    words = described(key) if known is None else known.words
    if known is None and len(found) == 1:
        words = f"{words}, the only one of the file"
    matrix = _require_square(finite(key, found[key]))
    if by_rows(key):
        return ChosenMatrix(np.ascontiguousarray(matrix.T), key, f"{words}; {_TRANSPOSED}")
    return ChosenMatrix(matrix, key, words)


def _require_square(matrix: Array) -> Float[np.ndarray, "n n"]:
    if matrix.ndim != 2 or matrix.size == 0 or matrix.shape[0] != matrix.shape[1]:
        raise BadArray(f"the matrix is {_shape(matrix)}{_gated(matrix)}; {SQUARE} is needed")
    return matrix


def _only(found: Mapping[str, Array], recurrent: tuple[RecurrentWeights, ...], suffix: str) -> str:
    """The name of the one array that can be meant: the recurrent weights, or all that the file holds.

    Raises:
        BadArray: where there is none, or more than one, or a gated cell's.
    """
    named = f"name one as FILE{suffix}:KEY"
    if len(recurrent) == 1:
        return recurrent[0].name
    if recurrent:
        if all(each.gated for each in recurrent):
            raise BadArray(_not_asked(recurrent[0], found, suffix))
        raise BadArray(f"it holds {listed(f'{each.name} ({each.words})' for each in recurrent)}: {named}")
    if len(found) == 1 and not of_inputs(next(iter(found))):
        return next(iter(found))
    gates = [name for name in found if of_a_gate(name, found)]
    if gates and len(gates) == len(found):
        raise BadArray(f"by their names, {listed(gates)} belong to {_SILENT}")
    square = _square(found)
    what = f"it holds {listed(square)}" if square else "it holds no square matrix"
    if not square:
        raise BadArray(f"{what}, but {listed(found) or 'nothing'}")
    raise BadArray(f"{what}, and no name there is one of recurrent weights: {named}")


def _square(found: Mapping[str, Array]) -> list[str]:
    """The names of the square matrices, with what they are."""
    return [
        f"{name} ({_shape(array)}, {described(name)})"
        for name, array in found.items()
        if array.ndim == 2 and array.size and len(set(array.shape)) == 1 and not of_a_gate(name, found)
    ]


def _not_asked(known: RecurrentWeights, found: Mapping[str, Array], suffix: str) -> str:
    """Why a gated cell is refused, and what can be asked of its file."""
    shape = _shape(found[known.name])
    rest = _square({name: array for name, array in found.items() if name not in known.names})
    remedy = f"; by FILE{suffix}:KEY ask about {listed(rest)}" if rest else ""
    return f"{listed(known.names)} ({shape}) holds the {known.words}, {_SILENT}{remedy}"


def _shape(matrix: np.ndarray) -> str:
    return " x ".join(map(str, matrix.shape)) if matrix.ndim else "one number"


def _gated(matrix: np.ndarray) -> str:
    """Why several square matrices in one, below or beside one another, are refused."""
    if matrix.ndim != 2 or min(matrix.shape) < 2 or max(matrix.shape) % min(matrix.shape):
        return ""
    cell = _GATED.get(max(matrix.shape) // min(matrix.shape))
    return f": it looks like the weights of {cell}, {_SILENT}" if cell else ""
