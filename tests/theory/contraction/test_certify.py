"""Verdicts: the known ones, that no two contradict each other, and their certificates through the checker."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.contraction.certify import BadQuestion, certify
from theory.contraction.claims.euler_step import EulerStep
from theory.contraction.claims.polytope import Polytope
from theory.contraction.claims.weighted_norm import WeightedNorm
from theory.contraction.conditions.registry import CONDITIONS
from theory.contraction.form import DISCRETE, FORMS, RATE, VOLTAGE
from theory.contraction.network import NotANetwork
from theory.contraction.search.instability import unstable_slopes
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.verdict import Verdict
from validate.contraction.certificate_checker import main

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
MIXED = np.array([[-4.0, 4.75], [-4.75, -4.0]])


def gaussian(rng, size):
    return rng.normal(size=(size, size))


KINDS = {
    "gaussian": gaussian,
    "weak": lambda rng, size: 0.4 * gaussian(rng, size),
    "symmetric": lambda rng, size: (lambda a: (a + a.T) / 2)(gaussian(rng, size)),
    "antisymmetric": lambda rng, size: (lambda a: a - a.T)(gaussian(rng, size)),
    "triangular": lambda rng, size: np.tril(3 * gaussian(rng, size), -1) + np.diag(rng.uniform(-2, 1.2, size)),
    "inhibited": lambda rng, size: 2 * gaussian(rng, size) - np.diag(rng.uniform(0, 6, size)),
    "product": lambda rng, size: (lambda a: -np.exp(rng.normal(size=(size, 1))) * (a @ a.T))(gaussian(rng, size)),
    "halves": lambda rng, size: rng.integers(-3, 4, (size, size)) / 2,
    "nonnegative": lambda rng, size: np.abs(gaussian(rng, size)) / size,
}


def contraction_proofs(found):
    claims = found.claims if found.verdict is Verdict.CONTRACTING else ()
    return [*claims, *(each for each in (found.non_quadratic, found.slower) if each is not None)]


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 4),
    st.integers(0, 10**6),
    st.sampled_from(FORMS),
    st.sampled_from([0.0, 0.0, 0.125]),
    st.booleans(),
)
def test_no_two_verdicts_contradict_each_other(kind, size, seed, form, rate, own):
    rng = np.random.default_rng(seed)
    weights = KINDS[kind](rng, size)
    options = {"slopes": rng.uniform(0.5, 1.5, size), "time_constants": rng.uniform(0.5, 2, size)} if own else {}
    found = certify(weights, form, **options, rate=rate)
    net = found.network
    assert all(claim.holds(net.exact) for claim in found.claims)
    assert bool(found.claims) == (found.verdict is not Verdict.UNDECIDED)
    assert (found.certificate is not None) == bool(found.claims or found.non_quadratic)
    if found.certificate is not None:
        assert found.certificate.holds()
    if found.verdict is Verdict.CONTRACTING:
        assert found.condition is not None
        assert found.rate is not None
        assert found.rate > 0
        assert found.rate >= rate
        assert refute_quadratic(net, found.rate) is None
        assert unstable_slopes(net, found.rate) is None
        assert any(attempt.proved and attempt.name == found.condition for attempt in found.attempts)
    else:
        assert found.condition is None
        assert found.rate is None
    if found.non_quadratic is not None:
        assert found.verdict is not Verdict.NOT_CONTRACTING
        assert float(found.non_quadratic.rate) >= rate
        assert found.non_quadratic.holds(net.exact)
        assert unstable_slopes(net, float(found.non_quadratic.rate)) is None
    at = [net.jacobian(fractions) for fractions in (np.zeros(size), np.ones(size), *rng.uniform(size=(20, size)))]
    slowest_decay = -max(np.linalg.eigvals(jacobian).real.max() for jacobian in at)
    rates = [float(proof.rate) for proof in contraction_proofs(found)]
    assert max(rates, default=-np.inf) <= slowest_decay + 1e-6


@pytest.mark.parametrize(
    ("form", "weights", "verdict", "by"),
    [
        (VOLTAGE, 1.9 * TURN, Verdict.CONTRACTING, None),
        (RATE, 2.0 * TURN, Verdict.NO_QUADRATIC_METRIC, Polytope),
        (VOLTAGE, 2.5 * TURN, Verdict.NO_QUADRATIC_METRIC, Polytope),
        (RATE, 3.0 * TURN, Verdict.NOT_CONTRACTING, None),
        (VOLTAGE, np.array([[2.0]]), Verdict.NOT_CONTRACTING, None),
        (RATE, np.array([[1.0]]), Verdict.NOT_CONTRACTING, None),
        (VOLTAGE, np.eye(3), Verdict.NOT_CONTRACTING, None),
        (RATE, np.zeros((3, 3)), Verdict.CONTRACTING, WeightedNorm),
        (VOLTAGE, MIXED, Verdict.NO_QUADRATIC_METRIC, WeightedNorm),
    ],
    ids=["T7 1.9", "T7 2", "T7 2.5", "T7 3", "2", "1", "identity", "zeros", "mixed"],
)
def test_known_verdicts(form, weights, verdict, by, tmp_path):
    """And the certificates of all of them are verified by the program that shares no code with this."""
    found = certify(weights, form)
    assert found.verdict is verdict
    assert (found.non_quadratic is not None) == (by is not None)
    if by is not None:
        assert isinstance(found.non_quadratic, by)
    file = tmp_path / "certificate.json"
    file.write_bytes(found.certificate.json_bytes())
    assert main([str(file)]) == 0


@BOTH
def test_the_norm_that_contracts(form):
    found = certify(MIXED, form)
    assert found.non_quadratic.norm.name == ("norm 1" if form == VOLTAGE else "norm inf")
    assert float(found.non_quadratic.rate) == pytest.approx(0.25, rel=1e-5)


@BOTH
def test_best_rates(form):
    """Theorem 7's matrix has 1 - c / 2, symmetric weights 1 - lambda_max, triangular ones 1 - the diagonal."""
    for weights, rate, condition in (
        (1.9 * TURN, 0.05, "multiplier"),
        (np.eye(3) / 4 - 0.25, 0.75, "theorem 2"),
        (np.array([[0.25, 0.0], [9.0, -3.0]]), 0.75, "theorem 4"),
        (np.array([[0.0, 0.5], [0.5, 0.0]]), 0.5, "theorem 1"),
        (-np.array([[2.0, 1.0], [2.0, 3.0]]), 1.0, "theorem 3"),
    ):
        found = certify(weights, form)
        assert found.condition == condition
        assert rate * (1 - 1e-5) < found.rate < rate


