"""The tensors of a PyTorch state dict (`torch.save(net.state_dict(), FILE)`), read without PyTorch and without running
anything that is in the file.

Such a file is a pickle, and a pickle may name any function of any module and have it called. Here it may name an
ordered dict, the kinds of storage and the functions that put a tensor together, for which there are stand-ins; whatever
else it names is refused. Both forms of file are read: the zip archive of PyTorch since 1.6, and the pickles one after
another of before.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, ClassVar, Literal

import ml_dtypes
import numpy as np
from jaxtyping import Shaped

Array = Shaped[np.ndarray, "..."]

_MAGIC = 0x1950A86A20F9469CFC6C
_LEVELS = 3  # of dicts within dicts, as of a checkpoint that holds more than the network
_KINDS: dict[str, np.dtype] = {
    "DoubleStorage": np.dtype("f8"),
    "FloatStorage": np.dtype("f4"),
    "HalfStorage": np.dtype("f2"),
    "BFloat16Storage": np.dtype(ml_dtypes.bfloat16),
    "LongStorage": np.dtype("i8"),
    "IntStorage": np.dtype("i4"),
    "ShortStorage": np.dtype("i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


_OPCODES = (
    b"\x80\x95.(012"  # protocol, frames, the end, marks
    b"c\x93RQ"  # names and calls, of which `find_class` allows those of tensors; storages
    b"pqr\x94ghj"  # what comes again
    b"}dsu]lae)t\x85\x86\x87\x8f\x90\x91"  # dicts, lists, tuples, sets
    b"N\x88\x89IJKML\x8a\x8bFG"  # numbers
    b"STUVX\x8c\x8dBC\x8e"  # text
)
"""Of pickles, those that are read."""


class NotAStateDict(ValueError):
    """A file that is no state dict of plain tensors; the message says what it holds and how to save one."""


@dataclass(frozen=True)
class _Kind:
    """Stands for the class of a storage."""

    dtype: np.dtype


class _Storage:
    """The numbers that tensors are views of; in the older form they stand behind the pickle and are filled in later."""

    def __init__(self, dtype: np.dtype, count: int, values: Array | None = None) -> None:
        self.dtype, self.count, self.values = dtype, count, values


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> Array:
        """The view, copied. Raises NotAStateDict where it leaves its storage or repeats it."""
        values, moves = self.storage.values, list(zip(self.shape, self.strides, strict=True))
        if values is None or min([self.offset, *self.shape]) < 0:
            raise NotAStateDict("a tensor is no plain view of its storage: the file is damaged")
        if 0 in self.shape:
            return np.zeros(self.shape, values.dtype)
        if any(size > 1 and stride < 1 for size, stride in moves):
            raise NotAStateDict("a tensor is no plain view of its storage: save a copy of it, tensor.clone()")
        if self.offset + sum((size - 1) * stride for size, stride in moves) >= len(values):
            raise NotAStateDict("a tensor reaches beyond its storage: the file is damaged")
        if prod(self.shape) > len(values):
            raise NotAStateDict("a tensor is no plain view of its storage: save a copy of it, tensor.clone()")
        steps = tuple(stride * values.dtype.itemsize for stride in self.strides)
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps).copy()


def read_state_dict(path: Path) -> dict[str, Array]:
    """The tensors by name, as numpy arrays; of dicts within dicts the names are joined by points.

    Raises:
        NotAStateDict: if the file is something else, names what is not a tensor's, or is damaged.
    """
    with path.open("rb") as file:
        try:
            document = (_from_archive if zipfile.is_zipfile(file) else _from_pickles)(file, path)
        except NotAStateDict:
            raise
        except Exception as error:  # whatever a damaged pickle or archive makes pickle and zipfile raise
            reason = " ".join(str(error).split()) or "it ends early"
            raise NotAStateDict(f"it is no PyTorch file, or is damaged: {reason}") from error
    found: dict[str, Array] = {}
    _collect("", document, found, _LEVELS)
    if not found:
        raise NotAStateDict("it holds no tensors by name; save them with torch.save(net.state_dict(), FILE)")
    return found


def to_safetensors(path: Path) -> str:
    """The line that converts a file of PyTorch's, a whole network or a dict that holds its tensors, by PyTorch itself.

    >>> to_safetensors(Path("net.pt")).startswith('python -c "import torch; ')
    True
    """
    return (
        'python -c "import torch; from safetensors.torch import save_file; '
        f"n = torch.load({str(path)!r}, 'cpu', weights_only=False); "
        "n = getattr(n, 'state_dict', lambda: n)(); n = n.get('state_dict', n); "
        "save_file({k: v.contiguous().clone() for k, v in n.items() if torch.is_tensor(v)}, "
        f'{str(path.with_suffix(".safetensors"))!r})"'
    )


def _from_archive(file: io.BufferedIOBase, path: Path) -> object:
    with zipfile.ZipFile(file) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") or name == "data.pkl"]
        if len(pickles) != 1:
            raise NotAStateDict("it is a zip archive, and none of PyTorch's; name an npz file .npz")
        folder = pickles[0].removesuffix("data.pkl")
        order: Literal["<", ">"] = "<"
        if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder").strip() == b"big":
            order = ">"

        def storage(dtype: np.dtype, key: str, count: int) -> _Storage:
            entry = archive.getinfo(f"{folder}data/{key}")
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size < count * dtype.itemsize:
                raise NotAStateDict("a tensor's numbers are not all there: the file is damaged")
            return _Storage(dtype, count, _numbers(archive.read(entry), dtype, order))

        return _Reader(io.BytesIO(archive.read(pickles[0])), storage, path).load()


def _from_pickles(file: io.BufferedIOBase, path: Path) -> object:
    file.seek(0)
    storages: dict[str, _Storage] = {}

    def storage(dtype: np.dtype, key: str, count: int) -> _Storage:
        return storages.setdefault(key, _Storage(dtype, count))

    if _Reader(file, storage, path).load() != _MAGIC:
        raise NotAStateDict("it is a pickle, and none of PyTorch's; save the arrays with numpy.savez instead")
    _version, system, document = (_Reader(file, storage, path).load() for _ in range(3))
    order: Literal["<", ">"] = "<" if not isinstance(system, dict) or system.get("little_endian", True) else ">"
    for key in _listed(_Reader(file, storage, path).load()):
        found = storages.get(key)
        if found is None:
            raise NotAStateDict("it holds numbers that no tensor names: the file is damaged")
        size = int.from_bytes(file.read(8), "little" if order == "<" else "big")
        content = file.read(min(size, found.count) * found.dtype.itemsize)
        if size < found.count or len(content) < found.count * found.dtype.itemsize:
            raise NotAStateDict("a tensor's numbers are not all there: the file is cut short")
        file.seek((size - found.count) * found.dtype.itemsize, io.SEEK_CUR)
        found.values = _numbers(content, found.dtype, order)
    return document


def _listed(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NotAStateDict("its list of storages is no list of names: the file is damaged")
    return value


def _numbers(content: bytes, dtype: np.dtype, order: Literal["<", ">"]) -> Array:
    usable = len(content) // dtype.itemsize * dtype.itemsize
    if dtype == ml_dtypes.bfloat16:  # numpy knows no byte order of these
        return np.frombuffer(content[:usable], f"{order}u2").astype(np.uint16).view(ml_dtypes.bfloat16)
    return np.frombuffer(content[:usable], dtype.newbyteorder(order)).astype(dtype)


class _Reader(pickle._Unpickler):
    """Builds dicts, lists, numbers, text and tensors, by no other opcodes than that takes; and refuses to look anything
    else up.

    It is the unpickler in Python, whose opcodes are a table: that in C takes them all, and may set aside as much memory
    as a damaged file asks for.
    """

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: each for code, each in pickle._Unpickler.dispatch.items() if code in _OPCODES
    }

    stack: list[Any]

    def load_build(self) -> None:
        """What an object is to have as its attributes plays no part."""
        self.stack.pop()

    dispatch[pickle.BUILD[0]] = load_build

    def __init__(self, file: io.BufferedIOBase, storage: Callable[[np.dtype, str, int], _Storage], path: Path) -> None:
        super().__init__(file, encoding="latin-1")
        self._storage = storage
        self._command = to_safetensors(path)

    def find_class(self, module: str, name: str) -> object:
        """The stand-ins, by the names that PyTorch writes."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _KINDS:
            return _Kind(_KINDS[name])
        if module == "torch._utils" and name in _REBUILDS:
            return _REBUILDS[name]
        what = f"{module}.{name}"
        if module in ("torch", "torch._utils"):
            raise NotAStateDict(f"it names {what}, which is not read; convert it where PyTorch is: {self._command}")
        raise NotAStateDict(
            f"it names {what}, and reading that would run code; save torch.save(net.state_dict(), FILE), or convert a "
            f"file that you trust where PyTorch and {module} are: {self._command}"
        )

    def persistent_load(self, identity: object) -> _Storage:
        """A storage, by its key."""
        if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
            raise NotAStateDict("it refers to what is no storage of a tensor: the file is damaged")
        kind, key, count = identity[1], identity[2], identity[4]
        if not isinstance(kind, _Kind) or not isinstance(count, int) or any(each is not None for each in identity[5:]):
            raise NotAStateDict("it holds tensors of a kind that is not read: save copies, tensor.clone()")
        return self._storage(kind.dtype, str(key), count)


def _rebuild_tensor(storage: object, offset: object, shape: object, strides: object, *rest: object) -> _Tensor:
    tuples = isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides)
    if not isinstance(storage, _Storage) or not tuples:
        raise NotAStateDict("a tensor is not put together as PyTorch does it: the file is damaged")
    if any(isinstance(marks, dict) and marks.get("neg") for marks in rest):  # its numbers are stored without their sign
        raise NotAStateDict("a tensor is a negative view of its storage: save tensor.resolve_neg()")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))  # type: ignore[call-overload]


def _rebuild_parameter(data: object, *_: object) -> object:
    return data


_REBUILDS: dict[str, Callable[..., object]] = {
    "_rebuild_tensor": _rebuild_tensor,
    "_rebuild_tensor_v2": _rebuild_tensor,
    "_rebuild_parameter": _rebuild_parameter,
}


def _collect(prefix: str, value: object, found: dict[str, Array], levels: int) -> None:
    if isinstance(value, _Tensor):
        found[prefix or "tensor"] = value.array()  # one that was saved alone has no name
    elif isinstance(value, dict) and levels:
        for name, each in value.items():
            _collect(f"{prefix}.{name}" if prefix else str(name), each, found, levels - 1)
