"""The latent equations against explicit neurons and against integrals over Gaussian rows."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from scipy.special import erf

from theory.lowering import lower_numpy
from theory.overlaps import gaussian
from theory.overlaps.equations.activity import activity_equations
from theory.overlaps.equations.loss import NoClosedForm, Trial, loss, outputs
from theory.overlaps.equations.row import NotQuadratic, average, row
from theory.overlaps.equations.shape import Shape

SHAPES = (Shape(), Shape(rank=2), Shape(inputs=2, rank=2, outputs=2), Shape(inputs=3, rank=1, outputs=2))


def rationals(seed: int, *size: int) -> np.ndarray:
    """Random fractions, so that what should be equal is equal exactly."""
    numbers = np.random.default_rng(seed).integers(-9, 10, (2, *size))
    return np.vectorize(lambda p, q: Fraction(int(p), abs(int(q)) + 3))(*numbers)


def network_outputs(theta: np.ndarray, shape: Shape, phi, inputs: np.ndarray, dt) -> np.ndarray:
    """The network's own equations, neuron by neuron."""
    m, u, v, z = (theta[:, list(shape.columns(block))] for block in "muvz")
    neurons = len(theta)
    x, found = theta[:, 0] * 0, []
    for s in inputs:
        kappa = v.T @ phi(x) / neurons
        x = x + dt * (-x + u @ kappa + m @ s)
        found.append(z.T @ phi(x) / neurons)
    return np.array(found)


def values(shape: Shape, sigma: np.ndarray) -> dict[sp.Symbol, sp.Expr]:
    return {shape.overlap(a, b): sp.sympify(sigma[a, b]) for a, b in shape.pairs}


@pytest.mark.parametrize("shape", SHAPES)
def test_linear_loss_is_that_of_explicit_neurons_exactly(shape: Shape) -> None:
    """Five neurons, two trials of four steps and a mask, all in fractions: the two losses are the same fraction."""
    theta, dt = rationals(1, 5, shape.size), Fraction(2, 7)
    inputs, targets = rationals(2, 2, 4, shape.inputs), rationals(3, 2, 4, shape.outputs)
    mask = rationals(4, 2, 4) ** 2
    squares = [(network_outputs(theta, shape, lambda x: x, inputs[k], dt) - targets[k]) ** 2 for k in range(2)]
    expected = sum(dt * (mask[k][:, None] * squares[k]).sum() for k in range(2)) / 2
    sigma = values(shape, theta.T @ theta / len(theta))
    trials = [Trial(sp.ImmutableMatrix(i), sp.ImmutableMatrix(t), tuple(map(sp.sympify, w)))
              for i, t, w in zip(inputs, targets, mask, strict=True)]  # fmt: skip
    found = loss(shape, gaussian.LINEAR, trials, sp.sympify(dt))
    assert found.xreplace(sigma) == sp.sympify(expected) != 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_network_equation_holds_neuron_by_neuron(shape: Shape) -> None:
    """x = m k_m + u k_u with the derived velocities is -x + u kappa + m s for every entry of the row."""
    equations = activity_equations(shape)
    m, u, v, _ = ([row(shape)[column] for column in shape.columns(block)] for block in "muvz")
    x = sum(e * k for e, k in zip((*m, *u), equations.latents, strict=True))
    moving = sum(e * k for e, k in zip((*m, *u), equations.velocity, strict=True))
    kappa = [equations.gain * average(shape, e * x) for e in v]
    drive = sum(e * k for e, k in zip(u, kappa, strict=True)) + sum(
        e * s for e, s in zip(m, equations.inputs, strict=True)
    )
    assert sp.expand(moving - (-x + drive)) == 0
    assert len(equations.drive) == shape.rank
    assert len(equations.readout) == shape.outputs


