"""What is claimed of maps: each claim against F at slopes of every kind, and its file against the checker."""

import itertools
import json
from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction.certificate import Certificate
from theory.contraction.certify import certify
from theory.contraction.claims.weighted_norm import LARGEST, SUM
from theory.contraction.conditions.step_condition import NotAMap
from theory.contraction.conditions.step_multiplier import searched_at
from theory.contraction.conditions.step_registry import (
    NORM_BOUND,
    STEP_ABSOLUTE,
    STEP_CONDITIONS,
    STEP_DIAGONAL,
    STEP_MULTIPLIER,
    STEP_NORM_1,
    STEP_NORM_INF,
    STEP_VERTEX,
)
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import DISCRETE, FORMS, MAPS, RATE
from theory.contraction.network import network
from theory.contraction.search.slope_sequences import steepest_radius, unstable_sequence
from theory.contraction.search.step_dual import refute_step
from theory.contraction.search.step_riccati import solve_step_metric
from theory.contraction.search.vertex_dual import refute_quadratic
from validate.contraction.certificate_checker import main

BOTH = pytest.mark.parametrize("form", MAPS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
MIXED = {"slopes": np.array([0.75, 1.0, 1.25]), "leak": np.array([1.0, 0.5, 0.75])}
ALIKE = {"slopes": np.array([0.75, 1.0, 1.25]), "leak": 0.625}


def fractions(size, seed=0):
    """All corners, and slopes between."""
    rng = np.random.default_rng(seed)
    return [*map(np.array, itertools.product((0.0, 1.0), repeat=size)), *rng.uniform(size=(60, size))]


def stretch(net, root):
    """The most that R F R^-1 lengthens, over slopes of every kind."""
    return max(np.linalg.norm(root @ net.step(d) @ np.linalg.inv(root), 2) for d in fractions(net.size))


def drawn(form, options, size=3, seed=1):
    weights = np.random.default_rng(seed).normal(size=(size, size))
    return network(weights, form, **options)


def at(net, condition, share=0.8):
    """The network with a gain that this condition allows, and its claim just below the best rate."""
    calm = net.with_gain(share * condition.reach(net, 0.0))
    claim = condition.prove(calm, 0.99 * condition.rate(calm))
    assert claim is not None
    assert claim.holds(calm.exact)
    return calm, claim


@BOTH
@pytest.mark.parametrize("options", [MIXED, ALIKE], ids=["leaks", "one leak"])
@pytest.mark.sampled(2)
def test_factors_bound_the_map(form, options):
    """No slopes stretch more than any condition's factor, in its own metric; no claim holds of a factor below that."""
    net = drawn(form, options)
    for condition in (NORM_BOUND, STEP_DIAGONAL, STEP_MULTIPLIER, STEP_VERTEX, STEP_ABSOLUTE):
        calm, claim = at(net, condition)
        if condition is STEP_ABSOLUTE:
            left, right = (np.array([float(x) for x in v]) for v in (claim.left, claim.right))
            metric = np.diag(left / right)
        else:
            metric = claim.metric.approximate()
        worst = stretch(calm, np.linalg.cholesky(metric).T)
        assert worst <= float(claim.factor) < 1
        below = 1 - flint.fmpq(int(2**40 * 0.999 * worst), 2**40)
        assert not replace(claim, rate=below).holds(calm.exact)
        assert not replace(claim, rate=flint.fmpq(0)).holds(calm.exact)
        assert not claim.holds(calm.with_gain(20.0).exact)


@BOTH
@pytest.mark.parametrize("options", [MIXED, ALIKE], ids=["leaks", "one leak"])
def test_norms_bound_the_map(form, options):
    """Induced norms in loops over corners; negative diagonals make the two kinds of diagonal differ."""
    net = drawn(form, options)
    net = network(net.weights - 2 * np.eye(3), form, **options)
    for condition, order in ((STEP_NORM_1, 1), (STEP_NORM_INF, np.inf)):
        calm, claim = at(net, condition)
        weights = np.array([float(x) for x in claim.weights])
        scale = np.diag(weights if condition.norm == SUM else 1 / weights)
        worst = max(np.linalg.norm(scale @ calm.step(d) @ np.linalg.inv(scale), order) for d in fractions(3))
        assert worst <= float(claim.factor)
        assert worst >= 0.9 * float(claim.factor)
        assert not replace(claim, rate=1 - flint.fmpq(int(2**40 * 0.999 * worst), 2**40)).holds(calm.exact)


@BOTH
def test_one_slope_for_a_whole_sum_is_worth_more(form):
    """A strongly negative diagonal with a leak: the sum with one slope allows a larger gain than entry by entry."""
    net = network(np.array([[-1.0, 0.75], [0.5, -1.0]]), form, leak=0.5)
    joint, apart = sorted((STEP_NORM_1, STEP_NORM_INF), key=lambda each: not each.norm.factors_out(form))
    spread = np.sqrt(0.75 * 0.5)
    assert joint.reach(net, 0.0) == pytest.approx(3 / (1 + spread), rel=1e-4)  # (g - 1) / 2 + g spread / 2 = 1
    assert apart.reach(net, 0.0) == pytest.approx(1 / spread, rel=1e-4)  # 1 / 2 + g spread / 2 = 1
    assert STEP_ABSOLUTE.reach(net, 0.0) == pytest.approx(1 / spread, rel=1e-4)
    assert (joint.norm == LARGEST) == (form is DISCRETE)


@BOTH
def test_claims_are_about_maps_or_about_flows(form):
    net = network(0.5 * TURN, form)
    claim = STEP_MULTIPLIER.prove(net, 0.25)
    flow = network(0.5 * TURN, RATE)
    assert claim.holds(net.exact)
    assert not claim.holds(flow.exact)
    flow_claim = certify(0.5 * TURN, RATE).claims[0]
    assert not flow_claim.holds(net.exact)
    for condition in STEP_CONDITIONS:
        with pytest.raises(NotAMap):
            condition.prove(flow, 0.1)


@BOTH
def test_a_multiplier_is_diagonal(form):
    net = network(0.5 * TURN, form)
    claim = STEP_MULTIPLIER.prove(net, 0.25)
    beside = 2.0**-60 * ExactMatrix.of([[0, 1], [1, 0]])
    assert claim.holds(net.exact)
    for multiplier in (claim.multiplier + beside, claim.multiplier - beside, ExactMatrix.identity(3)):
        assert not replace(claim, multiplier=multiplier).holds(net.exact)


@pytest.mark.parametrize("condition", STEP_CONDITIONS, ids=lambda condition: condition.name)
@pytest.mark.parametrize("size", [2, 3])
def test_identities(condition, size):
    for zero in condition.identities(size):
        assert zero.is_zero_matrix


def statements(form):
    """One of every kind, each with the map that it is about."""
    net = drawn(form, MIXED)
    alike = drawn(form, ALIKE)
    for condition in (NORM_BOUND, STEP_ABSOLUTE, STEP_VERTEX, STEP_NORM_1, STEP_NORM_INF):
        yield at(net, condition)
    yield at(alike, STEP_MULTIPLIER)
    wild = alike.with_gain(1.01 * STEP_MULTIPLIER.reach(alike, 0.25))
    yield wild, refute_step(wild, 0.25, searched_at(wild, 0.25).found)
    none = net.with_gain(1.5 * STEP_VERTEX.reach(net, 0.0))
    yield none, refute_quadratic(none)
    steep = net.with_gain(10.0)
    yield steep, unstable_sequence(steep)


@BOTH
def test_the_checker_verifies_every_kind(form, tmp_path):
    """And rejects a better factor, another leak, and the claim's numbers under another form."""
    kinds = set()
    for number, (net, claim) in enumerate(statements(form)):
        assert claim is not None
        assert claim.holds(net.exact)
        document = Certificate(net.exact, (claim,)).document()
        (written,) = document["claims"]
        kinds.add((written["claim"], written.get("by")))
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(document))
        assert main([str(file)]) == 0
        positive = written["claim"] == "contracting"
        wrong = "1/100000" if positive else "99/100"
        for altered, status in (
            ({**document, "claims": [{**written, "factor": wrong if positive else 2}]}, 1),
            ({**document, "form": RATE.name, "claims": [written]}, 2),
            ({**document, "leaks": 3}, 2),
            ({**document, "leaks": [2, 1, "1/2"]}, 1),
        ):
            file.write_text(json.dumps(altered))
            assert main([str(file)]) == status, (written["claim"], altered.get("form"))
    assert kinds == {
        ("contracting", by) for by in ("multiplier", "absolute weights", "vertices", "norm 1", "norm inf")
    } | {("no multiplier metric", None), ("no quadratic metric", None), ("not contracting", "slope sequence")}


