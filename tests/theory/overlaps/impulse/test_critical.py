"""Critical points of the filter's loss: none is missing, their index, the limits c = 1 and c > 1, silent networks."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps.impulse.clock import Euler, Flow
from theory.overlaps.impulse.critical import (
    Inertia,
    best_loss,
    filter_minimum,
    filter_saddle,
    inertia,
    minimum_vu,
    saddle_slope,
    saddle_zm,
    silent_rates,
)
from theory.overlaps.impulse.filter import COORDINATES, VISIBLE, decay, loss, p, vm, vu, zm, zu


def test_the_gradient_vanishes_at_both_families() -> None:
    whole = loss().subs(p, zu * vm)
    for point in (filter_minimum(), filter_saddle()):
        place = dict(zip(VISIBLE, point.values, strict=True))
        for symbol in VISIBLE:
            assert sp.simplify(whole.diff(symbol).subs(place, simultaneous=True)) == 0
    assert filter_minimum().loss == 0


def test_no_other_critical_point_in_the_function() -> None:
    """dL/dzm = dL/dp = 0 leaves a function of vu whose derivative changes sign once, at vu = 1 - c."""
    numerator, denominator = sp.fraction(sp.factor(best_loss().diff(vu)))
    assert sp.solve(numerator, vu) == [1 - decay]
    assert sp.solve(denominator, vu) == [1 + decay]  # outside vu < 1
    assert sp.factor(best_loss()).subs(vu, 1 - decay) == 0


def test_minimum_is_one_for_every_c() -> None:
    """All leading minors of the Hessian in (zm, p, vu) are positive unless c = 1, in symbols."""
    hessian = sp.hessian(loss(), COORDINATES).subs({zm: 1, p: 1 - decay, vu: 1 - decay}, simultaneous=True)
    minors = [sp.factor(hessian[:k, :k].det()) for k in (1, 2, 3)]
    assert minors[:2] == [1, 1 / (decay * (1 + decay) ** 2)]
    assert sp.simplify(minors[2] - (1 - decay) ** 2 / (4 * decay**4 * (1 + decay) ** 4)) == 0


@pytest.mark.parametrize("c", ["1/5", "9/10", "3"])
def test_index(c: str) -> None:
    place = {decay: sp.Rational(c), zu: sp.Rational(2, 3), vu: sp.Rational(-1, 3)}
    assert inertia(filter_minimum().hessian.subs(place)) == Inertia(0, 1, 3)
    assert inertia(filter_saddle().hessian.subs(place)) == Inertia(1, 1, 2)


def test_saddle_and_minimum_merge_at_c_one() -> None:
    """Slope and loss of the plateau vanish there, as (1 - c) and (1 - c)^2, and the slope changes sign."""
    slope = sp.factor(saddle_slope())
    assert slope.subs(decay, 1) == 0
    assert slope.diff(decay).subs({decay: 1, vu: 0}) == sp.Rational(1, 4)
    assert filter_saddle().loss.series(decay, 1, 3).removeO() == (decay - 1) ** 2 / 8
    assert inertia(filter_saddle().hessian.subs({decay: 1, vu: 0})) == Inertia(0, 3, 1)


def test_inertia_against_eigenvalues() -> None:
    draw = np.random.default_rng(0)
    for size in (3, 5):
        rough = sp.Matrix(draw.integers(-4, 5, (size, size)).tolist())
        for matrix in (rough + rough.T, rough[:, :2] * rough[:, :2].T, -rough[:, :1] * rough[:, :1].T):
            values = np.linalg.eigvalsh(np.array(matrix, dtype=float))
            signs = np.where(np.abs(values) < 1e-9, 0, np.sign(values))
            assert inertia(matrix) == Inertia(*(int(np.sum(signs == sign)) for sign in (-1, 0, 1)))


@pytest.mark.parametrize("clock", [Flow(sp.Integer(20)), Euler(sp.Rational(1, 20), sp.Integer(400))])
def test_points_of_other_clocks(clock: Flow | Euler) -> None:
    """Finite horizon and steps: no gradient at the minimum and at the saddle, no loss at the minimum."""
    slopes = [lower_numpy((*COORDINATES, decay), loss(clock).diff(each)) for each in COORDINATES]
    best = float(minimum_vu(clock).subs(decay, 0.2))
    assert [float(slope(1.0, best, best, 0.2)) for slope in slopes] == pytest.approx([0, 0, 0], abs=1e-12)
    assert abs(float(lower_numpy((*COORDINATES, decay), loss(clock))(1.0, best, best, 0.2))) < 1e-12
    rest = float(saddle_zm(clock).subs(decay, 0.2))
    assert float(slopes[0](rest, 0.0, 0.4, 0.2)) == pytest.approx(0, abs=1e-13)
    assert float(slopes[2](rest, 0.0, 0.4, 0.2)) == 0
    found = float(lower_numpy((vu, decay), saddle_slope(clock))(0.4, 0.2))
    assert found == pytest.approx(float(slopes[1](rest, 0.0, 0.4, 0.2)), rel=1e-12)


def pull(neurons: int, c: float) -> Callable[[np.ndarray], np.ndarray]:
    """2 theta H for explicit neurons, from the lowered gradient; theta is flat, its columns m, u, v, z."""
    slopes = [sp.lambdify(COORDINATES, loss().diff(each).subs(decay, c)) for each in COORDINATES]

    def forces(flat: np.ndarray) -> np.ndarray:
        m, u, v, z = flat.reshape(4, neurons)
        zm_, zu_, vm_, vu_ = z @ m / neurons, z @ u / neurons, v @ m / neurons, v @ u / neurons
        g_zm, g_p, g_vu = (float(slope(zm_, zu_ * vm_, vu_)) for slope in slopes)
        on_m, on_u = g_zm * z + g_p * zu_ * v, g_p * vm_ * z + g_vu * v
        on_v, on_z = g_p * zu_ * m + g_vu * u, g_zm * m + g_p * vm_ * u
        return np.concatenate([on_m, on_u, on_v, on_z])

    return forces


@pytest.mark.sampled(0)  # ten seconds of search
def test_random_search_finds_no_other_resting_network() -> None:
    """Three neurons driven to theta H = 0 from 300 random places: all networks that are stable belong to a family."""
    c, neurons = 0.2, 3
    forces = pull(neurons, c)
    counts = {"minimum": 0, "saddle": 0, "silent": 0}
    for start in range(300):
        guess = np.random.default_rng(start).normal(size=4 * neurons) * 1.2
        found = scipy.optimize.least_squares(forces, guess, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=100)
        m, u, v, z = found.x.reshape(4, neurons)
        overlaps = np.array([z @ m, z @ u, v @ m, v @ u]) / neurons
        if np.abs(found.fun).max() > 1e-9 or overlaps[3] >= 1 or np.abs(found.x).max() > 50:
            continue
        families = {
            "minimum": np.abs(overlaps[[0, 3]] - [1, 1 - c]).max() + abs(overlaps[1] * overlaps[2] - (1 - c)),
            "saddle": np.abs(overlaps[:3] - [2 / (1 + c), 0, 0]).max(),
            "silent": np.abs(np.concatenate([m, z])).max(),
        }
        nearest = min(families, key=lambda name: families[name])
        assert families[nearest] < 1e-4, (start, overlaps)  # degenerate directions: square root of the force
        counts[nearest] += 1
    assert min(counts.values()) >= 5, counts
    assert sum(counts.values()) >= 40, counts


def test_silent_networks_leave_at_singular_values() -> None:
    """The Jacobian of the force at m = z = 0 (central differences, 1e-9), N = 4: rates come in pairs of both signs."""
    c, neurons = 0.2, 4
    draw = np.random.default_rng(3)
    u, v = draw.normal(size=(2, neurons)) * 0.8
    place = np.concatenate([np.zeros(neurons), u, v, np.zeros(neurons)])
    forces = pull(neurons, c)
    assert np.abs(forces(place)).max() == 0
    step = 1e-6
    columns = [(forces(place + step * e) - forces(place - step * e)) / (2 * step) for e in np.eye(4 * neurons)]
    rates = np.sort(np.linalg.eigvals(-np.array(columns).T).real)[::-1]
    recurrent = float(v @ u / neurons)
    slope_zm, slope_p = -2 / (1 + c), -2 / ((1 + c) * (1 + c - recurrent))
    expressions = silent_rates(sp.Float(slope_zm), sp.Float(slope_p))
    values = {"uu": u @ u / neurons, "vv": v @ v / neurons, "vu": recurrent}
    lowered = [float(each.subs({s: values[s.name] for s in each.free_symbols})) for each in expressions]
    expected = sorted([*lowered, abs(slope_zm), abs(slope_zm)], reverse=True)
    assert rates[:neurons] == pytest.approx(expected, rel=1e-7)
    assert rates[-neurons:] == pytest.approx([-each for each in reversed(expected)], rel=1e-7)
