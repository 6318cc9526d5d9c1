"""Small networks learn a little of a small version of each task: better than one output for all there is."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells.uniform_weights import UniformWeights
from simulate.tasks.context_integration import ContextIntegration
from simulate.tasks.delayed_discrimination import DelayedDiscrimination
from simulate.tasks.lorenz_96 import Lorenz96
from simulate.tasks.n_bit_flip_flop import NBitFlipFlop
from simulate.tasks.path_integration import PathIntegration
from simulate.tasks.sine_generation import SineGeneration
from simulate.training.train import train

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "task",
    [
        NBitFlipFlop(KEY, bits=2, steps=10, trials=16),
        DelayedDiscrimination(KEY, delay=(1, 2), response=2, trials=16),
        DelayedDiscrimination(KEY, delay=(1, 2), response=2, trials=16, magnitude_unit=8.0),
        SineGeneration(KEY, frequencies=2, band=(1.0, 2.0), steps=10, sampling_interval=0.05, trials=16),
        PathIntegration(KEY, steps=10, trials=16),
        PathIntegration(KEY, dimensions=3, steps=10, start=0.0, trials=16),
        Lorenz96(KEY, channels=4, steps=10, trials=16),
        ContextIntegration(KEY, steps=10, trials=16),
    ],
    ids=lambda task: type(task).__name__,
)
@pytest.mark.sampled(2)
def test_the_loss_falls_below_that_of_the_best_constant_output(task):
    network = UniformWeights(16, task.inputs, task.outputs).draw(jax.random.key(1), jnp.dtype("float32"))
    trained = train([network], task, rule=optax.adam(1e-2), epochs=150, chunk=150)
    assert trained.outcomes[0].name == "completed"
    batches = [task(jnp.asarray(1000 + k)) for k in range(4)]
    counted = [np.asarray(batch.targets)[np.asarray(batch.mask) > 0] for batch in batches]
    constant = np.concatenate(counted).var(axis=0).mean()
    assert trained.loss.dtype == np.float32
    assert trained.loss[-20:].mean() < 0.7 * constant
