"""Where closure and truth part: the predicted orders and coefficients against both, trained."""

from collections.abc import Callable

import numpy as np
import pytest

from theory.lowering import lower_numpy
from theory.overlaps.closure.gain_rule import GainRule, gain_rule
from theory.overlaps.closure.potential import Trials, potential
from theory.overlaps.closure.short_time import short_time
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR, TANH, Nonlinearity, x

SHAPE = Shape()
ROOT = np.linalg.cholesky(np.array([[1, 0.3, 0.2, 0.4], [0.3, 1, 0.5, 0.1], [0.2, 0.5, 1, 0.2], [0.4, 0.1, 0.2, 1]])).T
SIGMA = ROOT.T @ ROOT
RNG = np.random.default_rng(1)
TRIALS = Trials(RNG.normal(size=(2, 15, 1)), RNG.normal(size=(2, 15, 1)), np.ones((2, 15)), 0.2)


def standard(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Hermite nodes in (m, u); three an axis are exact for the low powers of v and z that occur."""
    axes = [np.polynomial.hermite_e.hermegauss(n) for n in (points, points, 3, 3)]
    nodes = np.stack(np.meshgrid(*(a for a, _ in axes), indexing="ij"), axis=-1).reshape(-1, 4)
    share = np.stack(np.meshgrid(*(w for _, w in axes), indexing="ij"), axis=-1).reshape(-1, 4).prod(axis=1)
    return nodes, share / share.sum()


def rows(points: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, share = standard(points)
    return nodes @ ROOT, share


def closure_loss(rule: GainRule, slope: Callable[..., np.ndarray], sigma: np.ndarray) -> float:
    """The loss of the Gaussian closure, written out for rank one from its equations."""
    loss = 0.0
    for s, target in zip(TRIALS.inputs[:, :, 0], TRIALS.targets[:, :, 0], strict=True):
        k, kappa = np.zeros(2), 0.0
        for step in range(len(s)):
            k = k + TRIALS.dt * (-k + np.array([s[step], kappa]))
            averaged = rule.weights @ slope(np.sqrt(k @ sigma[:2, :2] @ k) * rule.nodes)
            kappa, y = averaged * (sigma[2:, :2] @ k)
            loss += TRIALS.dt * (y - target[step]) ** 2 / len(TRIALS.inputs)
    return loss


def gradient_on(phi: Nonlinearity, theta: np.ndarray, share: np.ndarray) -> np.ndarray:
    return potential(SHAPE, phi, TRIALS, theta, share).gradient(theta)


def learned(phi: Nonlinearity, rate: float, epochs: int, closed: bool) -> tuple[np.ndarray, float]:
    """Overlaps and loss after training rows by their potential, or (closed) by its projection: they stay normal."""
    theta, share = rows(10)
    for _ in range(epochs):
        move = gradient_on(phi, theta, share)
        if closed:
            move = theta @ np.linalg.solve(theta.T @ (share[:, None] * theta), theta.T @ (share[:, None] * move))
        theta = theta - rate * move
    return theta.T @ (share[:, None] * theta), float(potential(SHAPE, phi, TRIALS, theta, share).loss)


def test_linear_network_never_parts() -> None:
    start = short_time(SHAPE, LINEAR, TRIALS, *rows(6))
    assert start.nonlinear_fraction < 1e-28
    assert np.abs(start.curvature).max() < 1e-13


@pytest.mark.parametrize("phi", [ERF, TANH], ids=lambda phi: phi.name)
def test_linear_part_is_the_closures_gradient(phi: Nonlinearity) -> None:
    """H by central differences of the closure's own loss (error 1e-9); 30 nodes leave as little for tanh."""
    start = short_time(SHAPE, phi, TRIALS, *rows(30))
    rule, slope_of_phi = gain_rule(phi), lower_numpy((x,), phi.derivative(x))
    assert start.loss == pytest.approx(closure_loss(rule, slope_of_phi, SIGMA), rel=1e-8)
    step = 1e-5
    for a in range(4):
        for b in range(4):
            unit = np.zeros((4, 4))
            unit[a, b] += step / 2
            unit[b, a] += step / 2
            above, below = (closure_loss(rule, slope_of_phi, SIGMA + sign * unit) for sign in (1, -1))
            assert start.gradient[a, b] == pytest.approx((above - below) / (2 * step), abs=1e-7)
    assert start.power == pytest.approx(4 * np.trace(start.gradient @ SIGMA @ start.gradient) + start.excess, rel=1e-8)


@pytest.mark.parametrize("phi", [ERF, TANH], ids=lambda phi: phi.name)
@pytest.mark.parametrize("epochs", [1, 2, 5, 10])
def test_the_closure_errs_to_its_order(phi: Nonlinearity, epochs: int) -> None:
    """What the coefficients leave over is smaller by a factor of the learning time: relative rests halve."""
    start = short_time(SHAPE, phi, TRIALS, *rows(10))
    count = np.array([float(epochs)])
    overlap_rest, loss_rest = [], []
    for rate in (2e-3, 1e-3):
        (true, true_loss), (closed, closed_loss) = (learned(phi, rate, epochs, kind) for kind in (False, True))
        predicted = start.overlap_error(rate, count)[0]
        overlap_rest.append(np.linalg.norm(true - closed - predicted) / np.linalg.norm(predicted))
        loss_rest.append((true_loss - closed_loss) / start.loss_error(rate, count)[0] - 1)
    assert overlap_rest[1] < 0.1
    assert abs(loss_rest[1]) < 0.1
    assert loss_rest[0] / loss_rest[1] == pytest.approx(2, rel=0.1)
    if epochs > 1:  # one step parts by rate^2 <r r^T> and nothing else: the rest is rounding
        assert overlap_rest[0] / overlap_rest[1] == pytest.approx(2, rel=0.1)


def test_curvature_by_finite_displacement() -> None:
    """D without complex numbers: M of displaced rows, by a central difference of error 1e-8."""
    theta, share = rows(8)
    start = short_time(SHAPE, TANH, TRIALS, theta, share)

    def motion(displaced: np.ndarray) -> np.ndarray:
        half = gradient_on(TANH, displaced, share).T @ (share[:, None] * displaced)
        return -(half + half.T)

    g = gradient_on(TANH, theta, share)
    rest = g - theta @ np.linalg.solve(SIGMA, theta.T @ (share[:, None] * g))
    step = 1e-4
    central = (motion(theta - step * rest) - motion(theta + step * rest)) / (2 * step)
    assert start.curvature == pytest.approx(central, abs=1e-7)
    assert np.abs(start.curvature).max() > 1e-3


def test_first_derivatives_agree() -> None:
    """The overlaps' true velocity is -2 (H Sigma + Sigma H), with no part of r in it, though r is there.

    H is made symmetric; that <g theta^T> = 2 H Sigma with a symmetric H is Stein, true of the integral (30 nodes), not
    of a coarse sum.
    """
    theta, share = rows(30)
    start = short_time(SHAPE, ERF, TRIALS, theta, share)
    half = gradient_on(ERF, theta, share).T @ (share[:, None] * theta)
    assert start.nonlinear_fraction > 1e-3
    assert start.velocity == pytest.approx(-(half + half.T), abs=1e-8)
