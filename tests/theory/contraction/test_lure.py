"""Lur'e systems: what is certified holds along trajectories at any slopes; known gains; forged claims do not hold."""

from dataclasses import replace

import flint
import numpy as np
import pytest

from theory.contraction import DISCRETE_VOLTAGE, VOLTAGE, certify, lure
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.lure.least_gain import least_gain
from theory.contraction.lure.reached import prove_reached, reached_gain
from theory.contraction.lure.search import prove_contraction, prove_gain, scaled_contraction, scaled_gain
from theory.contraction.lure.transfer import transfer_searches
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


@pytest.mark.parametrize(("E", "F"), [([[0.0], [0.0]], [[1.0, 1.0]]), ([[1.0], [0.0]], [[0.0, 1.0]])])
def test_outputs_that_no_input_reaches_have_no_gain_from_below(E, F):
    """Nothing drives the state, or an output sees the other state only: the response is zero at all frequencies."""
    system = lure.system.lure(
        np.eye(2) / 2, np.zeros((2, 1)), np.ones((1, 2)), E=np.array(E), F=np.array(F), discrete=True
    )
    found = lure.decide.certify(system)
    assert found.verdict.word == "contracting"
    assert found.reached.gain == 0
    assert found.reached.claim is None


def test_what_the_semidefinite_program_loses_in_units_is_found_by_scalings():
    """1e8 into the state and 1e-9 out of it: a slope of at most 0.6, so a rate of 0.4 and a gain of 2.5."""
    one = np.eye(1)
    system = lure.system.lure(0.5 * one, 1e8 * one, 1e-9 * one, E=1e6 * one, F=1e-6 * one, discrete=True)
    found = lure.decide.certify(system)
    assert found.certificate.holds()
    assert 0.399 < found.rate <= 0.4
    assert 2.5 <= found.gain < 2.501


def test_the_least_gain_of_dozens_of_states_is_found_to_a_thousandth():
    """The path is followed to its end: what is returned and what no multipliers allow meet."""
    rng, n = np.random.default_rng(0), 16
    A, B, C = (size * rng.normal(size=(n, n)) / np.sqrt(n) for size in (0.7, 0.4, 0.4))
    E, F = rng.normal(size=(n, 4)), rng.normal(size=(4, n))
    system = lure.system.lure(A, B, C, E=E, F=F, discrete=True)
    least = least_gain(system, transfer_searches(system).at(0.0).scaling)
    assert least.gain * (1 - 1e-3) < least.lower <= least.gain


def test_channels_that_no_input_drives_cost_no_gain():
    """The second channel senses a state that nothing moves; its multiplier may be as large as one likes.

    What is left is one state with a slope up to 0.8: the gain is 1 / (1 - 0.8), from the semidefinite program as well.
    """
    A, one = np.diag([0.5, 0.25]), np.eye(2)
    B, C = np.array([[0.3, 8.0], [0.0, 0.1]]), np.diag([1.0, 2.0])
    system = lure.system.lure(A, B, C, E=one[:, :1], F=np.array([[1.0, 3.0]]), discrete=True)
    least = least_gain(system, transfer_searches(system).at(0.0).scaling)
    assert 5 <= least.gain < 5.01
    found = scaled_gain(system)
    assert found.holds(system)
    assert 5 <= float(found.gain) < 5.02
    assert float(prove_gain(system).gain) == pytest.approx(5, rel=1e-3)


@pytest.mark.parametrize("discrete", [True, False])
@pytest.mark.sampled(1)
def test_the_transfer_matrix_decides_as_the_multipliers_do(discrete):
    """H is that of a plain formula on a fine grid; the rate of the search is that of a semidefinite program."""
    system = random_system(discrete, seed=4, states=2, channels=2)
    family = transfer_searches(system).family.at(0.01)
    for angle in (0.0, 0.7, family.last):
        z = family.resolvent.point(angle)
        plain = system.sensed @ np.linalg.inv(z * np.eye(2) - system.A) @ system.B
        assert np.allclose(family.turn(angle), plain, rtol=1e-12, atol=1e-14)
    assert abs(family.resolvent.point(0.7)) == pytest.approx(0.99) if discrete else True
    for scaled, program in ((scaled_contraction, prove_contraction), (scaled_gain, prove_gain)):
        ours, theirs = scaled(system), program(system)
        assert ours.holds(system)
        known = ("rate",) if program is prove_contraction else ("gain",)
        assert float(getattr(ours, *known)) == pytest.approx(float(getattr(theirs, *known)), rel=4e-3)


def test_a_resonance_between_the_points_of_a_coarse_grid_is_seen():
    """Two eigenvalues at 1e-4 from the circle: the gain is 1e4 there and of size one elsewhere."""
    turn = (1 - 1e-4) * np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    one = np.eye(2)
    system = lure.system.lure(turn, one, 0.9e-4 * one, E=one, F=one, discrete=True)
    found, reached = scaled_gain(system), reached_gain(system)
    assert found.holds(system)
    assert 9.9e3 < float(reached.claim.gain) <= float(found.gain)
    assert (
        lure.decide.certify(lure.system.lure(turn, one, 1.1e-4 * turn, discrete=True)).verdict.word == "not_contracting"
    )