def test_a_sequence_of_too_many_slopes_is_refused_at_once(tmp_path):
    """The digits of its product grow with every set."""
    steep = drawn(DISCRETE, MIXED).with_gain(10.0)
    document = Certificate(steep.exact, (unstable_sequence(steep),)).document()
    slopes = document["claims"][0]["slopes"]
    document["claims"][0]["slopes"] = (slopes * 17)[:17]
    file = tmp_path / "long.json"
    file.write_text(json.dumps(document))
    assert main([str(file)]) == 2


@BOTH
def test_refutations_exclude_no_more_than_is_true(form):
    """None refutes a factor that is proved, and a larger factor is not excluded by the same terms."""
    net = drawn(form, ALIKE)
    calm = net.with_gain(0.99 * STEP_VERTEX.reach(net, 0.0))
    assert STEP_VERTEX.prove(calm, 0.001) is not None
    assert refute_quadratic(calm) is None
    assert unstable_sequence(calm) is None
    below = net.with_gain(0.99 * STEP_MULTIPLIER.reach(net, 0.25))
    assert refute_step(below, 0.25, searched_at(below, 0.25).found) is None


@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_the_metric_of_a_scaling(leak):
    """Equality in the Schur complement, in both forms: X for N, X^-1 / (a rho)^2 for the rate-like map of N^T."""
    scaled = np.random.default_rng(4).normal(size=(5, 5)) / 4
    keep, factor = 1 - leak, 0.97
    solution = solve_step_metric(scaled, leak, factor)
    assert solution is not None

    def complement(metric, through, read):
        bottom = 2 * np.eye(5) - through.T @ metric @ through
        corner = keep * metric @ through + read
        assert np.linalg.eigvalsh(bottom)[0] > 0
        return (factor**2 - keep**2) * metric - corner @ np.linalg.solve(bottom, corner.T)

    assert np.abs(complement(solution, leak * scaled, np.eye(5))).max() < 1e-10 * np.abs(solution).max()
    other = np.linalg.inv((leak * factor) ** 2 * solution)
    assert np.abs(complement(other, leak * np.eye(5), scaled)).max() < 1e-9 * np.abs(other).max()


