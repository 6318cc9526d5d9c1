"""One recurrent network as contraction sees it: weights, form, slopes, and time constants or leaks."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Shaped
from typing_extensions import override

from theory.contraction.exact_matrix import ExactMatrix, rational
from theory.contraction.form import FORMS, MAPS, Form, NamedVectorField
from theory.contraction.slope_range import SlopeRange
from theory.doubles import NotDoubles, as_doubles

Matrix = Float[np.ndarray, "n n"]
Vector = Float[np.ndarray, " n"]
NetworkT = TypeVar("NetworkT", bound="Network")


class NotANetwork(ValueError):
    """Weights, slopes, time constants or leaks that make no network; the message says which, and what is needed."""


@dataclass(frozen=True, eq=False)
class Network:
    """All networks with these weights and any nonlinearities of slopes 0, or `lowest` l_i, <= phi_i' <= g_i.

    Displacements between trajectories obey x' = J x with T J = -I + W D (voltage) or -I + D W (rate), D diagonal with
    entries in [0, g_i], T the time constants. Weights have no unit; rates are in units of one over that of the time
    constants. `network` makes one from any array, and checks it.

    >>> from theory.contraction import VOLTAGE
    >>> rotation = network(np.array([[0.0, -1.0], [1.0, 0.0]]), VOLTAGE, slopes=0.5)
    >>> rotation.size, rotation.with_gain(2.0).jacobian(np.ones(2)).tolist()
    (2, [[-1.0, -1.0], [1.0, -1.0]])
    """

    weights: Matrix
    form: Form
    slopes: Vector
    time_constants: Vector
    lowest: Vector | None = field(default=None, kw_only=True)
    """The least slopes; None where all are zero."""

    @property
    def size(self) -> int:
        """The number of neurons."""
        return len(self.weights)

    @property
    def uniform(self) -> bool:
        """Whether all time constants are one."""
        return bool((self.time_constants == 1).all())

    @property
    def slowest_leak(self) -> float:
        """1 / tau of the slowest neuron: at slopes of zero nothing contracts faster."""
        return float(1 / self.time_constants.max())

    @cached_property
    def gained(self) -> Matrix:
        """M = W G or G W.

        The weights of the same network with slopes in [0, 1] (to rounding; `exact.gained` is exact).
        """
        return self.form.sloped(self.weights, np.diag(self.slopes))

    def slopes_at(self, fractions: Vector) -> Vector:
        """So far, from 0 to 1, on the way from the least slopes to the largest."""
        if self.lowest is None:
            return self.slopes * fractions
        between = self.lowest + (self.slopes - self.lowest) * fractions
        return np.clip(between, self.lowest, self.slopes)

    @property
    def from_zero(self) -> bool:
        """Whether all least slopes are zero."""
        return self.lowest is None

    def jacobian(self, fractions: Vector) -> Matrix:
        """J at slopes that are these fractions, in [0, 1], of the way from the least to the largest."""
        sloped = self.form.sloped(self.weights, np.diag(self.slopes_at(fractions)))
        return (sloped - np.eye(self.size)) / self.time_constants[:, None]

    @cached_property
    def exact(self) -> "ExactNetwork":
        """This network in rational numbers; every float is taken exactly."""
        return ExactNetwork(
            ExactMatrix.of(self.weights),
            self.form,
            ExactMatrix.diagonal(self.slopes.tolist()),
            self.exact_leaks,
            None if self.lowest is None else ExactMatrix.diagonal(self.lowest.tolist()),
        )

    @property
    def exact_leaks(self) -> ExactMatrix:
        """T^-1 in rational numbers."""
        return ExactMatrix.diagonal(1 / rational(tau) for tau in self.time_constants.tolist())

    def with_gain(self: NetworkT, gain: float) -> NetworkT:
        """This network with all slopes multiplied by `gain`."""
        return replace(self, slopes=self.slopes * gain, lowest=None if self.lowest is None else self.lowest * gain)


@dataclass(frozen=True, eq=False)
class LeakyMap(Network):
    """All maps with these weights, these leaks a_i and any nonlinearities of slopes 0 <= phi_i' <= g_i.

    Displacements obey x <- F x with F = I + J, J that of the flow with time constants 1 / a: F = I - A + A W D
    (voltage) or I - A + A D W. A rate c is per step and stands for the factor 1 - c.

    >>> from theory.contraction import DISCRETE
    >>> turning = network(np.array([[0.0, -1.0], [1.0, 0.0]]), DISCRETE, leak=0.5)
    >>> turning.step(np.ones(2)).tolist(), turning.uniform
    ([[0.5, -0.5], [0.5, 0.5]], True)
    """

    leaks: Vector

    @property
    @override
    def uniform(self) -> bool:
        """Whether all leaks are one number."""
        return bool((self.leaks == self.leaks[0]).all())

    @property
    @override
    def slowest_leak(self) -> float:
        """The least: at slopes of zero nothing contracts by less than one minus it."""
        return float(self.leaks.min())

    @property
    def keep(self) -> Vector:
        """1 - a: the part of its state that a neuron keeps."""
        return 1 - self.leaks

    @override
    def jacobian(self, fractions: Vector) -> Matrix:
        """F - I at slopes that are these fractions of the way from the least to the largest."""
        sloped = self.form.sloped(self.weights, np.diag(self.slopes_at(fractions)))
        return self.leaks[:, None] * (sloped - np.eye(self.size))

    def step(self, fractions: Vector) -> Matrix:
        """F at slopes that are these fractions of the largest."""
        return np.eye(self.size) + self.jacobian(fractions)

    @property
    @override
    def exact_leaks(self) -> ExactMatrix:
        """Those of the map."""
        return ExactMatrix.diagonal(self.leaks.tolist())


@dataclass(frozen=True)
class ExactNetwork:
    """A network in rational numbers; `slopes` is G and `leaks` is T^-1, or the leaks of a map.

    `lowest` are the least slopes L, None where they are zero.
    """

    weights: ExactMatrix
    form: Form
    slopes: ExactMatrix
    leaks: ExactMatrix
    lowest: ExactMatrix | None = None

    @cached_property
    def spanned(self) -> ExactMatrix:
        """W (G - L) or (G - L) W: M where the least slopes are zero."""
        return self.gained if self.lowest is None else self.form.sloped(self.weights, self.slopes - self.lowest)

    @property
    def resting(self) -> ExactMatrix:
        """-J at the least slopes: T^-1 where they are zero."""
        return self.leaks if self.lowest is None else -self.jacobian(self.lowest)

    @cached_property
    def gained(self) -> ExactMatrix:
        """M = W G or G W."""
        slopes = self.slopes.diagonal_entries()
        if len(set(slopes)) == 1:
            return slopes[0] * self.weights
        return self.form.sloped(self.weights, self.slopes)

    def sloped(self, slopes: ExactMatrix) -> ExactMatrix:
        """W D or D W at these slopes (a diagonal matrix)."""
        sloped: ExactMatrix = self.form.sloped(self.weights, slopes)
        return sloped

    def jacobian(self, slopes: ExactMatrix) -> ExactMatrix:
        """J at these slopes (a diagonal matrix)."""
        sloped = self.sloped(slopes)
        return self.leaks @ (sloped - ExactMatrix.identity(sloped.shape[0]))

    @property
    def keep(self) -> ExactMatrix:
        """I - A: what a step of size one keeps of every neuron."""
        return ExactMatrix.identity(self.leaks.shape[0]) - self.leaks

    def step(self, slopes: ExactMatrix) -> ExactMatrix:
        """F = I + J at these slopes (a diagonal matrix): what a step of size one does to displacements."""
        return self.keep + self.leaks @ self.sloped(slopes)


def network(
    weights: Shaped[np.ndarray, "..."],
    form: Form | NamedVectorField,
    slopes: float | Shaped[np.ndarray, "..."] | SlopeRange = 1.0,
    time_constants: float | Shaped[np.ndarray, "..."] = 1.0,
    *,
    leak: float | Shaped[np.ndarray, "..."] | None = None,
) -> Network:
    """A network of n neurons from an n x n matrix; slopes and time constants are one number or one a neuron.

    Slopes are the largest, those from zero, or a `SlopeRange`.

    A map (DISCRETE, DISCRETE_VOLTAGE) has leaks in place of time constants, one number or one a neuron; one if not
    given.

    Raises:
        NotANetwork: for a matrix that is not square, empty, not real or not finite, for slopes and time constants that
            are not positive and finite or do not fit, for leaks that are not above 0 and at most 1 or do not fit, for
            leaks of a flow and time constants of a map.

    >>> from theory.contraction import VOLTAGE
    >>> network(np.array([[0.0, 2.0], [1.0, 0.0]]), VOLTAGE, slopes=0.5).gained
    array([[0. , 1. ],
           [0.5, 0. ]])
    """
    form = _form(form)
    matrix = _real("the weights", weights)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise NotANetwork(f"the weights have shape {matrix.shape}; a square matrix is needed")
    gains, lowest = _slopes(slopes, len(matrix))
    taus = _positive("time constants", time_constants, len(matrix))
    if not form.discrete:
        if leak is not None:
            raise NotANetwork(f"the {form.name} form has time constants, not a leak; give DISCRETE for a map")
        return Network(matrix, form, gains, taus, lowest=lowest)
    if (taus != 1).any():
        raise NotANetwork("a map has a leak, 1 / (time constant in steps), not time constants")
    leaks = _positive("leaks", 1.0 if leak is None else leak, len(matrix))
    if (leaks > 1).any():
        raise NotANetwork(f"leaks must be at most 1, got {leaks.max():g}")
    with np.errstate(over="ignore"):  # the least leaks have no inverse among doubles; proofs take the leaks
        return LeakyMap(matrix, form, gains, 1 / leaks, leaks, lowest=lowest)


def _slopes(slopes: object, size: int) -> tuple[Vector, Vector | None]:
    """The largest ones, and the least, None where all are zero."""
    if not isinstance(slopes, SlopeRange):
        return _positive("slopes", slopes, size), None
    lower, upper = _each("lower slopes", slopes.lower, size), _each("upper slopes", slopes.upper, size)
    if (lower > upper).any():
        raise NotANetwork("a lower slope is above the upper one of its neuron")
    return (upper, lower) if lower.any() else (_positive("slopes", upper, size), None)


def _form(form: object) -> Form:
    """The form; it may be given as that of a simulated network, which tells its name."""
    if isinstance(form, Form):
        return form
    known = [each for each in (*FORMS, *MAPS) if isinstance(form, NamedVectorField) and each.name == form.name]
    if not known:
        raise NotANetwork(f"form is {form!r}; give VOLTAGE, RATE, DISCRETE or DISCRETE_VOLTAGE")
    return known[0]


def _real(name: str, values: object) -> Float[np.ndarray, "..."]:
    try:
        array = as_doubles(np.asarray(values))
    except NotDoubles as error:
        raise NotANetwork(f"the array of {name.removeprefix('the ')} {error}") from error
    if not np.isfinite(array).all():
        raise NotANetwork(f"{name} are not all finite")
    return array


def _positive(name: str, values: object, size: int) -> Vector:
    array = _each(name, values, size)
    if (array <= 0).any():
        raise NotANetwork(f"{name} must be positive, got {array.min():g}")
    return array


def _each(name: str, values: object, size: int) -> Vector:
    """One number a neuron."""
    if np.asarray(values).dtype == bool:
        raise NotANetwork(f"{name} are truth values; numbers are needed")
    array = _real(name, values)
    if array.shape not in ((), (size,)):
        raise NotANetwork(f"{name} have shape {array.shape}; one number or {size} of them are needed")
    return np.broadcast_to(array, (size,)).copy()
