"""Where the Gaussian closure and the true network part, order by order in the learning time.

Rows start out normal with covariance Sigma and move by -g, the gradient of their potential
(`theory.overlaps.closure.potential`; time in units of the rate). Split g = 2 H theta + r, the first part its
projection onto functions linear in theta: by Stein's lemma <g theta^T> = <Hess V> Sigma, and H = <Hess V> / 2 is the
gradient of the loss in Sigma. The closure moves rows by the linear part alone, under which they stay normal. Hence,
with all averages over the initial rows:

- Overlaps: Sigma' = -<g theta^T + theta g^T> sees the linear part only, so that first derivatives agree.
- Loss: L' = -<|g|^2> against -<|2 H theta|^2>. The true loss falls faster, by <|r|^2>, at first order.
- Both laws of motion are one functional M[rho] = -<g[rho] theta^T + theta g[rho]^T> of the distribution, and the two
  distributions differ at first order by a displacement of each row by -r. So the overlaps part at second order,

      Sigma_true - Sigma_closure = D time^2 / 2,    D = derivative of M as each row moves by -r.

With steps of finite rate, n of them, the same to second order is rate^2 (n (n - 1) D / 2 + n <r r^T>).

phi must be smooth for D; that of ReLU lets rows cross kinks, which a finite displacement sees and the derivative does
not. Derived here; `tests/theory/overlaps/closure/test_short_time.py` proves it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.overlaps.closure.potential import Potential, Trials, potential
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import Nonlinearity

_TINY = 1e-30  # an imaginary displacement of this size differentiates to rounding


@dataclass(frozen=True)
class ShortTime:
    """The start of learning at rows of given overlaps, per unit of rate and epoch.

    `gradient` is H, `power` = <|g|^2>, `excess` = <|r|^2>, `spread` = <r r^T>, `curvature` = D (all d x d or numbers).
    """

    sigma: Float[np.ndarray, "d d"]
    loss: float
    gradient: Float[np.ndarray, "d d"]
    power: float
    spread: Float[np.ndarray, "d d"]
    curvature: Float[np.ndarray, "d d"]

    @property
    def excess(self) -> float:
        """<|r|^2>: by how much faster than the closure's the true loss falls."""
        return float(np.trace(self.spread))

    @property
    def nonlinear_fraction(self) -> float:
        """<|r|^2> / <|g|^2>: the share of the gradient that the closure does not know; 0 where there is no gradient."""
        return self.excess / self.power if self.power > 0 else 0.0

    @property
    def velocity(self) -> Float[np.ndarray, "d d"]:
        """Sigma' = -2 (H Sigma + Sigma H), of the closure and of the truth."""
        flow = self.gradient @ self.sigma
        return -2 * (flow + flow.T)

    def overlap_error(self, rate: float, epochs: Float[np.ndarray, " epochs"]) -> Float[np.ndarray, "epochs d d"]:
        """Sigma_true - Sigma_closure after each number of epochs, to second order in rate * epochs."""
        n = epochs[:, None, None]
        return rate**2 * (n * (n - 1) / 2 * self.curvature + n * self.spread)

    def epoch_of_error(self, rate: float, tolerance: float) -> float:
        """The epoch at which the closure errs by `tolerance` of what was learned so far; inf if never.

        To leading order in time: good where it comes early; later the error saturates and stays below.
        """
        bend = float(np.linalg.norm(self.curvature))
        return 2 * tolerance * float(np.linalg.norm(self.velocity)) / (rate * bend) if bend > 0 else float("inf")

    def loss_error(self, rate: float, epochs: Float[np.ndarray, " epochs"]) -> Float[np.ndarray, " epochs"]:
        """Loss of the truth minus that of the closure, to first order in rate * epochs."""
        return -rate * epochs * self.excess


@dataclass(frozen=True)
class GradientParts:
    """The gradient g of each row's potential: g = theta linear + rest, in which linear is 2 H."""

    loss: float
    gradient: np.ndarray
    linear: np.ndarray
    rest: np.ndarray


def gradient_parts(
    shape: Shape,
    nonlinearity: Nonlinearity,
    trials: Trials,
    theta: Float[np.ndarray, "rows d"],
    share: Float[np.ndarray, " rows"],
) -> GradientParts:
    """The gradient that the rows feel, and its projection onto functions linear in the row."""
    field = potential(shape, nonlinearity, trials, theta, share)
    g = field.gradient(theta)
    sigma = theta.T @ (share[:, None] * theta)
    linear = np.linalg.pinv(sigma, hermitian=True) @ (theta.T @ (share[:, None] * g))
    return GradientParts(field.loss, g, linear, g - theta @ linear)


def short_time(
    shape: Shape,
    nonlinearity: Nonlinearity,
    trials: Trials,
    theta: Float[np.ndarray, "rows d"],
    share: Float[np.ndarray, " rows"],
) -> ShortTime:
    """The start of learning for rows `theta` and weights `share`: nodes of a rule for the initial normal rows."""
    parts = gradient_parts(shape, nonlinearity, trials, theta, share)
    linear, rest = parts.linear, parts.rest
    moved = theta - 1j * _TINY * rest
    after = potential(shape, nonlinearity, trials, moved, share)
    return ShortTime(
        sigma=theta.T @ (share[:, None] * theta),
        loss=parts.loss,
        gradient=(linear + linear.T) / 4,
        power=float(share @ np.sum(parts.gradient**2, axis=1)),
        spread=rest.T @ (share[:, None] * rest),
        curvature=np.imag(_motion(after, moved, share)) / _TINY,
    )


def _motion(field: Potential, theta: np.ndarray, share: Float[np.ndarray, " rows"]) -> np.ndarray:
    """M = -<g theta^T + theta g^T>."""
    half = field.gradient(theta).T @ (share[:, None] * theta)
    return -(half + half.T)
