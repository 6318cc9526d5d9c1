"""Slopes between two bounds: from zero it is what it was, else claims hold at sampled slopes and the checker agrees."""

import itertools
import json
from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np
import pytest

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE, SlopeRange, certify, largest_gain, network
from theory.contraction.assembly.assembly import NotAnAssembly, module
from theory.contraction.certificate import Certificate
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.claims.step_norm import StepNorm
from theory.contraction.claims.switching import Switching
from theory.contraction.claims.weighted_norm import LARGEST, SUM, WeightedNorm
from theory.contraction.conditions.centre_norm import CENTRE_NORM
from theory.contraction.conditions.ranged_multiplier import RANGED
from theory.contraction.conditions.registry import ABSOLUTE, NORM_1, NORM_INF
from theory.contraction.conditions.step_registry import STEP_ABSOLUTE, STEP_NORM_1, STEP_NORM_INF
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, rational
from theory.contraction.network import NotANetwork
from theory.contraction.search.frequency_dual import refute_multiplier
from validate.contraction.certificate_checker import main

TURN = np.array([[0.0, -2.0], [2.0, 0.0]])
FORMS = (VOLTAGE, RATE, DISCRETE, DISCRETE_VOLTAGE)
named = {"ids": lambda form: form.name}


def verified(certificate: Certificate, tmp_path) -> int:
    file = tmp_path / "c.json"
    file.write_bytes(certificate.json_bytes())
    return main([str(file)])


def paces(form, size):
    values = np.linspace(0.5, 1.0, size)
    return {"leak": values} if form.discrete else {"time_constants": 1 / values}


def test_the_identity_behind_the_condition():
    assert all(matrix.is_zero_matrix for matrix in RANGED.identities(2))


@pytest.mark.parametrize("form", FORMS, **named)
def test_from_zero_it_is_what_it_was(form):
    weights = np.random.default_rng(1).normal(size=(2, 2)) / 4
    plain, ranged = certify(weights, form, 0.8), certify(weights, form, SlopeRange(0.0, 0.8))
    assert ranged.network.from_zero
    assert plain.certificate.json_bytes() == ranged.certificate.json_bytes()


@pytest.mark.parametrize("form", [RATE, DISCRETE_VOLTAGE], **named)
def test_claims_hold_at_sampled_slopes(form, tmp_path):
    rng = np.random.default_rng(2)
    weights, lower, upper = rng.normal(size=(3, 3)) / 2, np.full(3, -0.3), np.linspace(0.3, 0.6, 3)
    asked = network(weights, form, SlopeRange(lower, upper), **paces(form, 3))
    rate = 0.9 * RANGED.supremum(asked).rate
    claim = RANGED.prove(asked, rate)
    assert isinstance(claim, StepMultiplier if form.discrete else Multiplier)
    root = np.linalg.cholesky(claim.metric.approximate()).T
    for _ in range(200):
        slopes = np.diag(np.where(rng.random(3) < 0.5, rng.choice([lower, upper], axis=0), rng.uniform(lower, upper)))
        pace = paces(form, 3)["leak"] if form.discrete else 1 / paces(form, 3)["time_constants"]
        jacobian = pace[:, None] * ((weights @ slopes if form.power == 1 else slopes @ weights) - np.eye(3))
        moved = root @ jacobian @ np.linalg.inv(root)
        if form.discrete:
            assert np.linalg.norm(np.eye(3) + moved, 2) < 1 - rate
        else:
            assert np.linalg.eigvalsh((moved + moved.T) / 2)[-1] < -rate
    assert claim.holds(asked.exact)
    assert verified(Certificate(asked.exact, (claim,)), tmp_path) == 0


@pytest.mark.parametrize("form", [VOLTAGE], **named)
def test_what_fails_from_zero_may_hold_between(form, tmp_path):
    assert certify(TURN, form).verdict.word == "no_quadratic_metric"
    found = certify(TURN, form, SlopeRange(0.5, 1.0))
    assert found.verdict.word == "contracting"
    assert 0.4 < found.rate < 0.5
    assert verified(found.certificate, tmp_path) == 0


def test_negative_slopes_can_destabilise(tmp_path):
    feedback = np.array([[-2.0]])
    assert certify(feedback, RATE).verdict.word == "contracting"
    found = certify(feedback, RATE, SlopeRange(-1.0, 1.0))
    assert found.verdict.word == "not_contracting"
    assert verified(found.certificate, tmp_path) == 0
    gain = largest_gain(network(feedback, RATE, SlopeRange(-1.0, 1.0)))
    assert gain.low == pytest.approx(0.5, rel=0.02)
    assert gain.low < 0.5 < gain.high


