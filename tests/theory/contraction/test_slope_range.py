"""Slopes between two bounds: from zero it is what it was, else claims hold at sampled slopes and the checker agrees."""

import json
from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE, SlopeRange, certify, largest_gain, network
from theory.contraction.certificate import Certificate
from theory.contraction.certify import BadQuestion
from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.claims.step_multiplier import StepMultiplier
from theory.contraction.conditions.ranged_multiplier import RANGED
from theory.contraction.network import NotANetwork
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
    found = certify(weights, form, SlopeRange(lower, upper), **paces(form, 3))
    assert found.condition == "multiplier"
    claim = found.claims[0]
    assert isinstance(claim, StepMultiplier if form.discrete else Multiplier)
    root = np.linalg.cholesky(claim.metric.approximate()).T
    for _ in range(200):
        slopes = np.diag(np.where(rng.random(3) < 0.5, rng.choice([lower, upper], axis=0), rng.uniform(lower, upper)))
        pace = paces(form, 3)["leak"] if form.discrete else 1 / paces(form, 3)["time_constants"]
        jacobian = pace[:, None] * ((weights @ slopes if form.power == 1 else slopes @ weights) - np.eye(3))
        moved = root @ jacobian @ np.linalg.inv(root)
        if form.discrete:
            assert np.linalg.norm(np.eye(3) + moved, 2) < 1 - found.rate
        else:
            assert np.linalg.eigvalsh((moved + moved.T) / 2)[-1] < -found.rate
    assert found.certificate.holds()
    assert verified(found.certificate, tmp_path) == 0


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
    exact = network(np.array([[0.1]]), RATE, SlopeRange(-1.0, 1.0)).exact
    ones = (flint.fmpq(1),)
    claim = AbsoluteWeights(flint.fmpq(1, 2), ones, ones)
    assert claim.proved(exact)
    assert not claim.holds(exact)
    assert verified(Certificate(exact, (claim,)), tmp_path) == 1
    assert "about slopes from zero" in capsys.readouterr().out


def test_what_makes_no_range_is_refused():
    with pytest.raises(NotANetwork, match="above the upper one"):
        network(TURN, RATE, SlopeRange(0.5, 0.2))
    with pytest.raises(NotANetwork, match="lower slopes have shape"):
        network(TURN, RATE, SlopeRange(np.zeros(3), 1.0))
    with pytest.raises(BadQuestion, match="slopes from zero"):
        certify(TURN, RATE, SlopeRange(0.5, 1.0), euler_step=0.1)
