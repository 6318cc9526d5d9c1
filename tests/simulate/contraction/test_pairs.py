"""Pairs of trajectories come together as fast as a metric says, in both forms and under moving inputs."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR, RELU, TANH
from simulate.contraction.form import RATE, VOLTAGE
from simulate.contraction.inputs import Constant, RandomSinusoids
from simulate.contraction.links import negative_feedback
from simulate.contraction.metric import BlockDiagonal, Dense, euclidean
from simulate.contraction.network import Assembly, RecurrentNetwork
from simulate.contraction.pairs import euler_distances, flow_distances
from simulate.contraction.parametrise.multiplier import draw_multiplier
from simulate.contraction.parametrise.product import draw_product
from simulate.contraction.parametrise.singular import draw_singular
from simulate.integrate import FlowOutcome, MapOutcome, Method

RUNS = 4
UNIT = Dense(jnp.eye(5))
TIMES = jnp.linspace(0.0, 4.0, 17)
TSITOURAS = Method(  # quicker to compile than the default
    diffrax.Tsit5(), diffrax.PIDController(rtol=1e-10, atol=1e-12), 0.01, diffrax.ForwardMode(), 2**14
)


DRAWS = {
    "product": lambda form: draw_product(5, 5, form),
    "singular": lambda form: draw_singular(5, 5, largest=0.7),
    "multiplier": lambda form: draw_multiplier(5, 5, form, least_rate=0.3),
}


def pairs(units, seed=0):
    keys = jax.random.split(jax.random.key(seed), RUNS)
    drives = jax.vmap(lambda key: RandomSinusoids().draw(key, units))(keys)
    starts, others = 2 * np.random.default_rng(seed).standard_normal((2, RUNS, units))
    return drives, jnp.asarray(starts), jnp.asarray(others)


@pytest.mark.parametrize(("form", "activation"), [(VOLTAGE, RELU), (VOLTAGE, TANH), (RATE, RELU), (RATE, TANH)])
@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.sampled(2)
def test_modules_contract_at_their_rate_between_any_two_times(form, activation, kind):
    module = DRAWS[kind](form)
    network, metric = RecurrentNetwork(module.weights(), form, activation), Dense(module.metric().dense())
    told = flow_distances(network, *pairs(5), metric=metric, times=TIMES, method=TSITOURAS)
    assert np.all(np.asarray(told.outcome) == FlowOutcome.reached_end)
    assert told.rates().min() > module.rate() - 1e-7  # the solver's 1e-10 against distances above 1e-3


def test_an_assembly_keeps_the_slowest_rate_under_strong_feedback():
    modules = [draw_singular(i, 3, largest=0.5 + 0.1 * i) for i in range(3)]
    metric = BlockDiagonal(tuple(module.metric() for module in modules))
    networks = tuple(RecurrentNetwork(module.weights(), VOLTAGE, RELU) for module in modules)
    links = negative_feedback(jnp.asarray(3 * np.random.default_rng(9).standard_normal((9, 9))), metric)
    told = flow_distances(Assembly(networks, links), *pairs(9), metric=metric, times=TIMES, method=TSITOURAS)
    assert told.rates().min() > min(float(module.rate()) for module in modules) - 1e-7


def test_without_weights_distances_decay_exactly_at_rate_one():
    told = flow_distances(
        RecurrentNetwork(jnp.zeros((5, 5)), VOLTAGE, RELU), *pairs(5), metric=UNIT, times=TIMES, method=TSITOURAS
    )
    np.testing.assert_allclose(told.rates(), 1.0, atol=1e-7)


def test_euler_s_distances_approach_those_of_the_flow_at_first_order():
    weights = 0.5 * np.random.default_rng(0).standard_normal((5, 5))
    network = RecurrentNetwork(jnp.asarray(weights), VOLTAGE, TANH)
    drives, starts, others = pairs(5)
    exact = flow_distances(network, drives, starts, others, metric=UNIT, times=TIMES, method=TSITOURAS).distance[:, 4]

    def error(count):
        told = euler_distances(network, drives, starts, others, metric=UNIT, step=1 / count, count=count)
        assert np.all(np.asarray(told.outcome) == MapOutcome.finite)
        assert told.times[-1] == pytest.approx(1.0)
        return np.linalg.norm(told.distance[:, -1] - exact)

    counts = [50, 100, 200]
    assert np.polyfit(np.log(counts), np.log([error(c) for c in counts]), 1)[0] == pytest.approx(-1, abs=0.1)


def test_an_expanding_map_is_reported_and_not_hidden():
    network = RecurrentNetwork(jnp.array([[30.0]]), VOLTAGE, LINEAR)
    drives = jax.vmap(Constant)(jnp.zeros((1, 1)))
    told = euler_distances(
        network, drives, jnp.ones((1, 1)), jnp.zeros((1, 1)), metric=euclidean(1), step=10.0, count=400
    )
    assert told.outcome[0] == MapOutcome.non_finite
