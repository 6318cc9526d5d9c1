"""Loss and gradient by Lyapunov equations against sums over steps, differences and the filter's closed form."""

import numpy as np
import pytest
import scipy.linalg
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse import filter as closed
from theory.overlaps.impulse.clock import Clock, Euler, Flow
from theory.overlaps.impulse.embedding import NormTooSmall, Visible, realisation
from theory.overlaps.impulse.gramian import (
    ImpulseLoss,
    Resonance,
    Target,
    Unstable,
    exponential_target,
    oscillator_target,
    state_matrices,
)

FINITE = Euler(sp.Rational(1, 20), sp.Integer(200))
CLOCKS = (Flow(), Flow(sp.Integer(10)), Euler(sp.Rational(1, 20)), FINITE)


def random_gram(shape: Shape, seed: int) -> np.ndarray:
    theta = np.random.default_rng(seed).normal(size=(30, shape.size)) * 0.6
    return theta.T @ theta / 30


def stable_target(order: int, inputs: int, outputs: int, seed: int) -> Target:
    draw = np.random.default_rng(seed)
    rough = draw.normal(size=(order, order))
    a = rough - (np.linalg.eigvals(rough).real.max() + 0.4) * np.eye(order)
    return Target(a, draw.normal(size=(order, inputs)), draw.normal(size=(outputs, order)))


def summed(shape: Shape, target: Target, sigma: np.ndarray, dt: float, steps: int) -> float:
    """The scheme to the letter on latents, one trial an input."""
    a, b, c = state_matrices(shape, sigma)
    total = 0.0
    for trial in range(b.shape[1]):
        k = np.zeros(len(a))
        for step in range(steps):
            s = np.zeros(b.shape[1])
            s[trial] = 1 / dt if step == 0 else 0.0
            k = k + dt * (a @ k + b @ s)
            wanted = target.c @ scipy.linalg.expm(target.a * step * dt) @ target.b[:, trial]
            total += dt * np.sum((c @ k - wanted) ** 2)
    return total / b.shape[1]


@pytest.mark.parametrize("shape", [Shape(), Shape(rank=2), Shape(inputs=2, rank=3, outputs=2), Shape(rank=4)])
def test_sum_over_steps(shape: Shape) -> None:
    target = stable_target(shape.rank, shape.inputs, shape.outputs, seed=1)
    sigma = random_gram(shape, seed=2)
    found = ImpulseLoss(shape, target, FINITE).value(sigma)
    assert found == pytest.approx(summed(shape, target, sigma, 0.05, 200), rel=1e-11)


@pytest.mark.parametrize("clock", CLOCKS)
def test_filter_in_closed_form(clock: Clock) -> None:
    """Value, gradient and second derivative against the formulas of filter.py, by quite another route."""
    visible = Visible(*(np.array([[x]]) for x in (0.7, 0.8, 0.5, 0.3)))
    sigma = visible.gram_matrix(norm=2.0)
    loss = ImpulseLoss(Shape(), exponential_target(0.2), clock)
    formula = closed.loss(clock).subs(closed.p, closed.zu * closed.vm)

    def lowered(expression: sp.Expr) -> float:
        return float(lower_numpy((*closed.VISIBLE, closed.decay), expression)(0.7, 0.8, 0.5, 0.3, 0.2))

    assert loss.value(sigma) == pytest.approx(lowered(formula), rel=1e-12)
    gradient = loss.gradient(sigma)
    places = dict(zip(closed.VISIBLE, ((3, 0), (3, 1), (2, 0), (2, 1)), strict=True))
    for symbol, place in places.items():
        assert 2 * gradient[place] == pytest.approx(lowered(formula.diff(symbol)), rel=1e-11)
        direction = np.zeros((4, 4))
        direction[place] = direction[place[::-1]] = 1.0
        second = 2 * loss.hessian_times(sigma, direction)
        for other, at in places.items():
            assert second[at] == pytest.approx(lowered(formula.diff(symbol, other)), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("clock", CLOCKS)
def test_gradient_by_a_complex_step_of_the_value(clock: Clock) -> None:
    shape = Shape(inputs=2, rank=2, outputs=2)
    loss = ImpulseLoss(shape, stable_target(3, 2, 2, seed=3), clock)
    sigma = 0.5 * random_gram(shape, seed=4)
    draw = np.random.default_rng(5).normal(size=sigma.shape)
    direction = draw + draw.T
    exact = loss.value(sigma + 1e-30j * direction).imag / 1e-30
    assert np.sum(loss.gradient(sigma) * direction) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("clock", CLOCKS)
def test_realisation_has_no_loss(clock: Clock) -> None:
    shape, target = Shape(inputs=2, rank=3, outputs=2), stable_target(3, 2, 2, seed=6)
    sigma = realisation(target, clock).gram_matrix(norm=50.0)
    loss = ImpulseLoss(shape, target, clock)
    scale = loss.value(np.zeros_like(sigma))
    assert abs(loss.value(sigma)) < 1e-12 * scale
    assert np.abs(loss.gradient(sigma)).max() < 1e-12 * scale


def test_realised_oscillator_is_that_of_the_formulas() -> None:
    visible = realisation(oscillator_target(0.3, 2.0), Flow())
    assert visible.zm[0, 0] == 1.0
    assert (visible.zu @ visible.vm)[0, 0] == pytest.approx(0.7, rel=1e-15)
    assert np.trace(visible.vu) == pytest.approx(1.4, rel=1e-15)
    assert np.linalg.det(visible.vu) == pytest.approx(0.49 + 4.0, rel=1e-15)


def filter_network(recurrent: float) -> np.ndarray:
    return Visible(*(np.array([[x]]) for x in (0.7, 0.8, 0.5, recurrent))).gram_matrix(norm=2.0)


def test_growing_networks_have_a_loss_up_to_a_horizon() -> None:
    clock = Flow(sp.Integer(5))
    formula = lower_numpy((*closed.COORDINATES, closed.decay), closed.loss(clock))
    found = ImpulseLoss(Shape(), exponential_target(0.2), clock).value(filter_network(1.1))
    assert found == pytest.approx(float(formula(0.7, 0.4, 1.1, 0.2)), rel=1e-11)


def test_refusals() -> None:
    endless, finite = (ImpulseLoss(Shape(), exponential_target(0.2), Flow(end)) for end in (sp.oo, sp.Integer(5)))
    with pytest.raises(Unstable, match=r"growth rate 0\.1"):
        endless.value(filter_network(1.1))
    for resonant in (1.0, 1.2):  # twice the network's own rate, and its own beside the target's
        with pytest.raises(Resonance, match="1e-6"):
            finite.value(filter_network(resonant))
        assert np.isfinite(finite.value(filter_network(resonant + 1e-6)))
    with pytest.raises(NormTooSmall, match="at least"):
        realisation(oscillator_target(0.3, 2.0), Flow()).gram_matrix(norm=0.5)