@pytest.mark.parametrize("shape", SHAPES[:3])
def test_stein_for_every_exponential(shape: Shape) -> None:
    """For phi = exp(t x): <v phi(x)> from the moment generating function of a Gaussian row is gain * drive.

    Exponentials of all t determine the averages of every phi (t imaginary: its Fourier transform).
    """
    equations = activity_equations(shape)
    t, a = sp.symbols("t a", real=True)
    x = sum(e * k for e, k in zip(row(shape), equations.latents, strict=False))
    gain = t * sp.exp(t**2 * equations.variance / 2)  # <phi'> = t <exp(t x)>
    for block, claimed in (("v", equations.drive), ("z", equations.readout)):
        for column, linear in zip(shape.columns(block), claimed, strict=True):
            exponent = average(shape, (a * row(shape)[column] + t * x) ** 2) / 2
            exact = sp.exp(exponent).diff(a).subs(a, 0)  # <v exp(t x)>
            assert sp.simplify(exact - gain * linear) == 0


def test_kappa_and_output_against_integrals_over_gaussian_rows() -> None:
    """erf, rank one: <v phi(x)> and <z phi(x)> by a tensor Gauss-Hermite rule in all four entries of a row."""
    shape, generator = Shape(), np.random.default_rng(5)
    root = generator.normal(size=(4, 4)) / 2
    nodes, weights = np.polynomial.hermite_e.hermegauss(26)
    grid = np.stack(np.meshgrid(*[nodes] * 4, indexing="ij"), -1).reshape(-1, 4)
    weight = np.prod(np.stack(np.meshgrid(*[weights / math.sqrt(2 * math.pi)] * 4, indexing="ij"), -1), -1).ravel()
    m, u, v, z = (grid @ root).T
    k_m, k_u = 0.4, -0.3
    phi = erf(math.sqrt(math.pi) / 2 * (m * k_m + u * k_u))
    equations = activity_equations(shape)
    known = values(shape, root.T @ root) | dict(zip(equations.latents, (k_m, k_u), strict=True))
    gain = gaussian.ERF.gain(equations.variance)
    for measured, claimed in ((weight @ (v * phi), equations.drive[0]), (weight @ (z * phi), equations.readout[0])):
        predicted = float((gain * claimed).xreplace(known))
        assert abs(predicted) > 1e-3
        assert measured == pytest.approx(predicted, rel=1e-9)  # 26 nodes resolve erf at variance below 1 to 1e-10


def test_erf_outputs_against_a_recursion_in_numbers() -> None:
    shape = Shape(inputs=2, rank=2, outputs=2)
    generator = np.random.default_rng(6)
    root, inputs, dt = generator.normal(size=(8, 8)) / 3, generator.normal(size=(3, 2)), 0.3
    sigma = root.T @ root
    k, expected = np.zeros(4), []
    for s in inputs:
        variance = k @ sigma[:4, :4] @ k
        k = k + dt * (-k + np.concatenate([s, sigma[4:6, :4] @ k / np.sqrt(1 + np.pi / 2 * variance)]))
        expected.append(sigma[6:, :4] @ k / np.sqrt(1 + np.pi / 2 * (k @ sigma[:4, :4] @ k)))
    found = outputs(shape, gaussian.ERF, sp.ImmutableMatrix(inputs), sp.Float(dt))
    overlaps = activity_equations(shape).overlaps
    measured = [
        [lower_numpy(overlaps, y)(*(sigma[a, b] for a, b in shape.pairs)) for y in found.row(k)] for k in range(3)
    ]
    np.testing.assert_allclose(measured, expected, rtol=1e-12)


def test_relu_is_linear_with_half_the_gain() -> None:
    """One step: y = dt (z.m) s / 2; after two, the recurrent path has a factor 1/4."""
    shape, dt = Shape(), sp.Symbol("dt")
    zm, zu, vm = (shape.overlap(*pair) for pair in ((0, 3), (1, 3), (0, 2)))
    first, second = outputs(shape, gaussian.RELU, sp.ImmutableMatrix([1, 0]), dt)
    assert sp.expand(first - dt * zm / 2) == 0
    assert sp.expand(second - dt * (1 - dt) * zm / 2 - dt**2 * vm * zu / 4) == 0


def test_refusals() -> None:
    m, *_ = row(Shape())
    with pytest.raises(NotQuadratic, match="3 entries"):
        average(Shape(), m**3)
    with pytest.raises(NoClosedForm, match="tanh"):
        outputs(Shape(), gaussian.TANH, sp.ImmutableMatrix([1]), sp.S.One)
