"""No constant quadratic metric: the dual's proofs against the primal's, on both sides of where metrics end."""

from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction.claims.no_quadratic import Displacements, NoQuadraticMetric
from theory.contraction.claims.slopes import corner, corners
from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.boundary_dual import four_squares
from theory.contraction.search.invariant import invariant_bases
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.search.vertex_lmi import balances, solve_vertices

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


@BOTH
def test_optimum_of_the_primal_is_that_of_the_dual(form):
    """Equal to the solver's tolerance: the least eigenvalue of the dual's sum, of total trace 1, is the margin."""
    rng = np.random.default_rng(0)
    for rate in (0.0, 0.3):
        net = network(
            rng.normal(size=(3, 3)), form, slopes=rng.uniform(0.5, 2, 3), time_constants=rng.uniform(0.5, 2, 3)
        )
        # undone balancing would change traces: compare in a basis that is the whole space
        for balance in balances(net, rate, np.eye(3)):
            drifts = [net.jacobian(fractions) + rate * np.eye(3) for fractions in balance.corners]
            total = sum(a @ z + z @ a.T for a, z in zip(drifts, balance.duals, strict=True))
            assert np.linalg.eigvalsh(total)[0] == pytest.approx(balance.margin, abs=1e-6)
            assert sum(np.trace(z) for z in balance.duals) == pytest.approx(1, abs=1e-6)
            worst = max(np.linalg.eigvalsh(balance.metric @ a + a.T @ balance.metric)[-1] for a in drifts)
            assert worst == pytest.approx(balance.margin, abs=1e-6)


@BOTH
def test_metrics_end_where_proofs_that_there_are_none_begin(form):
    """Random networks of 2 and 4 neurons: the gain at which metrics end, bracketed within a fraction 2^-7."""
    rng = np.random.default_rng(1)
    for size in (2, 4):
        weights = rng.normal(size=(size, size))
        options = {"slopes": rng.uniform(0.5, 2, size), "time_constants": rng.uniform(0.5, 2, size)}
        low, high = 0.0, 8.0
        while high - low > low / 128:
            middle = (low + high) / 2
            metric = solve_vertices(network(middle * weights, form, **options), 1e-4)
            low, high = (middle, high) if metric is not None else (low, middle)
        below, above = (network(gain * weights, form, **options) for gain in (low * 0.999, high * 1.001))
        assert refute_quadratic(below, 1e-4) is None
        claim = refute_quadratic(above, 1e-4)
        assert claim is not None
        assert claim.holds(above.exact)
        assert not claim.holds(below.exact)


@BOTH
def test_metric_holds_at_slopes_inside_the_box(form):
    """The corners are enough: 200 slopes inside, and a claim that is altered fails."""
    rng = np.random.default_rng(2)
    net = network(1.5 * TURN, form, slopes=np.array([1.0, 0.9]), time_constants=np.array([1.0, 1.25]))
    claim = solve_vertices(net, 0.05)
    assert claim is not None
    metric = claim.metric.approximate()
    for fractions in rng.uniform(size=(200, 2)):
        half = metric @ (net.jacobian(fractions) + 0.05 * np.eye(2))
        assert np.linalg.eigvalsh(half + half.T)[-1] < 0
    assert not replace(claim, rate=flint.fmpq(1)).holds(net.exact)
    assert not replace(claim, rate=flint.fmpq(0)).holds(net.exact)
    assert not replace(claim, metric=-claim.metric).holds(net.exact)
    assert not claim.holds(net.with_gain(2.0).exact)


@BOTH
def test_boundary_is_proved_by_integers(form):
    """[[0, -2], [2, 0]]: the sum is exactly zero, so that rounding is not allowed to touch it."""
    net = network(2 * TURN, form)
    claim = refute_quadratic(net)
    assert claim is not None
    assert claim.document()["terms"] == [
        {"slopes": [int(s) for s in term.slopes], "vectors": [[int(x) for x in v] for v in term.vectors]}
        for term in claim.terms
    ]
    assert refute_quadratic(network(1.999 * TURN, form)) is None
    assert refute_quadratic(network(TURN, form), 0.5) is not None
    assert refute_quadratic(network(TURN, form), 0.499) is None


