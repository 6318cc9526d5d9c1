"""P and Q are proposed, and slopes at which the system is unstable; rational arithmetic decides.

A semidefinite program finds both for a few states and channels, and where channels share slopes, so that Q has blocks.
Beyond, Q is sought among the scalings of `transfer` and `least_gain`, and P solves a Riccati equation: that serves
dozens of states and channels. The solver's word counts for nothing.
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

from theory.contraction.exact_matrix import ExactMatrix, exact_vector, on_grid, rational, short, to_digits
from theory.contraction.lure.least_gain import least_gain
from theory.contraction.lure.metric import solve_lure
from theory.contraction.lure.statements import LureContraction, LureGain, LureUnstable, of_floats
from theory.contraction.lure.system import LureSystem, Matrix
from theory.contraction.lure.transfer import transfer_searches
from theory.contraction.search.scaled_multiplier import rounded_metric

_BISECTIONS = 12
_SLACKS = (1e-5, 1e-4, 5e-4, 1e-3, 3e-3, 1e-2, 0.1)
_RATE_SLACKS = (3e-4, 1e-3, 1e-2, 0.1)
_ADDED = (1e-6, 1e-9, 1e-4)
"""Of the mean of what the Riccati equation has, added to it, one after the other."""
_SCALING_BITS, _METRIC_BITS = 20, 36
_STILL = 1e-12
"""Rates below this are none: A does not forget."""
PROGRAMMED = 12
"""States, channels and inputs up to which a semidefinite program finds P and Q together."""
_MANY = 200
FEW = 8
"""Groups of channels up to which all corners of slopes are looked at."""
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
        return cls(system, cvxpy, cvxpy.Variable((n, n), symmetric=True), cvxpy.Variable((k, k)), cvxpy.Variable())

    def blocks(self) -> list[Any]:
        """That Q couples channels of one group only."""
        apart = self.system.group[:, None] != self.system.group
        return [self.cvxpy.multiply(apart.astype(float), self.multiplier) == 0] if apart.any() else []

    def found(self) -> tuple[ExactMatrix, ExactMatrix]:
        """P and Q, rounded."""
        together = self.system.group[:, None] == self.system.group
        return of_floats(on_grid(self.metric.value), np.where(together, on_grid(self.multiplier.value), 0.0))

    def form(self, rate: float, *, gain: bool) -> Any:
        """The matrix of `LureContraction`, or of `LureGain`."""
        cp, system = self.cvxpy, self.system
        through = np.hstack([system.B, system.E]) if gain else system.B
        top, corner, bottom = system.blocks(system.A, through, self.metric, rate)
        sensed, squares = system.sensed.T @ self.multiplier.T, self.multiplier + self.multiplier.T
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

    def centred(self, rate: float, square: float | None = None) -> tuple[ExactMatrix, ExactMatrix] | None:
        """P and Q with the largest margin, rounded; None where that is not positive."""
        cp, system = self.cvxpy, self.system
        margin = cp.Variable()
        size = system.states + len(system.slopes) + (0 if square is None else system.E.shape[1])
        form = self.form(rate, gain=square is not None)
        constraints = [form >> margin * np.eye(size), self.metric >> margin * np.eye(system.states)]
        constraints += self.blocks()
        if square is None:
            constraints.append(cp.trace(self.metric) + cp.trace(self.multiplier) == system.states)
        else:
            constraints += [self.square == square, margin <= square]
        if not self.solved(cp.Maximize(margin), constraints) or not margin.value > 1e-10:
            return None
        return self.found()


def prove_contraction(system: LureSystem) -> LureContraction | None:
    """The largest rate found, to a thousandth or so of the fastest, proved; None where none is.

    The fastest is that at the slopes of zero.
    """
    few = not system.separate or _size(system) <= PROGRAMMED
    found = _programmed_contraction(system) if few else None
    return scaled_contraction(system) if found is None and system.separate else found


def scaled_contraction(system: LureSystem) -> LureContraction | None:
    """By scalings of the channels, each with a slope of its own."""
    searches = transfer_searches(system)
    best = searches.best_rate(1.0) if searches.fastest > _STILL else 0.0
    if best <= 0:
        return None
    found = searches.near(best)
    allowed = searches.allowed(found.scaling, 1.0)
    scaling = to_digits(found.scaling, bits=_SCALING_BITS)
    for slack in _RATE_SLACKS:
        rate = short(allowed * (1 - slack), bits=30)
        for added in _ADDED:
            metric = solve_lure(system, scaling, allowed - (allowed - rate) / 2, gain=None, added=added)
            if metric is None:
                continue
            claim = LureContraction(rational(rate), *_rounded(metric, scaling))
            if claim.holds(system):
                return claim
    return None


def _size(system: LureSystem) -> int:
    return system.states + len(system.slopes) + system.E.shape[1]


def _rounded(metric: Matrix, scaling: Float[np.ndarray, " channels"]) -> tuple[ExactMatrix, ExactMatrix]:
    return ExactMatrix.of(rounded_metric(metric, bits=_METRIC_BITS)), ExactMatrix.diagonal((scaling**2).tolist())


def _programmed_contraction(system: LureSystem) -> LureContraction | None:
    program = _Program.of(system)

    def proved(rate: float) -> LureContraction | None:
        found = program.centred(rate) if rate > 0 else None
        if found is None:
            return None
        claim = LureContraction(rational(rate), *found)
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
    """The least gain found, to a thousandth or so, proved; None where none is, or no inputs or outputs."""
    if not system.E.any() or not system.F.any():
        return None
    few = not system.separate or _size(system) <= PROGRAMMED
    found = _programmed_gain(system) if few else None
    return scaled_gain(system) if found is None and system.separate else found


def scaled_gain(system: LureSystem) -> LureGain | None:
    """By scalings of the channels, each with a slope of its own."""
    searches = transfer_searches(system)
    least = least_gain(system, searches.at(0.0).scaling) if searches.fastest > _STILL else None
    if least is None:
        return None
    scaling = to_digits(np.sqrt(least.multiplier), bits=_SCALING_BITS)
    for slack in _SLACKS:
        gain = short(least.gain * (1 + slack), bits=30)
        for added in _ADDED:
            metric = solve_lure(system, scaling, 0.0, gain=least.gain * (1 + slack / 2), added=added)
            if metric is None:
                continue
            claim = LureGain(rational(gain), *_rounded(metric, scaling))
            if claim.holds(system):
                return claim
    return None


def _programmed_gain(system: LureSystem) -> LureGain | None:
    program = _Program.of(system)
    cp = program.cvxpy
    constraints = [program.form(0.0, gain=True) >> 0, program.metric >> 0, *program.blocks()]
    least = program.solved(cp.Minimize(program.square), constraints)
    if not least or program.square.value is None or not program.square.value > 0:
        return None
    gain = float(np.sqrt(program.square.value))
    for slack in _SLACKS:
        claimed = short(gain * (1 + slack), bits=30)
        found = program.centred(0.0, claimed**2)
        if found is not None:
            claim = LureGain(rational(claimed), *found)
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


def steepest(system: LureSystem, value: Callable[[Fractions], float], seed: int) -> tuple[Fractions, float]:
    """Fractions of the slopes, each 0 or 1, where a value is large: all corners of few groups, else by flips."""
    groups = int(system.group.max()) + 1
    best, found = np.zeros(groups), -np.inf
    for start in corners(groups, seed):
        here = value(start[system.group])
        if here > found:
            best, found = start, here
    improved = groups > FEW
    while improved:
        improved = False
        for i in range(groups):
            turned = best.copy()
            turned[i] = 1 - turned[i]
            here = value(turned[system.group])
            if here > found * (1 + 1e-9) + 1e-12:
                best, found, improved = turned, here, True
    return best[system.group], found


def corners(groups: int, seed: int) -> Iterator[Float[np.ndarray, " groups"]]:
    """All of few groups; of more the two ends and some that are drawn."""
    if groups <= FEW:
        yield from (np.array(each, float) for each in itertools.product((0, 1), repeat=groups))
        return
    random = np.random.default_rng(seed)
    yield from (np.zeros(groups), np.ones(groups))
    yield from (random.random((_MANY // groups + 4, groups)) < 0.5).astype(float)
