"""Symmetries of what a network computes: solved for, against brute force on Markov parameters and real networks."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import expm
from scipy.special import erf

from theory.overlaps.conserved.function import fixed_by_function
from theory.overlaps.conserved.linear_conditions import solve_identically
from theory.overlaps.conserved.symmetries import Response, generators, neuron_generators, noether_matrices
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR, NONLINEARITIES, RELU, TANH, Smooth, x

SHAPES = (Shape(), Shape(rank=2), Shape(2, 1, 3), Shape(2, 2, 2))
PHI: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda activity: activity,
    "erf": lambda activity: erf(np.sqrt(np.pi) * activity / 2),
    "relu": lambda activity: np.maximum(activity, 0),
    "tanh": np.tanh,
}


def outputs(shape: Shape, theta: np.ndarray, phi: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What the network computes from random inputs, 12 steps of 0.3, straight from its equations."""
    m, u, v, z = (theta[:, list(shape.columns(block))] for block in "muvz")
    activity, found = np.zeros(len(theta)), []
    for s in np.random.default_rng(1).normal(size=(12, shape.inputs)):
        activity = activity + 0.3 * (-activity + u @ (v.T @ phi(activity)) / len(theta) + m @ s)
        found.append(z.T @ phi(activity) / len(theta))
    return np.array(found)


def test_responses() -> None:
    assert [Response.of(phi).name for phi in (LINEAR, RELU, ERF, TANH)] == ["linear", "homogeneous", *2 * ["generic"]]
    assert Response.of(Smooth("twice", 2 * x)) is Response.linear
    assert Response.of(Smooth("cubic", x + x**3)) is Response.generic


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_as_many_as_the_bases_of_the_latents(shape: Shape) -> None:
    """R^2 generators for any nonlinearity; one more, m against z, where the response is homogeneous."""
    assert len(generators(shape, Response.generic)) == shape.rank**2
    for response in (Response.linear, Response.homogeneous):
        assert len(generators(shape, response)) == shape.rank**2 + 1


@pytest.mark.parametrize(
    ("shape", "response", "length"),
    [
        (Shape(), Response.linear, 2),
        (Shape(rank=2), Response.linear, 4),
        (Shape(2, 1, 2), Response.linear, 2),
        (Shape(), Response.generic, 1),
        (Shape(2, 1, 2), Response.generic, 1),
        (Shape(rank=2), Response.generic, 2),
    ],
    ids=str,
)
@pytest.mark.sampled(2)
def test_the_same_symmetries_from_the_overlaps(shape: Shape, response: Response, length: int) -> None:
    """Another route: all B under which the numbers that the function fixes stand still, identically in Sigma."""
    entries = sp.symbols(f"b:{shape.size**2}")
    matrix = sp.Matrix(shape.size, shape.size, entries)
    half = shape.sigma @ matrix
    change = half + half.T
    moved = [
        sp.expand(sum(f.diff(shape.overlap(a, b)) * change[a, b] for a, b in shape.pairs))
        for f in fixed_by_function(shape, response, length)
    ]
    found = [matrix.subs(each) for each in solve_identically(moved, entries, sorted(shape.sigma.free_symbols, key=str))]
    expected = generators(shape, response)
    assert len(found) == len(expected)
    both = sp.Matrix([list(each) for each in (*found, *expected)])
    assert both.rank() == len(expected)


