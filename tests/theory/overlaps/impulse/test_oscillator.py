"""The oscillator: the loss by two algebras, the target realised, critical points of each effective rank."""

import mpmath as mp
import numpy as np
import pytest
import scipy.optimize
import sympy as sp

from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Flow
from theory.overlaps.impulse.embedding import Visible, rank_zero, realisation
from theory.overlaps.impulse.gramian import ImpulseLoss, oscillator_target, state_matrices
from theory.overlaps.impulse.oscillator import (
    COORDINATES,
    decay,
    determinant,
    frequency,
    laplace,
    leaky_zm,
    loss,
    minimum,
    p,
    q,
    rank_one_points,
    squared_norm,
    target_transform,
    trace,
    transform,
    zm,
)
from theory.overlaps.impulse.plateau import Plateau

C, OMEGA = sp.Rational(3, 10), sp.Integer(2)
TARGET = oscillator_target(0.3, 2.0)
EXACT = {decay: C, frequency: OMEGA}


def number(value: float) -> np.ndarray:
    return np.array([[float(value)]])


def coordinates(sigma: np.ndarray) -> dict[sp.Symbol, float]:
    a, _, c = state_matrices(Shape(rank=2), sigma)
    loop, into, out = a[1:, 1:] + np.eye(2), a[1:, 0], c[0, 1:]
    values = (c[0, 0], out @ into, out @ loop @ into, np.trace(loop), np.linalg.det(loop))
    return dict(zip(COORDINATES, map(float, values), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_rational_loss_against_lyapunov(seed: int) -> None:
    theta = np.random.default_rng(seed).normal(size=(40, 6)) * 0.5
    sigma = theta.T @ theta / 40
    direct = ImpulseLoss(Shape(rank=2), TARGET, Flow()).value(sigma)
    assert float(loss().subs(EXACT | coordinates(sigma))) == pytest.approx(direct, rel=1e-12)


def test_transform_is_that_of_the_latent_equations() -> None:
    """C (s - A)^-1 B with symbols for all nine visible overlaps."""
    zm_, z1, z2, w1, w2, a, b, c, d = sp.symbols("zm_ z1 z2 w1 w2 a b c d")
    move = sp.Matrix([[-1, 0, 0], [w1, a - 1, b], [w2, c, d - 1]])
    whole = (sp.Matrix([[zm_, z1, z2]]) * (laplace * sp.eye(3) - move).LUsolve(sp.Matrix([1, 0, 0])))[0]
    loop, into, out = sp.Matrix([[a, b], [c, d]]), sp.Matrix([w1, w2]), sp.Matrix([[z1, z2]])
    place = {zm: zm_, p: (out * into)[0], q: (out * loop * into)[0], trace: a + d, determinant: a * d - b * c}
    assert sp.cancel(sp.together(whole - transform().subs(place, simultaneous=True))) == 0


def test_target_is_the_laplace_transform_stated() -> None:
    t = sp.Symbol("t", positive=True)
    found = sp.laplace_transform(sp.exp(-decay * t) * sp.cos(frequency * t), t, laplace, noconds=True)
    assert sp.simplify(found - target_transform()) == 0
    square = mp.quad(lambda s: mp.exp(-0.6 * s) * mp.cos(2 * s) ** 2, range(0, 81, 2))
    assert float(squared_norm(target_transform()).subs(EXACT)) == pytest.approx(float(square), rel=1e-13)


def test_the_target_is_reached_and_the_gradient_vanishes_there() -> None:
    place = {key: value.subs(EXACT) for key, value in minimum().items()}
    exact = loss().subs(EXACT)
    assert sp.nsimplify(exact.subs(place)) == 0
    assert [sp.nsimplify(exact.diff(each).subs(place)) for each in COORDINATES] == [0] * 5
    realised = coordinates(realisation(TARGET, Flow()).gram_matrix(norm=4.0))
    assert [realised[each] for each in COORDINATES] == pytest.approx([float(place[each]) for each in COORDINATES])


def test_index_of_every_effective_rank() -> None:
    """Full rank: a minimum, five stiff and four flat directions. Rank one: index one, whatever the idle pole is.

    Rank zero: two ways down, one for each singular value of the coupling of zu and vm.
    """
    two = ImpulseLoss(Shape(rank=2), TARGET, Flow())
    best = Plateau(two, realisation(TARGET, Flow()).gram_matrix(norm=4.0))
    assert (best.index, int(np.sum(best.curvatures == 0))) == (0, 4)
    (point,) = rank_one_points(C, OMEGA)
    share = np.sqrt(abs(float(point.p)))
    lower = Visible(number(point.zm), number(share), number(np.sign(float(point.p)) * share), number(point.vu))
    alone = Plateau(ImpulseLoss(Shape(), TARGET, Flow()), lower.gram_matrix(norm=4.0))
    assert (alone.index, int(np.sum(alone.curvatures == 0))) == (0, 1)
    for idle in (0.6, 0.2, -0.5, -1.5):
        beside = Plateau(two, lower.beside(number(idle)).gram_matrix(norm=4.0))
        assert beside.index == 1
        assert two.value(beside.sigma) == pytest.approx(float(alone.loss.value(alone.sigma)), rel=1e-12)
    rest = number(leaky_zm().subs(EXACT))
    none = Plateau(two, rank_zero(Shape(rank=2), rest, np.array([[0.2, 0.5], [-0.3, -0.1]])).gram_matrix(norm=2.0))
    assert (none.index, int(np.sum(none.curvatures == 0))) == (2, 4)
    assert float(none.loss.value(none.sigma)) > float(alone.loss.value(alone.sigma)) > 0


def test_rank_one_point_is_the_best_rank_one_network() -> None:
    """Nelder and Mead from eight places end there; the profile over vu has no second minimum on a grid."""
    (point,) = rank_one_points(C, OMEGA)
    alone = ImpulseLoss(Shape(), TARGET, Flow())

    def value(x: np.ndarray) -> float:
        if x[2] > 0.95:
            return 10.0
        sigma = np.zeros((4, 4))
        for (a, b), entry in {(3, 0): x[0], (3, 1): x[1], (2, 0): 1.0, (2, 1): x[2]}.items():
            sigma[a, b] = sigma[b, a] = entry
        return float(alone.value(sigma))

    for seed in range(4):
        start = np.random.default_rng(seed).uniform([-1, -2, -2], [2, 2, 0.8])
        found = scipy.optimize.minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14})
        assert found.x == pytest.approx([float(point.zm), float(point.p), float(point.vu)], abs=1e-5)


def test_full_rank_numerator_argument() -> None:
    """An error of rank two has a numerator of degree 4 at most, and five zeros are asked for."""
    error = sp.Poly(sp.numer(sp.together(transform() - target_transform())), laplace)
    assert error.degree() == 4 < 2 * 2 + 1
