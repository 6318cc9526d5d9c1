"""Semidefinite programs propose P and Q; slopes are sought at which the system is unstable, or its gain large.

For a few dozen states and channels. The solver's word counts for nothing: what it returns is proved in rational
numbers.
"""

import importlib
import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from jaxtyping import Float

from theory.contraction.exact_matrix import ExactMatrix, exact_vector, on_grid, rational, short
from theory.contraction.lure.statements import LureContraction, LureGain, LureUnstable, of_floats
from theory.contraction.lure.system import LureSystem

_BISECTIONS = 12
_SLACKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1)
_MANY = 200
_FEW = 8
_ANGLES = 65
_ROUNDS = 40
Fractions = Float[np.ndarray, " channels"]


@dataclass(frozen=True)
class _Program:
    """P, Q and the square of the gain of one system, and the form that must be positive, at a rate."""

    system: LureSystem
    cvxpy: Any
    metric: Any
    multiplier: Any
    square: Any

    @classmethod
    def of(cls, system: LureSystem) -> "_Program":
        cvxpy: Any = importlib.import_module("cvxpy")
        n, k = system.states, len(system.slopes)
        return cls(system, cvxpy, cvxpy.Variable((n, n), symmetric=True), cvxpy.Variable(k), cvxpy.Variable())

    def form(self, rate: float, *, gain: bool) -> Any:
        """The matrix of `LureContraction`, or of `LureGain`."""
        cp, system = self.cvxpy, self.system
        through = np.hstack([system.B, system.E]) if gain else system.B
        top, corner, bottom = system.blocks(system.A, through, self.metric, rate)
        sensed, squares = system.sensed.T @ cp.diag(self.multiplier), 2 * cp.diag(self.multiplier)
        if gain:
            inputs = system.E.shape[1]
            nothing = np.zeros((len(system.slopes), inputs))
            sensed = cp.hstack([sensed, np.zeros((system.states, inputs))])
            squares = cp.bmat([[squares, nothing], [nothing.T, self.square * np.eye(inputs)]])
            top = top - system.F.T @ system.F
        whole = cp.bmat([[top, corner - sensed], [(corner - sensed).T, bottom + squares]])
        return (whole + whole.T) / 2

    def solved(self, objective: Any, constraints: list[Any]) -> bool:
        """Whether the solver returns numbers."""
        problem = self.cvxpy.Problem(objective, constraints)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                problem.solve(solver=self.cvxpy.CLARABEL)
            except self.cvxpy.error.SolverError:
                return False
        return self.metric.value is not None and self.multiplier.value is not None

    def centred(self, rate: float, square: float | None = None) -> tuple[Any, Any] | None:
        """P and Q with the largest margin; None where that is not positive."""
        cp, system = self.cvxpy, self.system
        margin = cp.Variable()
        size = system.states + len(system.slopes) + (0 if square is None else system.E.shape[1])
        form = self.form(rate, gain=square is not None)
        constraints = [form >> margin * np.eye(size), self.metric >> margin * np.eye(system.states)]
        if square is None:
            constraints.append(cp.trace(self.metric) + cp.sum(self.multiplier) == system.states)
        else:
            constraints += [self.square == square, margin <= square]
        if not self.solved(cp.Maximize(margin), constraints) or not margin.value > 1e-10:
            return None
        return self.metric.value, self.multiplier.value


def prove_contraction(system: LureSystem) -> LureContraction | None:
    """The largest rate found, to a thousandth or so of the fastest, proved; None where none is.

    The fastest is one of a map, of a flow the rate at the slopes of zero.
    """
    program = _Program.of(system)

    def proved(rate: float) -> LureContraction | None:
        found = program.centred(rate) if rate > 0 else None
        if found is None:
            return None
        metric, multiplier = of_floats(on_grid(found[0]), on_grid(np.maximum(found[1], 0)))
        claim = LureContraction(rational(rate), metric, multiplier)
        return claim if claim.holds(system) else None

    fastest = 1.0 if system.discrete else max(-system.growth(system.A), 0.0)
    best, low, high = None, 0.0, fastest
    for start in (1e-6, 1e-3):
        first = proved(start * fastest)
        if first is not None:
            best, low = first, start * fastest
    for _ in range(_BISECTIONS if best is not None else 0):
        middle = short((low + high) / 2)
        claim = proved(middle)
        low, high, best = (low, middle, best) if claim is None else (middle, high, claim)
    return best


