"""The ground truth, to the letter: against loops in plain numpy, and its gradient against finite differences."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from simulate.cells.cell import evaluate
from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.low_rank_latent import by_latent_state
from simulate.cells.nonlinearity import ERF, LINEAR, RELU, TANH, Nonlinearity
from simulate.tasks.task import Batch, fixed_task
from simulate.training.rule import GradientDescent

PLAIN = {
    "linear": lambda x: x,
    "erf": lambda x: erf(np.sqrt(np.pi) / 2 * x),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
}
outputs_of = eqx.filter_jit(lambda network, batch: network.outputs(batch))


@eqx.filter_jit
def gradient_of(network: LowRank, batch: Batch) -> tuple[jax.Array, Connectivity]:
    measured, gradient = network.loss_and_gradient(batch)
    return measured.loss, gradient.connectivity


@eqx.filter_jit
def both_after(network, gradient, rule, key, velocity=None):
    """The network after a step, and its velocity."""
    tree = eqx.tree_at(lambda n: n.connectivity, eqx.filter(network, network.learns()), gradient)
    return rule.step(network, tree, velocity, loss=jnp.zeros(()), key=key)


def step(network: LowRank, gradient: Connectivity, rule: GradientDescent, key: jax.Array) -> LowRank:
    return both_after(network, gradient, rule, key)[0]


@dataclasses.dataclass(frozen=True)
class Shifted(Nonlinearity):
    """Neither odd nor zero at rest."""

    def __call__(self, x: jax.Array) -> jax.Array:
        return jnp.tanh(x + 0.3)


SHIFTED = Shifted("shifted", odd=False, smooth=True)


def some_network(
    seed: int, shape: tuple[int, int, int], phi: Nonlinearity, neurons: int = 9, even: bool = True
) -> LowRank:
    rng = np.random.default_rng(seed)
    inputs, rank, outputs = shape
    blocks = (jnp.asarray(rng.normal(size=(neurons, count))) for count in (inputs, rank, rank, outputs))
    share = np.ones(neurons) if even else rng.uniform(0.2, 2, neurons)
    return LowRank(Connectivity(*blocks), jnp.asarray(share / share.sum()), phi)


def some_batch(seed: int, shape: tuple[int, int, int], trials: int = 3, steps: int = 7) -> Batch:
    rng = np.random.default_rng(seed + 100)
    mask = rng.integers(0, 2, size=(trials, steps)) * rng.uniform(0.5, 2, size=(trials, steps))
    inputs, targets = (jnp.asarray(rng.normal(size=(trials, steps, n))) for n in (shape[0], shape[2]))
    return Batch(inputs, targets, jnp.asarray(mask), 0.13)


def plain_scheme(network: LowRank, batch: Batch) -> tuple[np.ndarray, float]:
    """Outputs and loss by loops over trials, steps and neurons, as the scheme is written down."""
    m, u, v, z = (np.asarray(getattr(network.connectivity, block)) for block in "muvz")
    share, phi = np.asarray(network.share), PLAIN[network.nonlinearity.name]
    inputs, targets, mask = (np.asarray(a) for a in (batch.inputs, batch.targets, batch.mask))
    outputs, loss = np.zeros(targets.shape), 0.0
    for trial in range(len(inputs)):
        x = np.zeros(len(share))
        for k in range(inputs.shape[1]):
            kappa = [sum(share[i] * v[i, r] * phi(x[i]) for i in range(len(x))) for r in range(v.shape[1])]
            drive = [sum(u[i, r] * kappa[r] for r in range(u.shape[1])) for i in range(len(x))]
            shown = [sum(m[i, a] * inputs[trial, k, a] for a in range(m.shape[1])) for i in range(len(x))]
            x = np.array([x[i] + batch.dt * (-x[i] + drive[i] + shown[i]) for i in range(len(x))])
            for o in range(z.shape[1]):
                outputs[trial, k, o] = sum(share[i] * z[i, o] * phi(x[i]) for i in range(len(x)))
                loss += mask[trial, k] * batch.dt * (outputs[trial, k, o] - targets[trial, k, o]) ** 2
    return outputs, loss / len(inputs)


@pytest.mark.parametrize(
    ("shape", "phi"),
    [((1, 1, 1), LINEAR), ((2, 3, 2), ERF), ((3, 1, 2), TANH), ((1, 2, 3), RELU)],
    ids=lambda part: getattr(part, "name", None),
)
@pytest.mark.sampled(2)
def test_scheme_against_plain_loops(shape: tuple[int, int, int], phi: Nonlinearity) -> None:
    """To rounding: sums of some hundred terms of order one."""
    network, batch = some_network(1, shape, phi, even=False), some_batch(1, shape)
    outputs, loss = plain_scheme(network, batch)
    for each in (network, by_latent_state(network)):
        np.testing.assert_allclose(outputs_of(each, batch), outputs, rtol=0, atol=1e-13 * np.abs(outputs).max())
        assert float(gradient_of(each, batch)[0]) == pytest.approx(loss, rel=1e-13)


def test_output_is_read_after_the_step() -> None:
    """The first output already answers the first input; the first kappa does not."""
    network, batch = some_network(0, (1, 1, 1), LINEAR), some_batch(0, (1, 1, 1))
    c = network.connectivity
    zm, vm, zu = (float((a.T @ b)[0, 0]) / 9 for a, b in ((c.z, c.m), (c.v, c.m), (c.z, c.u)))
    s0, s1 = (float(batch.inputs[0, k, 0]) for k in (0, 1))
    dt, y = batch.dt, outputs_of(network, batch)[0, :, 0]
    assert float(y[0]) == pytest.approx(dt * zm * s0, rel=1e-13)
    assert float(y[1]) == pytest.approx(dt * ((1 - dt) * s0 + s1) * zm + dt**2 * zu * vm * s0, rel=1e-13)


@pytest.mark.parametrize("phi", [ERF, SHIFTED], ids=lambda phi: phi.name)
def test_gradient_against_finite_differences(phi: Nonlinearity) -> None:
    """Central differences at 1e-5: an error of 1e-10 times third derivatives, 1e-11 of rounding."""
    shape = (2, 2, 2)
    network, batch = some_network(2, shape, phi, even=False), some_batch(2, shape)
    _, gradient = gradient_of(network, batch)
    loss = jax.jit(lambda c: evaluate(dataclasses.replace(network, connectivity=c), batch).loss)
    rng = np.random.default_rng(0)
    scale = float(np.abs(gradient.theta).max())
    for block in "muvz":
        weights = np.asarray(getattr(network.connectivity, block))
        for _ in range(4):
            i, a = (int(rng.integers(n)) for n in weights.shape)
            ends = []
            for h in (1e-5, -1e-5):
                moved = weights.copy()
                moved[i, a] += h
                ends.append(float(loss(dataclasses.replace(network.connectivity, **{block: jnp.asarray(moved)}))))
            found = float(getattr(gradient, block)[i, a])
            assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(found, abs=1e-8 * scale + 1e-9)


@pytest.mark.parametrize(
    ("seed", "phi"), list(enumerate((LINEAR, ERF, TANH, RELU, SHIFTED))), ids=lambda part: getattr(part, "name", None)
)
@pytest.mark.sampled(2)
def test_latent_state_is_the_same_network(seed: int, phi: Nonlinearity) -> None:
    """Random shapes, shares, masks and trials: outputs, loss and gradient to rounding."""
    rng = np.random.default_rng(seed)
    inputs, rank, outputs, neurons, trials, steps = (int(rng.integers(1, n)) for n in (4, 4, 4, 40, 6, 30))
    shape = (inputs, rank, outputs)
    network = some_network(seed, shape, phi, neurons, even=False)
    batch = some_batch(seed, shape, trials, steps)
    twin = by_latent_state(network)
    np.testing.assert_allclose(outputs_of(twin, batch), outputs_of(network, batch), rtol=0, atol=1e-12)
    loss, gradient = gradient_of(network, batch)
    twin_loss, twin_gradient = gradient_of(twin, batch)
    assert float(twin_loss) == pytest.approx(float(loss), rel=1e-12, abs=1e-300)
    for block in "muvz":
        one, other = getattr(gradient, block), getattr(twin_gradient, block)
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-12 * (1 + float(np.abs(gradient.theta).max())))


def test_a_neuron_split_in_two_halves_of_its_share_changes_nothing() -> None:
    """What shares mean: copies with half the share have the same outputs, and move as the neuron did."""
    shape, rule, key = (1, 2, 1), GradientDescent(0.1), jax.random.key(0)
    network, batch = some_network(4, shape, TANH), some_batch(4, shape)
    twice = jax.tree.map(lambda a: jnp.concatenate([a, a]), network.connectivity)
    split = LowRank(twice, jnp.concatenate([network.share, network.share]) / 2, TANH)
    moved, split_moved = (step(n, gradient_of(n, batch)[1], rule, key) for n in (network, split))
    np.testing.assert_allclose(split_moved.connectivity.theta[:9], moved.connectivity.theta, rtol=0, atol=1e-14)
    np.testing.assert_allclose(split_moved.connectivity.theta[9:], moved.connectivity.theta, rtol=0, atol=1e-14)
    np.testing.assert_allclose(split_moved.sigma(), moved.sigma(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(outputs_of(split, batch), outputs_of(network, batch), rtol=0, atol=1e-14)


def test_the_rule_against_numpy() -> None:
    """Momentum, decay, block rates over three epochs, on shares of 1/N: rate N times the plain gradient."""
    shape, batch = (1, 1, 2), some_batch(5, (1, 1, 2))
    rule = GradientDescent(0.03, momentum=0.6, weight_decay=0.01, block_rates=(0.5, 1.0, 0.0, 2.0))
    network = some_network(5, shape, ERF)
    velocity = rule.init(network)
    theta = np.asarray(network.connectivity.theta)
    speed, relative = np.zeros_like(theta), np.array([0.5, 1.0, 0.0, 2.0, 2.0])
    for epoch in range(3):
        _, gradient = gradient_of(network, batch)
        speed = 0.6 * speed - 0.03 * 9 * np.asarray(gradient.theta) * relative
        theta = (1 - 0.01) * theta + speed
        network, velocity = both_after(network, gradient, rule, jax.random.key(epoch), velocity)
        np.testing.assert_allclose(network.connectivity.theta, theta, rtol=0, atol=1e-13)
        np.testing.assert_allclose(velocity.theta, speed, rtol=0, atol=1e-13)


def test_weight_noise_has_its_size_and_is_new_in_every_epoch_and_block() -> None:
    """40,000 normal numbers: their rms is 1 to 0.35 % (one sigma), correlations 0.5 %; four sigmas each."""
    network = some_network(6, (1, 1, 1), LINEAR, neurons=10_000)
    rule, batch = GradientDescent(0.0, noise=0.3), some_batch(6, (1, 1, 1))
    _, gradient = gradient_of(network, batch)
    draws = [
        (step(network, gradient, rule, jax.random.key(k)).connectivity.theta - network.connectivity.theta) / 0.3
        for k in (1, 2)
    ]
    assert float(jnp.sqrt(jnp.mean(draws[0] ** 2))) == pytest.approx(1, abs=4 * 0.0036)
    assert abs(float(jnp.mean(draws[0] * draws[1]))) < 4 * 0.005
    between = np.corrcoef(np.asarray(draws[0]).T)[np.triu_indices(4, 1)]
    assert np.abs(between).max() < 4 * 0.01


def test_mask_multiplies_the_squared_error_and_nothing_else() -> None:
    batch = some_batch(7, (1, 1, 2))
    y = batch.targets + 1.5
    by_hand = 0.13 * 2 * 1.5**2 * float(jnp.sum(batch.mask)) / 3
    assert float(batch.loss(y)) == pytest.approx(by_hand, rel=1e-14)
    everything = fixed_task(batch.inputs, batch.targets, 0.13)(jnp.asarray(0))
    assert float(everything.loss(y)) == pytest.approx(0.13 * 7 * 2 * 1.5**2, rel=1e-14)
