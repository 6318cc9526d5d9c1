"""Certified basins are basins: identities in symbols, trajectories by brute force; what is forged is refused."""

from dataclasses import replace
from functools import cache

import flint
import numpy as np
import pytest
import sympy as sp

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE
from theory.contraction.exact_matrix import ExactMatrix, rational
from theory.contraction.form import FORMS, MAPS
from theory.contraction.regions import growth
from theory.contraction.regions.activation import RELU, SIGMOID, TANH
from theory.contraction.regions.autonomous import autonomous
from theory.contraction.regions.basin import ellipsoid_blocks
from theory.contraction.regions.certify_basin import BasinOutcome, certify_basin
from theory.contraction.regions.fixed_points import NoFixedPoint, fixed_points, refined, starts
from theory.contraction.regions.growth import LocalCondition, first_shape
from theory.contraction.regions.outside import comes_in, nearest_outside

SWITCH = np.array([[1.6, -0.2], [0.1, 1.5]])
CASES = {
    "map": lambda: autonomous(SWITCH, DISCRETE, TANH, np.array([0.1, -0.05])),
    "leaky map": lambda: autonomous(SWITCH, DISCRETE_VOLTAGE, TANH, np.array([0.1, 0.0]), leak=np.array([0.4, 0.9])),
    "flow": lambda: autonomous(SWITCH, RATE, TANH, np.array([0.1, -0.05]), time_constants=np.array([1.0, 3.0])),
    "voltage": lambda: autonomous(SWITCH, VOLTAGE, TANH, 0.1),
    "sigmoid": lambda: autonomous(6 * SWITCH, DISCRETE, SIGMOID, -3 * SWITCH.sum(axis=1)),
    "rectifier": lambda: autonomous(np.array([[0.4, -1.5], [-1.5, 0.3]]), RATE, RELU, np.array([1.0, 1.1])),
}


@cache
def certified(case):
    """The network, its fixed points, and the basin of the first one: made once."""
    system = CASES[case]()
    points = fixed_points(system, starts(system, 20))
    return system, points, certify_basin(system, points[0].state)


def states_in(found, count, factor=1.0, seed=0):
    """States drawn on the ellipsoid's surface times a factor."""
    rays = np.random.default_rng(seed).normal(size=(count, len(found.shape)))
    rays *= factor / np.linalg.norm(rays, axis=1)[:, None]
    return found.fixed_point.state + rays @ np.linalg.cholesky(found.shape).T


def followed(system, states, steps):
    """By hand, one neuron at a time: a map's steps, or Euler's of a flow that is resolved."""
    weights, inputs, leaks = system.network.weights, system.inputs, system.leaks
    rate_like, stride = system.network.form.slopes_multiply_rows, 1.0 if system.discrete else 0.25
    ends = []
    for start in states:
        state = [float(x) for x in start]
        for _ in range(steps):
            moved = []
            for i in range(len(state)):
                if rate_like:
                    total = sum(float(w) * x for w, x in zip(weights[i], state, strict=True)) + float(inputs[i])
                    driven = float(system.activation.values(np.array([total]))[0])
                else:
                    phi = system.activation.values(np.array(state)).tolist()
                    driven = sum(float(w) * y for w, y in zip(weights[i], phi, strict=True)) + float(inputs[i])
                moved.append(state[i] + stride * float(leaks[i]) * (driven - state[i]))
            state = moved
        ends.append(state)
    return np.array(ends)


# What the proof rests on


@pytest.mark.parametrize("discrete", [False, True])
def test_the_form_of_the_matrix_is_what_the_docstring_says(discrete):
    size = 2

    def real(name):
        return sp.Matrix(size, size, lambda i, j: sp.Symbol(f"{name}{i}{j}", real=True))

    a, b, c, x = real("a"), real("b"), real("c"), sp.Matrix([[1, 0], [0, 1]]) * sp.Symbol("x") + real("x")
    x = (x + x.T) / 2
    s, d = (sp.diag(*(sp.Symbol(f"{name}{i}") for i in range(size))) for name in "sd")
    rate, z = sp.Symbol("c"), sp.Matrix(size, 1, lambda i, j: sp.Symbol(f"z{i}"))
    top, corner, bottom = ellipsoid_blocks(a, b, c, shape=x, multiplier=s, rate=rate, discrete=discrete)
    v, jacobian = d * b.T * z, a + b * d * c
    form = (z.T * top * z + 2 * z.T * corner * v + v.T * bottom * v)[0]
    flow = -(jacobian * x + x * jacobian.T + 2 * rate * x)
    falls = (1 - rate) ** 2 * x - jacobian * x * jacobian.T if discrete else flow
    reserve = (z.T * b * s * b.T * z - v.T * s * v)[0]
    assert sp.expand(form - ((z.T * falls * z)[0] - reserve)) == 0


