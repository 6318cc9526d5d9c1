"""Plateaus: the index against the network's own Hessian; the length against the map, its law and what it omits."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Clock, Euler, Flow
from theory.overlaps.impulse.critical import saddle_zm
from theory.overlaps.impulse.embedding import Visible, rank_zero
from theory.overlaps.impulse.filter import decay
from theory.overlaps.impulse.gramian import ImpulseLoss, exponential_target, oscillator_target
from theory.overlaps.impulse.plateau import NoPlateau, Plateau

RATE = 0.01
TWO = Shape(rank=2)


def filter_plateau(clock: Clock, norm: float = 2.0) -> Plateau:
    rest = float(saddle_zm(clock).subs(decay, 0.2))
    visible = Visible(*(np.array([[x]]) for x in (rest, 0.0, 0.0, 0.1)))
    return Plateau(ImpulseLoss(Shape(), exponential_target(0.2), clock), visible.gram_matrix(norm))


def oscillator_plateau() -> Plateau:
    rest = np.array([[2 * 1.3 / (1.3**2 + 4)]])
    visible = rank_zero(TWO, rest, np.array([[0.2, 0.5], [-0.3, -0.1]]))
    return Plateau(ImpulseLoss(TWO, oscillator_target(0.3, 2.0), Flow()), visible.gram_matrix(norm=2.0))


def displaced(plateau: Plateau, size: float, seed: int = 0) -> np.ndarray:
    """A start with zu and vm of the given size and random directions (for rank one, size and size / 2)."""
    shape, sigma = plateau.loss.shape, plateau.sigma.copy()
    draw = np.random.default_rng(seed).normal(size=(2, shape.rank))
    draw = np.array([[1.0], [0.5]]) if shape.rank == 1 else draw
    for block, other, values in (("z", "u", draw[0]), ("v", "m", draw[1])):
        for a in shape.columns(block):
            for b in shape.columns(other):
                sigma[a, b] = sigma[b, a] = size * values[max(a - shape.columns(block)[0], b - shape.columns(other)[0])]
    return sigma


def map_epochs(plateau: Plateau, sigma: np.ndarray, fraction: float, rate: float = RATE) -> float:
    """Run the map itself until the loss has fallen by the fraction; within the last epoch on a straight line."""
    goal = (1 - fraction) * float(plateau.loss.value(plateau.sigma))
    before, epoch = float(plateau.loss.value(sigma)), 0
    while True:
        step = np.eye(len(sigma)) - 2 * rate * plateau.loss.gradient(sigma)
        sigma, epoch = step @ sigma @ step, epoch + 1
        now = float(plateau.loss.value(sigma))
        if now < goal:
            return epoch - 1 + (before - goal) / (before - now)
        before = now


@pytest.mark.parametrize("make", [lambda: filter_plateau(Flow()), oscillator_plateau])
def test_curvatures_are_those_of_the_network(make: Callable[[], Plateau]) -> None:
    """N d^2L/dtheta^2 of a network of d neurons with these overlaps: the same eigenvalues, and zeros beside them."""
    plateau = make()
    d = len(plateau.sigma)
    theta = np.linalg.cholesky(plateau.sigma).T * np.sqrt(d)
    columns = []
    for k in range(d * d):
        move = np.zeros(d * d)
        move[k] = 1.0
        move = move.reshape(d, d)
        change = (theta.T @ move + move.T @ theta) / d
        columns.append((2 * theta @ plateau.loss.hessian_times(plateau.sigma, change)).ravel())
    values = np.linalg.eigvalsh((np.array(columns) + np.array(columns).T) / 2)
    stiff = plateau.curvatures[plateau.curvatures != 0]
    large = values[np.abs(values) > 1e-9]
    assert large == pytest.approx(stiff, rel=1e-9)
    assert plateau.index == np.sum(large < 0)


@pytest.mark.parametrize("clock", [Flow(), Euler(sp.Rational(1, 20), sp.Integer(400))])
def test_length_grows_with_the_logarithm_of_the_start(clock: Clock) -> None:
    """A tenth of zu and vm costs ln(10) / ln(1 + eta rate) epochs; half of it for a tenth of zu alone.

    Tolerance: the straight line within an epoch is off by (eta rate)^2, a start of 1e-3 by its square: 0.01 epochs.
    """
    plateau = filter_plateau(clock)
    lengths = [map_epochs(plateau, displaced(plateau, size), 0.05) for size in (1e-3, 1e-4)]
    assert lengths[1] - lengths[0] == pytest.approx(np.log(10) / np.log1p(RATE * plateau.rate), abs=0.01)
    predicted = [plateau.epochs(displaced(plateau, size), RATE, 0.05) for size in (1e-3, 1e-4)]
    assert predicted[1] - predicted[0] == pytest.approx(np.log(10) / np.log1p(RATE * plateau.rate), abs=1e-4)


def test_what_the_linear_law_omits_is_of_the_order_of_the_fraction() -> None:
    """Predicted minus measured, times rate: slope 1 in the fraction (0.1: its next order), and below the fraction."""
    plateau = filter_plateau(Flow())
    start = displaced(plateau, 1e-4)
    fractions = np.array([0.04, 0.02, 0.01])
    late = [plateau.epochs(start, RATE, f) - map_epochs(plateau, start, f) for f in fractions]
    assert np.all(np.abs(late) * RATE * plateau.rate < 2 * fractions)
    assert np.log2(late[0] / late[1]) == pytest.approx(1.0, abs=0.1)
    assert np.log2(late[1] / late[2]) == pytest.approx(1.0, abs=0.1)


def test_what_is_omitted_without_the_symmetry() -> None:
    """With mu and zv, slope 1/2 in the fraction, approached with the root of the fraction itself: 0.1."""
    plateau = filter_plateau(Flow())
    sigma = plateau.sigma.copy()
    for (a, b), value in {(1, 0): 0.5, (3, 2): -0.4}.items():
        sigma[a, b] = sigma[b, a] = value
    plateau = Plateau(plateau.loss, sigma)
    start = displaced(plateau, 1e-4)
    late = [plateau.epochs(start, RATE, f) - map_epochs(plateau, start, f) for f in (4e-4, 1e-4)]
    assert np.log(late[0] / late[1]) / np.log(4) == pytest.approx(0.5, abs=0.1)


def test_two_growing_directions_of_the_oscillator() -> None:
    plateau = oscillator_plateau()
    assert plateau.index == 2
    start = displaced(plateau, 1e-4)
    predicted, measured = plateau.epochs(start, RATE, 0.01), map_epochs(plateau, start, 0.01)
    assert abs(predicted - measured) * RATE * plateau.rate < 0.02
    longer = plateau.epochs(displaced(plateau, 1e-5), RATE, 0.01) - predicted
    assert longer == pytest.approx(np.log(10) / np.log1p(RATE * plateau.rate), rel=0.05)


def test_refusals() -> None:
    plateau = filter_plateau(Flow())
    moved = plateau.sigma.copy()
    moved[3, 0] = moved[0, 3] = 1.5
    with pytest.raises(NoPlateau, match="gradient is"):
        Plateau(plateau.loss, moved)
    with pytest.raises(NoPlateau, match="no part of the start grows"):
        plateau.epochs(plateau.sigma, RATE, 0.01)
