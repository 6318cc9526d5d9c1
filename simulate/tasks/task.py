"""What a network is shown and what it should answer: a batch of trials, and the task that gives one in each epoch."""

from abc import abstractmethod
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, PyTree

from simulate.integrate import require_double_precision

Outputs = Float[Array, "trials read outputs"]
Scalar = Float[Array, ""]


@dataclass(frozen=True)
class Criterion:
    """How far outputs are from what a batch asks."""

    @abstractmethod
    def loss(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """A number that training makes small."""

    def accuracy(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The fraction of answers that are right; NaN where a task knows no right and wrong."""
        return jnp.full((), jnp.nan, outputs.dtype)


@dataclass(frozen=True)
class IntegratedSquares(Criterion):
    """Mean over trials of the sum over steps and outputs of dt |y - y*|^2; no factor one half.

    >>> import jax.numpy as jnp
    >>> batch = Batch(jnp.zeros((1, 5, 1)), jnp.ones((1, 5, 1)), jnp.ones((1, 5)), 0.5, IntegratedSquares())
    >>> float(batch.loss(jnp.zeros((1, 5, 1))))  # 5 steps of 0.5 that err by 1
    2.5
    """

    def loss(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The squared error as an integral over time, in units of the time constant."""
        squared = jnp.sum((outputs - batch.targets) ** 2, axis=-1)
        return batch.dt * jnp.mean(jnp.sum(batch.mask * squared, axis=-1))


@dataclass(frozen=True)
class SummedSquares(Criterion):
    """Mean over trials of the sum over steps and outputs of |y - y*|^2, divided by `divisor`.

    >>> import jax.numpy as jnp
    >>> batch = Batch(jnp.zeros((1, 5, 1)), jnp.ones((1, 5, 1)), jnp.ones((1, 5)), 0.5, SummedSquares(divisor=5.0))
    >>> float(batch.loss(jnp.zeros((1, 5, 1)))), float(batch.accuracy(jnp.ones((1, 5, 1))))
    (1.0, 1.0)
    """

    divisor: float

    def loss(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The squared error, a dimensionless number."""
        squared = jnp.sum((outputs - batch.targets) ** 2, axis=-1)
        return jnp.mean(jnp.sum(batch.mask * squared, axis=-1)) / self.divisor

    def accuracy(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The fraction of steps that count in which every output is on its target's side of one half."""
        right = jnp.all((outputs > 0.5) == (batch.targets > 0.5), axis=-1)
        return jnp.sum(batch.mask * right.astype(outputs.dtype)) / jnp.sum(batch.mask)


@dataclass(frozen=True)
class MeanSquares(Criterion):
    """The mean squared error: mean over trials, steps that count and outputs of (y - y*)^2.

    The targets of the first `signs` outputs are signs, which can be right or wrong; those of the others are quantities.

    >>> import jax.numpy as jnp
    >>> ones = jnp.ones((1, 5, 2))
    >>> batch = Batch(jnp.zeros((1, 5, 1)), ones, jnp.ones((1, 5)), 1.0, MeanSquares(signs=2))
    >>> float(batch.loss(0 * ones)), float(batch.accuracy(0.3 * ones))
    (1.0, 1.0)
    """

    signs: int = 0

    def loss(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The mean squared error, a dimensionless number."""
        return _mean(jnp.mean((outputs - batch.targets) ** 2, axis=-1), batch.mask)

    def accuracy(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The fraction of steps that count in which all of the first `signs` outputs have their target's sign."""
        if not self.signs:
            return super().accuracy(outputs, batch)
        given, asked = (jnp.sign(each[..., : self.signs]) for each in (outputs, batch.targets))
        right = jnp.all(given == asked, axis=-1)
        return _mean(right.astype(outputs.dtype), batch.mask)


@dataclass(frozen=True)
class CrossEntropy(Criterion):
    """Softmax cross-entropy of the class whose target is one, averaged over the steps that count and the trials.

    >>> import jax.numpy as jnp
    >>> second_of_two = jnp.array([[[0.0, 1.0]]])
    >>> batch = Batch(jnp.zeros((1, 5, 1)), second_of_two, jnp.ones((1, 1)), 1.0, CrossEntropy())
    >>> round(float(batch.loss(jnp.zeros((1, 1, 2)))), 4), float(batch.accuracy(second_of_two))  # ln 2, if undecided
    (0.6931, 1.0)
    """

    def loss(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The mean of -log of the probability given to the right class."""
        each = optax.losses.softmax_cross_entropy_with_integer_labels(outputs, jnp.argmax(batch.targets, axis=-1))
        return _mean(each, batch.mask)

    def accuracy(self, outputs: Outputs, batch: "Batch") -> Scalar:
        """The fraction of steps that count in which the right class has the largest output."""
        right = jnp.argmax(outputs, axis=-1) == jnp.argmax(batch.targets, axis=-1)
        return _mean(right.astype(outputs.dtype), batch.mask)


def _mean(values: Float[Array, "trials read"], mask: Float[Array, "trials read"]) -> Scalar:
    return jnp.sum(mask * values) / jnp.sum(mask)


INTEGRATED_SQUARES = IntegratedSquares()
CROSS_ENTROPY = CrossEntropy()


class Batch(eqx.Module):
    """Inputs and targets of some trials, in steps of `dt` (in units of the time constant; 1 for discrete cells).

    The network is read after each of the last `read` steps: after every step if there are as many targets as inputs,
    after the last step alone if there is one target. `mask` weighs each of these steps in the loss, nothing else.

    >>> import jax.numpy as jnp
    >>> batch = Batch(jnp.zeros((3, 40, 1)), jnp.ones((3, 40, 2)), jnp.ones((3, 40)), dt=0.1)
    >>> float(batch.loss(jnp.zeros((3, 40, 2))))  # 40 steps of 0.1 in which two outputs err by 1
    8.0
    """

    inputs: Float[Array, "trials steps inputs"]
    targets: Float[Array, "trials read outputs"]
    mask: Float[Array, "trials read"]
    dt: float = eqx.field(static=True)
    criterion: Criterion = eqx.field(static=True, default=INTEGRATED_SQUARES)

    def loss(self, outputs: Outputs) -> Scalar:
        """How far these outputs are from the targets, by the batch's criterion."""
        return self.criterion.loss(outputs, self)

    def accuracy(self, outputs: Outputs) -> Scalar:
        """The fraction of right answers, by the batch's criterion; NaN where it knows none."""
        return self.criterion.accuracy(outputs, self)

    def astype(self, dtype: DTypeLike) -> "Batch":
        """The batch in another precision, in which a network of that precision computes."""
        inputs, targets, mask = (jnp.asarray(each, dtype) for each in (self.inputs, self.targets, self.mask))
        return Batch(inputs, targets, mask, self.dt, self.criterion)


class Task(eqx.Module):
    """What is shown in each epoch of training: one batch an update. A new task is one subclass in one file.

    >>> import jax, jax.numpy as jnp
    >>> class Echo(Task):
    ...     key: jax.Array
    ...     def __call__(self, epoch):
    ...         s = jax.random.normal(jax.random.fold_in(self.key, epoch), (8, 20, 1))
    ...         return Batch(s, s, jnp.ones((8, 20)), dt=1.0)
    >>> task = Echo(jax.random.key(0))
    >>> task(jnp.asarray(3)).inputs.shape, task.inputs, task.outputs
    ((8, 20, 1), 1, 1)
    """

    @abstractmethod
    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """The batch of an epoch, counted from 0. Pure: the same epoch gives the same trials."""

    @property
    def inputs(self) -> int:
        """Input channels of a network for this task."""
        return self._shapes().inputs.shape[-1]

    @property
    def outputs(self) -> int:
        """Outputs of a network for this task."""
        return self._shapes().targets.shape[-1]

    def _shapes(self) -> Batch:
        """A batch with shapes in place of arrays; nothing is drawn."""
        return jax.eval_shape(lambda epoch: self(epoch), jnp.asarray(0))

    def identity(self) -> PyTree:
        """What a checkpoint must share with the task to be continued: all of it, unless it holds less than it says."""
        return self


class FixedTask(Task):
    """The same trials in every epoch.

    >>> import jax.numpy as jnp
    >>> batch = Batch(jnp.zeros((1, 5, 1)), jnp.ones((1, 5, 1)), jnp.ones((1, 5)), dt=0.1)
    >>> FixedTask(batch)(jnp.asarray(7)) is batch
    True
    """

    batch: Batch

    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """The one batch there is."""
        return self.batch


class NothingCounts(ValueError):
    """A mask without a single step that counts: every network would be perfect."""


def fixed_task(
    inputs: Float[Array, "trials steps inputs"],
    targets: Float[Array, "trials steps outputs"],
    dt: float,
    mask: Float[Array, "trials steps"] | None = None,
) -> FixedTask:
    """A task of given trials; every step counts where there is no mask.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> impulse = jnp.zeros((1, 40, 1)).at[0, 0, 0].set(10.0)
    >>> task = fixed_task(impulse, jnp.exp(-0.02 * jnp.arange(40.0))[None, :, None], dt=0.1)
    >>> task.batch.mask.shape
    (1, 40)

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.
        NothingCounts: if the mask is zero everywhere.
    """
    require_double_precision()
    known = mask is not None and not isinstance(mask, jax.core.Tracer)
    mask = jnp.ones(jnp.shape(inputs)[:2]) if mask is None else mask
    if known and not np.any(np.asarray(mask)):
        raise NothingCounts("the mask is zero at every step: set it to one where the output counts")
    return FixedTask(Batch(jnp.asarray(inputs), jnp.asarray(targets), jnp.asarray(mask), float(dt)))
