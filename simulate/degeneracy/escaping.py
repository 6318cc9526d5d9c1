"""How linear networks leave the saddle at which they begin: the paths, factors and amplitudes, from training itself."""

import math
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.degeneracy.dispersed import dispersed
from simulate.degeneracy.training_map import TrainingMap
from simulate.integrate import require_double_precision
from theory.degeneracy import directions, normal_rows, transport
from theory.degeneracy.saddles import ChannelEscape, growth

SMALL = 1e-5
"""The amplitude of paths: networks of 10^10 neurons."""
LINEAR_GROWTH = 1e2
"""By how much amplitudes have grown when they are compared: what decays is then 1e-4 of what grows."""


class NotOnASaddle(ValueError):
    """A start from which channels do not leave one by one."""


@dataclass(frozen=True, eq=False)
class Saddle:
    """Where networks of the covariance S go first, and how each channel leaves from there.

    `step` is a step of training at the saddle, linear in all overlaps (in the order of `shape.pairs`).

    >>> Saddle(1.0, np.diag([1.1, 1.0, 0.9]), ()).unstable
    1
    """

    loss: float
    step: Float[np.ndarray, "overlaps overlaps"]
    escapes: tuple[ChannelEscape, ...]

    @property
    def unstable(self) -> int:
        """How many directions grow; neutral ones are not counted, of which rounding makes 1 +- 1e-7 at most."""
        return int((np.abs(np.linalg.eigvals(self.step)) > 1 + 1e-5).sum())


def saddle_of(learning: TrainingMap, start: Float[np.ndarray, "d d"], *, epochs: int) -> Saddle:
    """The saddle of a task of independent channels, input i to output i, and each channel's escape along direction i.

    Arguments:
        learning: as many inputs as outputs, and at least that rank.
        start: S, diagonal.
        epochs: of the paths; long enough that channels have learned.

    Raises:
        NotOnASaddle: if S is not diagonal, or there are too few inputs, outputs or ranks.
        PathRises: if the loss of a path does not fall, as at too high a learning rate.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.degeneracy import TrainingMap, saddle_of
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(dt=0.2, steps=20), GradientDescent(0.05))
    >>> saddle_of(learning, 0.8 * np.eye(4) + 0.2, epochs=300)
    Traceback (most recent call last):
    ...
    simulate.degeneracy.escaping.NotOnASaddle: ... S: give a diagonal S, inputs as outputs, and a rank of at least these
    """
    require_double_precision()
    shape = learning.closure.shape
    if shape.inputs != shape.outputs or shape.rank < shape.inputs or np.count_nonzero(start - np.diag(np.diag(start))):
        raise NotOnASaddle(f"{shape} with this S: give a diagonal S, inputs as outputs, and a rank of at least these")
    columns = [list(shape.columns(block)) for block in "muvz"]
    starts = [start]
    for m, u, v, z in zip(*columns, strict=False):
        starts.append(start.copy())
        for a, b in ((z, u), (v, m)):
            starts[-1][a, b] = starts[-1][b, a] = SMALL
    overlaps, losses = (np.asarray(each) for each in paths(learning, jnp.asarray(np.stack(starts)), jnp.arange(epochs)))
    step = np.asarray(_linear_step(learning, jnp.asarray(overlaps[0, -1])))
    along, escapes = directions(normal_rows(start)), []
    for k, (m, u, v, z) in enumerate(zip(*columns, strict=False), 1):
        pair = [shape.pairs.index((u, z)), shape.pairs.index((m, v))]
        factor = growth(step[np.ix_(pair, pair)])
        linear = math.ceil(math.log(LINEAR_GROWTH) / math.log(factor))
        slopes = dispersed(learning, start, np.concatenate([along, [starts[k] - start]]), epochs=linear)[
            "sigma"
        ].slopes[:, z, u]
        deviation = float(np.linalg.norm(slopes[:-1]) / abs(slopes[-1]))
        block = [m, u, v, z]
        escapes.append(ChannelEscape(factor, deviation, losses[k] - losses[0], overlaps[k][:, block][:, :, block]))
    return Saddle(float(losses[0, -1]), step, tuple(escapes))


@eqx.filter_jit
def paths(
    learning: TrainingMap, starts: Float[Array, "paths d d"], epochs: Array
) -> tuple[Float[Array, "paths epochs d d"], Float[Array, "paths epochs"]]:
    """The overlaps and the loss before each of these epochs, of networks that start with such overlaps."""

    def one(start: Array) -> tuple[Array, Array]:
        def stepped(state: Array, epoch: Array) -> tuple[Array, tuple[Array, Array]]:
            sigma = transport.transported(start, learning.product_of(state))
            return learning.stepped(start, state, epoch), (sigma, learning.closure.loss(sigma, learning.task(epoch)))

        return jax.lax.scan(stepped, learning.begun, epochs)[1]

    return jax.vmap(one)(starts)


@eqx.filter_jit
def _linear_step(learning: TrainingMap, sigma: Float[Array, "d d"]) -> Float[Array, "overlaps overlaps"]:
    """The derivative of a step from rest, entry of each overlap by each."""
    pairs = tuple(np.transpose(learning.closure.shape.pairs))

    def step(overlaps: Array) -> Array:
        full = jnp.zeros_like(sigma).at[pairs].set(overlaps).at[pairs[::-1]].set(overlaps)
        product = learning.product_of(learning.stepped(full, learning.begun, jnp.asarray(0)))
        return transport.transported(full, product)[pairs]

    return jax.jacfwd(step)(sigma[pairs])
