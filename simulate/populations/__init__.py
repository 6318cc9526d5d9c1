"""Populations of networks that are trained alike, each from weights of its own: how they end, and how alike.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> import optax
>>> from simulate.cells import UniformWeights
>>> from simulate.populations import TrainingCondition, train_population
>>> from simulate.tasks import NBitFlipFlop
>>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5)
>>> start = UniformWeights(8, inputs=1, outputs=1)
>>> condition = TrainingCondition(task, start, optax.adam(1e-2), networks=3, updates=40)
>>> population = train_population(condition)
>>> len(population), population.outcomes[0].name, population.networks.W.shape
(3, 'not_converged', (3, 8, 8))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
