"""What is found does not depend on the units of the neurons."""

import numpy as np
import pytest

from theory.contraction.certify import certify, certify_network
from theory.contraction.form import DISCRETE, DISCRETE_VOLTAGE, FORMS, RATE, VOLTAGE
from theory.contraction.gain import largest_gain
from theory.contraction.network import network
from theory.contraction.search.balanced_units import BalancedUnits


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("unit", [2.0**13, 2.0**40, 2.0**66])
@pytest.mark.parametrize(
    ("turn", "verdict", "by"),
    [(1.5, "contracting", None), (2.5, "no_quadratic_metric", "polytope"), (3.0, "not_contracting", None)],
)
def test_verdicts(form, unit, turn, verdict, by):
    """A rotation whose second neuron is measured in another unit; the certificate is one of the matrix as given."""
    found = certify(np.array([[0.0, -turn * unit], [turn / unit, 0.0]]), form)
    assert found.verdict.word == verdict
    assert found.certificate.holds()
    assert (found.non_quadratic and found.non_quadratic.document()["by"]) == by


@pytest.mark.parametrize("share", [1.0, 0.3, 0.08])
def test_balancing_is_undone_by_units(share):
    """Whatever powers of two are given, and whatever is connected: the balanced matrix is the same, bit for bit."""
    rng = np.random.default_rng(0)
    for size in (2, 5, 40):
        matrix = rng.normal(size=(size, size)) * (rng.random((size, size)) < share) * 2.0 ** rng.integers(-9, 9, size)
        one, other = (
            BalancedUnits.of(network(each, VOLTAGE)) for each in (matrix, in_units(matrix, powers(rng, size)))
        )
        np.testing.assert_array_equal(one.balanced.weights, other.balanced.weights)
        assert not BalancedUnits.of(one.balanced).exponents.any()
        lengths = np.linalg.norm(one.balanced.weights - np.diag(np.diag(matrix)), axis=0)
        others = np.linalg.norm(one.balanced.weights - np.diag(np.diag(matrix)), axis=1)
        connected = (lengths > 0) & (others > 0)
        assert (np.abs(np.log2(lengths[connected] / others[connected])) < 2).all() or share < 1


def powers(rng, size):
    return 2.0 ** rng.integers(-40, 41, size)


def in_units(matrix, units):
    return matrix * (units[:, None] / units)


def asked(form, own, weights, units=1.0, order=None):
    """The network in these units and this order, with slopes, time constants and leaks of its neurons' own or not."""
    size = len(weights)
    order, rng = np.arange(size) if order is None else order, np.random.default_rng(5)
    slopes, taus, leaks = (rng.uniform(*ends, size)[order] for ends in ((0.5, 1.5), (0.5, 2.0), (0.3, 1.0)))
    given = in_units(weights, units * np.ones(size))[np.ix_(order, order)]
    if form.discrete:
        return network(given, form, slopes if own else 1.0, leak=leaks if own else 0.5)
    return network(given, form, slopes if own else 1.0, taus if own else 1.0)


def answers(net):
    """The verdict, and the numbers: the rate, both ends of the gain, and the rate by another norm."""
    found, gain = certify_network(net), largest_gain(net)
    assert found.certificate.holds()
    for proof in gain.certificates(net):
        assert proof is None or proof.holds()
    other = None if found.non_quadratic is None else float(found.non_quadratic.rate)
    return found.verdict, (found.rate, gain.low, gain.high, other)


CASES = [
    (4, 3, VOLTAGE, False, 0),
    (4, 3, DISCRETE, True, 1),
    (5, 3, RATE, True, 2),
    (40, 4, DISCRETE, False, 7),
    (10, 8, DISCRETE_VOLTAGE, False, 4),
    (10, 8, RATE, True, 3),
    (24, 6, VOLTAGE, True, 5),
    (40, 4, RATE, False, 6),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("size", "spread", "form", "own", "seed"), CASES)
def test_answers_do_not_depend_on_units_or_order(size, spread, form, own, seed):
    """Powers of two change nothing at all; others, and permutations, no more than the search leaves open.

    Its value is known to twice 5e-4 of itself (`StoppingRule`): so are gains and, on the scale of the leak, rates.
    """
    rng = np.random.default_rng(seed)
    weights = 0.75 * rng.normal(size=(size, size)) / np.sqrt(size)
    verdict, numbers = answers(asked(form, own, weights))
    assert answers(asked(form, own, weights, powers(rng, size))) == (verdict, numbers)
    leak = 1.0 if form.discrete else 2.0
    for units, order in ((10.0 ** rng.uniform(-spread, spread, size), None), (1.0, rng.permutation(size))):
        there, found = answers(asked(form, own, weights, units, order))
        assert there == verdict
        assert [each is None for each in found] == [each is None for each in numbers]
        for one, other, scale in zip(numbers, found, (leak, numbers[1], numbers[2], leak), strict=True):
            assert one is None or abs(one - other) <= 1e-3 * scale


def test_units_beyond_any_sense_are_no_obstacle():
    """A pair of neurons that excite one another with 3/4 and 1/2, one of them in units of 1e300."""
    found = certify(np.array([[0.0, 0.75e300], [0.5e-300, 0.0]]), VOLTAGE)
    assert found.certificate.holds()
    assert found.rate == pytest.approx(1 - np.sqrt(0.375), rel=1e-4)
    assert largest_gain(found.network).high == pytest.approx(1 / np.sqrt(0.375), rel=1e-4)


def test_symmetric_weights_are_known_in_any_units():
    """Theorem 2's rate, one minus the largest eigenvalue, also where slopes or units make the weights uneven."""
    half = np.random.default_rng(0).normal(size=(6, 6)) / 8
    weights, units = half + half.T, np.array([1.0, 3.0, 1e3, 1e-5, 7.0, 0.1])
    for form in FORMS:
        found = certify(in_units(weights, units), form)
        assert found.condition == "theorem 2, rescaled"
        assert found.rate == pytest.approx(1 - np.linalg.eigvalsh(weights)[-1], rel=1e-5)


def test_small_components_beside_large_weights():
    """A rotation of 3/2 that is driven by 1e9: its rate is a quarter, whatever else there is."""
    weights = np.array([[0.0, -1.5, 1e9], [1.5, 0.0, 0.0], [0.0, 0.0, -1e7]])
    assert certify(weights, RATE).rate == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300])
def test_no_scale_is_an_error(form, scale):
    weights = np.random.default_rng(1).uniform(0.5, 1, (3, 3)) * scale
    found = certify(weights, form, euler_step=0.1)
    assert found.certificate.holds()
    names = [attempt.name for attempt in found.attempts]
    assert len(names) == len(set(names))
