"""Rules of optax in common use, written out in NumPy: clipping, momentum, a decaying rate; resumed to the bit."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch, FixedTask
from simulate.training.checkpoint import Checkpoint, CheckpointMismatch
from simulate.training.clipped import Clipped
from simulate.training.decayed import Decayed
from simulate.training.penalty import NuclearNorm, Penalised
from simulate.training.plateau import ReducedOnPlateau
from simulate.training.rule import GradientDescent, Optax
from simulate.training.train import train
from simulate.training.trained import TrainingInterrupted

TASK = FixedTask(
    Batch(
        jax.random.normal(jax.random.key(0), (3, 5, 2)),
        jax.random.normal(jax.random.key(1), (3, 5, 3)),
        jnp.full((3, 5), 1 / 15),
        dt=1.0,
    )
)
RATES = np.array([0.3, 0.1])
LIMIT = 0.2
EPOCHS = 12


def networks():
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=(2, *leaf.shape))), Vanilla.blank(4, 2, 3))


def by_hand(rate, step_of):
    """Losses and norms of a network that steps by `step_of(gradient, epoch, memory)`, times the rate; and its end."""
    which = int(np.argmax(rate == RATES))
    network = jax.tree.map(lambda leaf: leaf[which], networks())
    measure = jax.jit(lambda network: network.loss_and_gradient(TASK.batch))
    memory, norms, seen = [0.0] * 5, [], []
    for epoch in range(EPOCHS):
        measured, gradient = measure(network)
        g, structure = jax.tree.flatten(gradient)
        seen.append(float(measured.loss))
        norms.append(np.sqrt(sum(float(np.sum(np.asarray(each) ** 2)) for each in g)))
        memory, steps = step_of([np.asarray(each) for each in g], norms[-1], epoch, memory)
        moved = [leaf - rate * step for leaf, step in zip(jax.tree.leaves(network), steps, strict=True)]
        network = jax.tree.unflatten(structure, [jnp.asarray(each) for each in moved])
    return np.array(seen), np.array(norms), network


def clipped(g, norm, epoch, memory):
    return memory, [each * min(1.0, LIMIT / norm) for each in g]


def with_momentum(g, norm, epoch, memory):
    memory = [0.9 * w + each for w, each in zip(memory, g, strict=True)]
    return memory, memory


def with_nesterov(g, norm, epoch, memory):
    memory = [0.9 * w + each for w, each in zip(memory, g, strict=True)]
    return memory, [each + 0.9 * w for w, each in zip(memory, g, strict=True)]


def decaying(g, norm, epoch, memory):
    return memory, [0.8 ** (epoch / 3) * each for each in g]


def decaying_in_stairs(g, norm, epoch, memory):
    return memory, [0.8 ** (epoch // 3) * each for each in g]


def all_of_them(g, norm, epoch, memory):
    _, g = clipped(g, norm, epoch, memory)
    memory, g = with_momentum(g, norm, epoch, memory)
    return memory, decaying(g, norm, epoch, memory)[1]


DECAY = optax.scale_by_schedule(optax.exponential_decay(1.0, 3, 0.8))
WRITTEN = {
    "clipped": (clipped, optax.clip_by_global_norm(LIMIT)),
    "momentum": (with_momentum, optax.trace(0.9)),
    "nesterov": (with_nesterov, optax.trace(0.9, nesterov=True)),
    "decaying": (decaying, DECAY),
    "stairs": (decaying_in_stairs, optax.scale_by_schedule(optax.exponential_decay(1.0, 3, 0.8, staircase=True))),
    "all": (all_of_them, optax.chain(optax.clip_by_global_norm(LIMIT), optax.trace(0.9), DECAY)),
}


def tolerance(step_of):
    """Of twelve steps; optax computes this schedule in single precision, whatever the network's."""
    return 1e-10 if step_of in (clipped, with_momentum, with_nesterov) else EPOCHS * float(np.finfo(np.float32).eps)


def test_this_schedule_of_optax_is_in_single_precision():
    assert optax.exponential_decay(1.0, 3, 0.8)(jnp.asarray(1, jnp.int32)).dtype == jnp.float32


