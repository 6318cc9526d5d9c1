"""Lur'e systems: a linear system with slope-restricted nonlinearities in its feedback, a map or a flow.

    x <- A x + B phi(C x + d) + E u + e   or   x' = A x + B phi(C x + d) + E u + e,   y = F x

Two trajectories differ by x, phi's values by w with w_i (g_i (C x)_i - w_i) >= 0, inputs by u, outputs by F x. Whether
all channels have one function or each its own plays no part: their arguments are at different places, so the slopes
between two trajectories are each their own, and any slopes occur together. It is another thing where channels are
multiplied by one number, a gain that changes with time: then w = s C x with one s for all channels of a `group`, and
for them w^T M (g C x - w) = s (g - s) (C x)^T M (C x) >= 0 whenever M + M^T >= 0, M symmetric or not. Separate slopes
allow diagonal M only.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int, Shaped
from typing_extensions import override

from theory.contraction.exact_matrix import ExactMatrix
from theory.doubles import NotDoubles, as_doubles

Matrix = Float[np.ndarray, "rows columns"]

LARGEST = 256
"""States or outputs, whichever are more, channels and inputs together: larger certificates are not checked."""
_MARGIN = 1e-9
"""How far from the boundary of stability floating point tells that a system is within it."""


class NotALureSystem(ValueError):
    """Matrices or slopes that make no Lur'e system, or too large a one; the message says which, and what is needed."""


@dataclass(frozen=True, eq=False)
class LureSystem(ABC):
    """All systems with A (n x n), B (n x k), C (k x n), slopes 0 <= phi_i' <= g_i, inputs E (n x m), outputs F (p x n).

    Without inputs or outputs E or F has no columns or rows. `lure` makes one from any arrays, and checks it.
    """

    A: Float[np.ndarray, "n n"]
    B: Float[np.ndarray, "n k"]
    C: Float[np.ndarray, "k n"]
    E: Float[np.ndarray, "n m"]
    F: Float[np.ndarray, "p n"]
    slopes: Float[np.ndarray, " k"]
    group: Int[np.ndarray, " k"]
    """Of every channel a number: channels of one number have one slope at every time, in a group of its own each."""

    name: ClassVar[str]
    """As certificates write it."""
    discrete: ClassVar[bool]

    @property
    def states(self) -> int:
        """n."""
        return len(self.A)

    @property
    def separate(self) -> bool:
        """Whether every channel has a slope of its own."""
        return len(np.unique(self.group)) == len(self.group)

    @cached_property
    def sensed(self) -> Matrix:
        """G C, the largest slopes times C."""
        return self.slopes[:, None] * self.C

    def closed(self, fractions: Float[np.ndarray, " channels"]) -> Matrix:
        """A + B D C at slopes that are these fractions of the largest."""
        return self.A + self.B @ (fractions[:, None] * self.sensed)

    def with_gain(self, gain: float) -> "LureSystem":
        """The system with all slopes multiplied by `gain`."""
        return replace(self, slopes=gain * self.slopes)

    @abstractmethod
    def blocks(self, A: Any, through: Any, metric: Any, rate: Any) -> tuple[Any, Any, Any]:
        """Of -(decay of x^T P x) less what `rate` allows, as a form in (x, v) with x driven by A x + `through` v.

        The block of x, that of x and v, and that of v. Matrices may be numpy's, cvxpy's or exact ones.
        """

    def response(self, A: Matrix, angle: float) -> float:
        """By how much a constant linear system with this A amplifies an oscillation at most: |F (z I - A)^-1 E|.

        z is the point of the unit circle, or of the imaginary axis, that `angle` from 0 to pi stands for.
        """
        resolvent = np.linalg.solve(self.point(angle) * np.eye(self.states) - A, self.E.astype(complex))
        return float(np.linalg.norm(self.F @ resolvent, 2))

    @abstractmethod
    def point(self, angle: float) -> complex:
        """Of the boundary: exp(i angle) of a map, i tan(angle / 2) of a flow."""

    @abstractmethod
    def growth(self, A: Matrix) -> float:
        """How fast a constant linear system grows: the spectral radius of a map, the abscissa of a flow."""

    @abstractmethod
    def stable(self, A: Matrix) -> bool:
        """Whether a constant linear system forgets its state, by more than what rounding errors amount to."""


@dataclass(frozen=True, eq=False)
class LureMap(LureSystem):
    """x <- A x + B phi(C x + d) + E u + e. A rate c is per step and stands for the factor 1 - c."""

    name: ClassVar[str] = "discrete"
    discrete: ClassVar[bool] = True

    @override
    def blocks(self, A: Any, through: Any, metric: Any, rate: Any) -> tuple[Any, Any, Any]:
        kept = (1 - rate) * (1 - rate)
        return kept * metric - A.T @ metric @ A, -(A.T @ metric @ through), -(through.T @ metric @ through)

    @override
    def point(self, angle: float) -> complex:
        return complex(np.exp(1j * angle))

    @override
    def growth(self, A: Matrix) -> float:
        return float(np.abs(np.linalg.eigvals(A)).max())

    @override
    def stable(self, A: Matrix) -> bool:
        return self.growth(A) < 1 - _MARGIN