@pytest.mark.parametrize("case", ["leaky map", "flow"])
def test_the_gradient_of_the_barrier_is_that_of_its_value(case):
    system = CASES[case]()
    point = fixed_points(system, starts(system, 20))[0]
    condition = LocalCondition(system, point.state, 1e-3)
    start = first_shape(condition)
    rng, logs = np.random.default_rng(0), np.log(start.multiplier)
    turn, shift = rng.normal(size=(2, 2)), rng.normal(size=2)
    small = 1e-6
    change = small * np.linalg.eigvalsh(start.matrix)[0] * (turn + turn.T)
    here = condition.value(start.matrix, logs)
    above = condition.value(start.matrix + change, logs + small * shift)
    below = condition.value(start.matrix - change, logs - small * shift)
    predicted = (here.by_shape * change).sum() + small * here.by_logs @ shift
    assert (above.log_det - below.log_det) / 2 == pytest.approx(predicted, rel=1e-5)


# Basins


@pytest.mark.parametrize("case", CASES)
def test_trajectories_from_the_surface_tend_to_the_point_and_never_turn_away(case):
    system, points, found = certified(case)
    stable = [point for point in points if point.stable]
    assert len(stable) >= 2
    for point in stable[:1]:
        assert found.outcome is BasinOutcome.CERTIFIED
        assert found.basin.proved(system.exact)
        states = states_in(found, 40)
        ends = followed(system, states[:3], 200)
        np.testing.assert_allclose(ends, np.broadcast_to(point.state, ends.shape), atol=0.02)
        moved = system.moved(states) if system.discrete else states + 1e-4 * system.moved(states)
        assert (found.lengths(moved) < found.lengths(states)).all()
        assert all(found.lengths(other.state[None])[0] > 1 for other in stable if other is not point)


def test_one_neuron_has_nearly_all_of_its_basin():
    system = autonomous(np.array([[2.0]]), DISCRETE, TANH)
    found = certify_basin(system, np.array([0.9]))
    point = found.fixed_point.state[0]
    assert np.tanh(2 * point) == pytest.approx(point, abs=1e-15)
    assert 0.97 * point < found.semi_axes[0] < point  # the basin is (0, infinity)
    outside = nearest_outside(found, [])
    assert outside.state[0] <= 0
    assert outside.length < 1.1


def test_two_neurons_beside_a_grid():
    _, points, _ = certified("map")
    across = np.linspace(-2, 2, 31)
    states = np.stack(np.meshgrid(across, across), axis=-1).reshape(-1, 2)
    ends = states
    for _ in range(400):
        ends = np.tanh(ends @ SWITCH.T + [0.1, -0.05])
    point, found = points[0], certified("map")[2]
    inside = found.lengths(states) <= 1
    true = np.abs(ends - point.state).max(axis=1) < 1e-6
    assert inside.any()
    assert true[inside].all()
    np.testing.assert_array_equal(comes_in(found, states), true)
    outside = nearest_outside(found, points)
    assert found.lengths(outside.state[None])[0] == pytest.approx(outside.length, rel=1e-9)
    assert outside.length < 1.3


def test_any_two_states_of_the_core_approach_one_another():
    system, _, found = certified("map")
    states = states_in(found, 60, found.core)
    one, other, root = states[:30], states[30:], np.linalg.cholesky(found.shape)
    before, after = (
        np.linalg.norm(np.linalg.solve(root, each.T), axis=0)
        for each in (one - other, system.moved(one) - system.moved(other))
    )
    assert (after < (1 - float(found.basin.rate)) * before).all()


