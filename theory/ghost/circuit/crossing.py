"""When does a step of gradient descent push a network through a saddle-node: critical rates from the normal form.

A step theta -> theta - alpha g moves the value of the flow at a ghost, r_eff = min f, by

    r_eff(alpha) = r_eff + alpha F + (alpha^2 / 2)(F_2 - G^2 / f'') + O(alpha^3)

with F = df/dalpha = -grad(f).g, F_2 = d^2f/dalpha^2 and G = d^2f/(dalpha dkappa) at the ghost (to first order the
place of the ghost does not matter: the envelope theorem). Derived below and proved by
`tests/theory/ghost/circuit/test_crossing.py`.
"""

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy

from theory.ghost.circuit.latent_circuit import LatentCircuit, LossGradient
from theory.ghost.circuit.normal_form import CURVATURE, EFFECTIVE_R, NormalForm
from theory.ghost.circuit.reduction import RATE, step_derivatives

FIRST, SECOND, MIXED = sympy.symbols("F F_2 G", real=True)  # d/dalpha, d^2/dalpha^2, d^2/(dalpha dkappa) of the flow


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

    def critical_learning_rate(self, order: int = 1, target: float = 0.0) -> float:
        """The rate at which r_eff reaches `target` (zero: the saddle-node), to first or second order.

        Infinite if r_eff moves away from it to first order, or by the second never gets there.
        """
        distance = self.point.effective_r - target
        if distance * self.first >= 0:
            return math.inf
        with np.errstate(invalid="ignore"):
            rate = float(_lowered_rate(order)(distance, self.point.curvature, self.first, self.second, self.mixed))
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

    CROSSES = "the step takes the ghost through the saddle-node: a pair of fixed points is born"
    STAYS = "every ghost survives the step"
    NO_GHOST = "the circuit has no ghost: nothing is predicted"


@dataclass(frozen=True)
class Crossing:
    """Whether a step of descent with `learning_rate` takes a ghost through the saddle-node.

    `critical_learning_rate` is to first order, r_eff / (grad r_eff . grad L), `second_order_rate` to second; both are
    infinite where the step leads away or there is no ghost. `ghost` is the one that would cross first.
    """

    learning_rate: float
    critical_learning_rate: float
    second_order_rate: float
    ghost: NormalForm | None

    @property
    def outcome(self) -> CrossingOutcome:
        """The prediction, to second order."""
        if self.ghost is None:
            return CrossingOutcome.NO_GHOST
        return CrossingOutcome.CROSSES if self.predicted else CrossingOutcome.STAYS

    @property
    def predicted(self) -> bool:
        """Whether a crossing is predicted, to second order."""
        return self.learning_rate > self.second_order_rate

    @property
    def predicted_to_first_order(self) -> bool:
        """Whether a crossing is predicted from the gradient of r_eff alone."""
        return self.learning_rate > self.critical_learning_rate

    @property
    def margin(self) -> float:
        """How much of the critical rate is left: 1 - learning_rate / second_order_rate, negative beyond it."""
        return 1.0 - self.learning_rate / self.second_order_rate


def predict_crossing(circuit: LatentCircuit, loss_gradient: LossGradient, learning_rate: float) -> Crossing:
    """Does theta -> theta - learning_rate * loss_gradient take a ghost through the saddle-node?

    Every ghost of the circuit counts, wherever it lies: a pair born beside the way blocks it as soon as it has spread
    to the start. What cannot be seen from here: a pair born away from every ghost, and steps too long for the
    expansion. `circuit.stepped(...)` with its certified fixed points is the truth to compare with.

    `loss_gradient` holds the gradients in m, n and b, of the circuit's shape. Raises `GradientShapeError`.

    >>> m, n = np.array([1.2, -0.3, 1.2, 1.5]), np.array([-1.7, 1.6, 2.3, 2.0])
    >>> circuit = LatentCircuit(m, n, b=np.array([0.2, 1.0, 0.3, -0.3]))
    >>> towards_the_ghost = circuit.parameter_gradient(circuit.slowest().location)
    >>> crossing = predict_crossing(circuit, towards_the_ghost, learning_rate=0.1)
    >>> crossing.outcome.name, f"{crossing.second_order_rate:.4f}"
    ('CROSSES', '0.0124')
    """
    responses = [step_response(circuit, ghost, loss_gradient) for ghost in circuit.ghosts()]
    if not responses:
        return Crossing(learning_rate, math.inf, math.inf, None)
    nearest = min(responses, key=lambda response: response.critical_learning_rate(order=2))
    first = min(response.critical_learning_rate() for response in responses)
    return Crossing(learning_rate, first, nearest.critical_learning_rate(order=2), nearest.point)
