"""Matrices conserved through the pattern of visible overlaps: solved for, checked in brute force, and Lax pairs."""

from itertools import combinations

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from theory.overlaps.conserved.invariants import conserved_matrices, lax_residual, schur_complement, spectral_invariant
from theory.overlaps.conserved.linear_conditions import solve_identically
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import BLOCKS, Shape
from theory.overlaps.equations.visible import visible_overlaps
from theory.overlaps.gaussian import ERF, LINEAR, RELU, TANH, Nonlinearity

SHAPES = (Shape(), Shape(rank=2), Shape(2, 1, 1), Shape(1, 1, 3), Shape(2, 2, 2))


def signature(shape: Shape) -> sp.Matrix:
    return sp.diag(*(1 if label[0] in "mu" else -1 for label in shape.labels))


def learning(shape: Shape, phi: Nonlinearity = LINEAR) -> GramEquations:
    return GramEquations(shape, visible_overlaps(shape, phi))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.sampled(2)
def test_one_matrix_for_a_linear_network_and_none_for_erf(shape: Shape) -> None:
    one = sp.eye(shape.size)
    for phi in (LINEAR, RELU):
        assert conserved_matrices(learning(shape, phi).gradient_matrix, one) == (sp.ImmutableMatrix(signature(shape)),)
    for phi in (ERF, TANH):
        assert conserved_matrices(learning(shape, phi).gradient_matrix, one) == ()


def test_no_matrix_that_is_not_symmetric_either() -> None:
    """theta B theta^T of any B: the solver is asked for all 16 entries, and finds A alone."""
    gradient = learning(Shape()).gradient_matrix
    entries = sp.symbols("b:16")
    matrix = sp.Matrix(4, 4, entries)
    found = solve_identically(
        list(gradient @ matrix + matrix @ gradient), entries, sorted(gradient.free_symbols, key=str)
    )
    assert [matrix.subs(each) for each in found] == [signature(Shape())]


@pytest.mark.parametrize("shape", SHAPES[:4], ids=str)
def test_with_block_rates_the_matrix_is_divided_by_them(shape: Shape) -> None:
    rates = GramEquations(shape, (), sp.symbols("rate_m rate_u rate_v rate_z", positive=True)).rate_matrix
    (matrix,) = conserved_matrices(learning(shape).gradient_matrix, rates)
    ratio = (matrix @ rates @ signature(shape)).applyfunc(sp.cancel)
    assert ratio == ratio[0, 0] * sp.eye(shape.size)


@pytest.mark.parametrize("shape", [Shape(), Shape(rank=2), Shape(2, 1, 2)], ids=str)
def test_lax_pair(shape: Shape) -> None:
    """(B Sigma)' = [2 eta H Lambda, B Sigma] with block rates in symbols; not so for a B that is not conserved."""
    rates = GramEquations(shape, (), sp.symbols("rate_m rate_u rate_v rate_z", positive=True)).rate_matrix
    gradient = learning(shape).gradient_matrix
    (matrix,) = conserved_matrices(gradient, rates)
    assert lax_residual(matrix, gradient, rates, shape.sigma).applyfunc(sp.cancel).is_zero_matrix
    assert not lax_residual(sp.eye(shape.size), gradient, rates, shape.sigma).is_zero_matrix


@pytest.mark.parametrize("shape", [Shape(), Shape(2, 1, 1)], ids=str)
def test_traces_stand_still_under_the_scalar_flow(shape: Shape) -> None:
    """The chain rule through the scalar equations of the overlaps, another route than matrices: symbolic zeros."""
    flow = learning(shape).flow
    for order in (1, 2):
        trace = spectral_invariant(signature(shape), shape.sigma, order)
        assert sp.expand(sum(trace.diff(overlap) * speed for overlap, speed in flow.items())) == 0
    naive = sum(spectral_invariant(sp.eye(shape.size), shape.sigma, 1).diff(o) * speed for o, speed in flow.items())
    assert sp.expand(naive) != 0


def test_traces_are_those_of_the_eigenvalues() -> None:
    shape = Shape(2, 1, 1)
    theta = np.random.default_rng(0).normal(size=(9, 5))
    sigma = theta.T @ theta
    values = dict(zip(shape.sigma, sigma.ravel(), strict=True))
    eigenvalues = np.linalg.eigvals(np.diag([1, 1, 1, -1, -1]) @ sigma)
    for k in (1, 2, 3):
        trace = spectral_invariant(signature(shape), shape.sigma, k)
        assert float(trace.xreplace(values)) == pytest.approx((eigenvalues**k).sum().real, rel=1e-10)
    assert np.abs(eigenvalues.imag).max() < 1e-9
    assert sorted(np.sign(eigenvalues.real)) == [-1, -1, 1, 1, 1]


@pytest.mark.parametrize("frozen", [pattern for count in (1, 2, 3) for pattern in combinations(BLOCKS, count)], ids=str)
def test_freezing_keeps_the_spectrum_orthogonal_to_the_frozen_blocks(frozen: tuple[str, ...]) -> None:
    """Integrated flow of 7 neurons with a loss of its own: what `conserved_matrices` finds for the trained columns
    stays to the solver's tolerance, while the full K does not, for any set of frozen blocks."""
    shape = Shape()
    fixed = [column for column, label in enumerate(shape.labels) if label in frozen]
    free = [column for column in range(4) if column not in fixed]
    free_rates = np.array([0.0 if column in fixed else 1.0 for column in range(4)])
    theta = np.random.default_rng(3).normal(size=(7, 4))

    def gradient(sigma: np.ndarray) -> np.ndarray:
        """H of the loss (zm - 1)^2 + (vu - 2)^2 + (zu vm - 1)^2."""
        zm, zu, vm, vu = sigma[3, 0], sigma[3, 1], sigma[2, 0], sigma[2, 1]
        slopes = np.array([[(zu * vm - 1) * zu, vu - 2], [zm - 1, (zu * vm - 1) * vm]])
        return np.block([[np.zeros((2, 2)), slopes.T], [slopes, np.zeros((2, 2))]])

    def speed(_: float, flat: np.ndarray) -> np.ndarray:
        now = flat.reshape(7, 4)
        return (-now @ gradient(now.T @ now / 7) * free_rates).ravel()

    end = solve_ivp(speed, (0, 0.3), theta.ravel(), rtol=1e-11, atol=1e-12, method="DOP853").y[:, -1].reshape(7, 4)
    pattern = learning(shape).gradient_matrix.extract(free, free)
    matrices = [np.array(each, dtype=float) for each in conserved_matrices(pattern, sp.eye(len(free)))]
    one_side = set(frozen) >= {"m", "u"} or set(frozen) >= {"v", "z"}
    assert len(matrices) == (len(free) * (len(free) + 1) // 2 if one_side else 1)

    def projected(now: np.ndarray) -> np.ndarray:
        rest, basis = now[:, free], np.linalg.qr(now[:, fixed])[0]
        return rest - basis @ basis.T @ rest

    before, after = projected(theta), projected(end)
    assert np.abs(end - theta).max() > 0.05
    complement = np.array(schur_complement(sp.Matrix(end.T @ end), fixed), dtype=float)
    np.testing.assert_allclose(after.T @ after, complement, atol=1e-9)
    for matrix in matrices:
        np.testing.assert_allclose(after @ matrix @ after.T, before @ matrix @ before.T, atol=1e-9)
    full = np.diag([1.0, 1.0, -1.0, -1.0])
    assert np.abs(end @ full @ end.T - theta @ full @ theta.T).max() > 1e-3
