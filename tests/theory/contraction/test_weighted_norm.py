"""Logarithmic norms against all corners, in fractions: the claim is sharp where the largest corner is."""

import itertools
from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np
import pytest

from theory.contraction.claims.weighted_norm import LARGEST, SUM, WeightedNorm
from theory.contraction.conditions.registry import ABSOLUTE, NORM_1, NORM_INF, VERTEX
from theory.contraction.exact_matrix import exact_vector, rational
from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
SIZE = 3


def largest_log_norm(form, norm, weights, slopes, taus, q):
    """Over all corners, by fractions, from the definition of the two logarithmic norms."""
    worst = None
    for corner in itertools.product((0, 1), repeat=SIZE):
        entry = {}
        for i, j in itertools.product(range(SIZE), repeat=2):
            slope = slopes[j] * corner[j] if form == VOLTAGE else slopes[i] * corner[i]
            entry[i, j] = (weights[i][j] * slope - (i == j)) / taus[i]
        for a in range(SIZE):
            others = [b for b in range(SIZE) if b != a]
            if norm == LARGEST:
                total = entry[a, a] + sum(abs(entry[a, b]) * q[b] / q[a] for b in others)
            else:
                total = entry[a, a] + sum(abs(entry[b, a]) * q[b] / q[a] for b in others)
            worst = total if worst is None else max(worst, total)
    return worst


@BOTH
@pytest.mark.parametrize("norm", [SUM, LARGEST], ids=lambda norm: norm.name)
def test_sharp(form, norm):
    """A claim at minus the largest logarithmic norm over the corners holds, and at any more it does not."""
    rng = np.random.default_rng(0)
    contracting = 0
    for _ in range(40):
        weights = rng.integers(-8, 9, (SIZE, SIZE)) / 16 - np.diag(rng.integers(0, 5, SIZE))
        slopes, taus, q = rng.integers(4, 9, SIZE) / 8, rng.integers(4, 17, SIZE) / 8, rng.integers(2, 9, SIZE) / 4
        exact = [[Fraction(x) for x in row] for row in weights.tolist()]
        given = [[Fraction(x) for x in values.tolist()] for values in (slopes, taus, q)]
        worst = largest_log_norm(form, norm, exact, *given)
        net = network(weights, form, slopes, taus)
        if worst >= 0:
            claim = WeightedNorm(flint.fmpq(1, 10**9), norm, exact_vector(q))
            assert not claim.holds(net.exact)
            continue
        contracting += 1
        claim = WeightedNorm(rational(-worst), norm, exact_vector(q))
        assert claim.holds(net.exact)
        assert not replace(claim, rate=rational(-worst) + flint.fmpq(1, 10**12)).holds(net.exact)
    assert contracting >= 5


def test_negative_diagonal_counts_where_one_slope_multiplies_the_sum():
    """[[-4, 4.75], [-4.75, -4]]: 4.75 - 4 < 1 in l1 (voltage) and l-infinity (rate), and no quadratic metric."""
    weights = np.array([[-4.0, 4.75], [-4.75, -4.0]])
    for form, own, other in ((VOLTAGE, NORM_1, NORM_INF), (RATE, NORM_INF, NORM_1)):
        net = network(weights, form)
        assert own.supremum(net).rate == pytest.approx(0.25, rel=1e-12)
        assert own.prove(net, 0.25 - 1e-6) is not None
        assert own.prove(net, 0.25 + 1e-6) is None
        assert other.supremum(net).rate < 0
        assert other.prove(net, 1e-6) is None
        assert other.refuted(net)
        assert ABSOLUTE.refuted(net)
        assert VERTEX.refuted(net)


@BOTH
def test_where_the_diagonal_is_dropped_the_condition_is_theorem_1(form):
    dropped = NORM_INF if form == VOLTAGE else NORM_1
    rng = np.random.default_rng(1)
    for _ in range(10):
        weights = rng.normal(size=(4, 4)) - np.diag(rng.uniform(0, 5, 4))
        net = network(weights, form, rng.uniform(0.5, 2, 4), rng.uniform(0.5, 2, 4))
        assert dropped.supremum(net).gain == ABSOLUTE.supremum(net).gain
        leak = 1 / net.time_constants.max()
        assert dropped.supremum(net).rate == min(ABSOLUTE.supremum(net).rate, leak)


@BOTH
@pytest.mark.parametrize("condition", [NORM_1, NORM_INF], ids=lambda condition: condition.name)
def test_rate_is_at_most_the_leak(condition, form):
    """Slopes of zero leave the leak alone, however negative the diagonal."""
    net = network(-50 * np.eye(2), form, time_constants=np.array([0.5, 2.0]))
    assert condition.supremum(net).rate == 0.5
    assert condition.supremum(net).gain == np.inf
    assert condition.prove(net, 0.5 - 1e-9) is not None
    assert condition.prove(net, 0.5 + 1e-9) is None


def test_altered_claims_fail():
    for form in FORMS:
        net = network(np.array([[0.0, 0.5], [0.25, 0.0]]), form)
        for condition in (NORM_1, NORM_INF):
            claim = condition.prove(net, 0.25)
            assert claim is not None
            changed = {
                "too fast": replace(claim, rate=rational(0.9)),
                "no rate": replace(claim, rate=rational(0.0)),
                "a zero": replace(claim, weights=(rational(0.0), claim.weights[1])),
                "negative": replace(claim, weights=tuple(-q for q in claim.weights)),
                "too short": replace(claim, weights=claim.weights[:1]),
            }
            for name, wrong in changed.items():
                assert not wrong.holds(net.exact), name
    assert (SUM.name, LARGEST.name) == ("norm 1", "norm inf")
