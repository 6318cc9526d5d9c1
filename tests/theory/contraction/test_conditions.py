"""Every condition: its identities vanish, its suprema are sharp, what it proves is so at all slopes tried."""

import itertools

import numpy as np
import pytest

from theory.contraction.certify import as_multiplier
from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.claims.weighted_norm import LARGEST, WeightedNorm
from theory.contraction.conditions.registry import (
    ABSOLUTE,
    CLOSED_FORMS,
    CONDITIONS,
    MULTIPLIER,
    NON_QUADRATIC,
    NORM_1,
    NORM_INF,
    PRODUCT,
    QUADRATIC,
    SINGULAR,
    SYMMETRIC,
    TRIANGULAR,
    VERTEX,
)
from theory.contraction.exact_matrix import rational
from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.instability import unstable_slopes

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
EVERY = pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
UNIFORM_ONLY = (SYMMETRIC, PRODUCT)
SHARP = {VERTEX: 3e-3}
"""How far above the supremum nothing is proved any more, relative: its resolution, else 1e-4."""


def weights_for(condition, rng):
    """Weights of the kind that a condition is about; binary fractions where an exact structure is asked for."""
    size = 3
    if condition is TRIANGULAR:
        return np.tril(rng.normal(size=(size, size)), -1) * 3 + np.diag(rng.uniform(-2, 0.8, size))
    if condition is SYMMETRIC:
        half = rng.integers(-8, 9, (size, size)) / 16
        return half + half.T
    if condition is PRODUCT:
        root = rng.integers(-4, 5, (size, size)) / 4 + np.eye(size)
        first, second = 2.0 ** rng.integers(-2, 3, (2, size))
        return -first[:, None] * (root @ root.T + np.eye(size) / 4) * second
    return rng.normal(size=(size, size)) - np.diag(rng.uniform(0, 2, size))


def networks(condition, form, seed=0):
    """Slopes of the neurons' own, then time constants too where the condition allows it."""
    rng = np.random.default_rng(seed)
    if condition is VERTEX:
        yield network(
            1.25 * TURN + 0.1 * rng.normal(size=(2, 2)), form, rng.uniform(0.7, 1, 2), rng.uniform(0.7, 1.5, 2)
        )
        return
    for slopes, own_time in ((2.0 ** rng.integers(-1, 2, 3), False), (rng.uniform(0.5, 2, 3), True)):
        if own_time and condition in UNIFORM_ONLY:
            continue
        weights = weights_for(condition, rng)
        net = network(weights, form, slopes, rng.uniform(0.5, 2, 3) if own_time else 1.0)
        gain = condition.supremum(net.with_gain(1e-3)).gain * 1e-3
        yield net.with_gain(1.0 if np.isinf(gain) else 0.75 * gain)


def metric_of(net, claim):
    if isinstance(claim, AbsoluteWeights):
        ratios = [float(a / b) for a, b in zip(claim.left, claim.right, strict=True)]
        return np.diag(net.time_constants * ratios)
    return claim.metric.approximate()


def decay(net, claim, fractions):
    """What decays: minus the logarithmic norm of J at these slopes, in the claim's norm, written out."""
    jacobian = net.jacobian(fractions)
    if isinstance(claim, WeightedNorm):
        q = np.array([float(weight) for weight in claim.weights])
        scaled = jacobian * q / q[:, None] if claim.norm == LARGEST else jacobian * q[:, None] / q
        beside = np.abs(scaled - np.diag(np.diag(scaled))).sum(axis=1 if claim.norm == LARGEST else 0)
        return -(np.diag(scaled) + beside).max()
    root = np.linalg.cholesky(metric_of(net, claim))
    turned = root.T @ jacobian @ np.linalg.inv(root.T)
    return -np.linalg.eigvalsh((turned + turned.T) / 2)[-1]


def slopes_to_try(size, rng):
    yield from map(np.array, itertools.product((0.0, 1.0), repeat=size))
    yield from rng.uniform(size=(60, size))


@EVERY
@pytest.mark.parametrize("size", [2, 3])
def test_identities_vanish(condition, size):
    identities = condition.identities(size)
    assert identities
    for matrix in identities:
        assert all(entry == 0 for entry in matrix), matrix


@BOTH
@EVERY
def test_rates(condition, form):
    """Proved at 0.99 of the supremum, so at all slopes tried; just above the supremum nothing is."""
    rng = np.random.default_rng(0)
    for net in networks(condition, form):
        best = condition.supremum(net).rate
        assert best > 0
        claim = condition.prove(net, 0.99 * best)
        assert claim is not None
        assert claim.holds(net.exact)
        assert claim.rate == rational(0.99 * best)
        assert not condition.refuted(net)
        for fractions in slopes_to_try(net.size, rng):
            assert decay(net, claim, fractions) >= 0.99 * best - 1e-9
        assert condition.prove(net, best * (1 + SHARP.get(condition, 1e-4))) is None


@BOTH
@EVERY
def test_gains(condition, form):
    """Just below the largest gain the condition is proved, just above it the best rate is not positive."""
    near = SHARP.get(condition, 1e-3)
    for net in networks(condition, form, seed=1):
        gain = condition.supremum(net).gain
        if np.isinf(gain):
            assert condition.prove(net.with_gain(1000.0), 1e-4) is not None
            continue
        below, above = net.with_gain((1 - near) * gain), net.with_gain((1 + near) * gain)
        inside = condition.supremum(below)
        assert inside.rate > 0
        assert condition.prove(below, 0.5 * inside.rate) is not None
        outside = condition.supremum(above)
        assert outside is None or outside.rate <= 0
        assert condition.prove(above, 1e-9) is None
        assert inside.gain == pytest.approx(1 / (1 - near), rel=near)


