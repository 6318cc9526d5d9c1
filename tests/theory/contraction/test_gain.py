"""The largest gain, bracketed by proofs on both sides."""

import numpy as np
import pytest

from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.gain import largest_gain
from theory.contraction.network import network

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def bracketed(net, rate=0.0):
    """The gain, after both claims have been proved anew at their ends."""
    gain = largest_gain(net, rate)
    assert not gain.unbounded
    assert gain.low < gain.high
    assert gain.low_claim.holds(net.with_gain(gain.low).exact)
    assert gain.low_claim.rate > 0
    assert float(gain.low_claim.rate) >= rate
    assert gain.high_claim.holds(net.with_gain(gain.high).exact)
    return gain


@BOTH
def test_symmetric_weights(form):
    """1 / lambda_max, and (1 - rate) / lambda_max, lie in a bracket of 1e-5."""
    rng = np.random.default_rng(0)
    for size in (1, 3):
        half = rng.normal(size=(size, size))
        net = network(half + half.T + size * np.eye(size), form)
        largest = np.linalg.eigvalsh(net.weights)[-1]
        for rate in (0.0, 0.25):
            gain = bracketed(net, rate)
            assert gain.low < (1 - rate) / largest < gain.high
            assert gain.high < 1.00001 * gain.low


@BOTH
def test_theorem_seven(form):
    """Two over c, 2 (1 - rate) over c: no quadratic metric beyond, whatever the form."""
    gain = bracketed(network(1.6 * TURN, form), 0.25)
    assert gain.low < 2 * 0.75 / 1.6 < gain.high
    assert gain.high_claim.document()["claim"] == "no quadratic metric"


@BOTH
def test_slopes_of_the_neurons_own(form):
    """The gain multiplies them: of twice the slopes it is half."""
    rng = np.random.default_rng(1)
    weights, slopes = rng.normal(size=(3, 3)), rng.uniform(0.5, 2, 3)
    one, two = (bracketed(network(weights, form, factor * slopes)) for factor in (1.0, 2.0))
    assert one.low == pytest.approx(2 * two.low, rel=1e-4)
    assert one.high == pytest.approx(2 * two.high, rel=1e-3)


@BOTH
def test_time_constants(form):
    """A diagonal network: each neuron has 1 - c tau over its weight, and the least counts."""
    net = network(np.diag([0.5, 1.0]), form, time_constants=np.array([2.0, 0.5]))
    for rate, expected in ((0.0, 1.0), (0.25, 0.875), (0.4, 0.4)):
        assert bracketed(net, rate).low == pytest.approx(expected, rel=1e-4)
    none = largest_gain(net, 0.6)
    assert (none.low, none.low_claim, none.unbounded) == (None, None, False)


@BOTH
@pytest.mark.parametrize(
    "weights",
    [
        np.array([[0.0, 8.0], [0.0, 0.0]]),
        np.zeros((2, 2)),
        np.array([[-2.0, 1.0], [4.0, -3.0]]) * 1.0,
        np.array([[-1.0, 0.0], [5.0, 0.0]]),
    ],
    ids=["nilpotent", "zeros", "theorem 3", "negative diagonal"],
)
def test_unbounded(form, weights):
    for rate in (0.0, 0.25):
        gain = largest_gain(network(weights, form), rate)
        assert gain.unbounded
        assert gain.low is None
        assert gain.high is None
    asked = largest_gain(network(weights, form), 1.5)
    assert not asked.unbounded
    assert asked.low is None


@BOTH
def test_the_gain_by_another_norm(form):
    """Strong inhibition of oneself: no quadratic metric contracts at slope one, a weighted norm does up to 4/3."""
    net = network(np.array([[-4.0, 4.75], [-4.75, -4.0]]), form)
    gain = bracketed(net)
    assert gain.high < 1 < gain.other < 4 / 3 < gain.other * (1 + 1e-5)
    low, high, other = gain.certificates(net)
    assert low.holds()
    assert high.holds()
    assert other.holds()
    assert other.claims[0].document()["by"] == ("norm 1" if form is VOLTAGE else "norm inf")
    assert bracketed(network(1.6 * TURN, form)).other is None