def prove_gain(system: LureSystem) -> LureGain | None:
    """The least gain found, to a thousandth or so, proved; None where none is."""
    if not system.E.size or not system.F.size:
        return None
    program = _Program.of(system)
    cp = program.cvxpy
    least = program.solved(
        cp.Minimize(program.square), [program.form(0.0, gain=True) >> 0, program.metric >> 0, program.multiplier >= 0]
    )
    if not least or program.square.value is None or not program.square.value > 0:
        return None
    gain = float(np.sqrt(program.square.value))
    for slack in _SLACKS:
        claimed = short(gain * (1 + slack), bits=30)
        found = program.centred(0.0, claimed**2)
        if found is not None:
            metric, multiplier = of_floats(on_grid(found[0]), on_grid(np.maximum(found[1], 0)))
            claim = LureGain(rational(claimed), metric, multiplier)
            if claim.holds(system):
                return claim
    return None


def prove_unstable(system: LureSystem, seed: int = 0) -> LureUnstable | None:
    """Fixed slopes at which a displacement grows, proved; None where none are found."""
    fractions, growth = steepest(system, lambda at: system.growth(system.closed(at)), seed)
    if growth <= (1.0 if system.discrete else 0.0):
        return None
    slopes = fractions * system.slopes
    moved = system.A + system.B @ (slopes[:, None] * system.C)
    unit = np.eye(system.states)
    try:
        form = (
            scipy.linalg.solve_discrete_lyapunov(moved.T, -unit)
            if system.discrete
            else scipy.linalg.solve_continuous_lyapunov(moved.T, unit)
        )
    except np.linalg.LinAlgError:
        return None
    form = on_grid((form + form.T) / 2)
    vector = on_grid(np.linalg.eigh(form)[1][:, -1])
    claim = LureUnstable(ExactMatrix.diagonal(slopes.tolist()), ExactMatrix.of(form), exact_vector(vector.tolist()))
    return claim if claim.holds(system) else None


@dataclass(frozen=True, eq=False)
class ReachedGain:
    """A gain that the system has at fixed slopes, in floating point: at these fractions of the largest, this angle."""

    gain: float
    fractions: Fractions
    angle: float


def reached_gain(system: LureSystem, seed: int = 0) -> ReachedGain | None:
    """The largest gain found at fixed slopes, by oscillating inputs, among those at which the system is stable.

    None without inputs or outputs, or where the system is not stable at the slopes of zero.
    """
    if not system.E.size or not system.F.size or not system.stable(system.A):
        return None
    angles = np.linspace(0, np.pi, _ANGLES)[: None if system.discrete else -1]

    def peak(fractions: Fractions) -> tuple[float, float]:
        closed = system.closed(fractions)
        values = [system.response(closed, angle) for angle in angles]
        return max(values), float(angles[int(np.argmax(values))])

    def value(fractions: Fractions) -> float:
        return peak(fractions)[0] if system.stable(system.closed(fractions)) else -np.inf

    fractions, _ = steepest(system, value, seed)
    gain, angle = peak(fractions)
    closed, width = system.closed(fractions), float(angles[1])
    for _ in range(_ROUNDS):
        near = np.clip([angle - width / 2, angle + width / 2], 0, angles[-1])
        values = [system.response(closed, each) for each in near]
        if max(values) > gain:
            gain, angle = max(values), float(near[int(np.argmax(values))])
        else:
            width /= 2
    return ReachedGain(gain, fractions, angle)


def steepest(system: LureSystem, value: Callable[[Fractions], float], seed: int) -> tuple[Fractions, float]:
    """Fractions of the slopes, each 0 or 1, where a value is large: all corners of few channels, else by flips."""
    best, found = np.zeros(len(system.slopes)), -np.inf
    for start in _corners(len(system.slopes), seed):
        here = value(start)
        if here > found:
            best, found = start, here
    improved = len(system.slopes) > _FEW
    while improved:
        improved = False
        for i in range(len(best)):
            turned = best.copy()
            turned[i] = 1 - turned[i]
            here = value(turned)
            if here > found * (1 + 1e-9) + 1e-12:
                best, found, improved = turned, here, True
    return best, found


def _corners(channels: int, seed: int) -> Iterator[Fractions]:
    if channels <= _FEW:
        yield from (np.array(each, float) for each in itertools.product((0, 1), repeat=channels))
        return
    random = np.random.default_rng(seed)
    yield from (np.zeros(channels), np.ones(channels))
    yield from (random.random((_MANY // channels + 4, channels)) < 0.5).astype(float)
