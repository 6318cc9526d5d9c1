"""Slopes at which displacements do not decay: found, proved, on the axis too, and no more when anything is altered."""

from dataclasses import replace
from itertools import product

import flint
import numpy as np
import pytest

from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.instability import abscissa, steepest, unstable_slopes
from theory.contraction.search.vertex_lmi import solve_vertices

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


@BOTH
def test_gradient_of_the_abscissa(form):
    """Central differences, whose error is the square of 1e-5."""
    rng = np.random.default_rng(0)
    net = network(rng.normal(size=(5, 5)), form, slopes=rng.uniform(0.5, 2, 5), time_constants=rng.uniform(0.5, 2, 5))
    here = rng.uniform(0.2, 0.8, 5)
    value, gradient = steepest(net, here)
    assert value == pytest.approx(abscissa(net, here), abs=1e-12)
    for i in range(5):
        step = 1e-5 * np.eye(5)[i]
        difference = (abscissa(net, here + step) - abscissa(net, here - step)) / 2e-5
        assert gradient[i] == pytest.approx(difference, abs=1e-7)


@BOTH
@pytest.mark.parametrize(
    "weights",
    [
        [[1.0]],
        np.eye(3),
        [[1.0, -1.0], [1.0, 1.0]],
        [[0.0, 1.0], [1.0, 0.0]],
        [[1.0, 3.0], [0.0, 1.0]],
        -2 * np.roll(np.eye(3), 1, axis=0),
    ],
    ids=["one", "identity", "imaginary pair", "exchange", "Jordan block", "negative ring"],
)
def test_eigenvalues_exactly_on_the_axis(form, weights):
    """Proved at the boundary, and nothing is found just inside."""
    weights = np.array(weights)
    on, inside = network(weights, form), network(weights * (1 - 1e-3), form)
    claim = unstable_slopes(on)
    assert claim is not None
    assert claim.holds(on.exact)
    assert not claim.holds(inside.exact)
    assert unstable_slopes(inside) is None
    assert unstable_slopes(inside, 1e-2) is not None


def test_an_unstable_neuron_beside_one_on_the_axis():
    """At the largest slopes no strict proof exists; a little below them there is one."""
    assert unstable_slopes(network(np.diag([1.0, 2.0]), VOLTAGE)) is not None


@BOTH
def test_unstable_only_inside_the_box(form):
    """All eight corners are stable, by 0.2 at least, and yet some slopes inside are not: from three neurons on."""
    weights = 3 * np.array([[0.0, 1.0, 4.0], [-3.0, 0.0, -1.0], [-3.0, 4.0, -2.0]])
    net = network(weights, form)
    assert max(abscissa(net, np.array(each, dtype=float)) for each in product((0, 1), repeat=3)) < -0.2
    claim = unstable_slopes(net)
    assert claim is not None
    assert any(0 < slope < 1 for slope in claim.slopes)


@BOTH
def test_bracket_of_the_gain(form):
    """Two neurons with time constants: the gain at which a corner loses stability, from both sides to 1e-6."""
    options = {"slopes": np.array([0.5, 2.0]), "time_constants": np.array([1.0, 3.0])}
    weights = np.array([[0.5, -1.0], [2.0, 0.75]])
    corners = [np.array(each, dtype=float) for each in product((0, 1), repeat=2)]
    low, high = 0.0, 10.0
    while high - low > 1e-7:
        middle = (low + high) / 2
        unstable = max(abscissa(network(middle * weights, form, **options), corner) for corner in corners) > 0
        low, high = (low, middle) if unstable else (middle, high)
    assert unstable_slopes(network(weights * (low - 1e-6), form, **options)) is None
    claim = unstable_slopes(network(weights * (high + 1e-6), form, **options))
    assert claim is not None


def test_never_with_a_metric():
    """Of 10 random networks at rate zero none has both an unstable slope matrix and a metric."""
    rng = np.random.default_rng(3)
    verdicts = []
    for _ in range(10):
        net = network(rng.normal(size=(3, 3)) * rng.uniform(0.3, 1.5), VOLTAGE)
        verdicts.append((unstable_slopes(net) is not None, solve_vertices(net, 1e-3) is not None))
    assert (True, True) not in verdicts
    assert {(True, False), (False, True)} <= set(verdicts)


def test_altered_claims_fail():
    net = network(np.array([[1.5, -2.0], [1.0, 0.5]]), VOLTAGE)
    claim = unstable_slopes(net)
    assert claim is not None
    zero, two = flint.fmpq(0), flint.fmpq(2)
    changed = {
        "X negative": replace(claim, lyapunov=-claim.lyapunov),
        "X not symmetric": replace(claim, lyapunov=ExactMatrix.of([[1, 1], [0, 1]])),
        "X of another size": replace(claim, lyapunov=ExactMatrix.identity(3)),
        "no vector": replace(claim, vector=(zero, zero)),
        "vector too short": replace(claim, vector=claim.vector[:1]),
        "slopes too large": replace(claim, slopes=(two, two)),
        "no slopes": replace(claim, slopes=(zero, zero)),
        "negative rate": replace(claim, rate=-two),
    }
    for name, wrong in changed.items():
        assert not wrong.holds(net.exact), name


def test_many_neurons():
    """128 neurons at 1.2 times the critical gain, unstable at the largest slopes."""
    rng = np.random.default_rng(6)
    weights = rng.normal(size=(128, 128)) / np.sqrt(128) * 1.2
    assert unstable_slopes(network(weights, VOLTAGE)) is not None