@BOTH
@EVERY
def test_gain_is_that_at_rate_zero(condition, form):
    """With time constants of one, 1 - rate and 1 / gain are the same number, unless the rate is that of the leak."""
    for net in itertools.islice(networks(condition, form, seed=2), 1):
        found = condition.supremum(network(net.weights, form, net.slopes))
        reach = 0.0 if np.isinf(found.gain) else 1 / found.gain
        assert found.rate == pytest.approx(1 - max(reach, 0.0), rel=SHARP.get(condition, 1e-5))


@BOTH
@EVERY
def test_refuted_and_proved_are_never_both(condition, form):
    """Small matrices of binary fractions, many on a boundary: each is proved, refuted, or neither; the two occur."""
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(8 if condition in (VERTEX, MULTIPLIER) else 20):
        size = int(rng.integers(1, 3 if condition is VERTEX else 4))
        weights = rng.integers(-4, 5, (size, size)) / 4
        if condition is TRIANGULAR or rng.uniform() < 0.3:
            weights = np.tril(weights)
        if condition in (SYMMETRIC, PRODUCT) and rng.uniform() < 0.7:
            weights = (weights + weights.T) / 2 - np.eye(size) * int(rng.integers(0, 3))
        net = network(weights, form)
        proved, refuted = condition.prove(net, 2.0**-10) is not None, condition.refuted(net)
        assert not (proved and refuted)
        seen.add((proved, refuted))
    assert {(True, False), (False, True)} <= seen


@BOTH
@pytest.mark.parametrize(
    "condition", [TRIANGULAR, ABSOLUTE, SYMMETRIC, SINGULAR, MULTIPLIER, NORM_1, NORM_INF], ids=lambda c: c.name
)
def test_refuted_beyond_the_largest_gain(condition, form):
    """By rational arithmetic, one percent beyond; refuted networks are never proved."""
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(2):
        weights = weights_for(condition, rng)
        net = network(weights, form, rng.uniform(0.5, 2, len(weights)))
        gain = condition.supremum(net.with_gain(1e-3)).gain * 1e-3
        if np.isfinite(gain):
            assert condition.refuted(net.with_gain(1.01 * gain))
            found += 1
    assert found


def test_other_weights_are_not_theirs():
    """Theorems 2, 3 and 4 are about kinds of weights, 2 and 3 about time constants of one."""
    full = np.array([[0.0, 0.5], [-0.5, 0.0]])
    for form in FORMS:
        for condition in (SYMMETRIC, PRODUCT, TRIANGULAR):
            net = network(full, form)
            assert condition.supremum(net) is None
            assert condition.prove(net, 0.1) is None
            assert condition.refuted(net)
        for condition in UNIFORM_ONLY:
            net = network(-np.eye(2), form, time_constants=np.array([1.0, 2.0]))
            assert condition.supremum(net) is None
            assert condition.prove(net, 0.1) is None
            assert condition.refuted(net)


@BOTH
def test_best_rate_of_symmetric_weights_is_exact(form):
    """1 - lambda_max: proved 1e-4 below it, and 1e-4 above it the largest slopes are unstable; the same with slopes."""
    rng = np.random.default_rng(5)
    for size in (1, 2, 4, 8):
        half = rng.normal(size=(size, size)) / (3 * np.sqrt(size))
        slopes = rng.uniform(0.5, 1.5, size)
        for net in (network(half + half.T, form), network(half + half.T, form, slopes)):
            root = np.sqrt(net.slopes)
            largest = max(np.linalg.eigvalsh(root[:, None] * net.weights * root)[-1], 0.0)
            best = SYMMETRIC.supremum(net).rate
            assert best == pytest.approx(1 - largest, abs=1e-12)
            assert SYMMETRIC.prove(net, best - 1e-4) is not None
            if largest > 0:
                assert np.linalg.eigvals(net.jacobian(np.ones(size))).real.max() == pytest.approx(-best, abs=1e-12)
                assert unstable_slopes(net, best + 1e-4) is not None
                assert unstable_slopes(net, best - 1e-4) is None


@BOTH
def test_negative_definite_symmetric_weights_have_rate_one(form):
    net = network(np.array([[-2.0, 1.0], [1.0, -3.0]]), form)
    assert SYMMETRIC.supremum(net).rate == 1
    assert SYMMETRIC.supremum(net).gain == np.inf
    assert SYMMETRIC.prove(net, 1 - 2.0**-20) is not None
    assert SYMMETRIC.prove(net, 1.0) is None


@BOTH
def test_multiplier_contains_the_closed_forms(form):
    """Suprema are at most the multiplier's (its search ends within 5e-4 of 1 - rate); claims imply one."""
    for condition in CLOSED_FORMS:
        for net in networks(condition, form, seed=6):
            claim = condition.prove(net, 0.9 * condition.supremum(net).rate)
            implied = as_multiplier(net, claim)
            assert implied is not None
            assert implied.rate == claim.rate
            assert implied.holds(net.exact)
            if net.uniform:
                best = condition.supremum(net).rate
                assert MULTIPLIER.supremum(net).rate >= best - 1e-3 * (1 - best) - 1e-6


def test_names_are_unique():
    names = [condition.name for condition in CONDITIONS]
    assert len(set(names)) == len(names) == len(QUADRATIC) + len(NON_QUADRATIC)
    assert all(condition.asks and condition.source for condition in CONDITIONS)
    assert VOLTAGE in FORMS
