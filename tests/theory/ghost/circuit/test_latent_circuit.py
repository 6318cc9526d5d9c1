import math

import mpmath
import numpy as np
import pytest

from theory.ghost.circuit.certify import _jet, certify_fixed_points
from theory.ghost.circuit.latent_circuit import (
    INITIAL_ACTIVITY,
    LatentCircuit,
    NetworkShapeError,
    NetworkValueError,
    ScaleWarning,
)
from theory.ghost.circuit.passage import PassageOutcome
from theory.ghost.circuit.roots import find_roots


def ghostly(height, tau=1.0):
    """Seven neurons and a ghost of the given effective r between kappa = -0.3 and 1; one neuron is a constant."""
    m = np.array([2.0, -1.5, 1.2, 0.8, 2.5, -0.7])
    n = np.array([0.9, -0.6, 0.7, 0.3, 0.4, -0.2])
    b = np.array([-0.9, 0.5, -0.3, 0.2, -1.1, 0.1]) - 0.9 * m  # moves the ghost to 0.30
    (low, *_) = LatentCircuit(m, n, b).turning_points().roots
    constant = height - float(LatentCircuit(m, n, b).flow(low))
    bias = math.atanh(constant / 4.0)
    return LatentCircuit(np.append(m, 0.0), np.append(n, 4.0), np.append(b, bias), tau)


def full_network_trajectory(circuit, state, step, steps):
    """kappa after each step of the N-neuron network with its full matrix."""
    matrix, x, latents = np.outer(circuit.m, circuit.n), state, []
    for _ in range(steps):
        x = x + step * (-x + np.tanh(matrix @ x + circuit.b))
        latents.append(circuit.n @ x)
    return np.array(latents)


@pytest.mark.parametrize(
    ("m", "n", "b", "error"),
    [
        (np.ones(3), np.ones(2), np.ones(3), NetworkShapeError),
        (np.ones((3, 1)), np.ones(3), np.ones(3), NetworkShapeError),
        (np.ones(0), np.ones(0), np.ones(0), NetworkShapeError),
        (1.0, np.ones(1), np.ones(1), NetworkShapeError),
        (np.array([1.0, np.nan]), np.ones(2), np.ones(2), NetworkValueError),
        (np.ones(2), np.array([np.inf, 1.0]), np.ones(2), NetworkValueError),
        (np.ones(2), np.ones(2), np.ones(2) * 1j, NetworkValueError),
        (np.ones(2), np.ones(2), np.array(["1", "2"]), NetworkValueError),
        (np.ones(2, dtype=bool), np.ones(2), np.ones(2), NetworkValueError),
    ],
)
def test_bad_networks_are_refused_by_name(m, n, b, error):
    with pytest.raises(error):
        LatentCircuit(m, n, b)


@pytest.mark.parametrize("tau", [0.0, -1.0, math.nan, math.inf])
def test_bad_time_constants_are_refused(tau):
    with pytest.raises(NetworkValueError, match="tau"):
        LatentCircuit(np.ones(2), np.ones(2), np.ones(2), tau)


