"""The toy model that a network's slowest turning point is, between the network's own start and threshold.

The optimum of the toy model depends on how the passage begins: at the ghost, or from far below it (four times more).
A trained network does either or neither, and may even start beyond a pair of fixed points, so its own kappa(0) enters.
"""

import math
from dataclasses import dataclass

from scipy.optimize import brentq

from theory.ghost.circuit.latent_circuit import LatentCircuit
from theory.ghost.circuit.normal_form import NormalForm


class NoBottleneck(ValueError):
    """The flow has no upright turning point, so no r_eff sets the delay."""


@dataclass(frozen=True)
class EffectiveToyModel:
    """A turning point as a toy model, for a task with delay T and response window T_r.

    `optimal_r` is the r_eff whose passage lasts T and `point_of_no_return` the one whose passage lasts T + T_r, by the
    normal form between `start` and `threshold`; either is negative if the passage begins or ends beside the turning
    point and can take so long only with a pair of fixed points there. `critical_learning_rate` is the rate at which a
    step of descent from just above the optimum lands on the point of no return, if the loss is |passage - T| times
    `loss_scale` (1 / T for the paper's networks) and m, n and b are all trained and act through r_eff alone; the
    curvature and the gradient of r_eff are those of now.
    """

    point: NormalForm
    start: float
    threshold: float
    optimal_r: float
    point_of_no_return: float
    critical_learning_rate: float

    @property
    def rho(self) -> float:
        """r_eff in units of its optimum, as in the toy model where the optimum is positive."""
        return self.point.effective_r / self.optimal_r


def bottleneck(circuit: LatentCircuit, start: float, threshold: float) -> NormalForm | None:
    """The upright turning point (a ghost or a pair) whose normal form takes longest from `start` to `threshold`."""
    upright = [point for point in circuit.normal_forms() if point.curvature > 0]
    return max(upright, key=lambda point: point.delay(start, threshold), default=None)


def effective_toy_model(
    circuit: LatentCircuit,
    delay: float,
    response: float,
    loss_scale: float,
    *,
    start: float | None = None,
    threshold: float = 1.0,
) -> EffectiveToyModel:
    """The toy model of the bottleneck; `delay` and `response` are T and T_r in the unit of tau.

    `loss_scale` is the weight of |passage - T| in the loss, `start` (kappa(0) unless given) and `threshold` are latent
    values. Raises `NoBottleneck`.

    >>> import numpy as np
    >>> m, n = np.array([1.2, -0.3, 1.2, 1.5]), np.array([-1.7, 1.6, 2.3, 2.0])
    >>> circuit = LatentCircuit(m, n, b=np.array([0.2, 1.0, 0.3, -0.3]))
    >>> model = effective_toy_model(circuit, delay=10.0, response=10.0, loss_scale=0.1)
    >>> f"{model.point.effective_r:.4f} {model.optimal_r:.4f} {model.critical_learning_rate:.4f}"
    '0.1016 0.0611 0.0005'
    """
    begin = circuit.start() if start is None else start
    point = bottleneck(circuit, begin, threshold)
    if point is None or begin >= threshold:
        raise NoBottleneck(
            f"no turning point slows the way from kappa = {begin:.6g} to {threshold:.6g}: "
            "train further, or give another start"
        )
    optimum = effective_r_for(point, delay, begin, threshold)
    no_return = effective_r_for(point, delay + response, begin, threshold)
    gain = sum(float(part @ part) for part in circuit.parameter_gradient(point.location))
    steepness = loss_scale * abs(point.delay_slope_at(optimum, begin, threshold))
    return EffectiveToyModel(point, begin, threshold, optimum, no_return, (optimum - no_return) / (steepness * gain))


def effective_r_for(point: NormalForm, delay: float, start: float, threshold: float) -> float:
    """The r_eff at which the passage from `start` up to `threshold` past `point` lasts `delay`; unique.

    As r_eff grows from where it blocks the way, the passage time falls strictly from infinity to zero.
    """
    blocked = point.blocking_effective_r(start, threshold)

    def excess(log_distance: float) -> float:
        return point.delay_at(blocked + math.exp(log_distance), start, threshold) - delay

    high = math.log(point.largest_effective_r(delay) - blocked)
    low = high - 1.0
    while excess(low) <= 0:
        low -= 2.0
    if excess(high) >= 0:  # nothing but rounding is left of the way's shortness
        return blocked + math.exp(high)
    return blocked + math.exp(brentq(excess, low, high, xtol=1e-14, rtol=1e-14))
