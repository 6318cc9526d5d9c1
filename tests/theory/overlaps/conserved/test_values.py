"""The numbers against the matrices that solving the conditions finds, and against networks that learn."""

import numpy as np
import pytest
import sympy as sp

from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.conserved.symmetries import Response, generators, noether_matrices
from theory.overlaps.conserved.values import invariant_values
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import visible_overlaps
from theory.overlaps.gaussian import ERF, LINEAR

SHAPES = (Shape(), Shape(rank=2), Shape(inputs=2, outputs=3), Shape(inputs=2, rank=2, outputs=2))


def sigma_of(shape: Shape) -> np.ndarray:
    theta = np.random.default_rng(3).standard_normal((shape.size + 2, shape.size))
    return theta.T @ theta / len(theta)


def numbers(matrix: sp.MatrixBase) -> np.ndarray:
    return np.array(matrix.tolist(), dtype=float)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("response", list(Response), ids=lambda response: response.name)
def test_they_span_what_the_symmetries_conserve(response: Response, shape: Shape) -> None:
    """Each matrix C found by solving begins with a one, on u, v or on m; one off the diagonal stands at two places."""
    sigma, rank = sigma_of(shape), range(shape.rank)
    values = invariant_values(shape, response, sigma)
    expected = [(1 if a == b else 2) * values.latent[a, b] for a in rank for b in rank if a <= b]
    expected += [] if values.input_output is None else [values.input_output]
    found = [np.trace(numbers(C) @ sigma) for C in noether_matrices(generators(shape, response), sp.eye(shape.size))]
    np.testing.assert_allclose(sorted(found), sorted(expected), rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_spectrum_is_the_one_that_the_pattern_conserves(shape: Shape) -> None:
    sigma = sigma_of(shape)
    pattern = GramEquations(shape, visible_overlaps(shape, LINEAR)).gradient_matrix
    (matrix,) = conserved_matrices(pattern, sp.eye(shape.size))
    expected = np.sort(np.linalg.eigvals(numbers(matrix) @ sigma).real)
    found = invariant_values(shape, Response.linear, sigma).spectrum
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    curved = GramEquations(shape, visible_overlaps(shape, ERF)).gradient_matrix
    assert conserved_matrices(curved, sp.eye(shape.size)) == ()
    assert invariant_values(shape, Response.generic, sigma).spectrum is None


def relu_gradient(theta: np.ndarray) -> np.ndarray:
    """N times the gradient of one output's squared error for a ReLU network of four columns, by central differences."""
    step, gradient = 1e-5, np.zeros_like(theta)

    def loss(theta: np.ndarray) -> float:
        x, total = np.zeros(len(theta)), 0.0
        for k in range(4):
            s = 1.0 if k == 0 else 0.3
            x = x + 0.5 * (-x + theta[:, 1] * (theta[:, 2] @ np.maximum(x, 0)) / len(theta) + theta[:, 0] * s)
            total += 0.5 * (theta[:, 3] @ np.maximum(x, 0) / len(theta) - 0.7) ** 2
        return total

    for place in np.ndindex(*theta.shape):
        change = np.zeros_like(theta)
        change[place] = step
        gradient[place] = (loss(theta + change) - loss(theta - change)) / (2 * step)
    return len(theta) * gradient


def test_a_relu_network_keeps_two_traces_and_not_the_spectrum() -> None:
    """Rates of change along the gradient: differences err by 1e-9, the spectrum moves by 1e-3 at least."""
    theta = np.random.default_rng(4).standard_normal((7, 4))
    slope = relu_gradient(theta)
    speed = -(slope.T @ theta + theta.T @ slope) / len(theta)
    assert abs(speed[1, 1] - speed[2, 2]) < 1e-8
    assert abs(speed[0, 0] - speed[3, 3]) < 1e-8
    assert abs(speed[0, 0]) > 1e-3
    sigma, signs = theta.T @ theta / len(theta), np.diag([1.0, 1.0, -1.0, -1.0])
    assert abs(np.trace(signs @ speed @ signs @ sigma)) > 1e-3  # half the rate of change of tr (A Sigma)^2
    values = invariant_values(Shape(), Response.homogeneous, sigma)
    assert values.spectrum is None
    assert values.input_output == pytest.approx(sigma[0, 0] - sigma[3, 3], rel=1e-12)
