import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from simulate.cells.nonlinearity import ERF as HAND_ERF
from simulate.cells.nonlinearity import LINEAR as HAND_LINEAR
from simulate.cells.nonlinearity import TANH as HAND_TANH
from simulate.cells.nonlinearity import Nonlinearity
from simulate.overlaps.closure import Closure, Overlaps, closure_of
from simulate.overlaps.draw import draw_on_average, network_of
from simulate.overlaps.gain import LARGEST, gain_of
from simulate.overlaps.nonlinearity import UnknownNonlinearity
from simulate.overlaps.recursion import unroll
from simulate.tasks.impulse import filter_task, random_task
from simulate.tasks.minibatches import BadBatchSize, MiniBatches
from simulate.tasks.task import Batch
from simulate.training.learn import learn
from simulate.training.outcome import TrainingOutcome
from simulate.training.rule import GradientDescent
from theory.overlaps.closure.gain_tail import gain_tail
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR, RELU, TANH, Smooth, x

learn_compiled = eqx.filter_jit(learn)


def gram(size: int, seed: int = 0, neurons: int = 40) -> np.ndarray:
    theta = np.random.default_rng(seed).normal(size=(neurons, size))
    return theta.T @ theta / neurons


def masked(batch: Batch) -> Batch:
    mask = (np.random.default_rng(3).random(batch.mask.shape) < 0.5).astype(float)
    return Batch(batch.inputs, batch.targets, jnp.asarray(mask), batch.dt)


# The closure


@pytest.mark.parametrize("phi", [LINEAR, ERF, TANH], ids=lambda phi: phi.name)
@pytest.mark.sampled(1)
def test_the_gradient_in_the_overlaps_is_that_of_finite_differences(phi):
    shape = Shape(2, 2, 1)
    batch = masked(random_task(jax.random.key(1), 2, 1, steps=12).batch)
    closure, sigma = Closure(shape, phi), jnp.asarray(gram(shape.size))
    loss, gradient = jax.jit(closure.loss_and_gradient)(sigma, batch)
    assert jnp.array_equal(gradient, gradient.T)
    losses = jax.jit(jax.vmap(lambda each: closure.loss(each, batch)))
    directions = np.array([np.eye(shape.size)[[a]].T @ np.eye(shape.size)[[b]] for a, b in shape.pairs])
    directions = (directions + directions.transpose(0, 2, 1)) / 2
    step = 1e-5
    slopes = (losses(sigma + step * directions) - losses(sigma - step * directions)) / (2 * step)
    predicted = jnp.einsum("ab,kab->k", gradient, directions)
    assert np.abs(slopes - predicted).max() < 1e-8 * max(float(loss), 1.0)  # rounding over step, and step^2


def test_the_gradient_of_the_gradient_exists_both_ways():
    batch = random_task(jax.random.key(1), 1, 1, steps=10).batch
    closure, sigma = Closure(Shape(), ERF), jnp.asarray(gram(4))
    forwards = jax.jit(jax.jacfwd(jax.grad(closure.loss)))(sigma, batch)
    backwards = jax.jit(jax.jacrev(jax.grad(closure.loss)))(sigma, batch)
    np.testing.assert_allclose(forwards, backwards, atol=1e-13)


def test_an_unrolled_recursion_has_the_gradient_of_a_plain_loop():
    def step(p, state, given):
        return jnp.stack([jnp.tanh(p[0] * state[0] + state[1] * given[0]), p[1] * state[0] - 0.3 * state[1] + given[0]])

    parameters, inputs = jnp.array([0.7, 0.4]), jnp.asarray(np.random.default_rng(0).normal(size=(9, 1)))
    weights = jnp.asarray(np.random.default_rng(1).normal(size=(9, 2)))

    def plain(p, s):
        state, total = jnp.zeros(2), 0.0
        for k in range(9):
            state = step(p, state, s[k])
            total += jnp.sum(weights[k] * state**2)
        return total

    def unrolled(p, s):
        return jnp.sum(weights * unroll(step, 2, p, s) ** 2)

    adjoint, known = (jax.jit(jax.grad(f, (0, 1)))(parameters, inputs) for f in (unrolled, plain))
    for ours, theirs in zip(adjoint, known, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-14)


