"""Momentum, weight decay, block rates and noise: the Gram matrix of [theta w] against explicit neurons."""

import jax.numpy as jnp
import numpy as np
import sympy as sp

from theory.overlaps.equations.gram import GramEquations, rate
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.step import as_one_matrix, step_blocks

SHAPE = Shape()
momentum, decay = sp.symbols("mu lambda")


def symmetric(letter: str) -> sp.Matrix:
    return sp.Matrix(4, 4, lambda a, b: sp.Symbol(f"{letter}{min(a, b)}{max(a, b)}"))


def test_one_step_of_explicit_neurons() -> None:
    """A symbolic zero, one neuron with everything a symbol: averages over neurons are sums of such terms."""
    theta, w = sp.Matrix(1, 4, sp.symbols("t0:4")), sp.Matrix(1, 4, sp.symbols("w0:4"))
    gradient, relative = symmetric("g"), sp.diag(*sp.symbols("L_m L_u L_v L_z"))
    before = sp.Matrix.hstack(theta, w)
    moved = momentum * w - rate * 2 * theta @ gradient @ relative
    after = sp.Matrix.hstack((1 - decay) * theta + moved, moved)
    step = as_one_matrix(step_blocks(gradient, relative, sp.eye(4), rate=rate, momentum=momentum, weight_decay=decay))
    assert sp.expand(before @ step - after) == sp.zeros(1, 8)
    numbers = {sp.Symbol(f"g{a}{b}"): a + 2 * b - 3 for a in range(4) for b in range(a, 4)}
    congruence = (step.T @ (before.T @ before) @ step - after.T @ after).xreplace(numbers)
    assert sp.expand(congruence) == sp.zeros(8, 8)


def test_many_steps_of_explicit_neurons() -> None:
    """Five neurons, rank two, ten steps with another H each time: to rounding, 1e-15 a step and product."""
    shape, generator = Shape(rank=2), np.random.default_rng(3)
    theta, w = generator.normal(size=(5, shape.size)), np.zeros((5, shape.size))
    relative = np.diag(np.repeat([1.0, 0.5, 0.0, 2.0], shape.counts))
    gram = np.hstack([theta, w]).T @ np.hstack([theta, w]) / 5
    for _ in range(10):
        gradient = generator.normal(size=(shape.size, shape.size)) / 10
        gradient += gradient.T
        w = 0.8 * w - 0.3 * 2 * theta @ gradient @ relative
        theta = (1 - 0.02) * theta + w
        blocks = step_blocks(gradient, relative, np.eye(shape.size), rate=0.3, momentum=0.8, weight_decay=0.02)
        step = np.block([list(row) for row in blocks])
        gram = step.T @ gram @ step
    both = np.hstack([theta, w])
    np.testing.assert_allclose(gram, both.T @ both / 5, rtol=0, atol=1e-12 * np.abs(gram).max())


def test_plain_descent_is_the_first_block() -> None:
    equations = GramEquations(SHAPE, tuple(SHAPE.sigma), (1, sp.Symbol("L_u"), 0, 2))
    blocks = step_blocks(equations.gradient_matrix, equations.rate_matrix, sp.eye(4), rate=rate)
    first = blocks[0][0]
    assert sp.expand(first.T @ SHAPE.sigma @ first - equations.matrix_map) == sp.zeros(4, 4)


def test_noise_adds_its_variance_to_the_diagonal_on_average() -> None:
    """theta + s xi with <xi> = 0 and <xi_ia xi_jb> = delta_ij delta_ab, for three neurons: averaged term by term."""
    s, neurons = sp.Symbol("s"), 3
    theta = sp.Matrix(neurons, 4, sp.symbols("t0:12"))
    xi = sp.Matrix(neurons, 4, sp.symbols("xi0:12"))
    gram = sp.expand((theta + s * xi).T @ (theta + s * xi) / neurons)

    def averaged(entry: sp.Expr) -> sp.Expr:
        terms = sp.Poly(entry, *xi).terms()
        return sum(c for powers, c in terms if all(p % 2 == 0 for p in powers))  # <xi> = 0, <xi^2> = 1

    assert sp.expand(gram.applyfunc(averaged) - theta.T @ theta / neurons) == s**2 * sp.eye(4)


def test_noise_strays_by_the_root_of_the_number_of_neurons() -> None:
    """Root mean square of the stray entry over draws: slope -1/2 in N, to 3.3 errors of 400 draws a point (0.04)."""
    generator, counts = np.random.default_rng(0), np.array([8, 32, 128, 512])
    stray = []
    for neurons in counts:
        xi = generator.normal(size=(400, neurons, 4))
        gram = np.einsum("kia,kib->kab", xi, xi) / neurons
        stray.append(np.sqrt(np.mean((gram - np.eye(4)) ** 2)))
    slope = np.polyfit(np.log(counts), np.log(stray), 1)[0]
    assert abs(slope + 0.5) < 0.04


def test_numpy_jax_and_sympy_compute_the_same() -> None:
    generator = np.random.default_rng(1)
    gradient = generator.normal(size=(4, 4))
    gradient += gradient.T
    relative = np.diag([1.0, 0.5, 0.0, 2.0])
    given = {"rate": 0.1, "momentum": 0.8, "weight_decay": 0.01}
    by_numpy = np.block([list(row) for row in step_blocks(gradient, relative, np.eye(4), **given)])
    by_jax = jnp.block([list(row) for row in step_blocks(*map(jnp.asarray, (gradient, relative, np.eye(4))), **given)])
    by_sympy = as_one_matrix(step_blocks(*map(sp.Matrix, (gradient, relative, np.eye(4))), **given))
    np.testing.assert_allclose(by_jax, by_numpy, rtol=1e-15)
    np.testing.assert_allclose(np.array(by_sympy, dtype=float), by_numpy, rtol=1e-14)
