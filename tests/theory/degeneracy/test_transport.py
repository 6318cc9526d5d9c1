"""In fractions: explicit neurons, their outputs as polynomials in every weight, trained by their own derivatives."""

from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest
import sympy as sp

from theory.degeneracy import transport
from theory.overlaps import LINEAR, Shape
from theory.overlaps.equations.loss import outputs as explicit_outputs

DT, RATE = Fraction(1, 2), Fraction(1, 5)
SHAPES = [(Shape(), 2), (Shape(inputs=2, outputs=2), 2), (Shape(rank=2), 2)]
STEPS = 2


def fractions(*shape: int, seed: int) -> np.ndarray:
    random = Random(seed)
    entries = [Fraction(random.randint(-9, 9), random.randint(5, 9)) for _ in range(int(np.prod(shape)))]
    return np.array(entries, dtype=object).reshape(shape)


def read(expressions, symbols, values) -> np.ndarray:
    """Expressions at fractions, as fractions; shaped as the expressions."""
    at = {s: sp.Rational(v.numerator, v.denominator) for s, v in zip(symbols, values, strict=True)}
    found = [sp.sympify(each).xreplace(at) for each in np.ravel(expressions)]
    return np.array([Fraction(int(v.p), int(v.q)) for v in found], dtype=object).reshape(np.shape(expressions))


@cache
def neurons_of(shape: Shape, neurons: int):
    """Weights as symbols, and the outputs of every step for an input of fractions; from tau x' = -x + u kappa + m s."""
    theta = np.array(sp.symbols(f"w:{neurons * shape.size}", real=True), dtype=object).reshape(neurons, shape.size)
    m, u, v, z = (theta[:, list(shape.columns(block))] for block in "muvz")
    given = fractions(STEPS, shape.inputs, seed=1)
    x, outputs, dt = np.zeros(neurons, dtype=object), [], sp.Rational(1, 2)
    for s in given:
        x = x + dt * (-x + u @ (v.T @ x) / neurons + m @ np.array([sp.Rational(str(each)) for each in s]))
        outputs += [sp.expand(each) for each in z.T @ x / sp.Integer(neurons)]
    return theta, given, outputs


@cache
def overlaps_of(shape: Shape):
    """The same outputs as functions of the overlaps, by the theory."""
    given = sp.Matrix([[sp.Rational(str(each)) for each in row] for row in fractions(STEPS, shape.inputs, seed=1)])
    found = explicit_outputs(shape, LINEAR, given, sp.Rational(1, 2))
    return [sp.expand(each) for each in found]


def gram(theta: np.ndarray) -> np.ndarray:
    return theta.T @ theta / Fraction(len(theta))


def slopes(shape: Shape, expressions, sigma: np.ndarray) -> np.ndarray:
    """D_k: derivatives in each overlap, half of it on either side of the diagonal."""
    symbols = [shape.overlap(a, b) for a, b in shape.pairs]
    found = np.zeros((len(expressions), shape.size, shape.size), dtype=object)
    for place, (a, b) in enumerate(shape.pairs):
        derivative = read(
            [sp.diff(each, symbols[place]) for each in expressions], symbols, [sigma[p] for p in shape.pairs]
        )
        found[:, a, b] += derivative / Fraction(2)
        found[:, b, a] += derivative / Fraction(2)
    return found


@pytest.fixture(scope="module", params=SHAPES, ids=lambda each: f"{each[0].counts}, N = {each[1]}")
def trained(request):
    """Two steps of gradient descent on explicit neurons, and M as the theory has it."""
    shape, neurons = request.param
    symbols, _, outputs = neurons_of(shape, neurons)
    targets = [sp.Rational(1, k + 2) for k in range(len(outputs))]
    loss = sum((y - target) ** 2 for y, target in zip(outputs, targets, strict=True)) * sp.Rational(1, 2)
    errors = [y - target for y, target in zip(overlaps_of(shape), targets, strict=True)]
    start = fractions(neurons, shape.size, seed=2)
    theta, product = start, np.array(np.eye(shape.size, dtype=int) * Fraction(1), dtype=object)
    for _ in range(2):
        sigma = gram(theta)
        gradient = read([sp.diff(loss, each) for each in symbols.ravel()], symbols.ravel(), theta.ravel())
        overlaps = [shape.overlap(a, b) for a, b in shape.pairs]
        off = read(errors, overlaps, [sigma[p] for p in shape.pairs])
        H = 2 * DT * np.tensordot(off, slopes(shape, overlaps_of(shape), sigma), axes=1)
        product = product @ (np.eye(shape.size, dtype=int) * Fraction(1) - 2 * RATE * H)
        theta = theta - RATE * neurons * gradient.reshape(theta.shape)
    return shape, start, theta, product


def test_training_is_one_matrix_from_the_right(trained):
    _, start, theta, product = trained
    assert (theta == start @ product).all()
    assert (gram(theta) == transport.transported(gram(start), product)).all()
    assert (theta != start).any()


def test_the_change_of_the_weights_is_a_function_of_overlaps_and_product(trained):
    shape, start, theta, product = trained
    neurons, one = len(start), np.array(np.eye(shape.size, dtype=int) * Fraction(1), dtype=object)
    assert ((theta - start) ** 2).sum() == neurons * transport.squared_change(gram(start), product, one)
    u, v = (list(shape.columns(block)) for block in "uv")
    before, after = (each[:, u] @ each[:, v].T / Fraction(neurons) for each in (start, theta))
    assert ((after - before) ** 2).sum() == transport.squared_recurrent_change(shape, gram(start), product, one)
    assert (after**2).sum() == transport.squared_recurrent_norm(shape, gram(theta))


def test_the_tangent_kernel_is_that_of_derivatives_in_every_weight(trained):
    shape, start, theta, _ = trained
    symbols, _, outputs = neurons_of(shape, len(start))
    for weights in (start, theta):
        derivatives = [[sp.diff(y, each) for each in symbols.ravel()] for y in outputs]
        jacobian = read(derivatives, symbols.ravel(), weights.ravel())
        predicted = transport.tangent_kernel(slopes(shape, overlaps_of(shape), gram(weights)), gram(weights))
        assert (jacobian @ jacobian.T == predicted / Fraction(len(start))).all()


def test_alignment_is_the_cosine_of_two_kernels():
    rng = np.random.default_rng(0)
    first, second = (each @ each.T for each in rng.normal(size=(2, 4, 4)))
    cosine = np.vdot(first, second) / np.linalg.norm(first) / np.linalg.norm(second)
    assert transport.alignment(first, second) == pytest.approx(cosine, rel=1e-14)
    assert transport.alignment(first, 3 * first) == pytest.approx(1, rel=1e-14)
