"""What steps, weight decay, momentum, block rates and noise do to the invariants: exact laws, symbolic and drawn."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from theory.overlaps.conserved.broken import (
    modified_blocks,
    noise_adds,
    noise_adds_to_square,
    similar_after_step,
    step_adds,
    step_keeps,
    trace_drift,
    velocity_share,
)
from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.step import as_one_matrix, step_blocks

eta, mu, decay = sp.symbols("eta mu lambda_", positive=True)
RATES = sp.symbols("rate_m rate_u rate_v rate_z", positive=True)
SHAPES = (Shape(), Shape(rank=2), Shape(2, 1, 2))


def pattern(shape: Shape) -> GramEquations:
    return GramEquations(shape, tuple(shape.sigma[-shape.rank - shape.outputs :, : shape.inputs + shape.rank]), RATES)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.sampled(1)
def test_one_law_for_steps_decay_momentum_and_block_rates(shape: Shape) -> None:
    """T Q T^T = (1 - lambda)^2 Q + (1 + 2 a) T_w B T_w^T, T_w the columns of T that give w: a zero in all symbols."""
    learning = pattern(shape)
    gradient, rates = learning.gradient_matrix, learning.rate_matrix
    (matrix,) = conserved_matrices(gradient, rates)
    identity = sp.eye(shape.size)
    blocks = step_blocks(gradient, rates, identity, rate=eta, momentum=mu, weight_decay=decay)
    step = as_one_matrix(blocks)
    weights = as_one_matrix(modified_blocks(matrix, momentum=mu, weight_decay=decay))
    to_velocity = sp.Matrix.vstack(blocks[0][1], blocks[1][1])
    added = step_adds(matrix, to_velocity, momentum=mu, weight_decay=decay)
    residual = step @ weights @ step.T - step_keeps(decay) * weights - added
    assert residual.applyfunc(sp.cancel).is_zero_matrix
    kept_plainly = step @ as_one_matrix(modified_blocks(matrix)) @ step.T
    assert not (kept_plainly - as_one_matrix(modified_blocks(matrix))).applyfunc(sp.cancel).is_zero_matrix


def test_a_finite_step_of_plain_descent_adds_the_square_of_the_rate() -> None:
    """4 eta^2 theta H A H theta^T, nothing of first order, and nothing else."""
    learning = pattern(Shape())
    gradient = learning.gradient_matrix
    (matrix,) = conserved_matrices(gradient, sp.eye(4))
    theta = sp.Matrix(2, 4, sp.symbols("t:8", real=True))
    after = theta @ (sp.eye(4) - 2 * eta * gradient)
    change = (after @ matrix @ after.T - theta @ matrix @ theta.T).applyfunc(sp.expand)
    assert (change - 4 * eta**2 * theta @ gradient @ matrix @ gradient @ theta.T).applyfunc(sp.expand).is_zero_matrix
    assert (change - step_adds(matrix, -2 * eta * theta @ gradient)).applyfunc(sp.expand).is_zero_matrix
    assert velocity_share() == 0


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_spectrum_after_a_step(shape: Shape) -> None:
    """B Sigma' = S (..) S^-1 with S = 1 - lambda + 2 eta H Lambda: S B = B (1 - lambda - 2 eta Lambda H), and
    the rest of the product is what `similar_after_step` has, the factors of S commuting."""
    learning = pattern(shape)
    move, rates = learning.gradient_matrix @ learning.rate_matrix, learning.rate_matrix
    (matrix,) = conserved_matrices(learning.gradient_matrix, rates)
    identity = sp.eye(shape.size)
    forward, back = (1 - decay) * identity + 2 * eta * move, (1 - decay) * identity - 2 * eta * move
    assert (forward @ matrix - matrix @ back.T).applyfunc(sp.cancel).is_zero_matrix
    claimed = similar_after_step(identity, move, identity, rate=eta, weight_decay=decay)
    assert (back @ forward - claimed).applyfunc(sp.cancel).is_zero_matrix


def drawn(seed: int, size: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlaps, a gradient with the pattern of a linear network, and A."""
    random = np.random.default_rng(seed)
    theta = random.normal(size=(9, size))
    gradient = np.zeros((size, size))
    gradient[2:, :2] = random.normal(size=(size - 2, 2))
    return theta.T @ theta / 9, gradient + gradient.T, np.diag([1.0, 1.0, -1.0, -1.0])