@pytest.mark.parametrize("discrete", [True, False])
@pytest.mark.sampled(1)
def test_beyond_the_semidefinite_program_systems_are_decided_and_bracketed(discrete):
    system = random_system(discrete, seed=2, states=6, channels=5)
    system = replace(system, A=0.4 * system.A - (0 if discrete else 0.6) * np.eye(6), C=0.5 * system.C)
    found = lure.decide.certify(system)
    assert found.verdict.word == "contracting"
    assert found.certificate.holds()
    assert len(found.certificate.claims) == 3
    assert float(found.reached.claim.gain) <= found.reached.gain * (1 + 1e-9) <= found.gain * (1 + 1e-9)
    assert float(found.reached.claim.gain) > 0.8 * found.gain


def test_what_is_reached_is_proved_and_forged_proofs_of_it_do_not_hold(certified):
    system, claim = certified.system, certified.reached.claim
    assert claim.holds(system)
    assert float(claim.gain) == pytest.approx(certified.reached.gain, rel=1e-5)
    beside = 2.0**-60 * ExactMatrix.of([[0, 1], [0, 0]])
    real, imaginary = claim.states
    for forged in (
        replace(claim, gain=claim.gain * flint.fmpq(101, 100)),
        replace(claim, gain=flint.fmpq(0)),
        replace(claim, slopes=2 * claim.slopes + ExactMatrix.identity(2)),
        replace(claim, slopes=claim.slopes + beside),
        replace(claim, point=(claim.point[0] + flint.fmpq(1, 100), claim.point[1])),
        replace(claim, states=(tuple(2 * x for x in real), tuple(2 * x for x in imaginary))),
        replace(claim, inputs=tuple(tuple(0 * x for x in part) for part in claim.inputs)),
        replace(claim, states=(real[1:], imaginary[1:])),
        replace(claim, rate=flint.fmpq(0)),
        replace(claim, rate=flint.fmpq(1)),
        replace(claim, metric=-claim.metric),
        replace(claim, metric=flint.fmpq(1, 10**6) * claim.metric),
    ):
        assert not forged.holds(system)
    assert not claim.holds(replace(system, F=0.5 * system.F))
    assert not claim.holds(replace(system, E=np.zeros((3, 0))))


def test_an_unstable_system_has_no_gain_that_is_reached():
    one = np.eye(1)
    system = lure.system.lure(0.5 * one, one, one, slopes=0.75, E=one, F=one, discrete=True)
    assert prove_reached(system, np.ones(1), 0.5) is None
    assert prove_reached(system, np.zeros(1), 0.5) is not None


def together(discrete, group, slopes=1.0):
    """Two channels in a rotation: with one slope s the closed loop is A + s R, else A + diag(s) R."""
    A = 0.5 * np.eye(2) if discrete else -np.eye(2)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    return lure.system.lure(A, np.eye(2), (0.8 if discrete else 3.0) * turn, slopes, group=group, discrete=discrete)


@pytest.mark.parametrize("discrete", [True, False])
def test_one_slope_in_several_channels_is_less_than_slopes_of_their_own(discrete):
    """A + s R contracts for s up to the largest, in the metric I; separate slopes have no quadratic metric at c >= 2.

    Of a flow they grow at c = 3 (the rotation of the theorems); of a map |A + s R|^2 = 0.25 + 0.64 s^2 < 1.
    """
    alike = lure.decide.certify(together(discrete, np.array([7, 7])))
    assert alike.verdict.word == "contracting"
    assert alike.certificate.holds()
    best = 1 - np.sqrt(0.25 + 0.64) if discrete else 1.0
    assert 0.99 * best < alike.rate <= best
    assert lure.decide.certify(together(discrete, None)).verdict.word == "undecided"
    apart = lure.decide.certify(together(discrete, None, slopes=0.3)).claim
    assert apart.holds(together(discrete, None, slopes=0.3))
    assert not alike.claim.holds(together(discrete, None))
    assert not alike.claim.holds(together(discrete, np.array([0, 1])))


def test_a_multiplier_of_one_slope_need_not_be_symmetric_and_of_groups_is_in_blocks():
    rng = np.random.default_rng(0)
    skewed = rng.normal(size=(3, 3))
    skewed = skewed @ skewed.T + 5 * (skewed - skewed.T)
    for slope in np.linspace(0, 2, 9):
        z = rng.normal(size=3)
        assert (slope * z) @ skewed @ (2 * z - slope * z) >= -1e-9
    system = lure.system.lure(np.eye(3) / 4, np.eye(3), np.eye(3) / 4, group=np.array([1, 0, 1]), discrete=True)
    claim = lure.decide.certify(system).claim
    assert claim.holds(system)
    coupled = [[0, 2.0**-60, 0], [0, 0, 0], [0, 0, 0]]
    assert not replace(claim, multiplier=claim.multiplier + ExactMatrix.of(coupled)).holds(system)
    within = [[0, 0, 2.0**-60], [0, 0, 0], [0, 0, 0]]
    assert replace(claim, multiplier=claim.multiplier + ExactMatrix.of(within)).holds(system)


def test_groups_that_do_not_fit_are_refused():
    one = {"A": np.eye(2) / 2, "B": np.eye(2), "C": np.eye(2), "discrete": True}
    with pytest.raises(lure.system.NotALureSystem, match="group has 3 numbers"):
        lure.system.lure(**one, group=np.zeros(3))
    with pytest.raises(lure.system.NotALureSystem, match="different largest slopes"):
        lure.system.lure(**one, slopes=np.array([1.0, 2.0]), group=np.zeros(2))
    assert lure.system.lure(**one, group=np.array([3, 5])).separate
    assert not lure.system.lure(**one, group=np.zeros(2)).separate
