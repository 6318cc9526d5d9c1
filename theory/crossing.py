"""When does a step of gradient descent push a network through a saddle-node: critical rates from the normal form.

A step theta -> theta - alpha g moves the value of the flow at a ghost, r_eff = min f, by

    r_eff(alpha) = r_eff + alpha F + (alpha^2 / 2)(F_2 - G^2 / f'') + O(alpha^3)

with F = df/dalpha = -grad(f).g, F_2 = d^2f/dalpha^2 and G = d^2f/(dalpha dkappa) at the ghost (to first order the
place of the ghost does not matter: the envelope theorem). Derived below and proved by `tests/theory/test_crossing.py`.
"""

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy
from scipy.optimize import brentq

from theory.latent import LatentCircuit, LossGradient
from theory.normal_form import CURVATURE, EFFECTIVE_R, NormalForm
from theory.reduction import RATE, step_derivatives

FIRST, SECOND, MIXED = sympy.symbols("F F_2 G", real=True)  # d/dalpha, d^2/dalpha^2, d^2/(dalpha dkappa) of the flow


class NoGhostOnTheWay(ValueError):
    """There is no ghost between start and threshold, so no bottleneck whose r_eff sets the delay."""


class GradientShapeError(ValueError):
    """The loss gradient does not match the network."""


def effective_r_along_step() -> sympy.Expr:
    """r_eff(alpha) to second order: the extremum over y of the flow's Taylor polynomial about the ghost."""
    y, slope = sympy.symbols("y y_1", real=True)
    flow = EFFECTIVE_R + CURVATURE * y**2 + RATE * FIRST + RATE * y * MIXED + RATE**2 * SECOND / 2
    stationary = sympy.diff(flow, y).subs(y, RATE * slope)
    moved = sympy.solve(stationary, slope)[0]
    return sympy.collect(sympy.expand(flow.subs(y, RATE * moved)), RATE)


def crossing_rate(order: int) -> sympy.Expr:
    """alpha at which r_eff(alpha) = 0, to first order (order 1), or the root of the quadratic next to it (order 2)."""
    r_eff = effective_r_along_step()
    coefficients = [r_eff.coeff(RATE, power) for power in range(order + 1)]
    if order == 1:
        return -coefficients[0] / coefficients[1]
    free, linear, square = coefficients
    # the quadratic formula turned over: it tends to the first-order rate where the square term vanishes
    return -2 * free / (linear + sympy.sign(linear) * sympy.sqrt(linear**2 - 4 * free * square))


@cache
def _lowered_rate(order: int) -> Callable[..., float]:
    return sympy.lambdify((EFFECTIVE_R, CURVATURE, FIRST, SECOND, MIXED), crossing_rate(order), "numpy")


@cache
def _lowered_effective_r() -> Callable[..., float]:
    arguments = (RATE, EFFECTIVE_R, CURVATURE, FIRST, SECOND, MIXED)
    return sympy.lambdify(arguments, effective_r_along_step(), "numpy")


@dataclass(frozen=True)
class StepResponse:
    """How the r_eff of one turning point answers to steps along one loss gradient."""

    point: NormalForm
    first: float
    second: float
    mixed: float

    def effective_r(self, learning_rate: float) -> float:
        """Predicted r_eff after a step, to second order in the rate."""
        point = self.point
        return float(
            _lowered_effective_r()(
                learning_rate, point.effective_r, point.curvature, self.first, self.second, self.mixed
            )
        )

    def critical_learning_rate(self, order: int = 1) -> float:
        """The rate at which r_eff reaches zero, to first or second order; infinite if it moves away from it."""
        point = self.point
        if point.effective_r * self.first >= 0:
            return math.inf
        with np.errstate(invalid="ignore"):
            rate = float(_lowered_rate(order)(point.effective_r, point.curvature, self.first, self.second, self.mixed))
        return rate if rate > 0 else math.inf


def step_response(circuit: LatentCircuit, point: NormalForm, loss_gradient: LossGradient) -> StepResponse:
    """First and second order response of a turning point of `circuit` to descent along `loss_gradient`."""
    for name, part in zip("mnb", loss_gradient, strict=True):
        if np.shape(part) != circuit.m.shape or not np.isfinite(part).all():
            raise GradientShapeError(
                f"the gradient's part for {name} must be {circuit.m.shape} finite numbers, got shape {np.shape(part)}: "
                "give zeros for a vector that is not trained"
            )
    shares = step_derivatives()(point.location, circuit.m, circuit.n, circuit.b, *loss_gradient)
    first, second, mixed = (float(np.sum(share)) for share in shares)
    return StepResponse(point, first, second, mixed)


class CrossingOutcome(enum.Enum):
    """What a prediction says of the next step."""

    CROSSES = "the step takes the ghost through the saddle-node: a pair of fixed points blocks the way"
    STAYS = "the ghost survives the step"
    NO_GHOST = "no ghost lies between start and threshold: nothing is predicted"


