"""The learning of the overlaps alone, lowered from theory: exact for linear networks, the Gaussian closure for others.

A gradient step on theta acts on its Gram matrix from both sides: Sigma <- T^T Sigma T.
"""

from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Float, Key

from simulate.cells.nonlinearity import AnyNonlinearity
from simulate.lowering import Lowered, lower
from simulate.overlaps.gain import gain_of
from simulate.overlaps.nonlinearity import expression_of
from simulate.overlaps.recursion import unroll
from simulate.tasks.task import Batch, Outputs
from simulate.training.learner import Learner, Measured
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.activity import activity_equations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.step import step_blocks
from theory.overlaps.gaussian import Nonlinearity

Gram = Float[Array, "d d"]


class _Equations(NamedTuple):
    """Functions of the overlaps, in the order of `shape.pairs`, and of the latents."""

    activity: Lowered
    """The variance <x^2>, then <z x>, one an output."""
    step: Lowered
    """The latents one step later; takes inputs, gain and dt as well."""


@cache
def _equations(shape: Shape) -> _Equations:
    known, dt = activity_equations(shape), sp.Symbol("dt", positive=True)
    return _Equations(
        activity=lower((known.variance, *known.readout), known.arguments),
        step=lower(known.step(dt), (*known.arguments, *known.inputs, known.gain, dt)),
    )


class Closure(eqx.Module):
    """Activity, outputs and loss as functions of the overlaps sigma.

    >>> from theory.overlaps import LINEAR, Shape
    >>> Closure(Shape(rank=2), LINEAR).shape.size
    6
    """

    shape: Shape = eqx.field(static=True)
    nonlinearity: Nonlinearity = eqx.field(static=True)

    def latents(self, sigma: Gram, batch: Batch) -> Float[Array, "trials steps latents"]:
        """k_m and k_u after each step."""
        equations, gain = _equations(self.shape), gain_of(self.nonlinearity)

        def step(overlaps: Array, latents: Array, inputs: Array) -> Array:
            variance, *_ = equations.activity(*overlaps, *latents)
            return jnp.stack(equations.step(*overlaps, *latents, *inputs, gain(variance), batch.dt))

        count = self.shape.inputs + self.shape.rank
        return jax.vmap(lambda inputs: unroll(step, count, self._overlaps(sigma), inputs))(batch.inputs)

    def variance(self, sigma: Gram, batch: Batch) -> Float[Array, "trials steps"]:
        """The variance of the activity over neurons, after each step."""
        return self._activity(sigma, batch)[0]

    def outputs(self, sigma: Gram, batch: Batch) -> Outputs:
        """The readout of each trial after each step."""
        variance, *readout = self._activity(sigma, batch)
        gain = gain_of(self.nonlinearity)(variance)
        return gain[..., None] * jnp.stack(readout, axis=-1)

    def loss(self, sigma: Gram, batch: Batch) -> Float[Array, ""]:
        """The loss on a batch."""
        return batch.loss(self.outputs(sigma, batch))

    def loss_and_gradient(self, sigma: Gram, batch: Batch) -> tuple[Float[Array, ""], Gram]:
        """The loss and its symmetric gradient H, dl = tr(H dSigma)."""
        loss, gradient = jax.value_and_grad(self.loss)(sigma, batch)
        return loss, (gradient + gradient.T) / 2

    def _activity(self, sigma: Gram, batch: Batch) -> tuple[Float[Array, "trials steps"], ...]:
        latents = jnp.moveaxis(self.latents(sigma, batch), -1, 0)
        return tuple(_equations(self.shape).activity(*self._overlaps(sigma), *latents))

    def _overlaps(self, sigma: Gram) -> Float[Array, " overlaps"]:
        return sigma[tuple(np.transpose(self.shape.pairs))]


def closure_of(shape: Shape, nonlinearity: AnyNonlinearity) -> Closure:
    """The closure for a nonlinearity, given as the theory's expression or as the network's function of that name.

    Raises:
        UnknownNonlinearity: if it is a function whose expression the theory does not know.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from theory.overlaps import Shape
    >>> from simulate.tasks import filter_task
    >>> closure_of(Shape(), ERF).outputs(jnp.asarray(0.8 * np.eye(4) + 0.2), filter_task(steps=20).batch).shape
    (1, 20, 1)
    """
    return Closure(shape, expression_of(nonlinearity))


class Overlaps(Learner):
    """The overlaps as something that learns."""

    gram: Float[Array, "*networks d d"]
    closure: Closure

    def sigma(self) -> Gram:
        """The Gram matrix theta^T theta / N."""
        return self.gram

    def observe(self) -> Gram:
        """The overlaps."""
        return self.gram

    def loss_and_gradient(self, batch: Batch) -> tuple[Measured, Gram]:
        """Loss and accuracy on a batch, and the symmetric gradient H, dl = tr(H dSigma)."""

        def loss(sigma: Gram) -> tuple[Array, Measured]:
            outputs = self.closure.outputs(sigma, batch)
            value = batch.loss(outputs)
            return value, Measured(value, batch.accuracy(outputs))

        gradient, measured = jax.grad(loss, has_aux=True)(self.gram)
        return measured, (gradient + gradient.T) / 2

    def still(self, rule: GradientDescent) -> Float[Array, "twice twice"] | None:
        """The Gram matrix of [theta velocity] at rest; None without momentum."""
        return None if rule.momentum is None else jnp.pad(self.gram, (0, len(self.gram)))

    def descended(
        self, gradient: Gram, rule: GradientDescent, velocity: Float[Array, "twice twice"] | None, key: Key[Array, ""]
    ) -> tuple["Overlaps", Float[Array, "twice twice"] | None]:
        """After a step, with the Gram matrix of [theta velocity] under momentum.

        Noise enters as its average, noise^2 on the diagonal; `key` is not used.
        """
        d = self.closure.shape.size
        step = rule_step(self.closure.shape, gradient, rule)
        gram = step.T @ (self.gram if velocity is None else velocity) @ step
        if rule.noise is not None:
            gram = gram.at[:d, :d].add(rule.noise**2 * jnp.eye(d))
        return Overlaps(gram[:d, :d], self.closure), None if velocity is None else gram


def rule_step(shape: Shape, gradient: Gram, rule: GradientDescent) -> Float[Array, "columns columns"]:
    """The matrix T of one step of a rule, noise apart: theta <- theta T; with momentum [theta w] <- [theta w] T.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import Shape
    >>> rule_step(Shape(), 0.5 * jnp.eye(4), GradientDescent(rate=0.1)).diagonal().tolist()
    [0.9, 0.9, 0.9, 0.9]
    """
    blocks = step_blocks(
        gradient,
        block_rates(shape, rule),
        jnp.eye(shape.size),
        rate=rule.rate,
        momentum=0.0 if rule.momentum is None else rule.momentum,
        weight_decay=0.0 if rule.weight_decay is None else rule.weight_decay,
    )
    return blocks[0][0] if rule.momentum is None else jnp.block([list(row) for row in blocks])


def block_rates(shape: Shape, rule: GradientDescent) -> Gram:
    """The diagonal matrix Lambda of the rule, one entry a column of theta."""
    rates = (1.0, 1.0, 1.0, 1.0) if rule.block_rates is None else rule.block_rates
    relative = (jnp.full(count, rate) for count, rate in zip(shape.counts, rates, strict=True))
    return jnp.diag(jnp.concatenate([each.astype(float) for each in relative]))