@dataclass(frozen=True, eq=False)
class LureFlow(LureSystem):
    """x' = A x + B phi(C x + d) + E u + e."""

    name: ClassVar[str] = "continuous"
    discrete: ClassVar[bool] = False

    @override
    def blocks(self, A: Any, through: Any, metric: Any, rate: Any) -> tuple[Any, Any, Any]:
        moved = metric @ A
        return -(moved + moved.T) - 2 * rate * metric, -(metric @ through), 0 * (through.T @ metric @ through)

    @override
    def point(self, angle: float) -> complex:
        return complex(1j * np.tan(angle / 2))

    @override
    def growth(self, A: Matrix) -> float:
        return float(np.linalg.eigvals(A).real.max())

    @override
    def stable(self, A: Matrix) -> bool:
        return self.growth(A) < -_MARGIN * float(np.linalg.norm(A, 2))


@dataclass(frozen=True, eq=False)
class ExactLure:
    """A Lur'e system in rational numbers; every float is taken exactly."""

    system: LureSystem
    A: ExactMatrix
    B: ExactMatrix
    C: ExactMatrix
    E: ExactMatrix | None
    F: ExactMatrix | None
    slopes: ExactMatrix

    @classmethod
    def of(cls, system: LureSystem) -> "ExactLure":
        """The system; E and F are None where there are no inputs or outputs."""
        take = ExactMatrix.of
        inputs, outputs = (take(each) if each.size else None for each in (system.E, system.F))
        slopes = ExactMatrix.diagonal(system.slopes.tolist())
        return cls(system, take(system.A), take(system.B), take(system.C), inputs, outputs, slopes)


def lure(
    A: Shaped[np.ndarray, "..."],
    B: Shaped[np.ndarray, "..."],
    C: Shaped[np.ndarray, "..."],
    slopes: float | Shaped[np.ndarray, "..."] = 1.0,
    *,
    E: Shaped[np.ndarray, "..."] | None = None,
    F: Shaped[np.ndarray, "..."] | None = None,
    group: Shaped[np.ndarray, "..."] | None = None,
    discrete: bool,
) -> LureSystem:
    """The map x <- A x + B phi(C x) + E u, or the flow x' = A x + B phi(C x) + E u, with the output F x.

    Biases and offsets play no part. Slopes are one number or one a channel of phi. `group` has a number for every
    channel: those of one number are multiplied by the same slope at every time. One function in several channels is not
    that: its slopes differ where its arguments do.

    Raises:
        NotALureSystem: for matrices that do not fit together or are not finite and real, slopes that are not positive,
            groups that do not fit or have several slopes, more than `LARGEST` states, channels and inputs.

    >>> from theory.contraction import lure
    >>> system = lure.system.lure(np.eye(2) / 2, np.ones((2, 1)), np.ones((1, 2)) / 8, discrete=True)
    >>> system.states, system.growth(system.closed(np.ones(1)))
    (2, 0.75)
    """
    state = _matrix("A", A)
    n = len(state)
    through, sensed = _matrix("B", B), _matrix("C", C)
    k = through.shape[1]
    inputs = np.zeros((n, 0)) if E is None else _matrix("E", E)
    outputs = np.zeros((0, n)) if F is None else _matrix("F", F)
    for name, found, needed in (
        ("A", state.shape, (n, n)),
        ("B", through.shape, (n, k)),
        ("C", sensed.shape, (k, n)),
        ("E", inputs.shape, (n, inputs.shape[1])),
        ("F", outputs.shape, (len(outputs), n)),
    ):
        if found != needed:
            raise NotALureSystem(f"{name} has shape {found}; {needed} is needed")
    together = max(n, len(outputs)) + k + inputs.shape[1]
    if together > LARGEST:
        raise NotALureSystem(f"states or outputs, channels and inputs are {together}; {LARGEST} are the most")
    gains = _real("slopes", slopes)
    if gains.shape not in ((), (k,)) or not (gains > 0).all():
        raise NotALureSystem(f"slopes are {gains.tolist()}; one positive number or {k} of them are needed")
    each = np.broadcast_to(gains, (k,)).copy()
    kind = LureMap if discrete else LureFlow
    return kind(state, through, sensed, inputs, outputs, each, _groups(group, each))


def _groups(given: Shaped[np.ndarray, "..."] | None, slopes: Float[np.ndarray, " k"]) -> Int[np.ndarray, " k"]:
    """Numbered from zero in the order of their first channels."""
    if given is None:
        return np.arange(len(slopes))
    numbers = _real("group", given).ravel()
    if len(numbers) != len(slopes):
        raise NotALureSystem(f"group has {len(numbers)} numbers; one a channel is needed, {len(slopes)}")
    order = list(dict.fromkeys(numbers.tolist()))
    group = np.array([order.index(each) for each in numbers.tolist()])
    for label in range(len(order)):
        if len(set(slopes[group == label].tolist())) > 1:
            raise NotALureSystem("channels of one group have different largest slopes; one is needed")
    return group


def _matrix(name: str, values: object) -> Matrix:
    array = _real(name, values)
    if array.ndim != 2 or array.size == 0:
        raise NotALureSystem(f"{name} has shape {array.shape}; a matrix is needed")
    return array


def _real(name: str, values: object) -> Float[np.ndarray, "..."]:
    try:
        array = as_doubles(np.asarray(values))
    except NotDoubles as error:
        raise NotALureSystem(f"the array of {name} {error}") from error
    if not np.isfinite(array).all():
        raise NotALureSystem(f"{name} is not finite everywhere")
    return array