@dataclass(frozen=True)
class Crossing:
    """Whether the next step of descent takes a ghost through the saddle-node.

    `critical_learning_rate` is to first order, r_eff / (grad r_eff . grad L), `second_order_rate` to second; both are
    infinite where the step leads away or there is no ghost. `margin` = 1 - learning_rate / critical_learning_rate is
    negative when a crossing is predicted, and `ghost` is the one that would cross first.
    """

    outcome: CrossingOutcome
    margin: float
    critical_learning_rate: float
    second_order_rate: float
    ghost: NormalForm | None

    @property
    def predicted(self) -> bool:
        """Whether a crossing is predicted (to first order)."""
        return self.outcome is CrossingOutcome.CROSSES


def ghosts_on_the_way(
    circuit: LatentCircuit, start: float | None = None, threshold: float = 1.0
) -> tuple[NormalForm, ...]:
    """The ghosts that an upward passage from `start` (default: kappa(0)) to `threshold` has to pass."""
    begin = circuit.start() if start is None else start
    return tuple(ghost for ghost in circuit.ghosts() if begin < ghost.location < threshold and ghost.effective_r > 0)


def predict_crossing(
    circuit: LatentCircuit,
    loss_gradient: LossGradient,
    learning_rate: float,
    start: float | None = None,
    threshold: float = 1.0,
) -> Crossing:
    """Does theta -> theta - learning_rate * loss_gradient take a ghost on the way through the saddle-node?

    What cannot be seen from here: a pair of fixed points born away from every ghost, and steps too long for the
    expansion. `circuit.stepped(...)` with its certified fixed points is the truth to compare with.
    """
    ghosts = ghosts_on_the_way(circuit, start, threshold)
    if not ghosts:
        return Crossing(CrossingOutcome.NO_GHOST, 1.0, math.inf, math.inf, None)
    responses = [step_response(circuit, ghost, loss_gradient) for ghost in ghosts]
    nearest = min(responses, key=lambda response: response.critical_learning_rate())
    critical = nearest.critical_learning_rate()
    outcome = CrossingOutcome.CROSSES if learning_rate > critical else CrossingOutcome.STAYS
    second = min(response.critical_learning_rate(order=2) for response in responses)
    return Crossing(outcome, 1.0 - learning_rate / critical, critical, second, nearest.point)


@dataclass(frozen=True)
class EffectiveToyModel:
    """The toy model that a ghost is, between the network's own start and threshold, for a task with delay T.

    `optimal_r` is the r_eff whose arctangent passage lasts T and `point_of_no_return` the one whose passage lasts
    T + T_r. `critical_learning_rate` is the rate at which a step of descent from just above the optimum lands on the
    point of no return, if the loss is |passage - T| times `loss_scale` (1 / T for the paper's networks) and m, n and b
    are all trained and act through r_eff alone; the curvature and the gradient of r_eff are those of now.
    """

    ghost: NormalForm
    optimal_r: float
    point_of_no_return: float
    critical_learning_rate: float

    @property
    def rho(self) -> float:
        """r_eff in units of its optimum: below 1 the network switches too late."""
        return self.ghost.effective_r / self.optimal_r


def effective_toy_model(
    circuit: LatentCircuit,
    delay: float,
    response: float,
    loss_scale: float,
    start: float | None = None,
    threshold: float = 1.0,
) -> EffectiveToyModel:
    """The toy model of the slowest ghost on the way; `delay` and `response` (T and T_r) in the unit of tau.

    Raises `NoGhostOnTheWay`.
    """
    begin = circuit.start() if start is None else start
    ghost = min(ghosts_on_the_way(circuit, begin, threshold), key=lambda point: point.toy_r, default=None)
    if ghost is None:
        raise NoGhostOnTheWay(
            f"no ghost between kappa = {begin:.6g} and {threshold:.6g}: train further, or give another start"
        )
    optimum = effective_r_for(ghost, delay, begin, threshold)
    no_return = effective_r_for(ghost, delay + response, begin, threshold)
    gain = sum(float(part @ part) for part in circuit.parameter_gradient(ghost.location))
    steepness = loss_scale * abs(ghost.delay_slope_at(optimum, begin, threshold))
    return EffectiveToyModel(ghost, optimum, no_return, (optimum - no_return) / (steepness * gain))


def effective_r_for(ghost: NormalForm, delay: float, start: float, threshold: float) -> float:
    """The r_eff at which the arctangent passage from `start` to `threshold` past `ghost` lasts `delay`.

    For start < location < threshold the passage time falls strictly from infinity to zero as r_eff grows, so the
    answer is unique; it lies below that of an infinitely long way.
    """
    most = ghost.largest_effective_r(delay)
    least = most
    while ghost.delay_at(least, start, threshold) <= delay:
        least /= 4.0
    if least == most:
        return most
    solved = brentq(
        lambda log_r: ghost.delay_at(math.exp(log_r), start, threshold) - delay,
        math.log(least),
        math.log(most),
        xtol=1e-14,
        rtol=1e-14,
    )
    return math.exp(solved)
