"""The number of invariants, and the proof by brackets that there are no more."""

import numpy as np
import pytest
import sympy as sp

from theory.overlaps.conserved.counting import count_by_formula, count_invariants
from theory.overlaps.conserved.function import fixed_by_function
from theory.overlaps.conserved.orbits import most_invariants
from theory.overlaps.conserved.symmetries import Response
from theory.overlaps.equations.exact import general_overlaps, matrix_of, rank
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR, NONLINEARITIES

SHAPES = tuple(
    Shape(*counts)
    for counts in [(1, 1, 1), (2, 1, 1), (1, 1, 2), (2, 1, 2), (1, 2, 1), (2, 2, 1), (2, 2, 2), (3, 2, 1), (1, 3, 1)]
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.sampled(3)
def test_the_formulas(shape: Shape) -> None:
    """d + R (R + 1) / 2 with a constant gain, R (R + 1) / 2 otherwise; functions have R (inputs + outputs) numbers
    beside z m, and for other gains the overlaps among m and u."""
    for phi in NONLINEARITIES.values():
        assert count_invariants(shape, phi) == count_by_formula(shape, Response.of(phi))
    latent, driven = shape.rank * (shape.rank + 1) // 2, shape.inputs + shape.rank
    numbers = shape.inputs * shape.outputs + shape.rank * (shape.inputs + shape.outputs)
    linear, curved = (count_by_formula(shape, each) for each in (Response.linear, Response.generic))
    assert (linear.invariants, linear.function) == (shape.size + latent, numbers)
    assert (curved.invariants, curved.function) == (latent, numbers + driven * (driven + 1) // 2)


@pytest.mark.parametrize(("rank_", "expected"), [(1, (10, 4, 3, 5, 2, 1)), (2, (21, 9, 5, 9, 7, 3))])
def test_hidden_directions_of_linear_networks(rank_: int, expected: tuple[int, ...]) -> None:
    count = count_invariants(Shape(rank=rank_), LINEAR)
    names = ("overlaps", "visible", "function", "invariants", "hidden", "hidden_at_equal_visible")
    assert tuple(getattr(count, name) for name in names) == expected


@pytest.mark.parametrize("shape", [each for each in SHAPES if each.rank < 3 and each.size < 8], ids=str)
@pytest.mark.sampled(3)
def test_no_more_invariants_than_found(shape: Shape) -> None:
    for phi in (LINEAR, ERF) if shape.size < 6 else (LINEAR,):
        assert most_invariants(shape, Response.of(phi)) == count_invariants(shape, phi).invariants


@pytest.mark.parametrize("frozen", ["m", "u", "v", "z", "mu", "mv", "uz", "vz"])
@pytest.mark.sampled(3)
def test_no_more_than_found_with_frozen_blocks(frozen: str) -> None:
    for phi in (LINEAR, ERF):
        found = count_invariants(Shape(), phi, frozenset(frozen)).invariants
        assert most_invariants(Shape(), Response.of(phi), frozenset(frozen)) == found


def test_a_frozen_block_need_not_cost_an_invariant() -> None:
    """The spectrum of K on the neurons orthogonal to the frozen block stays, and the frozen overlaps do."""
    for frozen in "muvz":
        count = count_invariants(Shape(), LINEAR, frozenset(frozen))
        assert (count.invariants, count.spectral) == (5, 3)


def test_short_tasks_know_less() -> None:
    """Two steps of a task tell zm and zu vm alone; from 2 R = 2 directions on there is nothing new."""
    shape = Shape()
    overlaps = [shape.overlap(a, b) for a, b in shape.pairs]
    for length, numbers in ((1, 2), (2, 3), (4, 3)):
        fixed = fixed_by_function(shape, Response.linear, length)
        assert _jacobian_rank(shape, fixed, overlaps) == numbers


@pytest.mark.parametrize("shape", [Shape(), Shape(2, 1, 1), Shape(2, 1, 2)], ids=str)
def test_what_the_function_fixes_by_its_jacobian(shape: Shape) -> None:
    """Another route to `function`: the rank of the derivatives of the polynomials that the function fixes."""
    overlaps = [shape.overlap(a, b) for a, b in shape.pairs]
    for phi in (LINEAR, ERF):
        fixed = fixed_by_function(shape, Response.of(phi), 2 * shape.rank)
        assert _jacobian_rank(shape, fixed, overlaps) == count_invariants(shape, phi).function


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_what_the_function_fixes_by_outputs(name: str) -> None:
    """A third route: the outputs of the closure to random inputs, differentiated in floats. As many singular values as
    `function` are above rounding, with a gap."""
    gain = {
        "linear": lambda variance: 1.0 + 0 * variance,
        "relu": lambda variance: 0.5 + 0 * variance,
        "erf": lambda variance: 1 / np.sqrt(1 + np.pi / 2 * variance),
        "tanh": lambda variance: 1 / (1 + variance),  # any function of the variance: rank does not depend on it
    }[name]
    shape = Shape()
    theta = np.random.default_rng(0).normal(size=(8, 4))
    start = theta.T @ theta / 8
    inputs = 2 * np.random.default_rng(1).normal(size=(30, 12))

    def outputs(sigma: np.ndarray) -> np.ndarray:
        latents, found = np.zeros((30, 2), dtype=complex), []
        for s in inputs.T:
            slope = gain(np.einsum("ta,ab,tb->t", latents, sigma[:2, :2], latents))[:, None]
            kappa = slope * (latents @ sigma[2:3, :2].T)
            latents = latents + 0.4 * (-latents + np.concatenate([s[:, None], kappa], axis=1))
            slope = gain(np.einsum("ta,ab,tb->t", latents, sigma[:2, :2], latents))[:, None]
            found.append(slope * (latents @ sigma[3:4, :2].T))
        return np.concatenate(found, axis=1).ravel()

    columns = []
    for a, b in shape.pairs:
        direction = np.zeros((4, 4))
        direction[a, b] = direction[b, a] = 1e-30
        columns.append(outputs(start + 1j * direction).imag / 1e-30)  # complex step: exact to rounding
    values = np.linalg.svd(np.array(columns), compute_uv=False)
    assert (values > 1e-10 * values[0]).sum() == count_invariants(shape, NONLINEARITIES[name]).function
    assert not ((values < 1e-6 * values[0]) & (values > 1e-12 * values[0])).any()


def _jacobian_rank(shape: Shape, functions: tuple[sp.Expr, ...], overlaps: list[sp.Symbol]) -> int:
    point = general_overlaps(shape)
    values = {overlap: sp.Integer(int(point[pair].p)) for overlap, pair in zip(overlaps, shape.pairs, strict=True)}
    jacobian = sp.Matrix([[f.diff(overlap).xreplace(values) for overlap in overlaps] for f in functions])
    exact = matrix_of(jacobian)
    return rank([[exact[i, j] for j in range(exact.ncols())] for i in range(exact.nrows())])
