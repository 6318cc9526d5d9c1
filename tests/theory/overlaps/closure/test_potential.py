"""The potential of one neuron against reverse-mode gradients of a network written by hand, and against sympy."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from simulate.cells.nonlinearity import NONLINEARITIES as BY_HAND
from simulate.overlaps.draw import network_of
from simulate.tasks.task import Batch
from theory.overlaps.closure.potential import Trials, potential
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, NONLINEARITIES, Smooth, x

SHAPES = (Shape(), Shape(rank=2), Shape(inputs=2, rank=1, outputs=3))


def trials(shape: Shape, seed: int, count: int = 3, steps: int = 9) -> Trials:
    rng = np.random.default_rng(seed)
    return Trials(
        inputs=rng.normal(size=(count, steps, shape.inputs)),
        targets=rng.normal(size=(count, steps, shape.outputs)),
        mask=rng.integers(0, 2, size=(count, steps)).astype(float),
        dt=0.2,
    )


@pytest.mark.parametrize("name", ["linear", "erf", "tanh", "relu"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.sampled(3)
def test_gradient_is_that_of_reverse_mode(name: str, shape: Shape) -> None:
    """Unequal shares, masked steps, several trials; rounding of some hundred additions."""
    rng = np.random.default_rng(1)
    theta, share = rng.normal(size=(12, shape.size)), rng.uniform(0.5, 1.5, 12) / 12
    given = trials(shape, 2)
    network = network_of(jnp.asarray(theta), shape.counts, BY_HAND[name], jnp.asarray(share))
    batch = Batch(*map(jnp.asarray, (given.inputs, given.targets, given.mask)), given.dt)
    measured, gradient = network.loss_and_gradient(batch)
    field = potential(shape, NONLINEARITIES[name], given, theta, share)
    assert field.loss == pytest.approx(float(measured.loss), rel=1e-13)
    expected = np.asarray(gradient.connectivity.theta) / share[:, None]
    assert np.abs(field.gradient(theta) - expected).max() < 1e-13 * np.abs(expected).max() * len(theta)


def test_gradient_of_two_neurons_by_sympy() -> None:
    """N dL/dtheta_i of two neurons over two steps, phi = x + x^3/3, differentiated as one expression."""
    shape, given, cubic = Shape(), trials(Shape(), 8, count=1, steps=2), Smooth("cubic", x + x**3 / 3)
    symbols = sp.Matrix(2, 4, sp.symbols("theta:8", real=True))
    activity, loss = sp.zeros(2, 1), sp.S.Zero
    for k in range(2):
        kappa = sum(symbols[i, 2] * cubic.expression(activity[i]) for i in range(2)) / 2
        s, target, weight = (a[0, k].item() for a in (given.inputs, given.targets, given.mask))
        activity = activity + given.dt * (-activity + symbols[:, 1] * kappa + symbols[:, 0] * s)
        y = sum(symbols[i, 3] * cubic.expression(activity[i]) for i in range(2)) / 2
        loss += given.dt * weight * (y - target) ** 2
    values = np.random.default_rng(4).normal(size=(2, 4))
    at = dict(zip(symbols, values.ravel(), strict=True))
    expected = np.array([[float(2 * loss.diff(symbols[i, a]).subs(at)) for a in range(4)] for i in range(2)])
    field = potential(shape, cubic, given, values, np.full(2, 0.5))
    assert np.abs(expected).max() > 1e-3
    assert field.gradient(values) == pytest.approx(expected, abs=1e-13)


def test_complex_rows_differentiate() -> None:
    """An imaginary displacement against a central difference of error 1e-9."""
    shape, given = Shape(), trials(Shape(), 5)
    rng = np.random.default_rng(6)
    theta, share = rng.normal(size=(6, 4)), np.full(6, 1 / 6)
    direction = rng.normal(size=theta.shape)

    def gradient(rows: np.ndarray) -> np.ndarray:
        return potential(shape, ERF, given, rows, share).gradient(rows)

    exact = gradient(theta + 1e-30j * direction).imag / 1e-30
    step = 1e-5
    central = (gradient(theta + step * direction) - gradient(theta - step * direction)) / (2 * step)
    assert exact == pytest.approx(central, abs=1e-8)
