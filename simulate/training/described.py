"""What a function is made of, so that two functions made alike count as one."""

from collections.abc import Hashable
from functools import partial
from types import FunctionType
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
    if isinstance(value, FunctionType):
        held = tuple(cell.cell_contents for cell in value.__closure__ or ())
        code = value.__code__.co_code.hex()
        return value.__module__, value.__qualname__, code, made_of(held), made_of(value.__defaults__)
    if isinstance(value, partial):
        return "partial", made_of(value.func), made_of(value.args), made_of(value.keywords)
    if isinstance(value, tuple | list):
        return type(value).__name__, *map(made_of, value)
    if isinstance(value, dict):
        return "dict", *((made_of(key), made_of(each)) for key, each in value.items())
    if isinstance(value, jax.Array | np.ndarray):
        return "array", value.shape, str(value.dtype), np.asarray(value).tobytes()
    if callable(value) and hasattr(value, "__qualname__"):  # compiled by JAX, or built in
        return value.__module__, value.__qualname__
    return value if isinstance(value, Hashable) else repr(value)
