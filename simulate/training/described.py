"""What a function is made of, so that two functions made alike count as one."""

from collections.abc import Hashable
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import jax
import numpy as np


class Described:
    """A value that equals another if both are made of the same code and the same numbers.

    Rules of optax are functions that hold their numbers in closures: two that are built alike are different objects,
    for which a program would be compiled again, and a checkpoint could not tell one rate from another.

    >>> import optax
    >>> once, again, faster = (Described(optax.adam(rate)) for rate in (1e-3, 1e-3, 1e-2))
    >>> once == again, once == faster
    (True, False)
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.made_of = made_of(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and self.made_of == other.made_of

    def __hash__(self) -> int:
        return hash(self.made_of)

    def __repr__(self) -> str:
        return f"Described({self.made_of!r})"


def made_of(value: Any) -> Hashable:
    """Code and numbers of a value, all the way down, the same in every process; what else there is stands for itself.

    >>> made_of((1, [2.0, None]))
    ('tuple', 1, ('list', 2.0, None))
    """
    if isinstance(value, CodeType):
        return "code", value.co_code.hex(), value.co_names, made_of(value.co_consts)
    if isinstance(value, FunctionType):
        held = tuple(cell.cell_contents for cell in value.__closure__ or ())
        held = *held, value.__defaults__, value.__kwdefaults__, _numbers_read(value)
        return value.__module__, value.__qualname__, made_of(value.__code__), made_of(held)
    if isinstance(value, partial):
        return "partial", made_of(value.func), made_of(value.args), made_of(value.keywords)
    if isinstance(value, tuple | list):
        return type(value).__name__, *map(made_of, value)
    if isinstance(value, dict):
        return "dict", *((made_of(key), made_of(each)) for key, each in value.items())
    if isinstance(value, jax.Array | np.ndarray):
        return "array", value.shape, str(value.dtype), np.asarray(value).tobytes()
    if callable(value) and hasattr(value, "__wrapped__"):  # compiled by JAX
        return "wrapped", made_of(value.__wrapped__)
    if callable(value) and hasattr(value, "__qualname__"):  # built in
        return value.__module__, value.__qualname__
    return value if isinstance(value, Hashable) else repr(value)


def _numbers_read(function: FunctionType) -> dict[str, Any]:
    """The numbers of its module that a function reads, by name."""
    plain = bool | int | float | complex | str | jax.Array | np.ndarray
    found = ((name, function.__globals__.get(name)) for name in _names(function.__code__))
    return {name: value for name, value in found if isinstance(value, plain)}


def _names(code: CodeType) -> tuple[str, ...]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return *code.co_names, *(name for names in inner for name in names)