def test_arrays_are_copied_and_frozen():
    m = np.ones(2, dtype=np.float32)
    circuit = LatentCircuit(m, np.ones(2, dtype=np.float64), np.array([0, 1]))
    m[0] = 7.0
    assert circuit.m[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        circuit.m[0] = 2.0


def test_flow_and_derivatives_have_the_shape_of_their_argument():
    circuit = ghostly(0.01)
    points = np.linspace(-1, 1, 6).reshape(2, 3)
    assert circuit.flow(points).shape == (2, 3)
    assert circuit.flow(0.3).shape == ()
    nudge = 1e-5
    for order in range(3):
        slope = (circuit.derivative(points + nudge, order) - circuit.derivative(points - nudge, order)) / (2 * nudge)
        np.testing.assert_allclose(circuit.derivative(points, order + 1), slope, atol=1e-7)


def test_the_circuit_is_the_network_to_rounding():
    rng = np.random.default_rng(0)
    m, n, b, state = rng.normal(size=(4, 100)) * np.array([[0.3], [0.3], [1.0], [2.0]])
    circuit = LatentCircuit(m, n, b)
    latent, reduced = float(n @ state), []
    for _ in range(40):
        latent = latent + 0.5 * float(circuit.flow(latent))
        reduced.append(latent)
    difference = np.abs(full_network_trajectory(circuit, state, 0.5, 40) - reduced)
    # each step rounds a sum of a hundred terms; the map stretches by at most |1 + f' / 2| a step
    stretch = max(1.0, 1 + 0.5 * (np.abs(m * n).sum() - 1)) ** 5
    assert difference.max() < 100 * 2**-52 * np.abs(n).sum() * stretch


def test_the_ghost_has_the_height_it_was_given():
    for height in (0.1, 1e-3, 1e-6):
        circuit = ghostly(height)
        slowest = circuit.slowest()
        assert slowest is not None
        assert slowest.effective_r == pytest.approx(height, abs=slowest.error)
        assert slowest.error < 1e-12
        assert slowest.curvature == pytest.approx(0.5 * float(circuit.derivative(slowest.location, 2)), rel=1e-12)
        assert slowest in circuit.ghosts()
        nearby = slowest.location + np.array([-1e-3, 1e-3])
        assert np.all(np.abs(circuit.flow(nearby)) > slowest.effective_r)


def test_a_ghost_becomes_a_pair_at_the_saddle_node():
    before, after = ghostly(1e-9), ghostly(-1e-9)
    assert before.fixed_points().certified
    assert after.fixed_points().certified
    assert len(after.fixed_points().roots) == len(before.fixed_points().roots) + 2
    assert len(after.ghosts()) == len(before.ghosts()) - 1
    lost = before.slowest()
    assert lost is not None
    (pair,) = [point for point in after.pairs() if abs(point.location - lost.location) < 1e-6]
    assert pair.effective_r == pytest.approx(-1e-9, abs=pair.error)
    roots = after.fixed_points().roots
    split = np.sort(np.abs(roots - pair.location))[:2]
    assert split == pytest.approx([math.sqrt(1e-9 / pair.curvature)] * 2, rel=1e-3)  # next order: 1e-4.5


@pytest.mark.parametrize("height", [0.1, 1e-2, 1e-4, 1e-6])
def test_the_delay_against_quadrature_at_30_digits(height):
    circuit = ghostly(height, tau=10.0)
    delay = circuit.predicted_delay(start=-0.3, threshold=1.0)
    ghost = circuit.slowest()
    assert ghost is not None
    with mpmath.workdps(30):
        neurons = [tuple(map(mpmath.mpf, map(float, row))) for row in zip(circuit.m, circuit.n, circuit.b, strict=True)]

        def pace(kappa):
            return 1 / sum((n * mpmath.tanh(m * kappa + b) for m, n, b in neurons), -kappa)

        width = math.sqrt(height / ghost.curvature)
        cuts = sorted({x for s in (-1, 1) for k in range(12) if -0.3 < (x := ghost.location + s * width * 2.0**k) < 1})
        exact = 10 * mpmath.quad(pace, [mpmath.mpf(-0.3), *cuts, 1])
    assert delay.outcome is PassageOutcome.REACHED
    assert abs(delay.value - float(exact)) <= delay.error
    assert delay.error < 1e-9 * delay.value / min(1.0, 1e3 * height)


def test_the_arctangents_miss_only_what_stays_bounded_as_the_ghost_closes():
    """The delay grows like 1 / sqrt(height) while the cubic and higher terms cost a constant: error ~ sqrt(height)."""
    heights = 10.0 ** -np.arange(5, 9)  # the constant itself is reached with an error of order sqrt(height)
    missed = []
    for height in heights:
        circuit = ghostly(height)
        ghost = circuit.slowest()
        assert ghost is not None
        exact = circuit.predicted_delay(-0.3, 1.0).value
        missed.append(abs(ghost.delay(-0.3, 1.0) / exact - 1))
    slope = np.polyfit(np.log(heights), np.log(missed), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.05)


def test_outcomes_of_a_passage():
    blocked, open_way = ghostly(-1e-3), ghostly(1e-3)
    assert blocked.predicted_delay(-0.3, 1.0).outcome is PassageOutcome.BLOCKED
    assert blocked.predicted_delay(-0.3, 1.0).value == math.inf
    assert blocked.predicted_euler_delay(0.5, -0.3, 1.0).outcome is PassageOutcome.BLOCKED
    assert blocked.euler_passage(0.5, -0.3).outcome is PassageOutcome.BLOCKED
    assert open_way.predicted_delay(2.0, 1.0).outcome is PassageOutcome.ALREADY_PAST
    assert open_way.predicted_delay(2.0, 1.0).value == 0.0
    assert open_way.euler_passage(0.5, 2.0).count == 0
    assert open_way.euler_passage(0.5, -0.3, most_steps=3).outcome is PassageOutcome.STEPS_EXHAUSTED
    assert ghostly(0.0).predicted_delay(-0.3, 1.0).outcome is PassageOutcome.UNDECIDED
    high = float(open_way.fixed_points().roots[-1])
    assert open_way.predicted_delay(high + 0.1, high + 0.2).outcome is PassageOutcome.LEADS_AWAY
    assert open_way.predicted_delay(-0.3, high + 0.1).outcome is PassageOutcome.BLOCKED


def test_the_default_start_is_the_networks_own():
    circuit = ghostly(0.01)
    own = float(circuit.n @ np.full(len(circuit.n), INITIAL_ACTIVITY))
    assert circuit.start() == pytest.approx(own, abs=1e-15)
    assert circuit.predicted_delay() == circuit.predicted_delay(circuit.start())


@pytest.mark.parametrize("height", [0.05, 1e-3])
def test_the_passage_count_is_the_full_networks(height):
    circuit = ghostly(height)
    for step in (0.5, 0.1):
        passage = circuit.euler_passage(step)
        state = np.full(len(circuit.n), INITIAL_ACTIVITY)
        switched = full_network_trajectory(circuit, state, step, passage.count + 5) >= 1.0
        assert passage.count == int(np.argmax(switched)) + 1
        assert (passage.count - 1) * step < passage.time <= passage.count * step


def test_eulers_correction_leaves_an_error_of_second_order():
    """Measured on the iterated map: without the correction the slope is one, with it two."""
    circuit = ghostly(0.02)
    steps = 0.2 / 2.0 ** np.arange(6)
    exact = circuit.predicted_delay(-0.3, 1.0).value
    measured = np.array([circuit.euler_passage(step, -0.3, 1.0).time for step in steps])
    corrected = np.array([circuit.predicted_euler_delay(step, -0.3, 1.0).value for step in steps])
    slopes = [
        np.polyfit(np.log(steps), np.log(np.abs(error)), 1)[0] for error in (measured - exact, measured - corrected)
    ]
    assert slopes == pytest.approx([1.0, 2.0], abs=0.1)


def test_many_networks_are_certified_within_seconds():
    """What makes it affordable along a whole training history is the number of cells; time is for the benchmarks."""
    rng = np.random.default_rng(0)
    m, n, b = rng.normal(size=(3, 300, 100)) * np.array([0.3, 0.3, 1.0])[:, None, None]
    cells, jet = [], _jet(m, n, b, 0)

    def counted(member, centre, radius):
        cells.append(len(member))
        return jet(member, centre, radius)

    found = find_roots(counted, 1.01 * np.abs(n).sum(axis=1), 1, -1)
    assert found.counts.tolist() == certify_fixed_points(m, n, b).counts.tolist()
    assert sum(cells) < 100 * 300


def network_with_input(seed):
    """Thirty neurons whose bias alone leaves a slow way to kappa = 1; an input changes how slow."""
    rng = np.random.default_rng(seed)
    m, n = rng.normal(size=(2, 30)) / 30**0.5
    drive = 0.3 * rng.normal(size=30)
    n = n + 2.2 * m / (m @ m)  # an overlap beyond one, so that kappa grows
    return m, n, 0.05 * rng.normal(size=30) + 0.02 * m, drive


@pytest.mark.parametrize("seed", range(6))
def test_delay_from_a_given_state_under_a_constant_input(seed):
    """Against the network of all neurons, step by step, with its input fed in at every step."""
    m, n, b, drive = network_with_input(seed)
    if n @ np.tanh(drive) < 0:
        drive = -drive
    state = np.random.default_rng(seed + 100).normal(size=30) * 0.1
    x, steps, step = state, 0, 0.05
    while n @ x < 1.0 and steps < 2000:
        x = x + step * (-x + np.tanh(np.outer(m, n) @ x + b + drive))
        steps += 1
    circuit = LatentCircuit(m, n, b, constant_input=drive)
    assert 5 < steps < 2000
    assert circuit.euler_passage(step, start=state).count == steps
    # the last step is whole in the network, and the law's error is of second order in the step
    assert abs(circuit.predicted_euler_delay(step, start=state).value / step - steps) < 1 + 10 * step
    assert circuit.predicted_delay(start=state).value == circuit.predicted_delay(start=circuit.start(state)).value


def test_the_settled_start_and_no_input_predict_another_delay():
    m, n, b, drive = network_with_input(1)
    drive = drive if n @ np.tanh(drive) > 0 else -drive
    state = np.random.default_rng(101).normal(size=30) * 0.1
    right = LatentCircuit(m, n, b, constant_input=drive).euler_passage(0.05, start=state).count
    assert LatentCircuit(m, n, b, constant_input=drive).euler_passage(0.05).count != right
    assert LatentCircuit(m, n, b).euler_passage(0.05, start=state).count != right


def test_an_input_is_a_bias():
    m, n, b, drive = network_with_input(0)
    with_input, with_bias = LatentCircuit(m, n, b, constant_input=drive), LatentCircuit(m, n, b + drive)
    np.testing.assert_array_equal(with_input.flow(np.linspace(-2, 2, 9)), with_bias.flow(np.linspace(-2, 2, 9)))
    np.testing.assert_array_equal(with_input.fixed_points().roots, with_bias.fixed_points().roots)


def test_states_and_inputs_of_another_size_are_refused():
    m, n, b, drive = network_with_input(0)
    with pytest.raises(NetworkShapeError, match="constant_input"):
        LatentCircuit(m, n, b, constant_input=drive[:7])
    with pytest.raises(NetworkShapeError, match="each of 30 neurons"):
        LatentCircuit(m, n, b).start(np.zeros(29))
    with pytest.raises(NetworkValueError, match="state must be finite"):
        LatentCircuit(m, n, b).predicted_delay(start=np.full(30, np.nan))


@pytest.mark.parametrize("size", [50, 100, 1000])
def test_vectors_without_the_factor_of_the_size_are_told_of(size):
    """Entries of order one, as networks m n^T / N are published: the roots scale with N, and a warning says why."""
    m, n = np.random.default_rng(size).normal(size=(2, size)) * 1.5
    n = n + m
    with pytest.warns(ScaleWarning, match=f"give n / {size}"):
        unscaled = LatentCircuit(m, n, np.zeros(size))
    scaled = LatentCircuit(m, n / size, np.zeros(size))
    assert unscaled.lacks_scale
    assert not scaled.lacks_scale
    assert unscaled.entry_scale == pytest.approx(size * scaled.entry_scale, rel=1e-12)
    assert unscaled.fixed_points().roots[-1] > 0.5 * np.abs(n).sum() * 0.5
    assert scaled.fixed_points().roots[-1] < 3


@pytest.mark.parametrize("size", [50, 100, 1000])
@pytest.mark.parametrize("strength", [1.0, 5.0])
def test_networks_in_the_papers_scale_are_not(size, strength):
    m, n = np.random.default_rng(size).normal(size=(2, size)) / size**0.5
    assert not LatentCircuit(strength * m, strength * n, np.zeros(size)).lacks_scale
