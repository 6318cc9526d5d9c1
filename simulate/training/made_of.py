"""What a function is made of, so that two functions made alike count as one."""

from collections.abc import Hashable, Iterator
from dataclasses import is_dataclass
from functools import partial
from itertools import count
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

PLAIN = bool | int | float | complex | str | bytes | None
ARRAY = jax.Array | np.ndarray | np.generic
VALUES = (CodeType, MethodType, partial, tuple, list, set, frozenset, dict, jax.Array, np.ndarray, np.generic)
"""What has no name of its own: two that hold the same are the same."""


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

    A function that refers to itself, and an object that holds itself, are followed once around.

    >>> made_of((1, [2.0, None]))
    ('tuple', '1', ('list', '2.0', 'None'))
    """
    return _Reading().of(value)


class _Reading:
    """One walk through a value. `met` holds what is being described, and functions and objects that have a name.

    What has a name is described where it is met first. What a closure holds is described wherever it is met, so that
    it does not count whether two places hold one function, or two that are made alike.
    """

    def __init__(self) -> None:
        self.met: dict[int, tuple[int, Any]] = {}
        self.counted = count()

    def of(self, value: Any) -> Hashable:
        if isinstance(value, PLAIN):
            return repr(value)  # tells 1 from True and 1.0, and a NaN from nothing
        if id(value) in self.met:
            return "again", self.met[id(value)][0]
        self.met[id(value)] = next(self.counted), value
        described = self._parts(value)
        if not _has_name(value):
            del self.met[id(value)]
        return described

    def _parts(self, value: Any) -> Hashable:
        match value:
            case CodeType():
                return "code", value.co_code.hex(), value.co_names, self.of(value.co_consts)
            case FunctionType():
                held = *_closure(value), value.__defaults__, value.__kwdefaults__, _read_of_its_module(value)
                return value.__module__, value.__qualname__, self.of(value.__code__), self.of(held)
            case MethodType():
                return "method", self.of(value.__func__), self.of(value.__self__)
            case partial():
                return "partial", self.of(value.func), self.of(value.args), self.of(value.keywords)
            case tuple() | list():
                return type(value).__name__, *map(self.of, value)
            case set() | frozenset():
                return type(value).__name__, *map(self.of, sorted(value, key=repr))
            case dict():
                return "dict", *((self.of(key), self.of(each)) for key, each in value.items())
            case jax.Array() if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
                return "key", str(value.dtype), self.of(jax.random.key_data(value))
            case jax.Array() | np.ndarray() | np.generic():
                return "array", value.shape, str(value.dtype), np.asarray(value).tobytes()
            case ModuleType():
                return "module", value.__name__
        if callable(value) and hasattr(value, "__wrapped__"):  # compiled by JAX
            return "wrapped", self.of(value.__wrapped__)
        if callable(value) and hasattr(value, "__qualname__"):  # a class, or built in
            home = getattr(value, "__module__", None)
            return home, value.__qualname__, self.of(getattr(value, "__self__", None))
        if callable(value) or is_dataclass(value) or "__repr__" not in _told_by(value):
            kind, called = type(value), type(value).__call__ if callable(value) else None
            return kind.__module__, kind.__qualname__, self.of(called), self.of(_fields(value))
        return value if isinstance(value, Hashable) else repr(value)


def _has_name(value: Any) -> bool:
    """Whether it is a function of a module, or an object beside the containers: one thing, whoever holds it."""
    if isinstance(value, FunctionType):
        return "<" not in value.__qualname__
    return not isinstance(value, VALUES)


def _closure(function: FunctionType) -> Iterator[Any]:
    """What its closure holds; nothing where a variable was never set."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            yield "never set"


def _read_of_its_module(function: FunctionType) -> dict[str, Any]:
    """The numbers that a function reads of its module, and the functions of the same module that it calls, by name."""
    around = function.__globals__
    found = ((name, around[name]) for name in _names(function.__code__) if name in around)
    return {name: value for name, value in found if isinstance(value, PLAIN | ARRAY) or _beside(function, value)}


def _beside(function: FunctionType, value: Any) -> bool:
    """Whether it is a function of the same module, compiled or not."""
    written = isinstance(value, FunctionType) or (callable(value) and hasattr(value, "__wrapped__"))
    return written and value.__module__ == function.__module__


def _names(code: CodeType) -> tuple[str, ...]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return *code.co_names, *(name for names in inner for name in names)


def _told_by(value: Any) -> set[str]:
    """The names that its classes define."""
    return {name for kind in type(value).__mro__[:-1] for name in vars(kind)}


def _fields(value: Any) -> dict[str, Any]:
    """What an object holds, by name."""
    slots = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()) if hasattr(value, name))
    return {name: getattr(value, name) for name in (*slots, *getattr(value, "__dict__", ())) if name != "__weakref__"}
