"""The Jacobian against differences of the right-hand side; what is refused as a network."""

import numpy as np
import pytest

from theory.contraction.exact_matrix import ExactMatrix, rational
from theory.contraction.form import DISCRETE, FORMS, RATE, VOLTAGE
from theory.contraction.network import NotANetwork, network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
SIZE = 4


def drawn(form, seed=0):
    rng = np.random.default_rng(seed)
    slopes, taus = rng.uniform(0.5, 2, SIZE), rng.uniform(0.5, 2, SIZE)
    return network(rng.normal(size=(SIZE, SIZE)), form, slopes, taus), rng


def right_hand_side(net, x, bias):
    """Written out; phi_i(x) = g_i tanh(x) has slopes in (0, g_i]."""
    weights, gains, taus = net.weights, net.slopes, net.time_constants
    if net.form == VOLTAGE:
        return (-x + weights @ (gains * np.tanh(x)) + bias) / taus
    return (-x + gains * np.tanh(weights @ x + bias)) / taus


@BOTH
def test_jacobian_is_the_derivative(form):
    """Central differences: an error of h^2 = 1e-10 times third derivatives."""
    for seed in range(5):
        net, rng = drawn(form, seed)
        x, bias = rng.normal(size=(2, SIZE))
        fed = x if form == VOLTAGE else net.weights @ x + bias
        fractions = 1 / np.cosh(fed) ** 2
        step = 1e-5
        columns = [
            (right_hand_side(net, x + step * e, bias) - right_hand_side(net, x - step * e, bias)) / (2 * step)
            for e in np.eye(SIZE)
        ]
        np.testing.assert_allclose(net.jacobian(fractions), np.stack(columns, axis=1), atol=1e-8)


@BOTH
def test_jacobian_entry_by_entry(form):
    net, rng = drawn(form)
    fractions = rng.uniform(size=SIZE)
    jacobian = net.jacobian(fractions)
    for i in range(SIZE):
        for j in range(SIZE):
            slope = net.slopes[j] * fractions[j] if form == VOLTAGE else net.slopes[i] * fractions[i]
            expected = (net.weights[i, j] * slope - (i == j)) / net.time_constants[i]
            assert jacobian[i, j] == pytest.approx(expected, rel=1e-14)


@BOTH
def test_exact_network_is_the_same(form):
    """Rationals of the very floats: `gained` without rounding, the Jacobian to it."""
    net, rng = drawn(form)
    fractions = rng.uniform(size=SIZE)
    exact = net.exact
    np.testing.assert_allclose(exact.gained.approximate(), net.gained, rtol=1e-15)
    product = form.sloped(ExactMatrix.of(net.weights), ExactMatrix.diagonal(net.slopes.tolist()))
    assert exact.gained == product
    jacobian = exact.jacobian(ExactMatrix.diagonal((net.slopes * fractions).tolist())).approximate()
    np.testing.assert_allclose(jacobian, net.jacobian(fractions), rtol=1e-14, atol=1e-15)
    leaks = exact.leaks.diagonal_entries()
    assert [leak * rational(tau) for leak, tau in zip(leaks, net.time_constants.tolist(), strict=True)] == [1] * SIZE


@BOTH
def test_one_slope_and_many_equal_ones(form):
    weights = np.random.default_rng(1).normal(size=(3, 3))
    one, many = network(weights, form, 0.7), network(weights, form, np.full(3, 0.7), np.ones(3))
    np.testing.assert_array_equal(one.gained, many.gained)
    assert one.exact.gained == many.exact.gained
    assert one.exact.gained == rational(0.7) * ExactMatrix.of(weights)
    assert one.uniform
    assert one.size == 3
    assert not network(weights, form, time_constants=np.array([1.0, 1.0, 2.0])).uniform


@BOTH
def test_gain_scales_slopes_alone(form):
    net, _ = drawn(form)
    scaled = net.with_gain(2.0)
    np.testing.assert_array_equal(scaled.gained, 2 * net.gained)
    np.testing.assert_array_equal(scaled.weights, net.weights)
    np.testing.assert_array_equal(scaled.time_constants, net.time_constants)


@pytest.mark.filterwarnings("error")
def test_the_least_leak_is_exact_and_raises_no_warning():
    least = 5e-324  # its inverse is no double
    asked = network(np.eye(2), DISCRETE, leak=least)
    assert asked.exact.leaks.diagonal_entries() == [rational(least)] * 2


def test_whole_numbers_and_truth_values_are_real():
    for values in (np.eye(2, dtype=int), np.eye(2, dtype=bool), np.eye(2, dtype=np.float32)):
        np.testing.assert_array_equal(network(values, RATE).weights, np.eye(2))


def test_arguments_are_copied():
    weights, slopes = np.eye(2), np.ones(2)
    net = network(weights, RATE, slopes)
    weights[0, 0] = slopes[0] = 5.0
    assert net.slopes[0] == 1.0
    assert net.weights[0, 0] == 1.0


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.ones(4), r"shape \(4,\)"),
        (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.ones((0, 0)), r"shape \(0, 0\)"),
        (np.array(1.0), r"shape \(\)"),
        (1j * np.ones((2, 2)), "the array of weights holds complex128 values"),
        (np.array([[2**53 + 1]]), "9007199254740993, beyond 2.53"),
        (np.ones((2, 2), np.longdouble), "long doubles"),
        (np.array([["1", "2"], ["3", "4"]]), "<U1 values"),
        (np.array([[None]]), "holds objects"),
        (np.array([[np.nan]]), "not all finite"),
        (np.array([[1.0, -np.inf], [0.0, 0.0]]), "not all finite"),
    ],
)
def test_weights_that_are_refused(weights, problem):
    with pytest.raises(NotANetwork, match=problem):
        network(weights, VOLTAGE)


@pytest.mark.parametrize("name", ["slopes", "time_constants"])
@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (0.0, "must be positive, got 0"),
        (-1.0, "must be positive, got -1"),
        (np.array([1.0, 0.0]), "must be positive"),
        (np.ones(3), r"shape \(3,\); one number or 2"),
        (np.ones((2, 1)), r"shape \(2, 1\)"),
        (np.nan, "not all finite"),
        (np.inf, "not all finite"),
        (np.array([1j, 1j]), "complex128"),
        (np.array(["a", "b"]), "<U1"),
    ],
)
def test_slopes_and_time_constants_that_are_refused(name, values, problem):
    with pytest.raises(NotANetwork, match=name.replace("_", " ") + ".*" + problem):
        network(np.eye(2), VOLTAGE, **{name: values})


def test_truth_values_are_no_numbers():
    for given in ({"leak": np.array(True)}, {"slopes": np.array([True, True])}):
        with pytest.raises(NotANetwork, match="truth values; numbers are needed"):
            network(np.eye(2), DISCRETE, **given)