@pytest.mark.parametrize("form", [DISCRETE], **named)
def test_forged_claims_are_refused(form, tmp_path, capsys):
    found = certify(0.4 * TURN, form, SlopeRange(-0.4, 0.7))
    claim, exact = found.claims[0], found.network.exact
    assert claim.holds(exact)
    assert not replace(claim, rate=claim.rate * 2).holds(exact)
    wider = replace(exact, lowest=3 * exact.lowest)
    assert not claim.holds(wider)
    assert verified(Certificate(wider, (claim,)), tmp_path) == 1
    document = json.loads(found.certificate.json_bytes())
    for change, status in (({"lowest_slopes": 0}, 2), ({"lowest_slopes": 1}, 1), ({"lowest_slopes": [-1]}, 2)):
        (tmp_path / "c.json").write_text(json.dumps({**document, **change}))
        assert main([str(tmp_path / "c.json")]) == status


def test_claims_about_slopes_from_zero_prove_nothing_of_others(tmp_path, capsys):
    exact = network(np.array([[1.0]]), RATE, SlopeRange(-1.0, 1.0)).exact
    claim = refute_multiplier(network(np.array([[1.0]]), RATE), 0.0)
    assert claim.proved(exact)
    assert not claim.holds(exact)
    assert verified(Certificate(exact, (claim,)), tmp_path) == 1
    assert "about slopes from zero" in capsys.readouterr().out


def test_what_makes_no_range_is_refused():
    with pytest.raises(NotANetwork, match="above the upper one"):
        network(TURN, RATE, SlopeRange(0.5, 0.2))
    with pytest.raises(NotANetwork, match="lower slopes have shape"):
        network(TURN, RATE, SlopeRange(np.zeros(3), 1.0))
    ranged = network(0.1 * TURN, RATE, SlopeRange(0.5, 1.0))
    with pytest.raises(NotAnAssembly, match="slopes from zero"):
        module(ranged, RANGED.prove(ranged, 0.1))


# Each condition beside all corners, by fractions


def worst_sum(form, norm, matrices):
    """The largest logarithmic norm, or norm of a map, over these matrices and over lines, from the definition."""
    totals = []
    for matrix in matrices:
        size = len(matrix)
        for a in range(size):
            others = sum(abs(matrix[a][b] if norm == LARGEST else matrix[b][a]) for b in range(size) if b != a)
            totals.append((abs(matrix[a][a]) if form.discrete else matrix[a][a]) + others)
    return max(totals)


def at_corners(form, norm, weights, lower, upper, leaks, q):
    """J, or F of a map, at all corners, in the units of the norm."""
    size = len(weights)
    for corner in itertools.product((0, 1), repeat=size):
        d = [(low, high)[end] for low, high, end in zip(lower, upper, corner, strict=True)]
        rows = []
        for i in range(size):
            row = []
            for j in range(size):
                entry = leaks[i] * (weights[i][j] * (d[j] if form.power == 1 else d[i]) - (i == j))
                entry += form.discrete and i == j
                row.append(entry * q[j] / q[i] if norm == LARGEST else entry * q[i] / q[j])
            rows.append(row)
        yield rows


def drawn(rng, form, size):
    """Binary fractions: weights, least and largest slopes of all signs, leaks, weights of a norm."""
    weights = rng.integers(-8, 9, (size, size)) / (32 if form.discrete else 16)
    if not form.discrete:
        weights -= np.diag(rng.integers(0, 3, size))
    lower = rng.integers(-4, 5, size) / 8
    upper = lower + rng.integers(0, 5, size) / 8
    return weights, lower, np.where(lower.any() or upper.any(), upper, 1.0), rng.integers(4, 9, size) / 8


@pytest.mark.parametrize("norm", [SUM, LARGEST], ids=lambda norm: norm.name)
@pytest.mark.parametrize("form", FORMS, **named)
def test_norms_are_sharp_over_all_corners(form, norm, tmp_path, capsys):
    """A claim at the largest value over the corners holds, and at any better one it does not; the checker agrees."""
    rng, proved = np.random.default_rng(3), 0
    for _ in range(12):
        weights, lower, upper, leaks = drawn(rng, form, 3)
        q = rng.integers(2, 9, 3) / 4
        exact = [[Fraction(x) for x in row] for row in weights.tolist()]
        given = [[Fraction(x) for x in each.tolist()] for each in (lower, upper, leaks, q)]
        worst = worst_sum(form, norm, at_corners(form, norm, exact, *given))
        rate = 1 - worst if form.discrete else -worst
        own = {"leak": leaks} if form.discrete else {"time_constants": 1 / leaks}
        net = network(weights, form, SlopeRange(lower, upper), **own)
        exact_net = replace(net.exact, leaks=ExactMatrix.diagonal(leaks.tolist()))
        kind = StepNorm if form.discrete else WeightedNorm
        claim = kind(rational(rate), norm, exact_vector(q))
        assert claim.holds(exact_net) == (rate > 0)
        if rate <= 0:
            continue
        proved += 1
        faster = replace(claim, rate=rational(rate + Fraction(1, 10**12)))
        assert not faster.holds(exact_net)
        if proved <= 3:
            assert verified(Certificate(exact_net, (claim,)), tmp_path) == 0
            assert verified(Certificate(exact_net, (faster,)), tmp_path) == 1
    assert proved >= 3