@pytest.mark.parametrize("weights", [[[1.0]], np.eye(3), [[1.0, 0.0], [0.0, 0.5]], [[1.0, 4.0], [0.0, 0.5]]])
def test_other_boundaries(weights):
    for form in FORMS:
        assert refute_quadratic(network(np.array(weights), form)) is not None
        assert refute_quadratic(network(0.999 * np.array(weights), form)) is None


def test_altered_claims_fail():
    net = network(2.5 * TURN, VOLTAGE)
    claim = refute_quadratic(net)
    assert claim is not None
    first, *others = claim.terms
    one, zero = flint.fmpq(1), flint.fmpq(0)
    changed = {
        "another vector": replace(first, vectors=((one, -3 * one),)),
        "slopes too large": replace(first, slopes=tuple(3 * s for s in first.slopes)),
        "negative slopes": replace(first, slopes=tuple(-s for s in first.slopes)),
        "too few slopes": replace(first, slopes=first.slopes[:1]),
        "a vector too short": replace(first, vectors=((one,),)),
    }
    for name, term in changed.items():
        assert not replace(claim, terms=(term, *others)).holds(net.exact), name
    nothing = Displacements(first.slopes, ((zero, zero),))
    assert not NoQuadraticMetric(zero, (nothing,)).holds(net.exact)
    assert not NoQuadraticMetric(zero, ()).holds(net.exact)
    assert not replace(claim, rate=-one).holds(net.exact)
    assert replace(claim, rate=flint.fmpq(1, 2)).holds(net.exact)  # less is claimed
    assert not claim.holds(network(1.9 * TURN, VOLTAGE).exact)


def test_contracting_in_the_sum_norm_and_yet_no_quadratic_metric():
    """[[-4, b], [-b, -4]], b^2 = 22 to the nearest float: b - 4 < 1 in every column, and the dual has a proof."""
    b = np.sqrt(22.0)
    net = network(np.array([[-4.0, b], [-b, -4.0]]), VOLTAGE)
    claim = refute_quadratic(net)
    assert claim is not None
    assert len(claim.terms) == 2
    assert claim.holds(net.exact)


def test_proofs_inside_invariant_subspaces():
    """A singular skew matrix (voltage) and an unstable pair beside a stable neuron: the dual's sum is singular."""
    singular = np.array([[0.0, -6.0, 3.0], [6.0, 0.0, 1.0], [12.0, -6.0, 5.0]])  # the third row: first and twice second
    assert np.linalg.matrix_rank(singular) == 2
    beside = np.zeros((3, 3))
    beside[:2, :2] = 3 * TURN
    beside[2] = [1.0, 2.0, -1.0]
    for weights in (singular, beside):
        for form in FORMS:
            net = network(weights, form)
            claim = refute_quadratic(net)
            assert claim is not None
            assert claim.holds(net.exact)
    (basis,) = invariant_bases(network(singular, VOLTAGE))
    assert basis.shape == (3, 2)
    (basis,) = invariant_bases(network(singular, RATE))
    assert basis.shape == (3, 3)


def test_beyond_all_corners():
    """Thirteen neurons: corners come from ascents by flips."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(13, 13)) / np.sqrt(13)
    assert refute_quadratic(network(1.5 * weights, VOLTAGE)) is not None
    assert refute_quadratic(network(0.3 * weights, VOLTAGE)) is None


def test_corners_are_numbered_by_bits():
    exact = network(np.eye(2), VOLTAGE, slopes=np.array([2.0, 3.0])).exact
    assert [tuple(map(int, slopes)) for slopes in corners(exact)] == [(0, 0), (2, 0), (0, 3), (2, 3)]
    assert corner(exact, 2) == (0, 3)


def test_four_squares():
    for number in (0, 1, 2, 3, 7, 28, 1000003):
        assert sum(root * root for root in four_squares(number)) == number
