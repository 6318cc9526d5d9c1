"""Tasks whose trials are drawn anew in every epoch: what those of published populations have in common."""

import dataclasses
from abc import abstractmethod

import equinox as eqx
import jax
from jaxtyping import Array, Int, Key
from typing_extensions import override

from simulate.tasks.constant import ALLOWED, COUNT, POSITIVE, BadConstant, constant
from simulate.tasks.task import Batch, Task


class DrawnTask(Task):
    """Trials of one kind, drawn anew in every epoch by `key` and the epoch's number.

    A new task of this kind is one subclass in one file: its constants as fields, `draw` and `out_of_distribution`.
    Constants are given by name. `trials` is their number in a batch (64 is that of Huang et al.); `dt` the length of a
    step in time constants of a network in continuous time, of which discrete cells take no notice; `threshold` the loss
    in training at which a network counts as trained.

    >>> import jax
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8)
    >>> task.threshold, task.out_of_distribution().steps
    (0.001, 200)

    Raises:
        BadConstant: if a constant is one that no task can be made with; it says what to give.
    """

    key: Key[Array, ""]
    threshold: eqx.AbstractVar[float]
    trials: int = constant(64, COUNT)
    dt: float = constant(1.0, POSITIVE)

    def __check_init__(self) -> None:
        """Refuse what its fields do not allow."""
        for field in dataclasses.fields(self):
            allowed, value = field.metadata.get(ALLOWED), getattr(self, field.name)
            if allowed is not None and not allowed.allow(value):
                raise BadConstant(f"{field.name} of {type(self).__name__} is {value!r}: give {allowed}")

    @abstractmethod
    def draw(self, key: Key[Array, ""]) -> Batch:
        """A batch of trials; the same key gives the same ones."""

    @abstractmethod
    def out_of_distribution(self) -> "DrawnTask":
        """The longer task on which generalisation over time is measured; nothing else differs."""

    @property
    def memory_demand(self) -> int | None:
        """The least h such that what the last h steps hold says each target that counts; None if the task does not say.

        The last h steps hold the inputs up to this step and the targets before it, x_(t-h+1) to x_t and y_(t-h) to
        y_(t-1), with nothing before a trial. So 1 is what any step by step integration of inputs needs. Huang et al.
        quantify it in their appendix D, of which we know one sentence: only delayed discrimination "requires extended
        memory" (section 3.1.1). This definition is ours; `tests/simulate/tasks/test_memory_demand.py` counts it out.

        >>> import jax
        >>> from simulate.tasks import DelayedDiscrimination, NBitFlipFlop
        >>> NBitFlipFlop(jax.random.key(0)).memory_demand
        1
        >>> DelayedDiscrimination(jax.random.key(0), delay=(5, 20)).memory_demand
        23
        """
        return None

    @override
    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """The batch of an epoch."""
        return self.draw(jax.random.fold_in(self.key, epoch))
