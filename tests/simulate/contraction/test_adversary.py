"""The adversary finds growth where there is some, none where a metric forbids it, and agrees with brute force."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import RELU, TANH, steepened
from simulate.contraction import adversary
from simulate.contraction.adversary import SlopesOutcome, log_norm, worst_slopes, worst_step
from simulate.contraction.form import RATE, VOLTAGE
from simulate.contraction.metric import Dense, euclidean
from simulate.contraction.network import Assembly, RecurrentNetwork
from simulate.contraction.parametrise.multiplier import draw_multiplier
from simulate.contraction.switching import BadSwitching, SwitchingLaw, growth_rate, period_gain, period_map
from simulate.contraction.switching_search import SwitchingOutcome, SwitchingSearch, greedy_law, refined

QUICK = SwitchingSearch(periods=4, restarts=2, rounds=15, refined=1, shortest=1.5, longest=4.0)


def gaussian(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def rotation(c):
    return RecurrentNetwork(jnp.array([[0.0, -c], [c, 0.0]]), VOLTAGE, RELU)


def worst_law(c):
    """From an axis slopes (1, 0) until tan theta = c, then (1, 1) to the next axis; then the same with axes swapped."""
    turn = (np.pi / 2 - np.arctan(c)) / c
    return SwitchingLaw(np.array([1.0, turn, 1.0, turn]), np.array([[1.0, 0], [1, 1], [0, 1], [1, 1]]))


@pytest.mark.parametrize("form", [VOLTAGE, RATE])
def test_all_corners_are_a_brute_force_maximum(form):
    network = RecurrentNetwork(gaussian(0, 4, 4), form, steepened(TANH, 1.5), 0.5)
    root = gaussian(1, 4, 4)
    metric = Dense(root @ root.T + jnp.eye(4))
    worst = worst_slopes(network, metric)
    factor = np.linalg.cholesky(metric.dense()).T

    def norm(slopes):
        jacobian = np.asarray(network.weights)
        jacobian = jacobian * slopes if form is VOLTAGE else slopes[:, None] * jacobian
        moved = factor @ ((jacobian - np.eye(4)) / 0.5) @ np.linalg.inv(factor)
        return np.linalg.eigvalsh((moved + moved.T) / 2)[-1]

    corners = [1.5 * np.array(bits) for bits in itertools.product([0.0, 1.0], repeat=4)]
    assert worst.log_norm == pytest.approx(max(norm(corner) for corner in corners), rel=1e-10)
    assert norm(worst.slopes) == pytest.approx(worst.log_norm, rel=1e-10)
    assert worst.exhaustive
    assert worst.tried == 16
    inside = 1.5 * np.random.default_rng(0).random((50, 4))
    assert all(float(log_norm(network, metric, jnp.asarray(s))) <= worst.log_norm for s in inside)


def test_climbing_finds_what_all_corners_find(monkeypatch):
    for seed in range(3):
        network = RecurrentNetwork(gaussian(seed, 9, 9), VOLTAGE, RELU)
        exact = worst_slopes(network, euclidean(9))
        with monkeypatch.context() as patch:
            patch.setattr(adversary, "ALL_CORNERS", 2)
            climbed = worst_slopes(network, euclidean(9))
        assert not climbed.exhaustive
        assert climbed.log_norm == pytest.approx(exact.log_norm, rel=1e-10)


def test_the_worst_step_is_that_of_all_corners():
    """Eight units in a metric of their own, both forms: the climbs end at the largest factor of any corner."""
    for seed, form in enumerate((VOLTAGE, RATE)):
        network = RecurrentNetwork(gaussian(seed, 8, 8), form, RELU)
        root = np.asarray(gaussian(seed + 10, 8, 8)) + 3 * np.eye(8)
        metric = Dense(jnp.asarray(root.T @ root))
        corners = (np.arange(2**8)[:, None] >> np.arange(8)) & 1
        steps = [np.eye(8) + 0.3 * np.asarray(network.jacobian(jnp.asarray(corner * 1.0))) for corner in corners]
        factors = [np.linalg.norm(root @ step @ np.linalg.inv(root), 2) for step in steps]
        found = worst_step(network, metric, 0.3)
        assert found.factor == pytest.approx(max(factors), rel=1e-9)
        at = root @ (np.eye(8) + 0.3 * np.asarray(network.jacobian(jnp.asarray(found.slopes)))) @ np.linalg.inv(root)
        assert np.linalg.norm(at, 2) == pytest.approx(found.factor, rel=1e-12)
        assert found.tried > 18


def test_a_certified_metric_is_not_beaten():
    """c = 1.9: the identity is a metric with rate 1 - c/2; switching makes nothing grow, and no period expands it."""
    worst = worst_slopes(rotation(1.9), euclidean(2))
    assert worst.log_norm == pytest.approx(1.9 / 2 - 1, abs=1e-12)
    assert worst.outcome == SlopesOutcome.none_expands
    found = QUICK.run(rotation(1.9), euclidean(2))
    assert found.outcome == SwitchingOutcome.no_growth
    assert found.growth_rate < 1.9 / 2 - 1
    assert found.gain < np.exp((1.9 / 2 - 1) * found.law.period)


def test_the_exact_multiplier_class_is_not_beaten():
    module = draw_multiplier(0, 14, VOLTAGE, least_rate=0.2)
    network = RecurrentNetwork(module.weights(), VOLTAGE, TANH)
    assert worst_slopes(network, module.metric(), restarts=4).log_norm < -0.2 + 1e-9


def test_switching_destabilises_beyond_the_known_threshold_and_not_before():
    """The root of ln(1 + c^2) / 2 = 1 + (pi/2 - atan c) / c is c = 2.88345; bracketed from both sides."""
    for c, grows in ((2.85, False), (2.92, True), (3.0, True)):
        found = QUICK.run(rotation(c), euclidean(2))
        assert (found.outcome == SwitchingOutcome.growth) == grows
        assert found.growth_rate >= growth_rate(rotation(c), worst_law(c)) - 1e-9
        assert found.gain >= np.exp(found.growth_rate * found.law.period) - 1e-9


@pytest.mark.parametrize("c", [2.5, 2.88345, 3.5])
def test_the_growth_of_the_worst_law_is_the_closed_form(c):
    quarter = 1 + (np.pi / 2 - np.arctan(c)) / c
    assert growth_rate(rotation(c), worst_law(c)) * quarter == pytest.approx(np.log(1 + c**2) / 2 - quarter, abs=1e-12)


def test_a_period_is_the_product_of_exponentials_by_small_steps():
    network = RecurrentNetwork(gaussian(0, 3, 3), RATE, TANH, 2.0)
    law = SwitchingLaw(np.array([0.3, 0.0, 0.5]), np.array([[1.0, 0, 1], [0, 0, 0], [0, 1, 0.5]]))
    product, logarithm = period_map(network, law)
    expected = np.eye(3)
    for duration, slopes in zip(law.durations, law.slopes, strict=True):
        step = np.eye(3) + duration / 2**14 * np.asarray(network.jacobian(jnp.asarray(slopes)))
        expected = np.linalg.matrix_power(step, 2**14) @ expected
    np.testing.assert_allclose(np.exp(logarithm) * product, expected, rtol=1e-3)
    merged = law.merged()
    assert len(merged.durations) == 2
    assert growth_rate(network, merged) == pytest.approx(growth_rate(network, law), abs=1e-12)


def test_refining_durations_does_not_lose_and_finds_the_optimum():
    start = SwitchingLaw(np.array([0.7, 0.3, 0.7, 0.3]), worst_law(3.0).slopes)
    better = refined(rotation(3.0), start)
    assert growth_rate(rotation(3.0), better) > growth_rate(rotation(3.0), worst_law(3.0)) - 1e-6
    assert growth_rate(rotation(3.0), start) < 0


def test_an_assembly_can_be_attacked_like_a_network():
    """Two stable modules with links of one sign grow; the slopes found show it."""
    module = RecurrentNetwork(jnp.zeros((1, 1)), VOLTAGE, RELU)
    grows = Assembly((module, module), jnp.array([[0.0, 2.0], [2.0, 0.0]]))
    assert worst_slopes(grows, euclidean(2)).outcome == SlopesOutcome.some_expand
    assert growth_rate(grows, SwitchingLaw(np.ones(1), np.ones((1, 2)))) == pytest.approx(1)


def test_a_greedy_law_grows_no_slower_than_constant_slopes_in_its_metric():
    network = RecurrentNetwork(1.5 * gaussian(0, 6, 6), VOLTAGE, RELU)
    law = greedy_law(network, euclidean(6), 8.0, 400)
    rest = SwitchingLaw(np.array([8.0]), np.zeros((1, 6)))
    assert period_gain(network, law, euclidean(6)) > period_gain(network, rest, euclidean(6))


@pytest.mark.parametrize(
    ("durations", "slopes"), [([1.0], [[1.0], [0.0]]), ([-1.0], [[1.0]]), ([np.nan], [[1.0]]), ([], np.zeros((0, 1)))]
)
def test_what_is_no_switching_law_is_refused(durations, slopes):
    with pytest.raises(BadSwitching):
        SwitchingLaw(np.array(durations), np.array(slopes))


def test_a_law_that_ends_at_one_corner_stays_within_floating_point():
    """Unstable at fixed slopes, durations grow without end: the rate found is between that of slopes and the norm's."""
    network = RecurrentNetwork(gaussian(0, 5, 5), RATE, TANH, 1.3)
    search = SwitchingSearch(segments=8, periods=2, restarts=1, rounds=6, refined=2, longest=30.0)
    found = search.run(network, euclidean(5))
    assert found.outcome == SwitchingOutcome.growth
    assert np.isfinite(found.law.durations).all()
    steepest = np.linalg.eigvals(np.asarray(network.jacobian(network.steepest))).real.max()
    assert steepest - 1e-9 <= found.growth_rate <= worst_slopes(network, euclidean(5)).log_norm + 1e-9