@pytest.mark.parametrize("phi", [HAND_ERF, HAND_TANH], ids=lambda phi: phi.name)
@pytest.mark.sampled(1)
def test_outputs_are_those_of_a_large_gaussian_network_to_one_over_root_n(phi):
    shape, trials = Shape(1, 2, 1), 24
    sigma = gram(shape.size, seed=4)
    batch = random_task(jax.random.key(2), 1, 1, trials=2, steps=15).batch
    closure = closure_of(shape, phi)
    predicted = jax.jit(closure.outputs)(jnp.asarray(sigma), batch)

    def errors(neurons: int) -> np.ndarray:
        draw = jax.jit(
            jax.vmap(lambda key: draw_on_average(key, sigma, shape.counts, neurons, phi).outputs(batch) - predicted)
        )
        return np.asarray(draw(jax.random.split(jax.random.key(neurons), trials)))

    few, many = errors(250), errors(4000)
    spread = [float(np.sqrt((each**2).mean())) for each in (few, many)]
    # 24 draws of a chi-square know the ratio 4 of the spreads to a factor exp(4 sqrt(2 / (2 * 24))) = 2.3
    assert 4 / 2.3 < spread[0] / spread[1] < 4 * 2.3
    # the mean is nearer still: at 250 and 4000 neurons the bias is O(1/N), the error of the mean spread / sqrt(24)
    assert np.abs(many.mean(axis=0)).max() < 5 * many.std(axis=0).max() / np.sqrt(trials)


def test_the_gain_is_smooth_where_a_network_starts():
    gain = gain_of(TANH)
    derivatives = [float(jax.jit(f)(jnp.zeros(()))) for f in (gain, jax.grad(gain), jax.grad(jax.grad(gain)))]
    # <phi'>, <phi'''>/2, <phi^(5)>/4 at variance 0, from tanh x = x - x^3/3 + 2 x^5/15
    np.testing.assert_allclose(derivatives, [1.0, -1.0, 4.0], rtol=1e-12)


def mean_slope_of_tanh(variance: float, order: int) -> mp.mpf:
    """The derivative of that order, in the variance D, of the mean of sech(x)^2 over a Gaussian x: 30 digits."""
    with mp.workdps(30):
        d = mp.mpf(variance)
        hermite = (lambda s: 1, lambda s: s - 1, lambda s: s**2 - 6 * s + 3)[order]  # of s = x^2 / D
        edges = [0, *sorted({min(edge, 14 * mp.sqrt(d)) for edge in (0.01, 0.1, 1, 4, 16, 60)})]
        value = mp.quad(lambda x: mp.sech(x) ** 2 * hermite(x**2 / d) * mp.exp(-(x**2) / d / 2), edges)
        return 2 * value / mp.sqrt(2 * mp.pi * d) / (2 * d) ** order


def test_the_gain_of_tanh_and_its_derivatives_are_right_at_every_variance():
    """Ten digits of gain and slope, in units of gain / (1 + 2 variance) for the slope; eight of what bends it."""
    gain = gain_of(TANH)
    seam = gain_tail(TANH).smallest
    functions = [jax.jit(f) for f in (gain, jax.grad(gain), jax.grad(jax.grad(gain)))]
    for variance in (1e-3, 0.3, 1.0, 1.0 + 1e-9, seam, seam * (1 + 1e-9), 1e4, 1e100, 1e300):
        for order, (function, digits) in enumerate(zip(functions, (1e-10, 1e-9, 1e-8), strict=True)):
            unit = float(mean_slope_of_tanh(variance, 0) / (1 + 2 * mp.mpf(variance)) ** order)
            error = float(function(jnp.asarray(variance))) - float(mean_slope_of_tanh(variance, order))
            assert abs(error) <= digits * unit, (variance, order)
    assert float(gain(jnp.asarray(1e300))) == pytest.approx(float(np.sqrt(2 / np.pi / 1e300)), rel=1e-14)