@BOTH
def test_asked_rates(form):
    """At most the best is proved, anything between it and the asked rate too; above it, instability at that rate."""
    weights = np.array([[0.25, -0.5], [-0.5, 0.0]])
    best = certify(weights, form).rate
    assert certify(weights, form, rate=0.999 * best).verdict is Verdict.CONTRACTING
    assert certify(weights, form, rate=0.999 * best).rate >= 0.999 * best
    above = certify(weights, form, rate=1.001 * best)
    assert above.verdict is Verdict.NOT_CONTRACTING
    assert 1.001 * best * (1 - 1e-9) <= float(above.claims[0].rate) <= 1.001 * best  # no displacement falls faster
    assert above.asked_rate == 1.001 * best
    assert certify(np.zeros((2, 2)), form, rate=1.5).verdict is Verdict.NOT_CONTRACTING


@BOTH
@pytest.mark.parametrize("rate", [0.0, 0.7])
def test_each_supremum_is_computed_once(form, rate, monkeypatch):
    """Whether the asked rate is reached (0) or not, when a slower one is proved from what is known (0.7)."""
    asked = []
    for condition in CONDITIONS:

        def counted(net, name=condition.name, supremum=condition.supremum):
            asked.append(name)
            return supremum(net)

        monkeypatch.setattr(condition, "supremum", counted)
    found = certify(np.array([[0.25, -0.5, 0.0], [0.75, 0.0, 0.5], [0.25, 0.0, -1.0]]), form, rate=rate)
    assert (found.verdict is Verdict.CONTRACTING) == (rate == 0)
    assert (found.slower is None) == (rate == 0)
    assert len(asked) == len(set(asked)) >= 6