STEPS = (STEP_ABSOLUTE, STEP_NORM_1, STEP_NORM_INF, CENTRE_NORM)
FLOWS = (ABSOLUTE, NORM_1, NORM_INF, CENTRE_NORM)


@pytest.mark.parametrize("form", FORMS, **named)
def test_conditions_prove_up_to_their_best_rate_and_their_claims_hold_in_narrower_ranges(form, tmp_path, capsys):
    rng, proved = np.random.default_rng(4), 0
    for _ in range(5):
        weights, lower, upper, leaks = drawn(rng, form, 4)
        own = {"leak": leaks} if form.discrete else {"time_constants": 1 / leaks}
        net = network(0.75 * weights, form, SlopeRange(lower, upper), **own)
        inner = network(0.75 * weights, form, SlopeRange(lower + (upper - lower) / 4, upper), **own)
        for condition in STEPS if form.discrete else FLOWS:
            best = condition.supremum(net)
            if best is None or best.rate <= 0:
                assert condition is CENTRE_NORM or condition.refuted(net)
                continue
            proved += 1
            claim = condition.prove(net, best.rate * (1 - 1e-5))
            assert claim.holds(net.exact)
            assert condition.supremum(inner).rate >= best.rate * (1 - 1e-9)
            if condition is not CENTRE_NORM:
                assert claim.holds(inner.exact)
                assert condition.prove(net, best.rate * (1 + 1e-5)) is None
            assert best.gain >= 1
            if proved <= 4:
                assert verified(Certificate(net.exact, (claim,)), tmp_path) == 0
    assert proved >= 8
    assert all(matrix.is_zero_matrix for matrix in CENTRE_NORM.identities(2))


@pytest.mark.parametrize("form", [VOLTAGE, RATE], **named)
def test_steps_of_euler_shrink_distances_at_all_corners(form, tmp_path, capsys):
    weights, taus = np.array([[-1.0, -2.0], [2.0, 0.25]]), np.array([1.0, 0.5])
    found = certify(weights, form, SlopeRange(-0.25, 0.5), taus, euler_step=0.25)
    claim = found.euler
    assert float(claim.factor) < 1 - 0.25 * found.rate / 2
    root = np.linalg.cholesky(claim.metric.approximate()).T
    for fractions in itertools.product((0.0, 1.0), repeat=2):
        step = np.eye(2) + 0.25 * found.network.jacobian(np.array(fractions))
        assert np.linalg.norm(root @ step @ np.linalg.inv(root), 2) < float(claim.factor)
    assert verified(found.certificate, tmp_path) == 0
    document = json.loads(found.certificate.json_bytes())
    document["claims"][-1]["factor"] = "1/2"
    (tmp_path / "c.json").write_text(json.dumps(document))
    assert main([str(tmp_path / "c.json")]) == 1


def test_other_norms_and_switching_slopes_are_asked_about_too(tmp_path):
    """What contracts in the 1-norm alone at slopes from 1/64, and what switching between 1/16 and 1 destabilises."""
    found = certify(np.array([[-4.0, 4.75], [-4.75, -4.0]]), VOLTAGE, SlopeRange(1 / 64, 1.0))
    assert found.non_quadratic is not None
    assert float(found.non_quadratic.rate) == pytest.approx(0.25, rel=1e-5)
    assert verified(found.certificate, tmp_path) == 0
    turning = certify(3 * TURN, VOLTAGE, SlopeRange(1 / 16, 1.0))
    assert isinstance(turning.claims[0], Switching)
    assert min(slope for leg in turning.claims[0].legs for slope in leg.slopes) == flint.fmpq(1, 16)
    assert verified(turning.certificate, tmp_path) == 0


def test_gains_of_ranges_say_what_another_norm_proves():
    """-1 +- 4.75 g < 4 g at most: of slopes g [-1/64, 1] the 1-norm reaches further than any quadratic metric."""
    gain = largest_gain(network(np.array([[-4.0, 4.75], [-4.75, -4.0]]), VOLTAGE, SlopeRange(-1 / 64, 1.0)))
    assert gain.other > gain.low
    assert 1 / gain.other == pytest.approx(0.75, rel=0.02)