def test_a_gain_at_every_finite_variance_is_finite_and_one_that_is_not_known_says_so():
    softsign = Smooth("softsign", x / sp.sqrt(1 + x**2))
    softplus = Smooth("softplus", sp.log(1 + sp.exp(x)))
    variances = jnp.asarray([0.0, *np.geomspace(1e-6, 1e300, 200)])
    for phi in (ERF, TANH, softsign):
        gain = gain_of(phi)
        for each in jax.jit(lambda of, gain=gain: (gain(of), jax.vmap(jax.grad(gain))(of)))(variances):
            assert np.isfinite(each).all(), phi.name
    np.testing.assert_array_equal(gain_of(softplus)(variances), 0.5)
    cubic = gain_of(Smooth("cubic", x - x**3 / 3))
    assert float(cubic(jnp.asarray(LARGEST))) == pytest.approx(1 - LARGEST, rel=1e-9)
    assert jnp.isnan(cubic(jnp.asarray(2 * LARGEST)))


def test_a_tanh_network_of_any_finite_activity_has_a_closure():
    """Inputs of 1e6 and overlaps of 30: variances of 1e13, where outputs still are those of many Gaussian rows."""
    sigma, batch = 30 * gram(4), random_task(jax.random.key(1), 1, 1, steps=12).batch
    batch = Batch(1e6 * batch.inputs, batch.targets, batch.mask, batch.dt)
    closure = Closure(Shape(), TANH)
    assert float(jax.jit(closure.variance)(jnp.asarray(sigma), batch).max()) > 1e11
    loss, gradient = jax.jit(closure.loss_and_gradient)(jnp.asarray(sigma), batch)
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()


def test_quadrature_and_closed_form_agree_on_the_same_function_and_a_users_own_twin_learns_as_erf():
    class Twin(Nonlinearity):
        def __call__(self, x):
            return HAND_ERF(x)

    mine = Smooth("mine", sp.erf(sp.sqrt(sp.pi) * x / 2))
    batch = random_task(jax.random.key(1), 1, 1, steps=12).batch
    sigma = jnp.asarray(gram(4))
    ours, known = (jax.jit(Closure(Shape(), phi).loss_and_gradient)(sigma, batch) for phi in (mine, ERF))
    np.testing.assert_allclose(ours[0], known[0], atol=1e-9)  # ten digits of the gain
    np.testing.assert_allclose(ours[1], known[1], atol=1e-8)
    with pytest.raises(UnknownNonlinearity, match="LINEAR, ERF, TANH or RELU"):
        closure_of(Shape(), Twin("mine", odd=True, smooth=True))


def test_the_relu_closure_is_linear_with_half_the_gain():
    batch = random_task(jax.random.key(1), 1, 1, steps=12).batch
    sigma = gram(4)
    halved = sigma.copy()
    halved[2:, :2] /= 2
    halved[:2, 2:] /= 2
    relu, linear = (
        jax.jit(Closure(Shape(), phi).outputs)(jnp.asarray(of), batch) for phi, of in ((RELU, sigma), (LINEAR, halved))
    )
    np.testing.assert_allclose(relu, linear, atol=1e-14)


# Learning


RULES = {
    "plain": GradientDescent(2e-2),
    "momentum": GradientDescent(4e-3, momentum=0.9),
    "decay": GradientDescent(2e-2, weight_decay=1e-3),
    "frozen": GradientDescent(2e-2, block_rates=(0.0, 1.0, 0.5, 2.0)),
    "all": GradientDescent(4e-3, momentum=0.7, weight_decay=1e-3, block_rates=(1.0, 0.0, 3.0, 0.5)),
}


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        (Shape(), "plain"),
        (Shape(), "decay"),
        (Shape(2, 1, 2), "momentum"),
        (Shape(1, 2, 2), "frozen"),
        (Shape(2, 3, 1), "all"),
    ],
)
@pytest.mark.sampled(2)
def test_the_map_of_a_linear_network_is_its_training_to_rounding(shape, rule):
    whole = masked(random_task(jax.random.key(5), shape.inputs, shape.outputs, trials=4, steps=12).batch)
    task, epochs = MiniBatches(whole, 3, jax.random.key(8)), 40
    theta = np.random.default_rng(1).normal(size=(11, shape.size))
    network = network_of(jnp.asarray(theta), shape.counts, HAND_LINEAR)
    truth = learn_compiled(network, task, RULES[rule], epochs)
    mapped = learn_compiled(Overlaps(network.sigma(), Closure(shape, LINEAR)), task, RULES[rule], epochs)
    assert truth.outcome == mapped.outcome == TrainingOutcome.completed
    scale = float(np.abs(truth.sigma).max())
    assert float(np.abs(mapped.sigma - truth.sigma).max()) < 1e-11 * scale
    assert float(np.abs(mapped.loss - truth.loss).max()) < 1e-11 * float(truth.loss.max())
    moved = jnp.abs(truth.sigma[-1] - truth.sigma[0])
    assert float(moved.max()) > 1e-3  # something was learned


