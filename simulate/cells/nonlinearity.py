"""The nonlinearities of neurons, written by hand."""

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.error_function import erf


class UnknownNonlinearity(TypeError):
    """What was given for a nonlinearity is none, or has no counterpart of its name."""


@runtime_checkable
class NamedFormula(Protocol):
    """A nonlinearity as the theory writes it: known here by its name."""

    @property
    def name(self) -> str:
        """Its name, which means the same everywhere."""

    @property
    def formula(self) -> Any:
        """An expression in one symbol."""


class NameTaken(ValueError):
    """A nonlinearity of one's own under the name of another one."""


NONLINEARITIES: "dict[str, Nonlinearity]" = {}
"""Those that the theory of overlaps knows as well, by the same names."""


@dataclass(frozen=True)
class Nonlinearity:
    """What a neuron makes of its activity; one function for all neurons.

    `odd`: phi(-x) = -phi(x). `smooth`: phi has all derivatives. `largest_slope` is the least upper bound g of phi',
    infinite where it is not known; where it is given, phi' is nowhere negative. `homogeneous`: phi(s x) = s phi(x)
    for all s > 0. `largest_value` bounds |phi|, infinite where nothing does or none is known.

    Raises:
        NameTaken: for a kind of one's own that is named as one of these: names mean the same everywhere.

    >>> import jax.numpy as jnp
    >>> TANH.name, TANH.largest_slope, float(TANH(jnp.zeros(())))
    ('tanh', 1.0, 0.0)
    """

    name: str
    odd: bool
    smooth: bool
    largest_slope: float = math.inf
    homogeneous: bool = False
    largest_value: float = math.inf

    def __post_init__(self) -> None:
        """Refuse a name that is taken."""
        if NONLINEARITIES.get(self.name, self) != self:
            raise NameTaken(f"{self.name} is a nonlinearity of simulate.cells: give yours another name")

    @abstractmethod
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """phi(x), element by element."""

    def slope_at(self, value: Float[Array, "*shape"]) -> Float[Array, "*shape"] | None:
        """phi'(x) where phi(x) is `value`; None for a function whose value does not tell its slope."""
        return None


AnyNonlinearity: TypeAlias = Nonlinearity | NamedFormula
"""As users hold it: the function of the networks, or the expression of the theory."""


class _Linear(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jnp.asarray(x)

    def slope_at(self, value: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jnp.ones_like(value)


class _Erf(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return erf(np.sqrt(np.pi).item() / 2 * x)


class _Tanh(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jnp.tanh(x)

    def slope_at(self, value: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return 1 - value * value


class _Relu(Nonlinearity):
    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jax.nn.relu(x)

    def slope_at(self, value: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return (value > 0).astype(value.dtype)


@dataclass(frozen=True)
class Softplus(Nonlinearity):
    """log(1 + exp(s x)) / s, a smooth rectifier: relu in the limit of large sharpness s.

    >>> import jax.numpy as jnp
    >>> round(float(Softplus(sharpness=100.0)(jnp.ones(()))), 6)
    1.0
    """

    name: str = field(default="softplus", init=False)
    odd: bool = field(default=False, init=False)
    smooth: bool = field(default=True, init=False)
    largest_slope: float = field(default=1.0, init=False)
    homogeneous: bool = field(default=False, init=False)
    largest_value: float = field(default=math.inf, init=False)
    sharpness: float = 1.0

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """log(1 + exp(s x)) / s."""
        return jax.nn.softplus(self.sharpness * x) / self.sharpness


@dataclass(frozen=True)
class _Steepened(Nonlinearity):
    base: Nonlinearity = field(kw_only=True)
    gain: float = field(kw_only=True)

    def __call__(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return self.base(self.gain * x)


def steepened(base: AnyNonlinearity, gain: float) -> Nonlinearity:
    """phi(gain x): `gain` times as steep.

    >>> steepened(TANH, 2.0).largest_slope
    2.0
    """
    base = known_function(base)
    name = f"{base.name}({gain:g} x)"
    kind = base.odd, base.smooth, gain * base.largest_slope, base.homogeneous, base.largest_value
    return _Steepened(name, *kind, base=base, gain=gain)


def known_function(nonlinearity: object) -> Nonlinearity:
    """The function of a neuron: it may be given as the expression of the theory, which tells its name.

    Raises:
        UnknownNonlinearity: for what is no nonlinearity, or an expression of another name than those here.
    """
    if isinstance(nonlinearity, Nonlinearity):
        return nonlinearity
    known = NONLINEARITIES.get(nonlinearity.name) if isinstance(nonlinearity, NamedFormula) else None
    if known is None:
        raise UnknownNonlinearity(
            f"{nonlinearity!r} is no function known here: give LINEAR, ERF, TANH or RELU, or a kind of your own, "
            "a subclass of simulate.cells.Nonlinearity"
        )
    return known


LINEAR = _Linear("linear", odd=True, smooth=True, largest_slope=1.0, homogeneous=True)
"""x itself."""
ERF = _Erf("erf", odd=True, smooth=True, largest_slope=1.0, largest_value=1.0)
"""erf(sqrt(pi) x / 2), whose slope at 0 is 1."""
TANH = _Tanh("tanh", odd=True, smooth=True, largest_slope=1.0, largest_value=1.0)
"""tanh(x)."""
RELU = _Relu("relu", odd=False, smooth=False, largest_slope=1.0, homogeneous=True)
"""max(x, 0)."""
SOFTPLUS = Softplus()
"""log(1 + exp(sharpness x)) / sharpness, at the usual sharpness."""
NONLINEARITIES.update({each.name: each for each in (LINEAR, ERF, TANH, RELU)})
