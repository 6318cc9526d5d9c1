"""Theorem 6: the printed statement fails, the corrected one is proved, and holds along trajectories."""

from dataclasses import replace

import flint
import numpy as np
import pytest
import scipy.integrate
import sympy as sp

from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.theorems import slow_slopes
from theory.contraction.theorems.slow_slopes import BadSlopes, SlowSlopes, along, premise

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def test_printed_statement_fails():
    """The premise holds, slopes are constant, and yet D J + J^T D has the eigenvalue 8, not at most -1/2."""
    found = slow_slopes.printed_counterexample()
    assert (-found.premise()).is_positive_definite
    assert found.growth().eigenvals() == {8: 1, -12: 1}
    exact = network(np.array([[0.0, 10.0], [0.0, 0.0]]), VOLTAGE).exact
    scales = tuple(flint.fmpq(int(s.p), int(s.q)) for s in found.scales.diagonal())
    assert SlowSlopes(scales, flint.fmpq(1, 2)).holds(exact)
    assert not SlowSlopes(tuple(reversed(scales)), flint.fmpq(1, 2)).holds(exact)
    # P^-1 D in its place: what the corrected theorem says, at constant slopes
    corrected = found.scales.inv() * (found.weights - sp.eye(2))
    assert (-(corrected + corrected.T + found.c * found.scales.inv())).is_positive_definite


@pytest.mark.parametrize("size", [2, 3])
def test_the_identity_behind_the_theorem(size):
    assert slow_slopes.voltage_excess(size) == 0
    assert slow_slopes.rate_excess(size) == 0


@pytest.mark.parametrize(
    ("weights", "most"),
    [
        ([[0.5, 0.0], [0.0, 0.25]], 1.0),  # symmetric: 2 (1 - lambda_max)
        ([[0.0, -9.0], [9.0, 0.0]], 2.0),  # skew: 2
        ([[-1.0, 0.5], [0.5, -1.0]], 3.0),
    ],
)
def test_largest_c(weights, most):
    """From both sides: 1e-5 below what symmetry gives is proved, 1e-5 above is not."""
    for form in FORMS:
        net = network(np.array(weights), form)
        found = premise(net)
        assert found is not None
        assert most - 2e-5 * most < found.value <= most
        assert premise(net, most * (1 + 1e-5)) is None
        assert not replace(found, c=flint.fmpq(int(1000 * most) + 1, 1000)).holds(net.exact)
        assert not replace(found, scales=found.scales[:1]).holds(net.exact)
        assert not replace(found, c=flint.fmpq(0)).holds(net.exact)
    assert premise(network(2 * np.eye(2), VOLTAGE)) is None


@BOTH
def test_displacements_along_a_trajectory(form):
    """V' <= -beta V at 200 times of a driven tanh network, with the displacement integrated beside it.

    No quadratic metric is constant here (W turns by 3), slopes differ between neurons, and so do time constants.
    """
    weights = np.array([[0.0, -3.0], [3.0, 0.0]])
    gains, taus = np.array([0.9, 1.0]), np.array([1.0, 1.25])
    net = network(weights, form, slopes=gains, time_constants=taus)
    proved = premise(net)
    assert proved is not None

    def drive(time):
        return 0.3 * np.array([np.sin(time), np.cos(0.7 * time)])

    def argument(time, x):
        return x if form == VOLTAGE else weights @ x + drive(time)

    def slopes_at(time, x):
        return gains / np.cosh(argument(time, x)) ** 2

    def velocity(time, x):
        value = gains * np.tanh(argument(time, x))
        return (-x + (weights @ value + drive(time) if form == VOLTAGE else value)) / taus

    def both(time, state):
        x, dx = state[:2], state[2:]
        return np.concatenate([velocity(time, x), net.jacobian(slopes_at(time, x) / gains) @ dx])

    times = np.linspace(0.0, 6.0, 200)
    path = scipy.integrate.solve_ivp(both, (0, 6), [0.4, -0.2, 1.0, 0.5], t_eval=times, rtol=1e-11, atol=1e-12).y.T
    step = 1e-5

    def slopes_beside(time, x, sign):
        return slopes_at(time + sign * step, x + sign * step * velocity(time, x))

    slopes = np.array([slopes_at(t, y[:2]) for t, y in zip(times, path, strict=True)])
    changes = np.array(
        [
            (slopes_beside(t, y[:2], 1) - slopes_beside(t, y[:2], -1)) / (2 * step)
            for t, y in zip(times, path, strict=True)
        ]
    )
    found = along(net, proved, times, slopes, changes)
    scales = np.array([int(s.p) / int(s.q) for s in proved.scales])
    fractions = slopes / gains
    weight = taus / scales * (fractions if form == VOLTAGE else 1 / fractions)
    values = (weight * path[:, 2:] ** 2).sum(axis=1)
    falling = -np.gradient(np.log(values), times, edge_order=2)
    assert (falling >= found.betas - 0.02).all()  # second-order differences over 0.03: 0.02
    assert np.log(values[0] / values[-1]) >= np.trapezoid(found.betas, times) - 1e-3
    assert found.beta == found.betas.min()


def test_slopes_that_are_no_slopes_are_refused():
    net = network(np.array([[0.0, -3.0], [3.0, 0.0]]), VOLTAGE)
    proved = premise(net)
    assert proved is not None
    times = np.zeros(1)
    for slopes in (np.array([[0.0, 1.0]]), np.array([[0.5, 1.5]])):
        with pytest.raises(BadSlopes):
            along(net, proved, times, slopes, np.zeros((1, 2)))
    with pytest.raises(BadSlopes):
        along(net, proved, times, np.ones((1, 3)), np.zeros((1, 3)))
