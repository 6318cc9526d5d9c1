"""Theorem 3: the metric in each form, and that the paper's fails in rate form."""

import itertools

import numpy as np
import pytest

from theory.contraction.claims.vertices import Vertices
from theory.contraction.conditions.registry import PRODUCT
from theory.contraction.definite import is_positive_definite, is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix, rational
from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def factors(rng, size):
    """P1, Q, P2 of binary fractions, so that W = -P1 Q P2 is exact."""
    root = rng.integers(-4, 5, (size, size)) / 4 + np.eye(size)
    first, second = 2.0 ** rng.integers(-2, 3, (2, size))
    return np.diag(first), root @ root.T + np.eye(size) / 4, np.diag(second)


def decays(net, metric, rate):
    """-(P J + J^T P + 2 c P) at all corners, exact."""
    for corner in itertools.product((0, 1), repeat=net.size):
        half = metric @ net.exact.jacobian(ExactMatrix.diagonal(corner))
        yield -1 * (half + half.T + 2 * rational(rate) * metric)


@BOTH
def test_rate_one_in_the_metric_of_the_form(form):
    """Semidefinite at rate one, at every corner; strictly above: (P1 Q P1)^-1 in voltage, P2 Q P2 in rate form."""
    rng = np.random.default_rng(0)
    for size in (1, 2, 3, 4):
        p1, q, p2 = factors(rng, size)
        net = network(-p1 @ q @ p2, form)
        inner = ExactMatrix.of(p1 @ q @ p1).inverse() if form == VOLTAGE else ExactMatrix.of(p2 @ q @ p2)
        assert all(is_positive_semidefinite(matrix) for matrix in decays(net, inner, 1.0))
        assert all(is_positive_definite(matrix) for matrix in decays(net, inner, 1 - 2.0**-20))
        assert not all(is_positive_semidefinite(matrix) for matrix in decays(net, inner, 1 + 2.0**-20))
        assert PRODUCT.prove(net, 0.999) is not None


def test_the_papers_metric_fails_in_rate_form():
    """P J + J^T P with P = (P1 Q P1)^-1 has an eigenvalue above 0.1 at a corner; ours decays."""
    p1, p2 = np.diag([1.0, 8.0]), np.diag([8.0, 1.0])
    q = np.array([[1.0, 0.75], [0.75, 1.0]])
    net = network(-p1 @ q @ p2, RATE)
    papers = np.linalg.inv(p1 @ q @ p1)
    corners = map(np.array, itertools.product((0.0, 1.0), repeat=2))
    growth = max(np.linalg.eigvalsh(papers @ net.jacobian(d) + net.jacobian(d).T @ papers)[-1] for d in corners)
    assert growth > 0.1
    exact = ExactMatrix.of(p1 @ q @ p1).inverse()
    assert not all(is_positive_semidefinite(matrix) for matrix in decays(net, exact, 0.0))
    assert not Vertices(rational(2.0**-10), exact).holds(net.exact)
    ours = ExactMatrix.of(p2 @ q @ p2)
    assert all(is_positive_semidefinite(matrix) for matrix in decays(net, ours, 1.0))
    assert Vertices(rational(0.999), ours).holds(net.exact)


@BOTH
def test_claims_hold_for_rounded_products_and_any_gain(form):
    """Factors that are no binary fractions; slopes multiplied by 1000; slopes of the neurons' own."""
    rng = np.random.default_rng(1)
    for size in (2, 3, 6):
        root = rng.normal(size=(size, size))
        first, second = np.exp(rng.normal(size=(2, size)))
        weights = -first[:, None] * (root @ root.T + 0.1 * np.eye(size)) * second
        for gain in (1.0, 1000.0):
            net = network(weights, form, gain * rng.uniform(0.5, 2, size))
            assert PRODUCT.supremum(net).rate == 1
            assert PRODUCT.supremum(net).gain == np.inf
            claim = PRODUCT.prove(net, 0.99)
            assert claim is not None
            assert claim.holds(net.exact)


def test_what_is_no_such_product():
    rng = np.random.default_rng(2)
    p1, q, p2 = factors(rng, 3)
    weights = -p1 @ q @ p2
    turned, bent = weights.copy(), weights.copy()
    turned[0, 1] *= -1
    bent[0, 1] *= 1.5
    indefinite = -p1 @ (q - 4 * np.eye(3)) @ p2
    for wrong in (turned, bent, indefinite, -weights, np.zeros((3, 3))):
        for form in FORMS:
            assert PRODUCT.refuted(network(wrong, form))
            assert PRODUCT.prove(network(wrong, form), 0.1) is None
            assert not PRODUCT.refuted(network(weights, form))
