"""Numbers as doubles where they are doubles, whatever they are stored as: exact, or refused by name."""

import numpy as np
from jaxtyping import Float, Shaped


class NotDoubles(ValueError):
    """An array whose values are not all doubles; the message says what it holds, and what to do."""


def as_doubles(array: Shaped[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """The array in double precision, if that changes no number: floats of up to 8 bytes, bfloat16, whole numbers and
    truth values. Infinite ones and NaN stay what they are.

    Raises:
        NotDoubles: for whole numbers that double precision rounds (all that it does not are taken, however large), for
            long doubles, whose format differs from machine to machine, and for what is no real number.

    >>> as_doubles(np.array([2**53, -(2**60)]))
    array([ 9.00719925e+15, -1.15292150e+18])
    >>> as_doubles(np.array([2**53 + 1]))
    Traceback (most recent call last):
    ...
    theory.doubles.NotDoubles: holds 9007199254740993, beyond 2^53 and not exact in double precision; round it first
    """
    if array.dtype.kind == "V" and array.dtype.names is None and array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise NotDoubles(f"holds {_kind(array.dtype)}, not real numbers")
    if array.dtype.itemsize > 8:
        raise NotDoubles(f"holds long doubles ({array.dtype}); make them doubles, array.astype(float)")
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        values = np.ascontiguousarray(array.astype(np.float64)).reshape(array.shape)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        large = np.abs(values) >= 2**53
        for whole, nearest in zip(array[large].tolist(), values[large].tolist(), strict=True):
            if whole != int(nearest):
                raise NotDoubles(f"holds {whole}, beyond 2^53 and not exact in double precision; round it first")
    return values


def _kind(dtype: np.dtype) -> str:
    """What a type that is not of real numbers holds, in words."""
    if dtype.names == ("real", "imag"):  # of HDF5
        return "complex values"
    if dtype.names is not None:
        return f"a structure (of {', '.join(dtype.names)[:60]})"
    return "objects" if dtype.kind == "O" else f"{dtype} values"
