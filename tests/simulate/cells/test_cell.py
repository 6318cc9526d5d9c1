"""A new kind of cell is one class: a gated one, defined here and nowhere else, is trained like those of the house."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.cell import Cell
from simulate.tasks.flip_flop import FlipFlop
from simulate.training.checkpoint import Checkpoint
from simulate.training.learner import PlainNumber
from simulate.training.outcome import TrainingOutcome
from simulate.training.stopping import Threshold
from simulate.training.train import train

TASK = FlipFlop(jax.random.key(0), dt=0.5, slots=3, trials=8)


class Gated(Cell):
    """z = sigmoid(A [h, x, 1]), c = tanh(B [h, x, 1]), h <- z h + (1 - z) c; read as C h."""

    A: jax.Array
    B: jax.Array
    C: jax.Array

    def initial_state(self):
        return jnp.zeros(len(self.A), self.A.dtype)

    def step(self, state, inputs, dt):
        seen = jnp.concatenate([state, inputs, jnp.ones(1, state.dtype)])
        keep = jax.nn.sigmoid(self.A @ seen)
        return keep * state + (1 - keep) * jnp.tanh(self.B @ seen)

    def read(self, state):
        return self.C @ state


def drawn(seed, units=8):
    rng = np.random.default_rng(seed)
    return Gated(*(jnp.asarray(rng.normal(size=s) / 3) for s in ((units, units + 2), (units, units + 2), (1, units))))


def trained(epochs, **settings):
    networks = [drawn(seed) for seed in range(3)]
    return train(networks, TASK, rule=optax.adam(0.02), epochs=epochs, **({"chunk": 50} | settings))


@pytest.fixture(scope="module")
def whole():
    return trained(300)


def test_it_learns(whole):
    """A flip-flop of level one half: a network that answers nothing has a loss of 0.25 times the unmasked share."""
    assert set(whole.outcomes) == {TrainingOutcome.completed}
    assert np.all(whole.loss[-20:].mean(axis=0) < 0.25 * whole.loss[:20].mean(axis=0))


def test_its_gradient_is_the_limit_of_difference_quotients_at_second_order():
    network, batch = drawn(0), TASK(jnp.asarray(0))
    _, gradient = network.loss_and_gradient(batch)
    direction = jax.tree.map(lambda a: jnp.cos(jnp.arange(a.size, dtype=a.dtype)).reshape(a.shape), gradient)
    exact = sum(float(jnp.sum(g * d)) for g, d in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))

    def loss_at(h):
        return float(batch.loss(jax.tree.map(lambda a, d: a + h * d, network, direction).outputs(batch)))

    sizes = np.array([4e-3, 2e-3, 1e-3])
    errors = [abs((loss_at(h) - loss_at(-h)) / (2 * h) - exact) for h in sizes]
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(2, abs=0.1)


def test_each_stops_at_its_own_threshold(whole):
    stop = Threshold(float(np.median(whole.loss[150])), patience=2)
    result = trained(300, stop=stop)
    assert set(result.outcomes) == {TrainingOutcome.converged}
    assert len(set(result.stopped_at.tolist())) > 1
    for i, at in enumerate(result.stopped_at):
        # Before the first of them leaves the program, all is computed as without a threshold.
        path = whole.loss[: at + 1, i]
        low = path <= stop.loss
        assert np.flatnonzero(low[1:] & low[:-1])[0] + 1 == at
        np.testing.assert_allclose(result.after.loss[i], path[-1], rtol=1e-6)


def test_it_goes_on_from_a_checkpoint_bit_for_bit(whole, tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.npz")
    trained(100, checkpoint=checkpoint)
    resumed = trained(300, checkpoint=checkpoint)
    assert np.array_equal(resumed.loss, whole.loss)
    for name, found in resumed.networks.parameters.items():
        assert np.array_equal(found, whole.networks.parameters[name])


class Leaky(Cell):
    """With a leak that is said to be nothing."""

    W: jax.Array
    leak: float

    def initial_state(self):
        return jnp.zeros(len(self.W), self.W.dtype)

    def step(self, state, inputs, dt):
        return state + self.leak * (-state + jnp.tanh(self.W @ state + inputs))

    def read(self, state):
        return state[:1]


class LeakySetting(Leaky):
    leak: float = eqx.field(static=True)


class LeakyFixed(Leaky):
    fixed: ClassVar[tuple[str, ...]] = ("leak",)


def leaky(kind, leak):
    return train([kind(0.1 * jnp.eye(3), leak)], TASK, rule=optax.adam(0.02), epochs=3)


@pytest.mark.parametrize("leak", [0.3, 1])
def test_a_number_of_which_nobody_said_that_it_learns_is_refused(leak):
    """As an array of the population it would be trained, though `parameters` does not name it."""
    assert list(Leaky(jnp.eye(3), leak).parameters) == ["W"]
    with pytest.raises(PlainNumber, match=r"Leaky has leak = .*eqx\.field\(static=True\)"):
        leaky(Leaky, leak)


def test_a_setting_and_a_fixed_number_stay_and_an_array_learns():
    setting, fixed, learning = (
        leaky(kind, leak).network(0)
        for kind, leak in ((LeakySetting, 0.3), (LeakyFixed, 0.3), (Leaky, jnp.asarray(0.3)))
    )
    assert (setting.leak, float(fixed.leak)) == (0.3, 0.3)
    np.testing.assert_allclose(setting.W, fixed.W, rtol=1e-12)
    assert abs(float(learning.leak) - 0.3) > 0.01
    assert sorted(learning.parameters) == ["W", "leak"]
