"""Euler steps: the claimed factor against the map itself, at slopes of every kind."""

import itertools
from dataclasses import replace
from functools import partial

import flint
import numpy as np
import pytest
import scipy.optimize
import sympy as sp

from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.conditions.condition import diagonal, generic, generic_symmetric, vector
from theory.contraction.conditions.registry import ABSOLUTE, MULTIPLIER, SYMMETRIC
from theory.contraction.euler import certify_euler_step
from theory.contraction.form import FORMS, VOLTAGE
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
    top, corner, bottom = euler_blocks(
        keep,
        form.driven(leak, gained),
        form.sensed(gained, multiplier),
        metric=metric,
        multiplier=multiplier,
        factor=rho,
    )
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


def test_a_nearly_nilpotent_network():
    """[[0, 8], [0, 0]]: the metric of the flow's best rate is so long that it fits no step of 0.05; another does."""
    net = network(np.array([[0.0, 8.0], [0.0, 0.0]]), VOLTAGE)
    claim = certify_euler_step(net, 0.05, MULTIPLIER.prove(net, 0.999999))
    assert claim is not None
    assert claim.holds(net.exact)
    assert float(claim.factor) < 1 - 0.05 * 0.9


@BOTH
def test_metrics_of_lower_rates_serve_longer_steps(form):
    """Fourteen neurons, for which no program is solved: the flow's own metric leaves hardly any of its rate."""
    gained = np.random.default_rng(0).normal(size=(14, 14)) / np.sqrt(14)
    net = network(gained, form).with_gain(0.8 * MULTIPLIER.supremum(network(gained, form)).gain)
    flow = MULTIPLIER.prove(net, 0.999 * MULTIPLIER.supremum(net).rate)
    claim = certify_euler_step(net, 0.4, flow)
    assert claim is not None
    assert claim.holds(net.exact)
    assert claim.metric != flow.metric
    assert float(claim.factor) < 0.98


def outside_ellipse(gained, step, factor):
    """rho |s| + a Re s less (rho^2 - a^2) / h, over the numerical range of D M D^-1, for the best D = diag(1, d)."""
    keep = 1 - step
    turns = factor * np.exp(1j * np.linspace(0, np.pi, 361)) + keep

    def excess(logarithm):
        parts = turns[:, None, None] * gained * np.exp(logarithm * np.array([[0.0, -1.0], [1.0, 0.0]]))
        largest = np.linalg.eigvalsh((parts + parts.conj().swapaxes(1, 2)) / 2)[:, -1].max()
        return largest - (factor**2 - keep**2) / step

    return scipy.optimize.minimize_scalar(excess, bounds=(-4, 4), method="bounded", options={"xatol": 1e-9}).fun


@BOTH
@pytest.mark.sampled(1)
def test_the_ellipse(form):
    """The smallest factor is that at which some scaling fits the ellipse: 2 % of 1 - rho, in 8 random networks of 2."""
    rng, step = np.random.default_rng(3), 0.4
    reached = []
    while len(reached) < 8:
        gained = rng.normal(size=(2, 2)) * [[1, 2], [2, 1]]
        if outside_ellipse(gained, step, 0.999) > 0 or outside_ellipse(gained, step, 1 - step + 1e-3) < 0:
            continue
        smallest = scipy.optimize.brentq(partial(outside_ellipse, gained, step), 1 - step + 1e-3, 0.999)
        net = network(gained, form)
        claim = certify_euler_step(net, step, None)
        assert claim is not None
        assert claim.holds(net.exact)
        reached.append((1 - float(claim.factor)) / (1 - smallest))
    assert 0.98 < min(reached) <= max(reached) < 1 + 1e-6


@pytest.mark.parametrize("turn", [0.5, 1.0, 1.5])
def test_longest_step_of_a_rotation(turn):
    """W = [[0, -c], [c, 0]]: the range is the segment from -ic to ic, so h < 2 - c; 1 % to either side."""
    net = network(np.array([[0.0, -turn], [turn, 0.0]]), VOLTAGE)
    flow = MULTIPLIER.prove(net, 0.9 * (1 - turn / 2))
    assert certify_euler_step(net, 0.99 * (2 - turn), flow) is not None
    assert certify_euler_step(net, 1.01 * (2 - turn), flow) is None


@BOTH
def test_one_linear_neuron(form):
    """W = 0: the factor is 1 - h / tau; a multiplier above zero, of no use without weights, costs."""
    net = network(np.zeros((1, 1)), form, time_constants=2.0)
    claim = certify_euler_step(net, 0.5, ABSOLUTE.prove(net, 0.25).as_multiplier(net.exact))
    assert 0.75 <= float(claim.factor) < 0.75 + 5e-3


@BOTH
def test_a_step_of_one_of_an_orthogonal_network(form):
    """0.95 Q of 32 neurons, of which no program is solved: the step is the map W phi, of the factor 0.95."""
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(32, 32)))[0]
    claim = certify_euler_step(network(0.95 * orthogonal, form), 1.0, None)
    assert claim is not None
    assert claim.holds(network(0.95 * orthogonal, form).exact)
    assert float(claim.factor) == pytest.approx(0.95, abs=1e-4)