@pytest.mark.parametrize("name", WRITTEN)
def test_against_its_formula_at_a_rate_for_each_network(name):
    step_of, rule = WRITTEN[name]
    result = train(networks(), TASK, rule=Optax(rule, jnp.asarray(RATES)), epochs=EPOCHS)
    for i, rate in enumerate(RATES):
        losses, norms, end = by_hand(rate, step_of)
        np.testing.assert_allclose(result.history.probes.loss[:, i], losses, rtol=tolerance(step_of))
        np.testing.assert_allclose(result.history.probes.gradient_norm[:, i], norms, rtol=10 * tolerance(step_of))
        for name, leaf in end.parameters.items():
            np.testing.assert_allclose(result.network(i).parameters[name], leaf, rtol=0, atol=tolerance(step_of))
    if step_of in (clipped, all_of_them):
        assert (result.history.probes.gradient_norm > LIMIT).any()


def test_the_aliases_of_optax_mean_the_same():
    """SGD with momentum, a decaying rate and a clipped gradient, as a user writes it."""
    alias = optax.sgd(optax.exponential_decay(float(RATES[0]), 3, 0.8), momentum=0.9)
    result = train(networks(), TASK, rule=optax.chain(optax.clip_by_global_norm(LIMIT), alias), epochs=EPOCHS)
    losses = by_hand(RATES[0], all_of_them)[0]
    np.testing.assert_allclose(result.history.probes.loss[:, 0], losses, rtol=tolerance(all_of_them))


LIMITS, MOMENTA, DECAYS = np.array([0.2, 0.1]), np.array([0.9, 0.5]), np.array([0.8, 0.4])


def test_a_search_s_rule_is_descent_by_its_formula_with_numbers_of_each_network():
    """w <- m w - rate decay^(t / 12) g, |g| at most the limit."""
    rates, momenta, limits, decays = map(jnp.asarray, (RATES, MOMENTA, LIMITS, DECAYS))
    rule = Decayed(Clipped(GradientDescent(rates, momenta), limits), decays, EPOCHS)
    result = train(networks(), TASK, rule=rule, epochs=EPOCHS)
    for i, rate in enumerate(RATES):

        def step_of(g, norm, epoch, memory, i=i):
            now = DECAYS[i] ** (epoch / EPOCHS) * min(1.0, LIMITS[i] / norm)
            memory = [MOMENTA[i] * w + now * each for w, each in zip(memory, g, strict=True)]
            return memory, memory

        np.testing.assert_allclose(result.history.probes.loss[:, i], by_hand(rate, step_of)[0], rtol=1e-10)
    assert (result.history.probes.gradient_norm > LIMITS).any(axis=0).all()


RULES = {
    "all": lambda: Optax(WRITTEN["all"][1], jnp.asarray(RATES)),
    "alias": lambda: optax.sgd(optax.exponential_decay(0.3, 3, 0.8), momentum=0.9),
    "adam": lambda: optax.chain(optax.clip_by_global_norm(LIMIT), optax.adam(optax.exponential_decay(0.1, 3, 0.8))),
    "around": lambda: ReducedOnPlateau(
        Penalised(Optax(optax.scale_by_adam(), jnp.asarray(RATES)), NuclearNorm(jnp.array([0.1, 0.2]))), 0.5, 2
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_resumed_after_a_kill_to_the_bit(name, tmp_path):
    """The rule is made anew, as in another process; schedules, velocities and plateaus go on where they were."""

    def run(rule, **settings):
        return train(networks(), TASK, rule=rule, epochs=EPOCHS, chunk=4, **settings)

    def interrupt(done):
        if done == 8:
            raise KeyboardInterrupt

    whole, checkpoint = run(RULES[name]()), Checkpoint(tmp_path / "run.npz")
    with pytest.raises(TrainingInterrupted):
        run(RULES[name](), checkpoint=checkpoint, progress=interrupt)
    resumed = run(RULES[name](), checkpoint=checkpoint, progress=lambda done: done == 12 or pytest.fail("done before"))
    ends = (jax.tree.leaves((each.networks, each.history.probes)) for each in (whole, resumed))
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*ends, strict=True))
    with pytest.raises(CheckpointMismatch):
        run(RULES["alias" if name != "alias" else "adam"](), checkpoint=checkpoint)
