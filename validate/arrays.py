"""Arrays out of a user's files, read without executing anything in them and checked before they are used.

What is read: npy and text for one matrix; npz, mat (MATLAB), safetensors and PyTorch state dicts for arrays by name,
and a sparse matrix of SciPy. Numpy alone is imported here, and more where a file needs it, so that refusals come at
once.

One rule of numbers, that of `theory.doubles`: what a double holds exactly is taken, whatever it was stored as, and
anything else is refused. `validate.contraction.certificate_checker` has the same rule in code of its own.
"""

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Shaped

from theory.doubles import NotDoubles, as_doubles
from validate.array_size import require_not_too_large
from validate.delimited import read_delimited
from validate.options import listed

Array = Shaped[np.ndarray, "..."]
Real = Float[np.ndarray, "..."]
ResultT = TypeVar("ResultT")

MATRIX_FILES = (".npy", ".csv", ".tsv", ".txt")
"""Suffixes of files of one matrix."""
PYTORCH_FILES = (".pt", ".pth", ".pkl")
"""Suffixes of PyTorch's files."""
NAMED_FILES = (".npz", ".mat", ".safetensors", *PYTORCH_FILES)
"""Suffixes of files of arrays by name."""


SPARSE = "sparse matrix"
"""The name of a sparse matrix, whose file has none."""
_PARTS_OF_SPARSE = {"format", "shape", "data"}


class BadArray(ValueError):
    """A file or an array in it is not what is needed; the message says which, and what is wrong."""


@dataclass(frozen=True)
class NamedArrays:
    """Arrays by name, in double precision, and the names of what else the file holds."""

    arrays: dict[str, Real]
    ignored: tuple[str, ...]


def read_named(path: Path, required: Iterable[str], optional: Iterable[str] = ()) -> NamedArrays:
    """The arrays of a file by name. Whatever else is in it is ignored, unread; its names are kept.

    Raises:
        BadArray: if the file cannot be read, an array is missing, or holds other than finite real numbers.
    """
    required, optional = tuple(required), tuple(optional)
    return _asked_for(read_arrays(path, (*required, *optional)), required, optional)


def _asked_for(found: Mapping[str, Array], required: Iterable[str], optional: Iterable[str] = ()) -> NamedArrays:
    """Those of the arrays that are asked for; see `read_named`.

    Raises:
        BadArray: if an array is missing, or holds other than finite real numbers.
    """
    required = tuple(required)
    names = (*required, *optional)
    missing = [name for name in required if name not in found]
    if missing:
        present = listed(found, most=40) or "none at all"
        raise BadArray(f"no array named {', '.join(missing)}; the file has {present}")
    arrays = {name: finite(name, found[name]) for name in names if name in found}
    return NamedArrays(arrays, tuple(name for name in found if name not in arrays))


def read_arrays(path: Path, wanted: Collection[str] | None = None) -> dict[str, Array]:
    """The arrays of a file by name, as they stand there: all, or an empty stand-in for each that is not `wanted`.

    Where a file holds a part of a larger network by names that begin alike (`rnn.m`, `rnn.n`) and the plain names are
    wanted, the names lose their beginning. Where all are wanted, what cannot be read has an empty stand-in of objects,
    which `finite` refuses. A sparse matrix, as `scipy.sparse.save_npz` writes it, is named `SPARSE`.

    Raises:
        BadArray: if the file cannot be read.
    """
    read = {".npz": _read_npz, ".mat": _read_mat, ".safetensors": _read_safetensors}.get(path.suffix, _read_pytorch)
    found = guarded(lambda: read(path, wanted))
    return found if wanted is None else _without_beginning(found, wanted)


def read_matrix(path: Path) -> Float[np.ndarray, "rows columns"]:
    """A matrix out of an npy file, or a text file of numbers as `validate.delimited` reads them.

    Raises:
        BadArray: if the file cannot be read, or holds other than a matrix of finite real numbers.
    """
    matrix = read_numbers(path, "the matrix")
    if matrix.ndim != 2 or matrix.size == 0:
        raise BadArray(f"the array has shape {matrix.shape}, which is no matrix")
    return matrix


