"""Lorenz-96: the flow site by site, its integral of motion, the order of its steps, and what a guess costs."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.tasks.constant import BadConstant
from simulate.tasks.lorenz_96 import Lorenz96, advection, lorenz_96, runge_kutta

KEY = jax.random.key(13)
RANDOM = np.random.default_rng(0)


def drawn(**constants):
    return eqx.filter_jit(Lorenz96(KEY, **constants))(jnp.asarray(1))


def slope(x, forcing):
    """dx/dt of one state, a site at a time."""
    sites = len(x)
    return [(x[(i + 1) % sites] - x[(i - 2) % sites]) * x[(i - 1) % sites] - x[i] + forcing for i in range(sites)]


def stepped(x, forcing, dt):
    """A Runge-Kutta step of one state, a site at a time."""

    def moved(by, of):
        return [here + by * there for here, there in zip(x, of, strict=True)]

    a = slope(x, forcing)
    b = slope(moved(dt / 2, a), forcing)
    c = slope(moved(dt / 2, b), forcing)
    d = slope(moved(dt, c), forcing)
    return moved(dt / 6, [p + 2 * q + 2 * r + s for p, q, r, s in zip(a, b, c, d, strict=True)])


def orbit(flow, x, dt, steps):
    return jax.jit(lambda x: jax.lax.fori_loop(0, steps, lambda _, now: runge_kutta(flow, now, dt), x))(x)


@pytest.mark.parametrize("channels", [4, 7])
def test_targets_are_the_states_that_a_loop_over_the_sites_comes_to(channels):
    batch = drawn(channels=channels, trials=3, steps=12, forcing=7.5, sampling_interval=0.04, centre=2.0, scale=3.0)
    inputs, targets = np.asarray(batch.inputs), np.asarray(batch.targets)
    assert inputs.shape == targets.shape == (3, 12, channels)
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
    for trial in range(3):
        x = [2 + 3 * float(site) for site in inputs[trial, 0]]
        for step in range(12):
            x = stepped(x, 7.5, 0.04)
            np.testing.assert_allclose(2 + 3 * targets[trial, step], x, rtol=1e-11, atol=1e-11)
    assert np.all(batch.mask == 1)


def test_trials_begin_at_normal_states_and_leave_out_the_spin_up():
    early, late = drawn(spin_up=0, steps=9), drawn(spin_up=7, steps=2)
    np.testing.assert_allclose(late.inputs, early.inputs[:, 7:], rtol=1e-11, atol=1e-11)
    start = np.asarray(drawn(spin_up=0, steps=1, trials=500).inputs)[:, 0]
    assert abs(start.mean()) < 5 / np.sqrt(start.size)
    assert abs(start.std() - 1) < 5 / np.sqrt(2 * start.size)


def test_advection_conserves_the_sum_of_squares():
    """Its rate 2 x.advection(x) is zero to rounding, its drift along an orbit to the order of the steps."""
    x = jnp.asarray(RANDOM.normal(size=(20, 9)))
    products = x * advection(x)
    assert np.max(np.abs(products.sum(-1)) / np.abs(products).sum(-1)) < 9 * 2.3e-16
    assert np.max(np.abs(products)) > 0.1
    before, after = (np.sum(np.asarray(each) ** 2, axis=-1) for each in (x, orbit(advection, x, 1e-3, 500)))
    np.testing.assert_allclose(after, before, rtol=1e-12)  # 500 steps, each off by the fifth or sixth power of 1e-3
    damped = np.sum(np.asarray(orbit(lambda x: lorenz_96(x, 0.0), x, 1e-3, 500)) ** 2, axis=-1)
    np.testing.assert_allclose(damped, before * np.exp(-1), rtol=1e-12)


def test_steps_are_of_order_four():
    """Halving the step divides the error by sixteen: the slope of the errors in log-log is 4."""
    x = jnp.asarray(2.3 + 3.6 * RANDOM.normal(size=(20, 8)))
    ends = [np.asarray(orbit(lambda x: lorenz_96(x, 8.0), x, 0.4 / steps, steps)) for steps in (32, 64, 128, 2048)]
    errors = [np.sqrt(np.mean((end - ends[-1]) ** 2)) for end in ends[:-1]]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.15)


def test_states_are_scaled_to_order_one_and_guesses_cost_what_is_said():
    states = np.asarray(drawn(trials=500).inputs)
    assert abs(states.mean()) < 0.05
    assert states.std() == pytest.approx(1, abs=0.05)
    repeated = np.mean((states[:, 1:] - states[:, :-1]) ** 2)
    straight = np.mean((states[:, 2:] - 2 * states[:, 1:-1] + states[:, :-2]) ** 2)
    assert repeated == pytest.approx(0.07, rel=0.1)
    assert straight == pytest.approx(0.016, rel=0.1)
    assert Lorenz96(KEY).threshold < straight < repeated


@pytest.mark.parametrize(("channels", "low", "high"), [(4, 0.0, 0.2), (5, 0.3, 0.7), (8, 1.2, 1.9)])
def test_five_sites_are_chaotic_and_four_hardly(channels, low, high):
    """The rate at which orbits part that were 1e-8 apart, over 20 units of time after as many of settling."""
    x, apart = 2.3 + 3.6 * RANDOM.normal(size=(50, channels)), RANDOM.normal(size=(50, channels))
    apart *= 1e-8 / np.linalg.norm(apart, axis=-1, keepdims=True)

    def part(_, now):
        pair, grown = now
        x, other = jax.lax.fori_loop(0, 10, lambda _, pair: runge_kutta(lambda x: lorenz_96(x, 8.0), pair, 0.05), pair)
        growth = jnp.linalg.norm(other - x, axis=-1) / 1e-8
        return jnp.stack([x, x + (other - x) / growth[:, None]]), grown + jnp.log(growth)

    parted = jax.jit(lambda pair: jax.lax.fori_loop(0, 40, part, (pair, jnp.zeros(50))))
    settled, _ = parted(jnp.asarray(np.stack([x, x + apart])))
    assert low < np.mean(parted(settled)[1]) / 20 < high


def test_the_loop_above_is_no_copy_of_what_it_checks():
    """One site moved changes its own slope and those of the next, the one after and the one before."""
    x = jnp.asarray(RANDOM.normal(size=6))
    changed = np.asarray(lorenz_96(x.at[2].add(0.5), 8.0) - lorenz_96(x, 8.0)) != 0
    assert changed.tolist() == [False, True, True, True, True, False]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_forcing_that_steps_do_not_follow_is_refused_and_the_strongest_stays_finite(sign):
    with pytest.raises(BadConstant, match=r"too long a step at a forcing of -?100: give at most 0\.01"):
        Lorenz96(jax.random.key(0), forcing=100.0 * sign)
    assert jnp.isfinite(drawn(forcing=20.0 * sign, trials=50).targets).all()
