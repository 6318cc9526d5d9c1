"""The vanilla cell against a numpy loop, and its adjoint against automatic differentiation, quotients and PyTorch."""

import importlib.util

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.cell import Cell
from simulate.cells.nonlinearity import ERF, LINEAR, RELU, TANH
from simulate.cells.uniform_weights import UniformWeights
from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch, FixedTask
from simulate.training.train import train

DOUBLE = jnp.dtype("float64")
SINGLE = jnp.dtype("float32")


class StepByStep(Vanilla):
    """The same map, differentiated by JAX."""

    outputs = Cell.outputs


def some_network(phi=TANH, dtype=DOUBLE, units=11, seed=0):
    return UniformWeights(units, 2, 3, phi).draw(jax.random.key(seed), dtype)


def some_batch(read=9, dtype=DOUBLE, trials=5, steps=9):
    rng = np.random.default_rng(1)
    inputs, targets = rng.normal(size=(trials, steps, 2)), rng.normal(size=(trials, read, 3))
    mask = rng.uniform(0.5, 1.5, size=(trials, read))
    return Batch(*(jnp.asarray(a) for a in (inputs, targets, mask)), dt=0.3).astype(dtype)


@pytest.mark.parametrize("phi", [TANH, RELU, LINEAR, ERF], ids=lambda phi: phi.name)
def test_outputs_are_those_of_a_loop_over_trials_and_steps(phi):
    network, batch = some_network(phi), some_batch()
    W, U, b, V, c = (np.asarray(a) for a in (network.W, network.U, network.b, network.V, network.c))
    expected = np.empty(batch.targets.shape)
    for i, trial in enumerate(np.asarray(batch.inputs)):
        h = np.zeros(11)
        for t, x in enumerate(trial):
            h = np.asarray(phi(jnp.asarray(W @ h + U @ x + b)))
            expected[i, t] = V @ h + c
    np.testing.assert_allclose(network.outputs(batch), expected, rtol=0, atol=1e-13)


@eqx.filter_jit
def answers(network, batch):
    return network.outputs(batch), *network.loss_and_gradient(batch)


@pytest.mark.parametrize("phi", [TANH, RELU, LINEAR], ids=lambda phi: phi.name)
@pytest.mark.parametrize("read", [1, 4, 9])
@pytest.mark.parametrize(("dtype", "tolerance"), [(DOUBLE, 1e-12), (SINGLE, 1e-4)], ids=["double", "single"])
@pytest.mark.sampled(5)
def test_adjoint_gives_what_automatic_differentiation_gives(phi, read, dtype, tolerance):
    """Sums of some hundred terms: 100 eps is 2e-14 in float64 and 1e-5 in float32, relative to the largest entry."""
    network, batch = some_network(phi, dtype), some_batch(read, dtype)
    twin = StepByStep(**vars(network))
    (outputs, mine, gradient), (expected, reference, slope) = (answers(each, batch) for each in (network, twin))
    assert outputs.dtype == dtype
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=tolerance * float(np.abs(expected).max()))
    np.testing.assert_allclose(mine.loss, reference.loss, rtol=tolerance)
    for name, found in gradient.parameters.items():
        assert found.dtype == dtype
        scale = float(np.abs(slope.parameters[name]).max())
        assert scale > 0
        np.testing.assert_allclose(found, slope.parameters[name], rtol=0, atol=tolerance * scale)


def test_gradient_with_respect_to_the_inputs():
    network, batch = some_network(), some_batch()
    found, expected = (
        jax.jit(jax.grad(lambda inputs, n=n: batch.loss(n.outputs(eqx.tree_at(lambda b: b.inputs, batch, inputs)))))(
            batch.inputs
        )
        for n in (network, StepByStep(**vars(network)))
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * float(np.abs(expected).max()))


def test_adjoint_is_the_limit_of_difference_quotients_at_second_order():
    network, batch = some_network(), some_batch()
    _, _, gradient = answers(network, batch)
    direction = jax.tree.map(lambda a: np.sin(np.arange(a.size, dtype=float)).reshape(a.shape), gradient)
    exact = sum(np.vdot(g, d) for g, d in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))

    @jax.jit
    def loss_at(h):
        return batch.loss(jax.tree.map(lambda a, d: a + h * d, network, direction).outputs(batch))

    sizes = np.array([4e-3, 2e-3, 1e-3])
    errors = [abs((loss_at(h) - loss_at(-h)) / (2 * h) - exact) for h in sizes]
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(2, abs=0.1)


def test_dt_changes_the_loss_and_not_the_outputs():
    network, batch = some_network(), some_batch()
    slower = Batch(batch.inputs, batch.targets, batch.mask, dt=0.6)
    assert np.array_equal(network.outputs(batch), network.outputs(slower))


def test_networks_of_a_population_are_trained_as_each_by_itself():
    networks = [some_network(seed=seed) for seed in range(3)]
    task = FixedTask(some_batch())
    together = train(networks, task, rule=optax.adam(0.01), epochs=20)
    for i, network in enumerate(networks):
        moved = StepByStep(**vars(network))
        by_itself = train([moved], task, rule=optax.adam(0.01), epochs=20)
        for name, found in together.network(i).parameters.items():
            np.testing.assert_allclose(found, by_itself.network(0).parameters[name], rtol=0, atol=1e-10)
    assert np.all(together.loss[-1] < 0.9 * together.loss[0])


def test_initial_weights_are_uniform_up_to_one_over_the_root_of_their_number():
    """Of 16,384 uniform numbers the variance is bound^2 / 3 to 0.7 % (one sigma), the largest 1 - 6e-5 of the bound."""
    network = UniformWeights(128, 3, 3).draw(jax.random.key(0), DOUBLE)
    assert network.W.shape == (128, 128)
    assert network.V.shape == (3, 128)
    assert float(np.var(network.W)) == pytest.approx(1 / 384, rel=4 * 0.007)
    for weights in network.parameters.values():
        assert float(np.abs(weights).max()) < 128**-0.5
    assert float(np.abs(network.W).max()) > 0.999 * 128**-0.5
    rounded = UniformWeights(128, 3, 3).draw(jax.random.key(0), SINGLE)
    assert np.array_equal(rounded.W, network.W.astype(SINGLE))


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is needed by the benchmarks alone")
def test_outputs_and_gradient_are_those_of_pytorch():
    import torch

    network, batch = some_network(), some_batch()
    recurrent, readout = torch.nn.RNN(2, 11, batch_first=True).double(), torch.nn.Linear(11, 3).double()
    theirs = {"W": recurrent.weight_hh_l0, "U": recurrent.weight_ih_l0, "b": recurrent.bias_ih_l0}
    theirs |= {"V": readout.weight, "c": readout.bias}
    with torch.no_grad():
        recurrent.bias_hh_l0.zero_()
        for name, parameter in theirs.items():
            parameter.copy_(torch.tensor(np.asarray(network.parameters[name])))
    inputs, targets, mask = (torch.tensor(np.asarray(a)) for a in (batch.inputs, batch.targets, batch.mask))
    outputs = readout(recurrent(inputs)[0])
    (0.3 * (mask * ((outputs - targets) ** 2).sum(-1)).sum(-1).mean()).backward()
    np.testing.assert_allclose(network.outputs(batch), outputs.detach().numpy(), rtol=0, atol=1e-13)
    _, gradient = network.loss_and_gradient(batch)
    for name, parameter in theirs.items():
        np.testing.assert_allclose(gradient.parameters[name], parameter.grad.numpy(), rtol=1e-11, atol=1e-13)
