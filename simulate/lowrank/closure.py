"""The learning of the overlaps alone, lowered from the theory: exact for linear networks, the Gaussian closure for others.

A gradient step on theta is a congruence of its Gram matrix: Sigma <- T^T Sigma T, with T = 1 - 2 eta H.
"""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from simulate.lowrank.batch import Batch, Outputs
from simulate.lowrank.learning import Gram, Learner
from simulate.lowrank.nonlinearity import ERF, LINEAR, RELU, Nonlinearity
from simulate.lowrank.rule import GradientDescent
from theory.lowrank.shape import Shape


class Closure(eqx.Module):
    """Activity, outputs and loss as functions of the overlaps."""

    shape: Shape = eqx.field(static=True)
    nonlinearity: Nonlinearity = eqx.field(static=True)

    def gain(self, variance: Array) -> Array:
        if self.nonlinearity is LINEAR:
            return jnp.ones_like(variance)
        if self.nonlinearity is RELU:
            return jnp.full_like(variance, 0.5)
        if self.nonlinearity is ERF:
            return 1 / jnp.sqrt(1 + np.pi / 2 * variance)
        raise NotImplementedError

    def outputs(self, sigma: Gram, batch: Batch) -> Outputs:
        i, r = self.shape.inputs, self.shape.rank
        mu = sigma[: i + r, : i + r]
        vmu, zmu = sigma[i + r : i + 2 * r, : i + r], sigma[i + 2 * r :, : i + r]

        def advance(k: Array, s: Array) -> tuple[Array, Array]:
            kappa = self.gain(k @ mu @ k) * (vmu @ k)
            k = k + batch.dt * (-k + jnp.concatenate([s, kappa]))
            return k, self.gain(k @ mu @ k) * (zmu @ k)

        def trial(inputs: Array) -> Array:
            return jax.lax.scan(advance, jnp.zeros(i + r), inputs)[1]

        return jax.vmap(trial)(batch.inputs)

    def loss(self, sigma: Gram, batch: Batch) -> Float[Array, ""]:
        """The loss on a batch."""
        return batch.loss(self.outputs(sigma, batch))

    def loss_and_gradient(self, sigma: Gram, batch: Batch) -> tuple[Float[Array, ""], Gram]:
        """The loss and its symmetric gradient H, dl = tr(H dSigma)."""
        loss, gradient = jax.value_and_grad(self.loss)(sigma, batch)
        return loss, (gradient + gradient.T) / 2


class Overlaps(Learner):
    """The overlaps as something that learns. `gram` is that of theta, or of [theta velocity] under momentum."""

    gram: Gram
    closure: Closure

    def sigma(self) -> Gram:
        """See `Learner`."""
        d = self.closure.shape.size
        return self.gram[:d, :d]

    def prepared(self, rule: GradientDescent) -> Self:
        """See `Learner`."""
        d = self.closure.shape.size
        if rule.momentum is None or len(self.gram) > d:
            return self
        return type(self)(jnp.pad(self.gram, (0, d)), self.closure)

    def loss_and_gradient(self, batch: Batch) -> tuple[Float[Array, ""], Gram]:
        """See `Learner`."""
        return self.closure.loss_and_gradient(self.sigma(), batch)

    def stepped(self, gradient: Gram, rule: GradientDescent, key: Key[Array, ""]) -> Self:
        """See `Learner`. Noise enters as its average, noise^2 on the diagonal."""
        d = self.closure.shape.size
        one = jnp.eye(d)
        relative = jnp.concatenate(
            [jnp.broadcast_to(b, n) for b, n in zip(rule.block_rates, self.closure.shape.counts)]
        )
        move = -2 * rule.rate * gradient * relative
        if rule.momentum is None:
            step = (1 - rule.weight_decay) * one + move
        else:
            fade = rule.momentum * one
            step = jnp.block([[(1 - rule.weight_decay) * one + move, move], [fade, fade]])
        gram = step.T @ self.gram @ step
        if rule.noise is not None:
            gram += jnp.diag(jnp.where(jnp.arange(len(gram)) < d, rule.noise**2, 0.0))
        return type(self)(gram, self.closure)
