"""The arrays in a mat file of MATLAB from version 5 to 7.2, read without SciPy, whose reader a damaged file can crash.

A file is a header and elements, each a tag (a type and a number of bytes) and its content; compressed ones hold one
element. A variable is an element of elements: its class, its dimensions, its name, its numbers (MathWorks, "MAT-File
Format", chapter 1). What is not numeric is told by name alone.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from validate.array_size import MOST, require_not_too_large

Array = Shaped[np.ndarray, "..."]

_HEADER = 128
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8", 16: "u1"}
"""Types of elements of numbers; of text only that of names."""
_MATRIX, _COMPRESSED = 14, 15
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_CHARACTERS, _SPARSE, _OPAQUE = 4, 5, 17
_COMPLEX = 0x800


class DamagedFile(ValueError):
    """A mat file that is not put together as MATLAB does it; the message says how."""


@dataclass(frozen=True)
class _Element:
    kind: int
    content: bytes


def read_mat5(path: Path, wanted: Callable[[str], bool]) -> dict[str, Array]:
    """The variables by name, sparse ones dense; empty stand-ins for those that are not wanted, or not numeric.

    Raises:
        DamagedFile: if it is put together in another way.
        TooLarge: for a variable of too many numbers.
    """
    content = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[_HEADER - 2 : _HEADER])
    if order is None:
        raise DamagedFile("it is no mat file")
    found = {}
    for element in _elements(content[_HEADER:], order):
        if element.kind == _COMPRESSED:
            (element,) = _elements(_inflated(element.content), order)
        if element.kind == _MATRIX:
            name, read = _variable(element.content, order)
            if name:  # what functions keep has none
                found[name] = read() if wanted(name) else np.empty(0)
    return found


def _elements(content: bytes, order: str) -> Iterator[_Element]:
    place = 0
    while place < len(content):
        kind, size = (int(each) for each in _numbers(content[place : place + 8], f"{order}u4"))
        if kind >> 16:  # of at most four bytes, which stand in the tag itself
            yield _Element(kind & 0xFFFF, content[place + 4 : place + 4 + min(kind >> 16, 4)])
            place += 8
            continue
        begin, place = place + 8, place + 8 + size
        if place > len(content):
            raise DamagedFile("it is cut short, or damaged")
        yield _Element(kind, content[begin:place])
        if kind != _COMPRESSED:
            place += -size % 8


def _inflated(content: bytes) -> bytes:
    stream = zlib.decompressobj()
    result = stream.decompress(content, 8 * MOST)
    if not stream.eof:
        raise DamagedFile("a variable is cut short, or too large")
    return result


def _numbers(content: bytes, dtype: str) -> Array:
    if len(content) % np.dtype(dtype).itemsize or not content:
        raise DamagedFile("it is cut short, or damaged")
    return np.frombuffer(content, dtype)


def _variable(content: bytes, order: str) -> tuple[str, Callable[[], Array]]:
    """The name of a variable, and how to read it."""
    elements = list(_elements(content, order))
    if not elements:
        return "", lambda: np.empty(0)
    flags = int(_numbers(elements[0].content, f"{order}u4")[0])
    named = 1 if flags & 0xFF == _OPAQUE else 2  # an object of a class has no dimensions
    if len(elements) <= named:
        raise DamagedFile("a variable has no name")
    name = elements[named].content.decode("latin-1")
    return name, lambda: _array(flags, elements[1], elements[3:], order)


def _array(flags: int, dimensions: _Element, parts: list[_Element], order: str) -> Array:
    kind = flags & 0xFF
    if kind == _CHARACTERS:
        return np.empty(0, "U1")
    if kind not in (_SPARSE, *_CLASSES):
        return np.empty(0, object)
    if flags & _COMPLEX:
        return np.empty(0, complex)
    shape = tuple(int(size) for size in _numbers(dimensions.content, f"{order}i4"))
    if len(parts) < (3 if kind == _SPARSE else 1) or min(shape) < 0:
        raise DamagedFile("a variable has no numbers, or is of no size")
    require_not_too_large(shape)
    values = [_part(each, order) for each in parts]
    if kind == _SPARSE:
        return dense(shape, rows=values[0], starts=values[1], values=values[2])
    if len(values[0]) != prod(shape):
        raise DamagedFile(f"a variable of {' x '.join(map(str, shape))} holds {len(values[0])} numbers")
    return values[0].astype(_CLASSES[kind]).reshape(shape, order="F")


def _part(element: _Element, order: str) -> Array:
    dtype = _STORED.get(element.kind)
    if dtype is None:
        raise DamagedFile(f"it holds an element of type {element.kind} where numbers are needed")
    return _numbers(element.content, order + dtype) if element.content else np.empty(0, dtype)


def dense(
    shape: tuple[int, ...],
    *,
    rows: Shaped[np.ndarray, " n"],
    starts: Shaped[np.ndarray, " m"],
    values: Shaped[np.ndarray, " k"],
) -> Float[np.ndarray, "rows columns"]:
    """A sparse matrix as MATLAB keeps it: the rows of the entries, column by column, and where the columns start.

    Raises:
        DamagedFile: for places outside the matrix.
    """
    starts, rows = starts.astype(np.int64), rows.astype(np.int64)
    count = int(starts[-1]) if len(starts) else -1
    lengths = np.diff(starts)
    if len(shape) != 2 or len(starts) != shape[1] + 1 or starts[0] != 0 or (lengths < 0).any():
        raise DamagedFile("a sparse matrix has other columns than it should")
    rows = rows[:count]
    if len(rows) != count or len(values) < count or (rows < 0).any() or (rows >= shape[0]).any():
        raise DamagedFile("a sparse matrix has entries outside it")
    result = np.zeros(shape)
    np.add.at(result, (rows, np.repeat(np.arange(shape[1]), lengths)), values[:count].astype(float))
    return result
