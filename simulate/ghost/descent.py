"""Gradient descent on one parameter, from many starts at once."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, ScalarLike

from simulate.integrate import require_double_precision
from simulate.outcome import Outcome

LossAndGradient = Callable[[Float[Array, ""]], tuple[Float[Array, ""], Float[Array, ""]]]


class DescentOutcome(Outcome):
    """How one run of gradient descent ended."""

    finite = 0, "every epoch was finite"
    non_finite = 1, "a loss, a gradient or a step was not finite: the run stands still from that epoch on"


class Descent(eqx.Module):
    """Runs of gradient descent: `r` and `loss` before the first epoch and after each.

    `epochs` counts the steps each run took: all of them, or those before its first non-finite number.
    """

    r: Float[Array, "recorded starts"]
    loss: Float[Array, "recorded starts"]
    outcome: Int[Array, " starts"]  # DescentOutcome
    epochs: Int[Array, " starts"]


def descend(
    loss_and_gradient: LossAndGradient,
    starts: Float[Array, " starts"],
    learning_rate: ScalarLike | Float[Array, " starts"],
    epochs: int,
) -> Descent:
    """r <- r - learning_rate dL/dr, `epochs` times from each start. Can be compiled by `jax.jit`.

    `loss_and_gradient` maps one r to its loss and gradient: analytic, or that of a simulated loss.
    `learning_rate` is one number or one a start. `r[k]` and `loss[k]` are the state after k epochs.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> run = descend(lambda r: (r**2, 2 * r), starts=jnp.array([1.0, -2.0]), learning_rate=0.25, epochs=2)
    >>> run.r.tolist()
    [[1.0, -2.0], [0.5, -1.0], [0.25, -0.5]]
    """
    require_double_precision()
    rate = jnp.asarray(learning_rate, dtype=jnp.float64)
    evaluate = jax.vmap(loss_and_gradient)

    def epoch(
        state: tuple[Float[Array, " starts"], Bool[Array, " starts"]], _: None
    ) -> tuple[tuple[Array, Array], tuple[Array, Array, Array]]:
        r, going = state
        loss, gradient = evaluate(r)
        step = r - rate * gradient
        goes_on = going & jnp.isfinite(loss) & jnp.isfinite(step)
        return (jnp.where(goes_on, step, r), goes_on), (r, loss, goes_on)

    # One epoch more than asked for records the loss after the last step; its own step is not used.
    _, (r, loss, going) = jax.lax.scan(epoch, (starts, jnp.isfinite(starts)), None, length=epochs + 1)
    finite = jnp.all(going[:-1], axis=0) & jnp.isfinite(loss[-1])
    return Descent(
        r=r,
        loss=loss,
        outcome=jnp.where(finite, DescentOutcome.finite, DescentOutcome.non_finite),
        epochs=jnp.sum(going[:-1], axis=0),
    )
