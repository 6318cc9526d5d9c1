"""Lur'e systems: what is certified holds along trajectories at any slopes; known gains; forged claims do not hold."""

from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction import DISCRETE_VOLTAGE, VOLTAGE, certify, lure
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.lure.search import reached_gain
from validate.contraction import certificate_checker as checker


def random_system(discrete, seed=1, slopes=0.8, states=3, channels=2):
    rng = np.random.default_rng(seed)
    A = 0.3 * rng.normal(size=(states, states)) - (0 if discrete else 1) * np.eye(states)
    B, C = (0.4 * rng.normal(size=shape) for shape in ((states, channels), (channels, states)))
    E, F = rng.normal(size=(states, 2)), rng.normal(size=(2, states))
    return lure.system.lure(A, B, C, slopes, E=E, F=F, discrete=discrete)


@pytest.fixture(scope="module", params=[True, False], ids=["map", "flow"])
def certified(request):
    found = lure.decide.certify(random_system(request.param))
    assert found.verdict.word == "contracting"
    assert found.certificate.holds()
    return found


def test_one_state_has_the_rate_and_the_gain_of_its_steepest_slope():
    one = np.eye(1)
    step = lure.decide.certify(lure.system.lure(0.5 * one, 0.25 * one, one, E=one, F=one, discrete=True))
    assert 0.75 <= 1 - step.rate < 0.752
    assert 4 <= step.gain < 4.01
    assert step.reached.gain == pytest.approx(4)
    flow = lure.decide.certify(lure.system.lure(-one, 0.25 * one, one, slopes=2.0, E=one, F=3 * one, discrete=False))
    assert 0.498 < flow.rate <= 0.5
    assert 6 <= flow.gain < 6.01
    assert flow.reached.gain == pytest.approx(6)


@pytest.mark.parametrize("discrete", [True, False])
def test_without_feedback_the_gain_is_the_largest_of_a_frequency(discrete):
    system = random_system(discrete)
    system = replace(system, C=1e-9 * system.C)
    found = lure.decide.certify(system)
    angles = np.linspace(0, np.pi, 4001)[:-1]
    peak = max(system.response(system.A, angle) for angle in angles)
    assert peak * (1 - 1e-9) <= found.gain <= peak * 1.001
    assert found.reached.gain == pytest.approx(peak, rel=1e-4)


def test_displacements_shrink_and_outputs_stay_below_the_gain_at_any_slopes_in_time(certified):
    system, rng = certified.system, np.random.default_rng(0)
    P = certified.claim.metric.approximate()
    unit = 1.0 if system.discrete else 0.01
    largest = 0.0
    for _ in range(20):
        x, z, power, output = rng.normal(size=3), np.zeros(3), 0.0, 0.0
        turn = rng.uniform(0, 1)
        for k in range(150):
            closed = system.closed(rng.integers(0, 2, 2) * rng.uniform(0.5, 1, 2))
            u = rng.normal(size=2) * 0.2 + np.cos(turn * k) * np.ones(2)
            before = x @ P @ x
            if system.discrete:
                x, rest = closed @ x, closed @ z + system.E @ u
                assert x @ P @ x <= (1 - certified.rate) ** 2 * before * (1 + 1e-12)
            else:
                fall = 2 * x @ P @ (closed @ x)
                assert fall <= -2 * certified.rate * before + 1e-12
                x, rest = x + unit * (closed @ x), z + unit * (closed @ z + system.E @ u)
            power, output, z = power + unit * u @ u, output + unit * np.sum((system.F @ z) ** 2), rest
        largest = max(largest, np.sqrt(output / power))
    assert largest <= certified.gain * (1 if system.discrete else 1.01)
    assert largest > 0.05 * certified.gain


def test_what_is_reached_is_not_above_what_is_proved(certified):
    assert certified.reached.gain <= certified.gain * (1 + 1e-9)
    assert certified.reached.gain > 0.8 * certified.gain
    at = certified.system.closed(certified.reached.fractions)
    assert certified.system.response(at, certified.reached.angle) == pytest.approx(certified.reached.gain)


def test_forged_claims_do_not_hold(certified):
    system, claim, gain = certified.system, certified.claim, certified.gain_claim
    assert claim.holds(system)
    assert gain.holds(system)
    beside = 2.0**-60 * ExactMatrix.of([[0, 1], [1, 0]])
    for forged in (
        replace(claim, rate=claim.rate * flint.fmpq(11, 10)),
        replace(claim, rate=flint.fmpq(0)),
        replace(claim, metric=-claim.metric),
        replace(claim, multiplier=ExactMatrix.zeros(2, 2)),
        replace(claim, multiplier=ExactMatrix.identity(3)),
        replace(claim, multiplier=claim.multiplier + beside),
        replace(gain, multiplier=gain.multiplier + beside),
        replace(gain, gain=gain.gain * flint.fmpq(99, 100)),
        replace(gain, gain=flint.fmpq(0)),
        replace(gain, metric=-gain.metric),
    ):
        assert not forged.holds(system)
    assert not claim.holds(system.with_gain(8.0))
    assert not gain.holds(replace(system, F=2 * system.F))
    assert not gain.holds(replace(system, E=np.zeros((3, 0))))


