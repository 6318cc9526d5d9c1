"""Fixed points that exclude contraction: closed forms, states followed by hand, eigenvalues, two proofs, forgeries."""

from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np
import pytest

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.regions.activation import RELU, SIGMOID, TANH
from theory.contraction.regions.autonomous import autonomous
from theory.contraction.regions.box import IntervalBox
from theory.contraction.regions.constant_inputs import InputOutcome, amplitudes, decide, outcome_of
from theory.contraction.regions.fixed_cube import fixed_cube
from theory.contraction.regions.fixed_points import fixed_points, refined, starts
from theory.contraction.regions.input_certificate import InputCase
from theory.contraction.regions.refutation import refutation
from theory.contraction.regions.two_points import TwoPoints
from theory.contraction.regions.unstable_point import UnstablePoint, unstable_point
from theory.enclosures import Enclosed
from theory.universality import prove_point, vanilla

TURN = np.array([[1.3, -1.1], [1.1, 1.3]])
"""A flow that turns around zero, whose eigenvalues there are 0.3 +- 1.1 i; of a map they are 1.3 +- 1.1 i."""
FORMS = {
    "rate": (RATE, {"time_constants": np.array([1.0, 3.0])}),
    "voltage": (VOLTAGE, {}),
    "discrete": (DISCRETE, {"leak": np.array([0.7, 0.9])}),
    "discrete-voltage": (DISCRETE_VOLTAGE, {}),
}


def test_of_one_neuron_that_flips_the_amplitude_is_bracketed():
    """h <- tanh(-2 h + u) has slope -1 where 1 - h^2 = 1/2, h = 2^-1/2."""
    system, turning = autonomous(np.array([[-2.0]]), DISCRETE, TANH), np.sqrt(2) + np.arcsinh(1)
    found = amplitudes(system, np.ones(1))
    assert 0.99 * turning < found.high < turning < found.low < 1.07 * turning
    assert outcome_of(found.witness) is InputOutcome.UNSTABLE_POINT
    assert all(case.proved(system.exact) for case in found.cases)


@pytest.mark.parametrize("form", [DISCRETE, DISCRETE_VOLTAGE])
@pytest.mark.parametrize(("phi", "scale"), [(TANH, 1.0), (SIGMOID, 4.0)])
def test_with_a_leak_it_is_from_both_sides(form, phi, scale):
    """(1 - a) h + a tanh(-4 h + u), a = 1/2, has slope -1 where 1 - h^2 = 3/4, h = 1/2; voltage: v = -4 tanh v + u."""
    turning = 2 + np.arctanh(0.5)
    unit, shift = (1.0, 0.0) if phi is TANH else (2.0, 8.0)  # tanh(z) = 2 sigmoid(2 z) - 1
    for part, outcome in ((0.99, InputOutcome.UNSTABLE_POINT), (1.05, InputOutcome.CONTRACTING)):
        inputs = unit * part * turning + shift
        found = decide(autonomous(np.array([[-4.0 * scale]]), form, phi, inputs, leak=0.5))
        assert found.outcome is outcome
        assert found.case.proved(found.system.exact)


def followed(form, own, start, steps):
    """By hand: Euler's short steps of a flow, those of a map; neuron by neuron, under the inputs 0.2 and -0.1."""
    paces = own.get("leak", np.ones(2)) if form.discrete else 0.02 / own.get("time_constants", np.ones(2))
    inputs, x, path = [0.2, -0.1], [float(each) for each in start], []
    for _ in range(steps):
        if form.slopes_multiply_rows:
            driven = [np.tanh(sum(TURN[i][j] * x[j] for j in range(2)) + inputs[i]) for i in range(2)]
        else:
            driven = [sum(TURN[i][j] * np.tanh(x[j]) for j in range(2)) + inputs[i] for i in range(2)]
        x = [x[i] + paces[i] * (driven[i] - x[i]) for i in range(2)]
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize("case", FORMS)
def test_states_next_to_the_point_leave_its_cube(case):
    form, own = FORMS[case]
    system = autonomous(TURN, form, TANH, np.array([0.2, -0.1]), **own)
    claim = refutation(system)
    assert isinstance(claim, UnstablePoint)
    assert claim.proved(system.exact)
    point, radius = np.array([float(x) for x in claim.cube.point]), float(claim.cube.radius)
    np.testing.assert_allclose(followed(form, own, point, 1)[0], point, atol=1e-12)
    moved = point + 1e-3 * radius * np.array([float(v) for v in claim.vector])
    away = np.abs(followed(form, own, moved, 10_000 if not form.discrete else 200) - point).max(axis=1)
    assert away[0] < radius < 0.1 < away.max()