@BOTH
def test_the_gradient_of_the_radius(form):
    net = drawn(form, MIXED, seed=5)
    here = np.array([0.3, 0.6, 0.8])
    value, gradient = steepest_radius(net, here)
    for i in range(3):
        moved = here + 1e-6 * np.eye(3)[i]
        assert (steepest_radius(net, moved)[0] - value) / 1e-6 == pytest.approx(gradient[i], rel=1e-3, abs=1e-5)


@pytest.mark.parametrize(
    ("weights", "leak", "steps"), [([[0.0, 3.0], [-0.5, -1.5]], 0.75, 2), ([[-1.25, -2.0], [2.0, 0.5]], 0.5, 3)]
)
def test_products_that_no_fixed_slopes_equal(weights, leak, steps):
    """Found by search: at all fixed slopes F is stable, and a product of two or of three is not."""
    net = network(np.array(weights), DISCRETE, leak=leak)
    grid = itertools.product(np.linspace(0, 1, 21), repeat=2)
    assert max(np.abs(np.linalg.eigvals(net.step(np.array(d)))).max() for d in grid) < 0.96
    claim = unstable_sequence(net)
    assert claim is not None
    assert len(claim.slopes) == steps
    assert claim.holds(net.exact)
    phi = np.eye(2)
    for slopes in claim.slopes:
        phi = net.step(np.array([float(s) for s in slopes])) @ phi
    assert np.abs(np.linalg.eigvals(phi)).max() > 1
    assert not replace(claim, slopes=claim.slopes[:1]).holds(net.exact)


def test_exact_leaks():
    """A leak of 0.3 is that float, not one over the float nearest to its inverse."""
    net = network(np.eye(2), DISCRETE, leak=0.3)
    assert net.exact.leaks == ExactMatrix.diagonal([0.3, 0.3])
    assert Certificate(net.exact, ()).document()["leaks"] == ["5404319552844595/18014398509481984"] * 2


def test_networks_of_two_kinds():
    assert not any(form.discrete for form in FORMS)
    assert all(form.discrete for form in MAPS)
    assert {form.dual for form in MAPS} == set(MAPS)