@pytest.mark.parametrize("form", [VOLTAGE])
def test_slopes_and_weights_scale_alike(form):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3, 3)) / 4
    one, other = certify(weights, form, 2.0), certify(2 * weights, form)
    assert one.verdict is other.verdict is Verdict.CONTRACTING
    assert one.rate == other.rate
    slow = certify(2 * weights, form, time_constants=np.full(3, 4.0))
    assert slow.rate == pytest.approx(other.rate / 4, rel=1e-4)


@BOTH
def test_euler_step_is_in_the_certificate(form, tmp_path):
    found = certify(np.array([[-1.0, 0.5], [0.25, 0.0]]), form, euler_step=0.25)
    assert isinstance(found.euler, EulerStep)
    assert found.euler in found.certificate.claims
    file = tmp_path / "certificate.json"
    file.write_bytes(found.certificate.json_bytes())
    assert main([str(file)]) == 0
    assert certify(-9 * np.eye(2), form, euler_step=0.5).euler is None


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_bad_rates(rate):
    with pytest.raises(BadQuestion, match="the rate is"):
        certify(np.zeros((2, 2)), VOLTAGE, rate=rate)


@pytest.mark.parametrize("step", [0.0, -0.1, np.nan, np.inf])
def test_bad_steps(step):
    with pytest.raises(BadQuestion, match="the Euler step is"):
        certify(np.zeros((2, 2)), VOLTAGE, euler_step=step)


def test_no_network():
    with pytest.raises(NotANetwork, match="square"):
        certify(np.zeros((2, 3)), VOLTAGE)


FLOW, MAP = "whatever the slopes do", "at every step, whatever inputs and biases are"


@pytest.mark.parametrize(
    ("form", "weights", "rate", "sentence"),
    [
        (VOLTAGE, np.eye(2) / 4, 0.0, f"a constant quadratic metric contracts at rate 0.74999, {FLOW}"),
        (
            VOLTAGE,
            MIXED,
            0.0,
            f"no constant quadratic metric contracts; a weighted 1-norm contracts at rate 0.24999, {FLOW}",
        ),
        (
            VOLTAGE,
            1.9 * TURN,
            0.25,
            "no constant quadratic metric contracts faster than at rate 0.25000; "
            f"a constant quadratic metric contracts at rate 0.049999, {FLOW}: slower than was asked; the norm of a",
        ),
        (RATE, np.array([[2.0]]), 0.0, "at fixed slopes a displacement does not die out"),
        (RATE, 2.9 * TURN, 0.0, "along a switching law a displacement does not die out"),
        (DISCRETE, np.array([[0.5]]), 0.0, f"a constant quadratic metric shrinks by the factor 0.50001 {MAP}"),
        (
            DISCRETE,
            np.array([[0.5]]),
            0.75,
            "at slopes in sequence a displacement does not fall by a factor below 0.25000 a step; "
            f"a constant quadratic metric shrinks by the factor 0.50001 {MAP}: slower than was asked",
        ),
    ],
)
def test_sentences_say_all_that_is_proved(form, weights, rate, sentence):
    assert certify(weights, form, rate=rate).sentence.startswith(sentence)


def test_undecided_says_what_else_is_proved():
    """A weighted norm, where whether a quadratic metric contracts is left open."""
    found = replace(certify(MIXED, RATE), verdict=Verdict.UNDECIDED, claims=())
    assert found.sentence == (
        "no constant quadratic metric was found, and none is excluded; "
        f"a weighted maximum norm contracts at rate 0.24999, {FLOW}"
    )
    faster = replace(found, non_quadratic=None, asked_rate=0.5)
    assert faster.sentence.startswith("no constant quadratic metric that contracts as fast as was asked was found")
    assert "what was tried" in faster.sentence


def test_what_is_refuted_outright_is_not_searched(monkeypatch):
    """A dense network that is unstable at its largest slopes: no condition is asked."""
    for condition in CONDITIONS:
        monkeypatch.setattr(condition, "supremum", lambda net: pytest.fail("asked"))
    weights = 1.5 * np.random.default_rng(0).normal(size=(64, 64)) / 8
    for form, rate in ((VOLTAGE, 0.0), (VOLTAGE, 0.25), (DISCRETE, 0.25)):
        found = certify(weights, form, rate=rate)
        assert found.claims[0].rate == 0
        assert found.verdict is Verdict.NOT_CONTRACTING
        assert found.certificate.holds()
        assert [attempt.name for attempt in found.attempts] == ["unstable at the largest slopes"]
