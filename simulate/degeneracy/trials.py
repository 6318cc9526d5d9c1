"""What a network is asked after training, beside the task it was trained on."""

import equinox as eqx

from simulate.tasks.task import Batch


class OtherTrials(eqx.Module):
    """Other trials, whose loss is taken (`unseen`), and those of the tangent kernel (`probe`); None: not asked.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.tasks import filter_task
    >>> OtherTrials(unseen=filter_task(steps=80).batch, probe=filter_task(steps=40).batch).probe.dt
    0.05
    """

    unseen: Batch | None = None
    probe: Batch | None = None


NOTHING_ASKED = OtherTrials()