@pytest.mark.parametrize("name", NONLINEARITIES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_real_networks_compute_the_same(shape: Shape, name: str) -> None:
    """Along theta exp(B) with a random mixture B of generators; not along another B."""
    random = np.random.default_rng(0)
    theta = random.normal(size=(11, shape.size))
    before = outputs(shape, theta, PHI[name])
    found = generators(shape, Response.of(NONLINEARITIES[name]))
    mixture = sum(weight * np.array(B, dtype=float) for weight, B in zip(random.normal(size=99), found, strict=False))
    mixture *= 0.5 / np.abs(mixture).max()
    np.testing.assert_allclose(outputs(shape, theta @ expm(mixture), PHI[name]), before, rtol=1e-9, atol=1e-12)
    assert np.abs(theta @ expm(mixture) - theta).max() > 0.1
    m_against_z = np.diag([{"m": 0.5, "z": -0.5}.get(label[0], 0.0) for label in shape.labels])
    other = np.abs(outputs(shape, theta @ expm(m_against_z), PHI[name]) - before).max()
    assert other < 1e-11 if name in ("linear", "relu") else other > 1e-3


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_one_neuron_alone(name: str) -> None:
    """A scale of m_i and u_i against v_i and z_i where phi is homogeneous; nothing otherwise."""
    shape = Shape(2, 2, 1)
    found = neuron_generators(shape, Response.of(NONLINEARITIES[name]))
    theta = np.random.default_rng(0).normal(size=(5, shape.size))
    before = outputs(shape, theta, PHI[name])
    scale = np.diag([0.4 if label[0] in "mu" else -0.4 for label in shape.labels])
    theta[2] = theta[2] @ expm(scale)
    same = np.abs(outputs(shape, theta, PHI[name]) - before).max() < 1e-12
    assert same == (len(found) == 1) == (name in ("linear", "relu"))
    if found:
        np.testing.assert_array_equal(np.abs(np.array(found[0], dtype=float)), np.eye(shape.size))


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_noether_on_networks(name: str) -> None:
    """Gradients of a real network by central differences (error 1e-9): theta^T gradient has no part along any C, with
    block rates; with the tanh and erf networks it has one along mm - zz, with ReLU along tr (A Sigma)^2."""
    shape = Shape(rank=2)
    theta = np.random.default_rng(4).normal(size=(6, shape.size))
    target = np.random.default_rng(5).normal(size=(12, 1))

    def loss(weights: np.ndarray) -> float:
        return float(((outputs(shape, weights, PHI[name]) - target) ** 2).sum())

    gradient = np.zeros_like(theta)
    for place in np.ndindex(*theta.shape):
        bump = np.zeros_like(theta)
        bump[place] = 1e-5
        gradient[place] = (loss(theta + bump) - loss(theta - bump)) / 2e-5
    rates = np.array([0.5, 2.0, 2.0, 3.0, 3.0, 7.0])
    found = noether_matrices(generators(shape, Response.of(NONLINEARITIES[name])), sp.diag(*map(sp.nsimplify, rates)))
    assert len(found) == 3 + (name in ("linear", "relu"))
    slope = theta.T @ gradient * rates
    for each in found:
        assert abs(np.trace(np.array(each, dtype=float) @ slope)) < 1e-7
    m_minus_z = np.trace(np.diag([2.0, 0, 0, 0, 0, -1 / 7]) @ slope)
    assert (abs(m_minus_z) < 1e-7) == (name in ("linear", "relu"))
    product = np.diag([2.0, 0.5, 0.5, -1 / 3, -1 / 3, -1 / 7]) @ theta.T @ theta
    square = np.trace(product @ np.diag([2.0, 0.5, 0.5, -1 / 3, -1 / 3, -1 / 7]) @ slope)
    assert (abs(square) < 1e-6) == (name == "linear")
    rows = (theta @ np.diag([2.0, 0.5, 0.5, -1 / 3, -1 / 3, -1 / 7]) * (gradient * rates)).sum(axis=1)
    assert (np.abs(rows).max() < 1e-7) == (name in ("linear", "relu"))


@pytest.mark.parametrize(
    ("frozen", "left"),
    [("", ["uu - vv", "mm - zz"]), ("u", ["mm - zz", "uu"]), ("z", ["uu - vv", "zz"]), ("mu", ["mm", "mu", "uu"])],
)
def test_what_frozen_blocks_leave(frozen: str, left: list[str]) -> None:
    rates = sp.diag(*(int(block not in frozen) for block in "muvz"))
    found = noether_matrices(generators(Shape(), Response.linear), rates)
    conserved = [(C @ Shape().sigma).trace() for C in found]
    names = {sp.sstr(sp.expand(each / sp.Poly(each).coeffs()[0])) for each in conserved}
    assert names == set(left)
