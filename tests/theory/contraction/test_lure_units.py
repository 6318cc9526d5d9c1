"""What is found of a Lur'e system does not depend on the units of its states and channels, nor on their order."""

from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction import lure
from theory.contraction.lure.units import BalancedLure


def random_system(discrete, states, channels, *, share=1.0, seed=0, group=None):
    rng = np.random.default_rng(seed)

    def drawn(size, *shape):
        return size * rng.normal(size=shape) * (rng.random(shape) < share)

    A = drawn(0.4 / np.sqrt(states), states, states) - (0 if discrete else 1) * np.eye(states)
    B, C = drawn(0.5 / np.sqrt(states), states, channels), drawn(0.5, channels, states)
    E, F = drawn(1.0, states, 2), drawn(1.0, 2, states)
    return lure.system.lure(A, B, C, E=E, F=F, group=group, discrete=discrete)


def in_units(system, states, channels, inputs=1.0, outputs=1.0):
    each = {"A": system.A * states[:, None] / states, "B": system.B * states[:, None] / channels}
    each |= {"C": system.C * channels[:, None] / states, "E": system.E * states[:, None] / inputs}
    return replace(system, **each, F=system.F * outputs / states)


def in_order(system, states, channels):
    each = {"A": system.A[np.ix_(states, states)], "B": system.B[np.ix_(states, channels)]}
    each |= {"C": system.C[np.ix_(channels, states)], "E": system.E[states], "F": system.F[:, states]}
    order = list(dict.fromkeys(system.group[channels].tolist()))
    group = np.array([order.index(label) for label in system.group[channels].tolist()])
    return replace(system, **each, slopes=system.slopes[channels], group=group)


def powers(rng, size, spread=40):
    return 2.0 ** rng.integers(-spread, spread + 1, size)


@pytest.mark.parametrize("share", [1.0, 0.4, 0.1])
def test_balancing_is_undone_by_units(share):
    """Whatever powers of two are given, and whatever is connected: the balanced system is the same, bit for bit."""
    rng = np.random.default_rng(1)
    for size, channels in ((1, 1), (3, 2), (4, 9), (30, 12)):
        system = random_system(True, size, channels, share=share, seed=size)
        units = powers(rng, size), powers(rng, channels), 2.0**33, 2.0**-21
        one, other = BalancedLure.of(system), BalancedLure.of(in_units(system, *units))
        for name in "ABCEF":
            np.testing.assert_array_equal(getattr(one.balanced, name), getattr(other.balanced, name))
        assert not BalancedLure.of(one.balanced).exponents.any()
        ends = system.E.any() and system.F.any()
        assert not ends or other.amplified / one.amplified in (2.0**-54, 1.0)  # 1 where no input reaches an output


@pytest.fixture(scope="module", params=[True, False], ids=["map", "flow"])
def known(request):
    system = random_system(request.param, 3, 2, seed=2)
    return system, lure.decide.certify(system)


def test_powers_of_two_change_nothing(known):
    system, before = known
    rng = np.random.default_rng(3)
    given = in_units(system, powers(rng, 3), powers(rng, 2), 2.0**70, 2.0**-80)
    found = lure.decide.certify(given)
    assert found.certificate.holds()
    assert len(found.certificate.claims) == 3
    assert (found.verdict, found.rate) == (before.verdict, before.rate)
    assert found.gain == 2.0**-150 * before.gain
    assert found.reached.gain == 2.0**-150 * before.reached.gain
    assert found.system is given


@pytest.mark.parametrize("way", ["units", "order"])
def test_other_units_and_orders_change_no_more_than_the_search_leaves_open(known, way):
    """Rates are bisected to 2^-12 of the fastest, at most one; gains are claimed at a slack of 1e-5 or 1e-4 more."""
    system, before = known
    rng = np.random.default_rng(4)
    if way == "units":
        given = in_units(system, 10.0 ** rng.uniform(-8, 8, 3), 10.0 ** rng.uniform(-8, 8, 2))
    else:
        given = in_order(system, rng.permutation(3), np.array([1, 0]))
    found = lure.decide.certify(given)
    assert found.certificate.holds()
    assert found.verdict == before.verdict
    assert abs(found.rate - before.rate) <= 2.0**-11
    assert found.gain == pytest.approx(before.gain, rel=2e-4)
    assert found.reached.gain == pytest.approx(before.reached.gain, rel=1e-9)


def test_unstable_slopes_and_groups_in_any_units():
    rng = np.random.default_rng(5)
    steep = random_system(True, 3, 2, seed=2).with_gain(30.0)
    assert lure.decide.certify(steep).verdict.word == "not_contracting"
    found = lure.decide.certify(in_units(steep, 10.0 ** rng.uniform(-8, 8, 3), 10.0 ** rng.uniform(-8, 8, 2)))
    assert found.verdict.word == "not_contracting"
    assert found.certificate.holds()
    turn = np.array([[0.0, -0.8], [0.8, 0.0]])  # contracts where both channels have one slope: 1 - |1/2 + 0.8 i|
    alike = lure.system.lure(np.eye(2) / 2, np.eye(2), turn, group=np.zeros(2), discrete=True)
    found = lure.decide.certify(in_units(alike, np.array([1.0, 1e8]), np.array([1e-8, 1e4])))
    assert found.certificate.holds()
    assert found.rate == pytest.approx(1 - np.sqrt(0.89), abs=2.0**-11)


def test_claims_are_rescaled_exactly(known):
    """By a third, a seventh and so on: what holds in units D, K, a, b is what holds in the given ones, and no more."""
    system, found = known
    states, channels = (flint.fmpq(1, 4), flint.fmpq(8), flint.fmpq(2)), (flint.fmpq(16), flint.fmpq(1, 2))
    units = lure.statements.LureUnits(states, channels, flint.fmpq(1, 32), flint.fmpq(128))
    D, K = (np.array([float(int(x.p) / int(x.q)) for x in each]) for each in (states, channels))
    given = in_units(system, 1 / D, 1 / K, 32.0, 1 / 128)
    for claim in found.certificate.claims:
        said = claim.rescaled(units)
        assert said.holds(given)
        assert not said.holds(system)
    gain = found.gain_claim.rescaled(units)
    assert gain.gain == found.gain_claim.gain / 4096
    assert not replace(gain, gain=gain.gain * flint.fmpq(99, 100)).holds(given)


def test_units_that_would_make_numbers_too_long_are_left():
    """Exponents of a chain add up to 1400: metrics of more digits than certificates have."""
    A = np.array([[0.5, 2.0**700, 0.0], [0.0, 0.5, 2.0**700], [0.0, 0.0, 0.5]])
    units = BalancedLure.of(lure.system.lure(A, np.eye(3), np.zeros((3, 3)), discrete=True))
    assert not units.exponents.any()
    assert units.balanced is units.given
