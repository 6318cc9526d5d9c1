"""Euler steps: the claimed factor against the map itself, at slopes of every kind."""

import itertools
from dataclasses import replace

import flint
import numpy as np
import pytest
import sympy as sp

from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.conditions.condition import diagonal, generic, generic_symmetric, vector
from theory.contraction.conditions.registry import ABSOLUTE, MULTIPLIER, SYMMETRIC
from theory.contraction.euler import certify_euler_step
from theory.contraction.form import FORMS
from theory.contraction.network import network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def step_factor(net, step, metric, fractions):
    """The largest |F x|_P / |x|_P."""
    moved = np.eye(net.size) + step * net.jacobian(fractions)
    root = np.linalg.cholesky(metric).T
    return np.linalg.norm(root @ moved @ np.linalg.inv(root), 2)


def worst_factor(net, step, metric, rng):
    corners = map(np.array, itertools.product((0.0, 1.0), repeat=net.size))
    return max(step_factor(net, step, metric, d) for d in (*corners, *rng.uniform(size=(100, net.size))))


@BOTH
def test_identity(form):
    """rho^2 |x|^2 - |F x|^2 is the blocks' form less the sector's, for generic matrices of two neurons."""
    metric, gained, x = generic_symmetric("P", 2), generic("M", 2), vector("x", 2)
    multiplier, slopes, leak = diagonal("q", 2), diagonal("d", 2), diagonal("h", 2)
    rho, keep = sp.Symbol("rho"), generic("a", 2)
    read = form.sensed(gained.T, x)
    w = slopes * read
    moved = keep * x + form.driven(leak, gained) * w
    top, corner, bottom = euler_blocks(form, gained, keep, leak, metric, multiplier, rho)
    quadratic = (x.T * top * x + 2 * x.T * corner * w + w.T * bottom * w)[0]
    sector = 2 * (w.T * multiplier * (read - w))[0]
    assert sp.expand(rho**2 * (x.T * metric * x)[0] - (moved.T * metric * moved)[0] - quadratic - sector) == 0


@BOTH
def test_factor_bounds_the_map(form):
    """Random networks of 3, slopes and time constants of their own: no slopes stretch more than the factor."""
    rng = np.random.default_rng(0)
    for share, step in ((0.5, 0.1), (0.9, 0.4)):
        net = network(rng.normal(size=(3, 3)), form, rng.uniform(0.5, 2, 3), rng.uniform(0.7, 2, 3))
        net = net.with_gain(share * ABSOLUTE.supremum(net).gain)
        flow = ABSOLUTE.prove(net, 0.9 * ABSOLUTE.supremum(net).rate).as_multiplier(net.exact)
        claim = certify_euler_step(net, step, flow)
        assert claim is not None
        assert claim.holds(net.exact)
        factor = float(claim.factor)
        assert worst_factor(net, step, claim.metric.approximate(), rng) <= factor < 1
        assert not replace(claim, factor=flint.fmpq(1)).holds(net.exact)
        assert not replace(claim, factor=claim.factor * flint.fmpq(99, 100)).holds(net.exact)
        assert not replace(claim, step=flint.fmpq(0)).holds(net.exact)
        assert not replace(claim, step=10 * claim.step).holds(net.exact)


@BOTH
def test_small_steps_lose_nothing(form):
    """rho = 1 - h c + O(h^2): the flow's rate comes back, with an error that falls as h."""
    net = network(np.array([[0.25, -0.5], [0.75, -0.25]]), form)
    rate = 0.95 * MULTIPLIER.supremum(net).rate
    flow = MULTIPLIER.prove(net, rate)
    found = {step: certify_euler_step(net, step, flow) for step in (1e-2, 1e-3)}
    lost = {step: rate - (1 - float(claim.factor)) / step for step, claim in found.items()}
    assert lost[1e-3] < 5e-3
    assert lost[1e-2] < 5e-2


@BOTH
def test_steps_that_are_too_long(form):
    """-9 is stable, and 1 + h (-10) is not a contraction beyond h = 0.2: bracketed to a percent."""
    net = network(np.array([[-9.0]]), form)
    flow = SYMMETRIC.prove(net, 0.5)
    assert certify_euler_step(net, 0.198, flow) is not None
    assert certify_euler_step(net, 0.202, flow) is None


@BOTH
def test_one_linear_neuron(form):
    """W = 0: the factor is 1 - h / tau; a multiplier above zero, of no use without weights, costs."""
    net = network(np.zeros((1, 1)), form, time_constants=2.0)
    claim = certify_euler_step(net, 0.5, ABSOLUTE.prove(net, 0.25).as_multiplier(net.exact))
    assert 0.75 <= float(claim.factor) < 0.75 + 5e-3