def test_a_rate_that_is_asked_for_holds_and_shrinks_the_basin():
    system, points, slow = certified("map")
    point = points[0]
    fast = certify_basin(system, point.state, rate=0.4)
    states = states_in(fast, 40)
    assert (fast.lengths(system.moved(states)) <= 0.6).all()
    assert fast.semi_axes.prod() < slow.semi_axes.prod()
    assert certify_basin(system, point.state, rate=0.999).outcome is BasinOutcome.SLOW


def test_flip_flops_of_64_neurons(monkeypatch):
    """Two bits in random directions, a random rest: four attractors. Fewer rounds of growth than usual are enough."""
    monkeypatch.setattr(growth, "_WEIGHTS", (0.0, 16.0))
    size, rng = 64, np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(size, 2)))[0]
    weights = 1.8 * directions @ directions.T + 0.3 * rng.normal(size=(size, size)) / np.sqrt(size)
    system = autonomous(weights, DISCRETE, TANH, 0.05 * rng.normal(size=size))
    points = fixed_points(system, starts(system, 12))
    stable = [point for point in points if point.stable]
    assert len(stable) >= 4
    found = certify_basin(system, stable[0].state)
    assert found.outcome is BasinOutcome.CERTIFIED
    ends = states_in(found, 50)
    for _ in range(300):
        ends = system.moved(ends)
    np.testing.assert_allclose(ends, np.broadcast_to(stable[0].state, ends.shape), atol=1e-6)
    assert found.semi_axes[0] > 0.05 * min(np.linalg.norm(p.state - stable[0].state) for p in points if not p.stable)


# What is not


def test_an_unstable_point_and_no_point():
    system, points, _ = certified("map")
    saddle = next(point for point in points if not point.stable)
    assert certify_basin(system, saddle.state).outcome is BasinOutcome.UNSTABLE
    drifting = autonomous(np.array([[1.0]]), RATE, RELU, inputs=1.0)  # x' = 1 for x > 0
    with pytest.raises(NoFixedPoint, match="no fixed point"):
        refined(drifting, np.array([5.0]))


def test_forged_basins_are_refused():
    system, _, found = certified("map")
    basin = found.basin
    exact, half, zero = system.exact, flint.fmpq(1, 2), flint.fmpq(0)
    wider = basin.scaled(1.2)
    forged = {
        "larger, secants of before": wider,
        "larger, secants of its own": wider.with_bounds(exact),
        "another centre": replace(basin, point=(basin.point[0] + half / 8, *basin.point[1:])),
        "a larger core": replace(basin, core=flint.fmpq(1)).with_bounds(exact),
        "faster": replace(basin, rate=half + half / 2),
        "no rate": replace(basin, rate=zero),
        "residual too small": replace(basin, residual=rational(2.0**-80)),
        "residual too large": replace(basin, residual=basin.rate * basin.core),
        "no core": replace(basin, core=zero),
        "negative multiplier": replace(basin, multiplier=(-basin.multiplier[0], *basin.multiplier[1:])),
        "narrower secants": replace(basin, secants=tuple(replace(s, upper=s.middle) for s in basin.secants)),
        "narrower slopes": replace(basin, slopes=tuple(replace(s, lower=s.middle) for s in basin.slopes)),
        "not symmetric": replace(basin, shape=basin.shape + ExactMatrix.of([[0, 1], [0, 0]])),
        "too short": replace(basin, point=basin.point[:1]),
    }
    assert basin.proved(exact)
    assert [name for name, each in forged.items() if each.proved(exact)] == []
    assert not basin.proved(CASES["flow"]().exact)
    assert not basin.proved(autonomous(SWITCH, DISCRETE, TANH, np.array([0.1, -0.07])).exact)


def test_forms_agree_where_they_are_the_same_network():
    """v = W h takes the discrete form into the discrete voltage form."""
    one = autonomous(SWITCH, DISCRETE, TANH)
    other = autonomous(SWITCH, DISCRETE_VOLTAGE, TANH)
    points = [point.state for point in fixed_points(one, starts(one, 30)) if point.stable]
    for state in points:
        np.testing.assert_allclose(refined(other, SWITCH @ state).state, SWITCH @ state, atol=1e-12)
    assert {form.name for form in (*FORMS, *MAPS)} == {"voltage", "rate", "discrete", "discrete-voltage"}