def read_numbers(path: Path, name: str = "the array") -> Real:
    """An array of any shape out of an npy file, or the matrix in a text file; refusals call it by this name.

    Raises:
        BadArray: if the file cannot be read, or holds other than finite real numbers.
    """
    return finite(name, guarded(lambda: _read_npy(path) if path.suffix == ".npy" else read_delimited(path)))


def finite(name: str, array: Array) -> Real:
    """The array in double precision, if it holds finite real numbers (whole numbers and truth values are such).

    Raises:
        BadArray: otherwise.
    """
    try:
        values = as_doubles(array)
    except NotDoubles as error:
        raise BadArray(f"{name} {error}") from error
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        at = f" at {tuple(wrong[0].tolist())}" if values.ndim else ""
        raise BadArray(f"{name} is not finite: {len(wrong)} of {values.size} values, the first{at}")
    return values


def _read_npz(path: Path, wanted: Collection[str] | None) -> dict[str, Array]:
    with path.open("rb") as stream:  # numpy leaves a broken archive open
        archive = np.load(stream, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise BadArray("the file is no npz archive")
        if set(archive.files) >= _PARTS_OF_SPARSE:
            return {SPARSE: _dense_npz(path, archive)}
        if wanted is None:
            return {name: _or_objects(partial(archive.__getitem__, name)) for name in archive.files}
        return {name: np.asarray(archive[name]) if _is_in(name, wanted) else np.empty(0) for name in archive.files}


def _or_objects(read: Callable[[], Array]) -> Array:
    """What is read, or the stand-in for what is no array of numbers."""
    try:
        return np.asarray(read())
    except (ValueError, TypeError, AttributeError) as error:
        if isinstance(error, ValueError) and "pickle" not in str(error):
            raise
        return np.empty(0, object)


def _dense_npz(path: Path, archive: "np.lib.npyio.NpzFile") -> Array:
    """The sparse matrix in an archive, dense."""
    from scipy.sparse import load_npz

    shape = tuple(int(each) for each in archive["shape"])
    require_not_too_large(shape)
    matrix = load_npz(path)
    if hasattr(matrix, "check_format"):  # places outside the matrix would be written to
        matrix.check_format(full_check=True)
    return np.asarray(matrix.toarray())


def _read_mat(path: Path, wanted: Collection[str] | None) -> dict[str, Array]:
    from validate.mat_file import read_mat

    return read_mat(path, lambda name: _is_in(name, wanted))


def _read_safetensors(path: Path, wanted: Collection[str] | None) -> dict[str, Array]:
    import ml_dtypes  # noqa: F401  (makes bfloat16 a type that numpy knows)
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        if wanted is None:
            return {name: _or_objects(partial(file.get_tensor, name)) for name in names}
        return {name: np.asarray(file.get_tensor(name)) if _is_in(name, wanted) else np.empty(0) for name in names}


def _read_pytorch(path: Path, wanted: Collection[str] | None) -> dict[str, Array]:
    from validate.state_dict import read_state_dict

    return read_state_dict(path)


def _is_in(name: str, wanted: Collection[str] | None) -> bool:
    return wanted is None or name.rpartition(".")[2] in wanted  # whatever it begins with: see `_without_beginning`


def _without_beginning(found: Mapping[str, Array], wanted: Collection[str]) -> dict[str, Array]:
    """The arrays, the beginning taken off their names behind which most of the wanted ones stand."""
    beginnings = [""] + [name.removesuffix(each) for name in found for each in wanted if name.endswith(f".{each}")]
    counts = {start: sum(f"{start}{each}" in found for each in wanted) for start in beginnings}
    best = max(counts, key=lambda start: (counts[start], -len(start)))
    return {name.removeprefix(best): array for name, array in found.items()}


def _read_npy(path: Path) -> Array:
    with path.open("rb") as stream:
        array = np.load(stream, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise BadArray("the file is no npy file")
        return array


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
            if "pickle" in text.lower() and not type(error).__module__.startswith("validate"):
                text = "it holds pickled objects, or is no numpy file"
            raise BadArray(f"cannot be read: {text}") from error
