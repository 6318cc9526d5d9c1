"""Loss and gradient of the toy model at finite confidence, by quadrature of the closed form, to twelve digits."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import brentq

from theory.ghost.toy import output, step_output
from theory.ghost.toy.charts import Chart, EscapeChart, GhostChart
from theory.ghost.toy.panels import log_sums
from theory.ghost.toy.toy_model import Part, ToyModel, ToyModelError
from theory.lowering import lower_numpy

ORDERS = (16, 24)
PROMISE = 1e-12  # relative; orders that disagree by more are refused
EPS = float(np.finfo(np.float64).eps)
Rows = Float[np.ndarray, " rows"]
Nodes = Float[np.ndarray, " nodes"]
Terms = tuple[Rows, Rows, Rows, Rows]

_LOG_INTEGRANDS = tuple(
    lower_numpy((output.phase, step_output.confidence, output.growth), f) for f in output.log_integrands()
)


class QuadratureError(ArithmeticError):
    """The two quadrature orders disagree by more than twelve digits allow."""


class NoOptimumError(ArithmeticError):
    """The loss has no minimum inside the range searched."""


@dataclass(frozen=True)
class FiniteConfidenceLoss:
    """Loss and gradient for each r, their error bounds, and the gradient's two parts as logarithms.

    ``gradient = exp(log_delay_pull) - exp(log_response_pull)``: under descent the delay pushes r down and the
    response pushes it up. The logarithms stay accurate where the floats underflow. All arrays have r's shape.
    """

    r: Rows
    loss: Rows
    gradient: Rows
    loss_error: Rows
    gradient_error: Rows
    log_delay_pull: Rows
    log_response_pull: Rows

    @property
    def gradient_sign(self) -> Rows:
        """Sign of the gradient, right also where the gradient underflows to zero."""
        return np.sign(self.log_delay_pull - self.log_response_pull)

    @property
    def log_gradient(self) -> Rows:
        """ln |dL/dr|, right also where the gradient underflows to zero; -inf where it vanishes."""
        larger = np.maximum(self.log_delay_pull, self.log_response_pull)
        smaller = np.minimum(self.log_delay_pull, self.log_response_pull)
        with np.errstate(divide="ignore"):
            return larger + np.log(-np.expm1(smaller - larger))


def loss_and_gradient(r: Rows, model: ToyModel) -> FiniteConfidenceLoss:
    """Integral loss (paper, equation 1) and dL/dr at finite confidence for an array of r of any sign.

    Twelve digits for the loss and for each of the gradient's two parts. Raises `ToyModelError` if threshold,
    confidence or an r is not finite, `QuadratureError` if two orders of the rule differ by more.
    """
    if not (math.isfinite(model.threshold) and math.isfinite(model.confidence) and np.all(np.isfinite(r))):
        raise ToyModelError(
            f"threshold {model.threshold}, confidence {model.confidence} and r must be finite here; "
            "for infinite ones use theory.ghost.toy.finite_threshold or theory.ghost.toy.step_output"
        )
    coarse, fine = (_terms(r, model, order) for order in ORDERS)
    spread = [_distance(a, b) for a, b in zip(coarse, fine, strict=True)]
    size = [np.exp(term) for term in fine]
    loss = size[0] + size[1]
    worst = np.maximum((size[0] * spread[0] + size[1] * spread[1]) / loss, np.maximum(spread[2], spread[3]))
    if np.any(worst > PROMISE):
        at = int(np.argmax(worst))
        raise QuadratureError(
            f"orders {ORDERS} differ by {worst[at]:.1e} at r = {r[at]!r}, {model}; this quadrature is made for "
            "delays of 1 to 1e6, confidences and thresholds of 0.1 to 1e3: rescale time"
        )
    error = [value * (s + _rounding(term)) for value, s, term in zip(size, spread, fine, strict=True)]
    return FiniteConfidenceLoss(
        r=r,
        loss=loss,
        gradient=size[2] - size[3],
        loss_error=error[0] + error[1],
        gradient_error=error[2] + error[3],
        log_delay_pull=fine[2],
        log_response_pull=fine[3],
    )


def _distance(coarse: Rows, fine: Rows) -> Rows:
    """Relative difference of the integrals, beyond what rounding of a large exponent explains."""
    both = np.isfinite(coarse) & np.isfinite(fine)
    difference = np.abs(np.where(both, coarse, 0.0) - np.where(both, fine, 0.0))
    return np.where(both, np.maximum(difference - _rounding(fine), 0.0), np.where(coarse == fine, 0.0, np.inf))


def _rounding(term: Rows) -> Rows:
    return 4 * EPS * (10 + np.where(np.isfinite(term), np.abs(term), 0.0))


def _terms(r: Rows, model: ToyModel, order: int) -> Terms:
    """Logarithms of the delay's and the response's loss, and of the delay's and the response's pull."""
    escape = EscapeChart(r, model)
    pieces = [[_part(chart, part, order) for chart in (GhostChart(r, model), escape)] for part in Part]
    (delay_ghost, delay_escape), (response_ghost, response_escape) = pieces
    with np.errstate(divide="ignore"):
        saturated = np.log(escape.saturated_delay)
    return (
        _add(delay_ghost[0], delay_escape[0], saturated),
        _add(response_ghost[0], response_escape[0]),
        _add(delay_ghost[1], delay_escape[1]),
        _add(response_ghost[1], response_escape[1]),
    )


def _add(*logs: Rows) -> Rows:
    rows = len(logs[0])
    return log_sums(np.tile(np.arange(rows), len(logs)), np.concatenate(logs), rows)


def _part(chart: Chart, part: Part, order: int) -> tuple[Rows, ...]:
    """Logarithms of the loss and of the pull over one part of the trial."""
    error, pull = _LOG_INTEGRANDS[part], _LOG_INTEGRANDS[part + 2]
    c = chart.model.confidence

    def log_integrands(row: Int[np.ndarray, " nodes"], coordinate: Nodes) -> tuple[Nodes, Nodes]:
        phase, growth = chart.phase_and_growth(row, coordinate)
        return error(phase, c, growth), pull(phase, c, growth)

    return chart.panels(part).log_integrals(log_integrands, len(chart.r), order)


def optimal_r(model: ToyModel, span: float = 100.0) -> float:
    """The r of least loss at finite confidence, to 1e-12 relative.

    Searched between r_opt / span and r_opt * span of the step output; the minimum with the least loss is refined
    as a root of the gradient. Raises `NoOptimumError` if the gradient never turns from negative to positive there.
    """
    step = model.optimal_r

    def slope(r: float) -> float:
        found = loss_and_gradient(np.array([r]), model)
        return math.tanh(found.log_delay_pull[0] - found.log_response_pull[0])  # one part may be zero

    grid = step * np.geomspace(1 / span, span, 161)
    found = loss_and_gradient(grid, model)
    rising = found.gradient_sign
    valleys = np.flatnonzero((rising[:-1] < 0) & (rising[1:] > 0))
    if len(valleys) == 0:
        raise NoOptimumError(
            f"{model} has no minimum of the loss between {grid[0]:.3g} and {grid[-1]:.3g}; raise the confidence"
        )
    best = int(valleys[np.argmin(found.loss[valleys])])
    return float(brentq(slope, grid[best], grid[best + 1], xtol=1e-13 * step, rtol=1e-13))
