"""Arrays out of a user's files, read without executing anything in them and checked before they are used.

Numpy alone is imported here, so that refusals come at once.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Shaped

Array = Shaped[np.ndarray, "..."]
Real = Float[np.ndarray, "..."]
ResultT = TypeVar("ResultT")


class BadArray(ValueError):
    """A file or an array in it is not what is needed; the message says which, and what is wrong."""


def read_npz(path: Path, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Real]:
    """The arrays of an npz file by name, in double precision; those named and no others.

    Raises:
        BadArray: if the file cannot be read, an array is missing or unknown, or holds other than finite real numbers.
    """
    return guarded(lambda: _read_npz(path, tuple(required), tuple(optional)))


def read_matrix(path: Path) -> Float[np.ndarray, "rows columns"]:
    """A matrix out of an npy file, or a csv file of numbers separated by commas; `#` begins a comment.

    Raises:
        BadArray: if the file cannot be read, or holds other than a matrix of finite real numbers.
    """
    matrix = finite("the matrix", guarded(lambda: _read_csv(path) if path.suffix == ".csv" else _read_npy(path)))
    if matrix.ndim != 2 or matrix.size == 0:
        raise BadArray(f"the array has shape {matrix.shape}, which is no matrix")
    return matrix


def finite(name: str, array: Array) -> Real:
    """The array in double precision, if it holds finite real numbers (whole numbers and truth values are such).

    Raises:
        BadArray: otherwise.
    """
    if array.dtype.kind not in "fiub":
        raise BadArray(f"{name} holds {array.dtype} values, not real numbers")
    if array.dtype.kind in "iu" and array.size and max(abs(int(array.max())), abs(int(array.min()))) > 2**53:
        raise BadArray(f"{name} holds whole numbers beyond 2^53, which are not exact in double precision")
    with np.errstate(over="ignore"):
        values = array.astype(np.float64)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        at = f" at {tuple(wrong[0].tolist())}" if values.ndim else ""
        raise BadArray(f"{name} is not finite: {len(wrong)} of {values.size} values, the first{at}")
    if array.dtype.itemsize > 8 and np.any(values != array):
        raise BadArray(f"{name} holds {array.dtype} values that double precision cannot hold: round them first")
    return values


def _read_npz(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Real]:
    with path.open("rb") as stream:  # numpy leaves a broken archive open
        archive = np.load(stream, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise BadArray("the file is no npz archive")
        missing = [name for name in required if name not in archive.files]
        unknown = [name for name in archive.files if name not in (*required, *optional)]
        if missing:
            present = ", ".join(archive.files) or "none at all"
            raise BadArray(f"no array named {', '.join(missing)}; the file has {present}")
        if unknown:
            raise BadArray(f"unknown arrays: {', '.join(unknown)}")
        return {name: finite(name, np.asarray(archive[name])) for name in archive.files}


def _read_npy(path: Path) -> Array:
    with path.open("rb") as stream:
        array = np.load(stream, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise BadArray("the file is no npy file")
        return array


def _read_csv(path: Path) -> Array:
    return np.loadtxt(path, delimiter=",", ndmin=2, encoding="utf-8-sig")


def guarded(read: Callable[[], ResultT]) -> ResultT:
    """Run the reader; of whatever a broken file makes numpy and zipfile raise, keep the first sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read()
        except BadArray:
            raise
        except Exception as error:  # a dozen kinds, from EOFError and BadZipFile to MemoryError and SyntaxError
            text = " ".join(str(error).split()) or type(error).__name__
            if "pickle" in text.lower():
                text = "it holds pickled objects, or is no numpy file"
            raise BadArray(f"cannot be read: {text}") from error
