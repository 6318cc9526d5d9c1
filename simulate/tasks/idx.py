"""Reading IDX files, the format of MNIST and its relatives, without trusting them."""

import gzip
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

_UNSIGNED_BYTES = 0x08


class BadImages(ValueError):
    """Image files that are missing, damaged or do not belong together."""


def read_idx(path: Path, axes: int) -> UInt8[np.ndarray, "..."]:
    """An array of unsigned bytes with that many axes; a name that ends in .gz is unpacked.

    Raises:
        BadImages: if the file is no IDX file of that kind, is cut short or too long.
    """
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise BadImages(f"{path} cannot be read ({error}): fetch it again") from error
    header = 4 + 4 * axes
    expected = bytes([0, 0, _UNSIGNED_BYTES, axes])
    if raw[:4] != expected[: len(raw[:4])] or not raw:
        raise BadImages(
            f"{path} starts with {raw[:4].hex() or 'nothing'} where an IDX file of bytes with {axes} axes starts with "
            f"{expected.hex()}: unpack it if it is packed, and check that images and labels are not swapped"
        )
    if len(raw) < header:
        raise BadImages(f"{path} is cut short within its header: fetch it again")
    shape = tuple(int(size) for size in np.frombuffer(raw, ">u4", axes, 4))
    length = header + int(np.prod(shape, dtype=object))
    if len(raw) != length:
        wrong = "cut short" if len(raw) < length else "too long"
        raise BadImages(f"{path} is {wrong}: {len(raw)} bytes, {length} announced by its header: fetch it again")
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def find_idx(directory: Path, name: str, kind: str) -> Path:
    """`NAME-kind-ubyte` or `NAME.kind-ubyte` in the directory, also with .gz.

    Raises:
        BadImages: naming what was looked for.
    """
    names = [f"{name}{mark}{kind}-ubyte{packed}" for packed in ("", ".gz") for mark in ("-", ".")]
    for candidate in names:
        if (directory / candidate).is_file():
            return directory / candidate
    raise BadImages(f"{directory} holds none of {', '.join(names)}: put the file there or name another directory")
