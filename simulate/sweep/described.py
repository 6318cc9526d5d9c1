"""A value in plain words and numbers: all that tells it from another, the same in every process."""

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Iterable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from simulate.training.made_of import Described, made_of

Plain: TypeAlias = Any
"""None, booleans, numbers, text, lists and dictionaries with text for keys: what JSON holds."""

OURS = ("theory", "simulate", "validate")
"""In which no two public classes have one name, so that the file in which one is need not be told."""


class NotDescribed(TypeError):
    """A value that tells nothing of itself by which one job could be told from another.

    >>> try:
    ...     described(iter(()))
    ... except NotDescribed as error:
    ...     str(error).partition(":")[0]
    'a tuple_iterator tells nothing of itself by which one job could be told from another'
    """


def described(value: object) -> Plain:
    """The value as JSON can hold it, with everything that a result can depend on.

    Dataclasses and `eqx.Module`s by class and fields (a field with `compare=False` is left out), arrays by shape, type
    and the hash of their content, keys of JAX by their words, functions by their code and the numbers that they hold,
    which tells one rule of optax from another. Numbers of NumPy and Python are one, as are lists and tuples. What has a
    method `description()`, as jobs do, is told by it.

    >>> import jax
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = described(NBitFlipFlop(jax.random.key(7), bits=2))
    >>> task["class"], task["bits"], task["key"]
    ('simulate.NBitFlipFlop', 2, {'key': 'threefry2x32', 'words': [0, 7]})

    The code of a function is told as this Python compiles it: another version of Python tells it otherwise.

    Raises:
        NotDescribed: for a value that is none of these.
    """
    if hasattr(value, "description") and not isinstance(value, type):
        return value.description()
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "__wrapped__"):
        return told_by_fields(value)
    match value:
        case enum.Enum():
            return {"class": _name(type(value)), "member": value.name}
        case None | bool() | str() | int() | float() | complex() | bytes() | np.generic() | np.dtype():
            return _scalar(value)
        case tuple() if hasattr(value, "_fields"):
            return {"class": _name(type(value)), **{name: described(getattr(value, name)) for name in value._fields}}
        case list() | tuple():
            return [described(each) for each in value]
        case dict():
            return {"class": "dict", "items": _in_order([described(key), described(value[key])] for key in value)}
        case set() | frozenset():
            return {"class": "set", "members": _in_order(map(described, value))}
        case jax.Array() | np.ndarray():
            return _array(value)
        case type():
            return {"type": _name(value)}
        case Described():
            return _from_made(value.made_of)
        case _ if callable(value):
            return _from_made(made_of(value))
    raise NotDescribed(
        f"a {type(value).__name__} tells nothing of itself by which one job could be told from another: "
        "give a dataclass, an eqx.Module, arrays, numbers or text, or write a method description() for it"
    )


def told_by_fields(value: Any) -> dict[str, Plain]:
    """The class of a dataclass and its fields, but for those that do not count when two are compared."""
    fields = (field.name for field in dataclasses.fields(value) if field.compare)
    return {"class": _name(type(value)), **{name: described(getattr(value, name)) for name in fields}}


def canonical(plain: Plain) -> str:
    """One text for one plain value, whatever the order in which its dictionaries were filled.

    >>> canonical({"b": 0.1, "a": [1, None]})
    '{"a":[1,null],"b":0.1}'
    """
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(plain: Plain) -> str:
    """Of sixteen hexadecimal digits, from the canonical text (SHA-256)."""
    return hashlib.sha256(canonical(plain).encode()).hexdigest()[:16]


def _name(kind: type) -> str:
    root = kind.__module__.split(".")[0]
    place = root if root in OURS and not kind.__name__.startswith("_") else kind.__module__
    return f"{place}.{kind.__qualname__}"


def _scalar(value: Any) -> Plain:
    match value:
        case None:
            return None
        case bool() | np.bool_():
            return bool(value)
        case str():
            return str(value)
        case int() | np.integer():
            return int(value)
        case float():  # NumPy's double is one
            return float(value) if math.isfinite(value) else {"float": str(float(value))}
        case complex():
            return {"complex": [_scalar(value.real), _scalar(value.imag)]}
        case bytes():
            return {"bytes": value.hex()}
        case np.dtype():
            return {"dtype": str(value)}
    return _array(np.asarray(value))


def _array(array: jax.Array | np.ndarray) -> Plain:
    if isinstance(array, jax.Array) and jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        words = np.asarray(jax.random.key_data(array))
        plain = words.tolist() if words.ndim == 1 else _array(words)
        return {"key": str(jax.random.key_impl(array)), "words": plain}
    values = np.asarray(array)
    if values.dtype.hasobject:
        raise NotDescribed("an array of Python objects: give an array of numbers or of text")
    values = values.astype(values.dtype.newbyteorder("<"))
    content = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]
    return {"array": values.dtype.str, "shape": list(values.shape), "sha256": content}


def _from_made(made: Any) -> Plain:
    """What a function is made of, its code as a hash."""
    match made:
        case ("code", *parts):
            return {"code": digest([_from_made(part) for part in parts])}
        case ("array", tuple(shape), str(kind), bytes(content)):
            return {"array": kind, "shape": list(shape), "sha256": hashlib.sha256(content).hexdigest()[:16]}
        case tuple():
            return [_from_made(part) for part in made]
    return described(made)


def _in_order(plain: Iterable[Plain]) -> list[Plain]:
    return sorted(plain, key=canonical)