def test_the_spectrum_after_a_step_in_numbers() -> None:
    sigma, gradient, matrix = drawn(0)
    step = np.eye(4) - 0.06 * gradient
    after = np.sort(np.linalg.eigvals(matrix @ step @ sigma @ step).real)
    claimed = similar_after_step(matrix @ sigma, gradient, np.eye(4), rate=0.03)
    np.testing.assert_allclose(after, np.sort(np.linalg.eigvals(claimed).real), rtol=1e-12)
    assert np.abs(after - np.sort(np.linalg.eigvals(matrix @ sigma).real)).max() > 1e-3


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_drift_of_the_traces_to_fourth_order(order: int) -> None:
    """What it leaves falls as rate^4: slope 4 to the next order, (rate |H|)^2 = 1e-3; for k = 1 nothing is left."""
    sigma, gradient, matrix = drawn(1)
    found = []
    for rate in (4e-3, 2e-3):
        step = np.eye(4) - 2 * rate * gradient
        power = np.linalg.matrix_power
        change = np.trace(power(matrix @ step @ sigma @ step, order)) - np.trace(power(matrix @ sigma, order))
        found.append(abs(change - trace_drift(matrix @ sigma, gradient, order, rate=rate)))
    if order == 1:
        assert max(found) < 1e-13
    else:
        assert abs(np.log2(found[0] / found[1]) - 4) < 0.05


def gaussian_mean(polynomial: sp.Expr, symbols: list[sp.Symbol]) -> sp.Expr:
    """The average over independent standard normal symbols, moment by moment."""
    total = sp.S.Zero
    for powers, coefficient in sp.Poly(polynomial, *symbols).terms():
        if all(power % 2 == 0 for power in powers):
            total += coefficient * sp.prod([sp.factorial2(power - 1) for power in powers if power])
    return sp.expand(total)


@pytest.mark.parametrize("neurons", [1, 2])
def test_noise_by_its_moments(neurons: int) -> None:
    """Two columns, symmetric B in symbols, noise averaged exactly: the formulas are the averages, for each N."""
    s = sp.Symbol("s", positive=True)
    theta = sp.Matrix(neurons, 2, sp.symbols(f"t:{2 * neurons}", real=True))
    xi = sp.Matrix(neurons, 2, sp.symbols(f"x:{2 * neurons}", real=True))
    one, two, mixed = sp.symbols("b_0 b_1 b_2", real=True)
    matrix = sp.Matrix([[one, mixed], [mixed, two]])

    def gram(weights: sp.Matrix) -> sp.Matrix:
        return weights.T @ weights / neurons

    def change(of: Callable[[sp.Matrix], sp.Expr]) -> sp.Expr:
        return gaussian_mean(sp.expand(of(gram(theta + s * xi)) - of(gram(theta))), list(xi))

    assert sp.expand(change(lambda g: (matrix @ g).trace()) - noise_adds(matrix, s)) == 0
    square = change(lambda g: (matrix @ g @ matrix @ g).trace())
    assert sp.expand(square - noise_adds_to_square(matrix, gram(theta), s, sp.Integer(neurons))) == 0


def test_noise_in_the_closure_is_that_of_infinitely_many() -> None:
    sigma, _, matrix = drawn(2)
    noisy = matrix @ (sigma + 0.09 * np.eye(4))
    growth = np.trace(noisy @ noisy) - np.trace(matrix @ sigma @ matrix @ sigma)
    assert growth == pytest.approx(noise_adds_to_square(matrix, sigma, 0.3, np.inf), rel=1e-12)
    assert noise_adds(matrix, 0.3) == 0  # as many inputs as outputs: tr(A Sigma) does not grow on average
