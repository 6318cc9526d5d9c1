"""Fixed points of a network with a constant input, by Newton's method from where trajectories lead and from elsewhere.

Nothing says that these are all. What is found is exact to rounding, and distinct.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from theory.contraction.network import Vector
from theory.contraction.regions.autonomous import AutonomousNetwork, States

_STEPS = 60
_CONVERGED = 1e-10
_APART = 1e-6
"""Fixed points are distinct where they are further apart than this, relative to their size."""
_LONGEST = 0.5
"""No step of Newton's method is longer than this part of the states' size."""
_STRIDE = 0.25
"""Of Euler's method, in units of the fastest time constant."""


class NoFixedPoint(ArithmeticError):
    """Newton's method found no fixed point; begin nearer to one, or on a trajectory's end."""


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point, and the eigenvalues of the Jacobian there: those of a step, or of x'."""

    state: Vector
    eigenvalues: Complex[np.ndarray, " n"]
    discrete: bool

    @property
    def stable(self) -> bool:
        """Whether the linearisation is stable."""
        return self.excess < 0

    @property
    def excess(self) -> float:
        """The largest modulus less one, of a map; the largest real part of a flow."""
        if self.discrete:
            return float(np.abs(self.eigenvalues).max()) - 1
        return float(self.eigenvalues.real.max())

    @property
    def unstable_directions(self) -> int:
        """How many eigenvalues lie outside."""
        outside = np.abs(self.eigenvalues) > 1 if self.discrete else self.eigenvalues.real > 0
        return int(outside.sum())


def refined(system: AutonomousNetwork, state: Vector) -> FixedPoint:
    """The fixed point that Newton's method finds from a state.

    Raises:
        NoFixedPoint: where it finds none.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> refined(switch, np.array([0.8])).state.round(4).tolist()
    [0.9575]
    """
    found = _newton(system, np.array(state, dtype=float)[None])
    if not found:
        raise NoFixedPoint("Newton's method finds no fixed point from this state")
    return found[0]


def fixed_points(system: AutonomousNetwork, states: States, *, settle: int = 300) -> list[FixedPoint]:
    """Distinct fixed points found from these states, from where trajectories lead from them, and from between those.

    `settle` is the number of steps; of a flow each is a quarter of the shortest time constant. Stable ones come first,
    in the order in which they were found; midpoints of two of them are starts as well, as saddles lie between.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> points = fixed_points(switch, np.array([[0.3], [-0.4]]))
    >>> [(round(float(point.state[0]), 4), point.stable) for point in points]
    [(0.9575, True), (-0.9575, True), (0.0, False)]
    """
    found = _distinct(_newton(system, settled(system, states, settle)))
    stable = [point.state for point in found if point.stable]
    between = [(a + b) / 2 for i, a in enumerate(stable) for b in stable[:i]][:_MIDPOINTS]
    more = _newton(system, np.vstack([states, *(each[None] for each in between)]))
    every = _distinct([*found, *more])
    return [*(point for point in every if point.stable), *(point for point in every if not point.stable)]


_MIDPOINTS = 2000


def settled(system: AutonomousNetwork, states: States, steps: int) -> States:
    """Where trajectories from these states are after so many steps."""
    stride = stride_of(system)
    for _ in range(steps):
        moved = system.moved(states)
        states = moved if system.discrete else states + stride * moved
    return states


def stride_of(system: AutonomousNetwork) -> float:
    """The length of Euler's step in which flows are followed."""
    return _STRIDE / float(system.leaks.max())


def _newton(system: AutonomousNetwork, states: States) -> list[FixedPoint]:
    """Newton's method from all of them; those that do not converge are left out."""
    size = states.shape[1]
    shift = np.eye(size) if system.discrete else np.zeros((size, size))
    found = []
    for start in states:
        state = start
        for _ in range(_STEPS):
            try:
                step = np.linalg.solve(system.jacobian(state) - shift, -system.residuals(state[None])[0])
            except np.linalg.LinAlgError:
                break
            length, most = float(np.linalg.norm(step)), _LONGEST * (1 + float(np.linalg.norm(state)))
            state = state + step * min(1.0, most / length if length else 1.0)
            if not np.isfinite(state).all() or length <= 1e-14 * (1 + float(np.linalg.norm(state))):
                break
        scale = 1 + float(np.abs(state).max())
        if np.isfinite(state).all() and np.abs(system.residuals(state[None])).max() <= _CONVERGED * scale:
            found.append(FixedPoint(state, np.linalg.eigvals(system.jacobian(state)).astype(complex), system.discrete))
    return found


def _distinct(points: list[FixedPoint]) -> list[FixedPoint]:
    kept: list[FixedPoint] = []
    for point in points:
        scale = _APART * (1 + float(np.abs(point.state).max()))
        if all(np.abs(point.state - other.state).max() > scale for other in kept):
            kept.append(point)
    return kept


def starts(system: AutonomousNetwork, count: int, seed: int = 0) -> Float[np.ndarray, "count n"]:
    """States to begin with, drawn where phi's values, or what they drive, can be.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> starts(switch, 5).shape
    (5, 1)
    """
    rng = np.random.default_rng(seed)
    arguments = rng.normal(size=(count, system.network.size)) * rng.uniform(0.1, 3.0, (count, 1))
    values = system.activation.values(arguments)
    if system.network.form.slopes_multiply_rows:
        return np.asarray(values)
    return np.asarray(values @ system.network.weights.T + system.inputs)
