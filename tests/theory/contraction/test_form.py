"""The two forms: what they make of a sympy, a float and a rational matrix, and their duality."""

import numpy as np
import pytest
import sympy as sp

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.conditions.registry import MULTIPLIER, NON_QUADRATIC, QUADRATIC, VERTEX
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def generic(name):
    return sp.Matrix(2, 2, lambda i, j: sp.Symbol(f"{name}_{i}{j}"))


def test_names_and_duals():
    assert [form.name for form in FORMS] == ["voltage", "rate"]
    assert VOLTAGE.dual == RATE
    assert RATE.dual == VOLTAGE
    assert VOLTAGE != RATE


def test_products_of_symbols():
    w, m, x, d = generic("W"), generic("M"), generic("X"), sp.diag(*sp.symbols("d1 d2"))
    assert VOLTAGE.sloped(w, d) == w * d
    assert RATE.sloped(w, d) == d * w
    assert VOLTAGE.driven(x, m) == x * m
    assert RATE.driven(x, m) == x
    assert VOLTAGE.sensed(m, x) == x
    assert RATE.sensed(m, x) == m.T * x


@BOTH
def test_one_slope_multiplies_a_row_or_a_column(form):
    w, d = generic("W"), sp.diag(*sp.symbols("d1 d2"))
    lines = form.sloped(w, d) if form.slopes_multiply_rows else form.sloped(w, d).T
    for i in range(2):
        assert {symbol for symbol in lines[i, :].free_symbols if symbol.name.startswith("d")} == {d[i, i]}


@BOTH
def test_the_corresponding_voltage_network(form):
    """J of this form, P and their like are those of voltage(`as_voltage`(W)), transposed and inverted by the power."""
    w, d = generic("W"), sp.diag(*sp.symbols("d1 d2"))
    assert form.as_voltage(form.as_voltage(w)) == w
    assert form.as_voltage(VOLTAGE.sloped(form.as_voltage(w), d)) == form.sloped(w, d)
    assert form.power * form.dual.power == -1
    assert form.power == (1 if form.as_voltage(w) == w else -1)


def test_jacobian_of_the_dual_is_the_transpose():
    """rate(W) at D: -I + D W = (-I + W^T D)^T, the transpose of voltage(W^T)."""
    w, d = generic("W"), sp.diag(*sp.symbols("d1 d2"))
    for form in FORMS:
        assert form.sloped(w, d) == form.dual.sloped(w.T, d).T


def test_metric_of_the_dual_is_the_inverse():
    """P J + J^T P + 2 c P = P (J N + N J^T + 2 c N) P with N = P^-1, for generic J and P."""
    j, c = generic("J"), sp.Symbol("c")
    p = sp.Matrix([[sp.Symbol("p"), sp.Symbol("q")], [sp.Symbol("q"), sp.Symbol("r")]])
    n = p.inv()
    difference = p * j + j.T * p + 2 * c * p - p * (j * n + n * j.T + 2 * c * n) * p
    assert difference.applyfunc(sp.cancel) == sp.zeros(2)


@BOTH
def test_claims_of_the_dual_hold_in_the_inverted_metric(form):
    """P becomes P^-1 and Q becomes Q^-1; with slopes of the neurons' own; a claim in the same metric fails."""
    rng = np.random.default_rng(0)
    same = []
    for _ in range(3):
        weights, slopes = rng.normal(size=(3, 3)), rng.uniform(0.5, 2, 3)
        unit = network(weights, form, slopes=slopes)
        asked = unit.with_gain(0.6 * MULTIPLIER.supremum(unit).gain)
        claim = MULTIPLIER.prove(asked, 0.3)
        assert claim is not None
        dual = network(weights.T, form.dual, slopes=asked.slopes)
        inverted = Multiplier(claim.rate, claim.metric.inverse(), claim.multiplier.inverse())
        assert inverted.holds(dual.exact)
        same.append(claim.holds(dual.exact))
    assert not all(same)


@BOTH
@pytest.mark.parametrize("condition", [c for c in QUADRATIC if c is not VERTEX], ids=lambda c: c.name)
def test_conditions_on_quadratic_metrics_do_not_tell_forms_apart(form, condition):
    """The supremum of rate(W) is that of voltage(W^T)."""
    rng = np.random.default_rng(1)
    for weights in (0.3 * rng.normal(size=(3, 3)), np.tril(rng.normal(size=(3, 3))) - np.eye(3), -np.eye(3) - 0.25):
        one, other = condition.supremum(network(weights, form)), condition.supremum(network(weights.T, form.dual))
        assert (one is None) == (other is None)
        if one is not None:
            assert one.rate == pytest.approx(other.rate, rel=1e-6)
            assert one.gain == pytest.approx(other.gain, rel=1e-6)


def test_corners_do_not_tell_forms_apart():
    """The rate, to the resolution of the bisection."""
    weights = np.array([[-0.5, -1.0], [1.5, 0.25]])
    for rate, found in ((0.1, True), (0.9, False)):
        answers = [VERTEX.prove(network(w, form), rate) for w, form in ((weights, VOLTAGE), (weights.T, RATE))]
        assert [answer is not None for answer in answers] == [found, found]


def test_norms_change_places_in_the_dual():
    first, second = NON_QUADRATIC
    rng = np.random.default_rng(2)
    for form in FORMS:
        for _ in range(5):
            weights = rng.normal(size=(3, 3)) - np.diag(rng.uniform(0, 3, 3))
            one, other = first.supremum(network(weights, form)), second.supremum(network(weights.T, form.dual))
            assert one.rate == pytest.approx(other.rate, rel=1e-12)
            assert one.gain == pytest.approx(other.gain, rel=1e-12)


@BOTH
def test_exact_matrices_too(form):
    rng = np.random.default_rng(3)
    weights, slopes = rng.integers(-5, 5, (3, 3)).astype(float), np.diag(rng.integers(1, 5, 3).astype(float))
    exact, diagonal = ExactMatrix.of(weights), ExactMatrix.of(slopes)
    assert form.sloped(exact, diagonal) == ExactMatrix.of(form.sloped(weights, slopes))
    assert form.driven(exact, diagonal) == ExactMatrix.of(form.driven(weights, slopes))
    assert form.sensed(diagonal, exact) == ExactMatrix.of(form.sensed(slopes, weights))
