"""What training makes of the overlaps at the start: theta_T = theta_0 M, with M a function that can be differentiated.

Everything is lowered from theory. Exact for linear networks of any size; of others what their Gaussian closure says.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from simulate.degeneracy.trials import OtherTrials
from simulate.overlaps import Closure, rule_step
from simulate.tasks.task import Batch, Task
from simulate.training.rule import GradientDescent
from theory.degeneracy import transport

Gram = Float[Array, "d d"]
State = Float[Array, "d columns"]


class NotATrainingMap(ValueError):
    """A rule that does more to the weights than multiply them."""


class TrainingMap(eqx.Module):
    """Training by a rule of gradient descent, as a map of the overlaps at the start.

    Raises:
        NotATrainingMap: if the rule is noisy.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
    >>> learning.identity.shape
    (4, 4)
    """

    closure: Closure
    task: Task
    rule: GradientDescent

    def __check_init__(self) -> None:
        """Noise is drawn for every weight."""
        if self.rule.noise is not None:
            raise NotATrainingMap("noise on the weights: what it adds is no product; leave it out")

    @property
    def identity(self) -> Gram:
        """M before the first step."""
        return jnp.eye(self.closure.shape.size)

    @property
    def begun(self) -> State:
        """[M V] before the first step: theta_0 times it is [theta w], w the velocity of momentum; M alone without."""
        d = len(self.identity)
        return self.identity if self.rule.momentum is None else jnp.eye(d, 2 * d)

    def advanced(self, start: Gram, state: State, first: Int[Array, ""], epochs: Int[Array, ""]) -> State:
        """After so many epochs more, the next one being `first`."""
        return jax.lax.fori_loop(first, first + epochs, lambda epoch, now: self.stepped(start, now, epoch), state)

    def product_of(self, state: State) -> Gram:
        """M."""
        return state[:, : len(state)]

    def product_until(self, start: Gram, loss: Float[Array, ""], most: Int[Array, ""]) -> tuple[Gram, Int[Array, ""]]:
        """M when the loss was first seen at or below `loss`, before that epoch's step, and the epochs done."""

        def above(now: tuple[Int[Array, ""], State]) -> Array:
            epoch, state = now
            sigma = transport.transported(start, self.product_of(state))
            return (epoch < most) & (self.closure.loss(sigma, self.task(epoch)) > loss)

        def stepped(now: tuple[Int[Array, ""], State]) -> tuple[Int[Array, ""], State]:
            epoch, state = now
            return epoch + 1, self.stepped(start, state, epoch)

        epochs, state = jax.lax.while_loop(above, stepped, (jnp.asarray(0), self.begun))
        return self.product_of(state), epochs

    def stepped(self, start: Gram, state: State, epoch: Int[Array, ""]) -> State:
        """After the step of an epoch."""
        sigma = transport.transported(start, self.product_of(state))
        _, gradient = self.closure.loss_and_gradient(sigma, self.task(epoch))
        return state @ rule_step(self.closure.shape, gradient, self.rule)


def measured_by_product(
    learning: TrainingMap, start: Gram, product: Gram, trials: OtherTrials, last: Batch
) -> dict[str, Array]:
    """All that is measured of a network, from its overlaps at the start and M alone.

    `sigma` (d x d) after training, `loss` on the batch `last`, `change`: |theta_T - theta_0| / N^1/2,
    `recurrent_change`: |W_T - W_0|, W = u v^T / N; `unseen_loss` and `alignment` of the tangent kernel with that at the
    start, where there are trials for them.
    """
    closure, one = learning.closure, learning.identity
    sigma = transport.transported(start, product)
    found = {
        "sigma": sigma,
        "loss": loss_of(sigma, closure, last),
        "change": root(transport.squared_change(start, product, one)),
        "recurrent_change": root(transport.squared_recurrent_change(closure.shape, start, product, one)),
    }
    if trials.unseen is not None:
        found["unseen_loss"] = loss_of(sigma, closure, trials.unseen)
    if trials.probe is not None:
        kernels = [transport.tangent_kernel(slopes(closure, each, trials.probe), each) for each in (start, sigma)]
        found["alignment"] = transport.alignment(*kernels)
    return found


def root(square: Array) -> Array:
    """Its square root, flat at zero: weights that did not move."""
    moved = square > 0
    return jnp.where(moved, jnp.sqrt(jnp.where(moved, square, 1.0)), 0.0)


def slopes(closure: Closure, sigma: Gram, batch: Batch) -> Float[Array, "outputs d d"]:
    """D_k of every output, trial and step, times the root of its mask: dy_k = tr(D_k dSigma), symmetric."""
    read = batch.targets.shape[1]
    weights = jnp.sqrt(batch.mask)[..., None]
    raw = jax.jacrev(lambda each: (weights * closure.outputs(each, batch)[:, -read:]).reshape(-1))(sigma)
    return (raw + jnp.swapaxes(raw, 1, 2)) / 2


@eqx.filter_custom_jvp
def loss_of(sigma: Gram, closure: Closure, batch: Batch) -> Float[Array, ""]:
    """The loss, which here may be differentiated forwards as well, in sigma."""
    return closure.loss(sigma, batch)


@loss_of.def_jvp  # type: ignore[untyped-decorator]
def _loss_along(
    primals: tuple[Gram, Closure, Batch], tangents: tuple[Gram | None, PyTree, PyTree]
) -> tuple[Array, Array]:
    sigma, closure, batch = primals
    value, gradient = closure.loss_and_gradient(sigma, batch)
    return value, jnp.zeros_like(value) if tangents[0] is None else jnp.sum(gradient * tangents[0])