@pytest.mark.parametrize("form", [RATE, DISCRETE])
def test_whether_a_point_is_unstable_is_what_its_eigenvalues_say(form):
    rng, kinds = np.random.default_rng(2), set()
    for weights in (TURN, *(1.7 * rng.normal(size=(n, n)) / np.sqrt(n) for n in (2, 3, 5, 8, 8))):
        inputs, own = 0.3 * rng.normal(size=len(weights)), {"leak": 0.8} if form.discrete else {}
        system = autonomous(weights, form, TANH, inputs, **own)
        for point in fixed_points(system, starts(system, 8)):
            claim = unstable_point(system, point.state)
            kinds.add(claim is not None)
            assert (claim is not None) == (point.excess > 0)
            if claim is not None:
                assert claim.proved(system.exact)
                signs = np.linalg.eigvalsh(claim.form.approximate())
                assert (signs > 0).sum() == point.unstable_directions
    assert kinds == {True, False}


def test_the_cube_holds_the_point_that_krawczyks_test_with_balls_proves():
    rng = np.random.default_rng(5)
    weights, inputs = 1.5 * rng.normal(size=(6, 6)) / np.sqrt(6), rng.normal(size=6)
    system = autonomous(weights, DISCRETE, TANH, inputs)
    state = fixed_points(system, starts(system, 4))[0].state
    cube, proved = fixed_cube(system, state), prove_point(vanilla(weights, inputs), state)
    assert cube.proved(system.exact)
    assert proved.radius < float(cube.radius) < proved.alone
    for entry, exact in zip(proved.state, cube.point, strict=True):
        assert abs(entry - float(exact)) < float(cube.radius)


def test_of_many_neurons_two_points_take_the_place_of_basins():
    rng = np.random.default_rng(0)
    pattern = rng.normal(size=40)
    weights = 0.3 * rng.normal(size=(40, 40)) / np.sqrt(40) + 2 * np.outer(pattern, pattern) / 40
    system = autonomous(weights, DISCRETE, TANH)
    found = decide(system)
    assert found.outcome is InputOutcome.TWO_POINTS
    assert found.outcome.refuted
    assert found.case.proved(system.exact)
    first, second = (np.array([float(x) for x in cube.point]) for cube in found.case.claim.cubes)
    np.testing.assert_allclose(first, -second, atol=1e-9)  # as the network is odd


def test_the_other_nonlinearities():
    for phi, weight, inputs in ((SIGMOID, -8.0, 4.0), (RELU, -2.0, 1.0)):  # tanh(-2 x) in other units; slope -2
        system = autonomous(np.array([[weight]]), DISCRETE, phi, inputs)
        claim = refutation(system)
        assert isinstance(claim, UnstablePoint)
        assert claim.proved(system.exact)
    kink = autonomous(np.array([[-2.0]]), DISCRETE, RELU)
    assert fixed_cube(kink, np.zeros(1)) is None


def test_a_continuum_of_fixed_points_proves_nothing():
    system = autonomous(np.array([[1.0]]), RATE, RELU, 0.0)
    assert refutation(system) is None


def test_forged_points_are_refused():
    system = autonomous(TURN, DISCRETE, TANH, np.array([0.2, -0.1]))
    claim, exact = refutation(system), system.exact
    cube = claim.cube
    moved = (cube.point[0] + 2 * cube.radius, cube.point[1])
    narrow = tuple(Enclosed(each.upper, each.upper) for each in cube.slopes)
    wide = tuple(Enclosed(Fraction(0), Fraction(1)) for _ in cube.slopes)
    forged = {
        "moved": replace(claim, cube=replace(cube, point=moved)),
        "no radius": replace(claim, cube=replace(cube, radius=flint.fmpq(0))),
        "too large": replace(claim, cube=replace(cube, radius=flint.fmpq(1))),
        "no inverse": replace(claim, cube=replace(cube, inverse=ExactMatrix.zeros(2, 2))),
        "narrow slopes": replace(claim, cube=replace(cube, slopes=narrow)),
        "any slopes": replace(claim, cube=replace(cube, slopes=wide)),
        "one slope": replace(claim, cube=replace(cube, slopes=cube.slopes[:1])),
        "negative": replace(claim, form=-claim.form),
        "nothing positive": replace(claim, vector=(flint.fmpq(0), flint.fmpq(0))),
        "oblique": replace(claim, form=ExactMatrix.of([[1, 1], [0, 1]])),
    }
    assert claim.proved(exact)
    assert [name for name, each in forged.items() if each.proved(exact)] == []
    case = InputCase(IntervalBox.at([0.2, -0.1]), claim)
    assert case.proved(exact)
    assert not InputCase(IntervalBox.at([0.2, 0.0]), claim).proved(exact)
    assert not replace(case, gain=flint.fmpq(1, 2)).proved(exact)


def test_a_stable_point_is_not_said_to_be_unstable_and_one_point_is_not_two():
    system = autonomous(np.array([[2.0]]), DISCRETE, TANH)
    up, down = (fixed_cube(system, refined(system, np.array([start])).state) for start in (1.0, -1.0))
    assert TwoPoints((up, down)).proved(system.exact)
    assert not TwoPoints((up, up)).proved(system.exact)
    assert not TwoPoints((up, replace(down, point=(flint.fmpq(-1, 2),)))).proved(system.exact)
    assert unstable_point(system, np.array([float(up.point[0])])) is None
    for form in (1, -1):
        claim = UnstablePoint(up, ExactMatrix.of([[form]]), (flint.fmpq(1),))
        assert not claim.proved(system.exact)
