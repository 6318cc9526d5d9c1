"""Theorem 1: two positive vectors, for sparse and reducible weights too, and the multiplier that they imply."""

from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.conditions.registry import ABSOLUTE
from theory.contraction.exact_matrix import exact_vector, rational
from theory.contraction.form import FORMS
from theory.contraction.network import network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def drawn(form, rng, size=5):
    """Sparse weights with strong negative diagonals, slopes and time constants of their own, at 0.9 of the gain."""
    weights = rng.normal(size=(size, size)) * (rng.random((size, size)) < 0.6) - np.diag(rng.uniform(0, 20, size))
    net = network(weights, form, rng.uniform(0.5, 2, size), rng.uniform(0.3, 3, size))
    gain = ABSOLUTE.supremum(net).gain
    return net.with_gain(0.9 * gain if np.isfinite(gain) else 3.0)


@BOTH
def test_implied_multiplier_holds(form):
    rng = np.random.default_rng(0)
    for _ in range(10):
        net = drawn(form, rng)
        for share in (0.1, 0.99):
            claim = ABSOLUTE.prove(net, share * ABSOLUTE.supremum(net).rate)
            assert claim is not None
            implied = claim.as_multiplier(net.exact)
            assert implied.rate == claim.rate
            assert implied.holds(net.exact)
            ratios = [float(a / b) for a, b in zip(claim.left, claim.right, strict=True)]
            np.testing.assert_allclose(implied.metric.approximate(), np.diag(net.time_constants * ratios), rtol=1e-12)


@BOTH
def test_perron_vectors_do_not_serve_reducible_weights(form):
    """[[0, w], [0, 0]]: both Perron vectors have a zero, these have none, for any w."""
    for strength in (1.0, 1e3, 1e6):
        net = network(np.array([[0.0, strength], [0.0, 0.0]]), form)
        claim = ABSOLUTE.prove(net, 0.5)
        assert claim is not None
        assert all(entry > 0 for entry in (*claim.left, *claim.right))
        assert claim.as_multiplier(net.exact).holds(net.exact)


def test_strong_negative_diagonal_costs_nothing():
    weights = np.array([[-1e3, 0.5], [0.5, -1e6]])
    for form in FORMS:
        assert ABSOLUTE.supremum(network(weights, form)).rate == pytest.approx(0.5, rel=1e-12)
        assert ABSOLUTE.prove(network(weights, form), 0.4999) is not None
        assert ABSOLUTE.supremum(network(np.abs(weights), form)).rate < 0


@BOTH
def test_in_the_metric_of_the_two_solves(form):
    """The rate is whatever that metric gives: positive, at most the best; None beyond the condition."""
    rng = np.random.default_rng(1)
    for _ in range(5):
        net = drawn(form, rng)
        claim = ABSOLUTE.prove_from(net)
        assert claim is not None
        assert claim.holds(net.exact)
        assert 0 < float(claim.rate) <= ABSOLUTE.supremum(net).rate
        assert claim.as_multiplier(net.exact).holds(net.exact)
    assert ABSOLUTE.prove_from(network(np.eye(2), form)) is None


def test_altered_claims_fail():
    net = network(np.array([[0.25, 0.5], [-0.5, -2.0]]), FORMS[0])
    claim = ABSOLUTE.prove(net, 0.25)
    assert claim is not None
    zero = flint.fmpq(0)
    changed = {
        "too fast": replace(claim, rate=rational(0.5)),
        "no rate": replace(claim, rate=zero),
        "negative rate": replace(claim, rate=rational(-0.1)),
        "a zero": replace(claim, left=(zero, claim.left[1])),
        "a negative vector": replace(claim, right=tuple(-entry for entry in claim.right)),
        "too short": replace(claim, right=claim.right[:1]),
        "another vector": replace(claim, right=exact_vector([1.0, 100.0])),
    }
    for name, wrong in changed.items():
        assert not wrong.holds(net.exact), name
    assert not claim.holds(net.with_gain(2.0).exact)


def test_strictness():
    """On the boundary, A r = r, nothing is claimed."""
    net = network(np.array([[0.0, 1.0], [1.0, 0.0]]), FORMS[0])
    ones = exact_vector([1.0, 1.0])
    assert not AbsoluteWeights(rational(2.0**-40), ones, ones).holds(net.exact)
    assert ABSOLUTE.refuted(net)
    assert AbsoluteWeights(rational(2.0**-40), ones, ones).holds(net.with_gain(1 - 2.0**-39).exact)
