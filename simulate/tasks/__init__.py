"""What a network is asked: a task gives one `Batch` of trials in each epoch of training; one short file each.

`fixed_task` makes a task of your own arrays. A task that draws its trials is a subclass of `Task`.

>>> import jax, jax.numpy as jnp
>>> from simulate.tasks import FlipFlop
>>> FlipFlop(jax.random.key(0), trials=3)(jnp.asarray(0)).inputs.shape  # trials, steps, inputs
(3, 800, 1)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