def test_weight_noise_is_followed_on_average_and_more_closely_as_networks_grow():
    shape, rule, epochs, networks = Shape(), GradientDescent(5e-3, noise=0.02), 60, 40
    task, sigma = filter_task(dt=0.2, steps=20), jnp.asarray(gram(4))
    mapped = learn_compiled(Overlaps(sigma, Closure(shape, LINEAR)), task, rule, epochs).sigma[-1]
    root = np.linalg.cholesky(np.asarray(sigma)).T

    def ends(neurons: int) -> np.ndarray:
        q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(neurons, 4)))
        network = network_of(jnp.asarray(np.sqrt(neurons) * q @ root), shape.counts, HAND_LINEAR)
        end = jax.jit(jax.vmap(lambda key: learn(network, task, rule, epochs, key).sigma[-1]))
        return np.asarray(end(jnp.stack([jax.random.key(k) for k in range(networks)])) - mapped)

    small, large = ends(20), ends(320)
    spread = [float(np.sqrt((each**2).mean())) for each in (small, large)]
    assert 4 / 1.9 < spread[0] / spread[1] < 4 * 1.9  # exp(4 sqrt(2 / (2 * 40))) = 1.9
    assert np.abs(large.mean(axis=0)).max() < 5 * large.std(axis=0).max() / np.sqrt(networks)
    # the same check fails for a map without noise, which adds 60 * 0.02^2 to the diagonal
    silent = learn_compiled(Overlaps(sigma, Closure(shape, LINEAR)), task, GradientDescent(5e-3), epochs).sigma[-1]
    shift = np.abs((large + np.asarray(mapped - silent)).mean(axis=0)).max()
    assert shift > 5 * large.std(axis=0).max() / np.sqrt(networks)


def test_too_large_a_rate_is_an_outcome_with_its_epoch():
    learner = Overlaps(jnp.asarray(gram(4)), Closure(Shape(), LINEAR))
    found = learn_compiled(learner, filter_task(dt=0.2, steps=20), GradientDescent(50.0), 40)
    assert found.outcome == TrainingOutcome.diverged
    assert 0 < int(found.epochs_finite) < 41
    assert np.isnan(found.sigma[int(found.epochs_finite) :]).all()


# Mini-batches


def test_mini_batches_are_trials_without_repetition_and_new_in_each_epoch():
    whole = random_task(jax.random.key(0), 1, 1, trials=6, steps=4).batch
    task = MiniBatches(whole, 3, jax.random.key(1))
    firsts = np.asarray(whole.inputs[:, 0, 0])
    drawn = np.asarray(jax.jit(jax.vmap(lambda epoch: task(epoch).inputs[:, 0, 0]))(jnp.arange(200)))
    assert all(np.isin(each, firsts).all() and len(set(each)) == 3 for each in drawn)
    assert np.array_equal(drawn[7], np.asarray(task(jnp.asarray(7)).inputs[:, 0, 0]))
    counts = [sum(first in each for each in drawn) for first in firsts]
    assert max(abs(count - 100) for count in counts) < 5 * np.sqrt(50)  # binomial, 200 draws at one half
    for size in (0, 7):
        with pytest.raises(BadBatchSize, match="1 to 6"):
            MiniBatches(whole, size, jax.random.key(1))
