"""The arrays in a mat file of MATLAB, of any version; what is not numeric is told by name alone.

Files of version 7.3 are HDF5: arrays lie there with their dimensions in reverse, and sparse matrices are groups of
`data`, `ir` and `jc`, compressed by columns.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from validate.array_size import require_not_too_large
from validate.mat5_file import dense, read_mat5

if TYPE_CHECKING:
    import h5py

Array = Shaped[np.ndarray, "..."]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_OFFSETS = (0, 512, 1024, 2048)
"""Where the signature of HDF5 may stand; MATLAB's is at 512, below its own header."""
_NOT_NUMBERS = {b"char": "U1", b"cell": "O", b"struct": "O", b"function_handle": "O"}


def read_mat(path: Path, wanted: Callable[[str], bool]) -> dict[str, Array]:
    """The variables by name: as arrays, sparse ones dense; empty stand-ins for those that are not wanted."""
    with path.open("rb") as file:
        head = file.read(_OFFSETS[-1] + len(_HDF5))
    if any(head[offset : offset + len(_HDF5)] == _HDF5 for offset in _OFFSETS):
        return _version_7_3(path, wanted)
    return _version_4(path, wanted) if 0 in head[:4] else read_mat5(path, wanted)


def _version_4(path: Path, wanted: Callable[[str], bool]) -> dict[str, Array]:
    from scipy.io import loadmat, whosmat
    from scipy.sparse import issparse

    names = [name for name, _, _ in whosmat(path)]
    found = loadmat(path, variable_names=[name for name in names if wanted(name)])
    arrays = {}
    for name in names:
        value = found.get(name, np.empty(0))
        if issparse(value):
            require_not_too_large(value.shape)
            value = value.toarray()
        arrays[name] = np.asarray(value)
    return arrays


def _version_7_3(path: Path, wanted: Callable[[str], bool]) -> dict[str, Array]:
    import h5py

    with h5py.File(path, "r") as file:
        names = [name for name in file if not name.startswith("#")]  # '#refs#' holds what cells refer to
        return {name: _variable(file, name) if wanted(name) else np.empty(0) for name in names}


def _variable(file: "h5py.File", name: str) -> Array:
    """A variable, if it is in this file (and not by a link in another) and is of numbers."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        return np.empty(0, object)
    stored = file[name]
    kind = _NOT_NUMBERS.get(bytes(np.bytes_(stored.attrs.get("MATLAB_class", b""))))
    if kind is not None:
        return np.empty(0, kind)
    if "MATLAB_sparse" in stored.attrs:
        return _sparse(stored)
    if not isinstance(stored, h5py.Dataset) or stored.is_virtual or stored.external:
        return np.empty(0, object)
    if stored.attrs.get("MATLAB_empty"):
        return np.zeros(tuple(int(size) for size in stored[()]))
    require_not_too_large(stored.shape)
    return np.asarray(stored[()]).T


def _sparse(group: "h5py.Group") -> Array:
    starts = group["jc"][()]
    shape = (int(group.attrs["MATLAB_sparse"]), len(starts) - 1)
    require_not_too_large(shape)
    if "data" not in group:  # no entry differs from zero
        return np.zeros(shape)
    return dense(shape, rows=group["ir"][()], starts=starts, values=group["data"][()])