@pytest.mark.parametrize(("form", "discrete"), [(DISCRETE_VOLTAGE, True), (VOLTAGE, False)])
def test_a_network_is_a_special_case(form, discrete):
    """v <- W phi(v) has A = 0, B = W and C = I, tau v' = -v + W phi(v) has A = -I: the same multipliers, one rate."""
    weights = np.array([[0.0, -0.8, 0.4], [0.8, -0.4, 0.0], [0.25, 0.5, -0.5]])
    A = np.zeros((3, 3)) if discrete else -np.eye(3)
    found = lure.decide.certify(lure.system.lure(A, weights, np.eye(3), discrete=discrete))
    assert found.rate == pytest.approx(certify(weights, form).rate, rel=2e-3)
    assert (found.gain, found.reached) == (None, None)


@pytest.mark.parametrize("discrete", [True, False])
def test_unstable_slopes_are_found_and_proved(discrete):
    system = random_system(discrete, slopes=40.0)
    found = lure.decide.certify(system)
    assert found.verdict.word == "not_contracting"
    assert found.certificate.holds()
    claim = found.claim
    steeper = 2 * claim.slopes + ExactMatrix.diagonal([100, 100])
    beside = 2.0**-60 * ExactMatrix.of([[0, 1], [0, 0]])
    for forged in (
        replace(claim, slopes=steeper),
        replace(claim, slopes=claim.slopes + beside),
        replace(claim, slopes=claim.slopes - beside.T),
        replace(claim, slopes=ExactMatrix.zeros(2, 2)),
        replace(claim, form=-claim.form),
        replace(claim, vector=(flint.fmpq(0),) * 3),
        replace(claim, vector=claim.vector[1:]),
    ):
        assert not forged.holds(system)


@pytest.mark.parametrize(("discrete", "kept"), [(True, 1.0), (False, 0.0)])
def test_an_integrator_has_no_gain(discrete, kept):
    """x <- x or x' = 0 at the slope of zero: stable at others, not there."""
    one = np.eye(1)
    found = lure.decide.certify(lure.system.lure(kept * one, -0.5 * one, one, E=one, F=one, discrete=discrete))
    assert (found.verdict.word, found.gain, found.reached) == ("undecided", None, None)


@pytest.mark.parametrize(("discrete", "kept"), [(True, 0.5), (False, -0.5)])
@pytest.mark.parametrize("slope", [0.5, 0.75], ids=["marginal", "unstable"])
def test_only_stable_slopes_have_a_gain(discrete, kept, slope):
    """The largest slope brings x to x or further; at zero the gain is 1 / (1 - 0.5), or 1 / 0.5."""
    one = np.eye(1)
    reached = reached_gain(lure.system.lure(kept * one, one, one, slope, E=one, F=one, discrete=discrete))
    assert reached.gain == pytest.approx(2.0)
    assert reached.fractions.tolist() == [0.0]


def test_many_channels_are_searched_by_flips():
    rng = np.random.default_rng(3)
    A, B, C = 0.2 * np.eye(4), rng.normal(size=(4, 10)), rng.normal(size=(10, 4))
    system = lure.system.lure(A, 0.05 * B, 0.3 * C, E=np.eye(4), F=np.eye(4), discrete=True)
    best = max(
        max(system.response(system.closed(corner), angle) for angle in (0.0, np.pi))
        for corner in (rng.random((300, 10)) < 0.5).astype(float)
    )
    assert reached_gain(system).gain >= best


def test_matrices_that_do_not_fit_are_refused():
    good = {"A": np.eye(2), "B": np.ones((2, 1)), "C": np.ones((1, 2))}
    for name, bad in (
        ("A", np.ones((2, 3))),
        ("B", np.ones((3, 1))),
        ("C", np.ones((2, 2))),
        ("A", np.full((2, 2), np.nan)),
        ("C", np.ones(2)),
        ("B", np.ones((2, 1)) * 1j),
    ):
        with pytest.raises(lure.system.NotALureSystem, match=name):
            lure.system.lure(**{**good, name: bad}, discrete=True)
    for slopes in (0.0, -1.0, np.ones(2)):
        with pytest.raises(lure.system.NotALureSystem, match="slopes"):
            lure.system.lure(**good, slopes=slopes, discrete=True)
    with pytest.raises(lure.system.NotALureSystem, match="F has shape"):
        lure.system.lure(**good, F=np.ones((1, 3)), discrete=True)


def test_systems_that_the_checker_would_not_take_are_refused_first():
    assert lure.system.LARGEST == checker.LARGEST_LURE
    good = {"A": np.eye(2), "B": np.ones((2, 1)), "C": np.ones((1, 2)), "F": np.ones((3, 2))}
    most = lure.system.LARGEST - 3 - 1
    assert lure.system.lure(**good, E=np.ones((2, most)), discrete=True).E.shape == (2, most)
    with pytest.raises(lure.system.NotALureSystem, match="inputs are 257; 256 are the most"):
        lure.system.lure(**good, E=np.ones((2, most + 1)), discrete=True)
