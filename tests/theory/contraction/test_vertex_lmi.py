"""The program at the corners: its two sides meet, and its sign tells whether there is a metric."""

import itertools

import numpy as np
import pytest

from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.vertex_lmi import balances, solve_vertices

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def drifts(net, rate):
    return [net.jacobian(np.array(c)) + rate * np.eye(net.size) for c in itertools.product((0.0, 1.0), repeat=net.size)]


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_both_sides_meet(form, seed):
    """P A + A^T P <= m at all corners, sum of A Z + Z A^T >= m, traces one: in neurons that are balanced already."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(3, 3))
    net = network((weights + weights.T) / 2 - np.diag(rng.uniform(0, 1, 3)), form)
    *_, last = balances(net, 0.1)
    assert np.trace(last.metric) == pytest.approx(1, rel=1e-5)
    assert sum(map(np.trace, last.duals)) == pytest.approx(1, rel=1e-5)
    primal = max(np.linalg.eigvalsh(last.metric @ a + a.T @ last.metric)[-1] for a in drifts(net, 0.1))
    moved = sum(
        (net.jacobian(c) + 0.1 * np.eye(3)) @ z + z @ (net.jacobian(c) + 0.1 * np.eye(3)).T
        for c, z in zip(last.corners, last.duals, strict=True)
    )
    dual = np.linalg.eigvalsh(moved)[0]
    assert primal == pytest.approx(last.margin, abs=1e-5)
    assert dual == pytest.approx(last.margin, abs=1e-5)


@BOTH
def test_a_quarter_turn_has_a_metric_below_two(form):
    for turn, holds in ((1.98, True), (2.02, False)):
        net = network(np.array([[0.0, -turn], [turn, 0.0]]), form)
        *_, last = balances(net, 1e-6)
        assert (last.margin < 0) == holds
        assert (solve_vertices(net, 1e-6) is not None) == holds


def test_claims_of_many_corners_hold():
    """Seven neurons: few corners are programmed, all are proved."""
    weights = np.random.default_rng(5).normal(size=(7, 7)) / 6
    net = network(weights, VOLTAGE)
    *_, last = balances(net, 0.3)
    assert len(last.corners) < 2**7
    claim = solve_vertices(net, 0.3)
    assert claim is not None
    assert claim.holds(net.exact)
