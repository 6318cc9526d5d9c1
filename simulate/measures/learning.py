"""How much a network learned: how far its weights went, and how its tangent kernel turned."""

from collections.abc import Iterator
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from simulate.cells.cell import Cell
from simulate.measures.samples import NotFinite, WrongShape
from simulate.tasks.task import Batch

Jacobian = Float[np.ndarray, "outputs parameters"]


@dataclass(frozen=True)
class WeightChange:
    """|W_T - W_0|, and the norm of the weights at the start.

    >>> from simulate.measures import weight_change
    >>> weight_change([3.0, 4.0], [6.0, 8.0]).relative
    1.0
    """

    value: float
    start: float

    @property
    def relative(self) -> float:
        """The change over the norm at the start."""
        return self.value / self.start if self.start else float("inf")


def weight_change(before: PyTree, after: PyTree) -> WeightChange:
    """The Frobenius norm of what training did to weights: of one array, or of all in a tree together.

    `weight_change(start.W, end.W)` for recurrent weights alone (Huang et al., 2025, section 3.2.1),
    `weight_change(start.parameters, end.parameters)` for all that a network learned.

    Raises:
        NotFinite, WrongShape: if weights are not finite; if the two are not alike.

    >>> import numpy as np
    >>> from simulate.measures import weight_change
    >>> weight_change({"W": np.zeros((2, 2)), "b": np.zeros(5)}, {"W": np.ones((2, 2)), "b": np.ones(5)}).value
    3.0
    """
    old, new = ([np.asarray(leaf, dtype=np.float64) for leaf in jax.tree.leaves(each)] for each in (before, after))
    shapes = [[leaf.shape for leaf in each] for each in (old, new)]
    if shapes[0] != shapes[1]:
        raise WrongShape(f"weights of shapes {shapes[0]} and {shapes[1]}: give the same weights, before and after")
    change = np.sqrt(sum(((b - a) ** 2).sum() for a, b in zip(old, new, strict=True)))
    start = np.sqrt(sum((a**2).sum() for a in old))
    if not np.isfinite(change + start):
        raise NotFinite("weights with NaN or infinity: leave out networks whose training diverged")
    return WeightChange(float(change), float(start))


@dataclass(frozen=True)
class KernelAlignment:
    """How much of a tangent kernel is left after training: 1 if it only grew, less the more it turned.

    Attributes:
        value: tr(K_T K_0) / (|K_T| |K_0|).
        start, end: |K_0| and |K_T|.
        outputs: rows of the kernels: outputs of the probe batch, at all steps of all trials that count.
        parameters: how many there are.

    >>> KernelAlignment(value=0.9, start=2.0, end=3.0, outputs=12, parameters=40).end
    3.0
    """

    value: float
    start: float
    end: float
    outputs: int
    parameters: int


def kernel_alignment(before: Cell, after: Cell, probe: Batch, *, memory: int = 2**30) -> KernelAlignment:
    """The alignment of the tangent kernels of one network before and after training, on a fixed batch of trials.

    K = J J^T, with J the derivatives of all outputs, of every trial and step that counts, with respect to all that the
    network learns (Huang et al., 2025, section 3.2.1). Rows of J are weighted by the root of the batch's mask: along
    the gradient of a sum of squares so weighted, outputs so weighted move by this kernel, and steps that do not count
    have no part in learning. Neither J nor K is ever held as a whole: the three traces are sums over pairs of groups of
    trials, whose Jacobians, of both networks, take up to `memory` bytes. Work grows with the square of the number of
    outputs. Computed in JAX's default precision.

    Raises:
        WrongShape: if the networks have not the same parameters.
        NotFinite: if a derivative is not finite.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import UniformWeights
    >>> from simulate.measures import kernel_alignment
    >>> from simulate.tasks import NBitFlipFlop
    >>> network = UniformWeights(units=4).draw(jax.random.key(0), jnp.dtype("float64"))
    >>> probe = NBitFlipFlop(jax.random.key(1), trials=2, steps=5)(jnp.asarray(0))
    >>> found = kernel_alignment(network, network, probe)
    >>> round(found.value, 12), found.outputs
    (1.0, 30)
    """
    shapes = [[leaf.shape for leaf in jax.tree.leaves(each.parameters)] for each in (before, after)]
    if shapes[0] != shapes[1]:
        raise WrongShape(f"parameters of shapes {shapes[0]} and {shapes[1]}: give one network, before and after")
    parameters = sum(int(np.prod(shape)) for shape in shapes[0])
    rows = int(np.prod(probe.targets.shape[1:]))
    together = max(1, memory // (4 * 8 * rows * parameters))  # two groups, two networks
    cross = own_before = own_after = 0.0
    for weight, (J, J_other), (I, I_other) in _pairs(before, after, probe, together):  # noqa: E741
        K, L = J @ J_other.T, I @ I_other.T
        cross += weight * float(np.vdot(K, L))
        own_before += weight * float(np.vdot(K, K))
        own_after += weight * float(np.vdot(L, L))
    sizes = float(np.sqrt(own_before)), float(np.sqrt(own_after))
    if not np.isfinite(sizes[0] * sizes[1]):
        raise NotFinite("a tangent kernel with NaN or infinity: leave out networks whose training diverged")
    counted = int(np.count_nonzero(probe.mask)) * probe.targets.shape[-1]
    return KernelAlignment(cross / (sizes[0] * sizes[1]), *sizes, counted, parameters)


def _pairs(
    before: Cell, after: Cell, probe: Batch, together: int
) -> Iterator[tuple[float, tuple[Jacobian, Jacobian], tuple[Jacobian, Jacobian]]]:
    """Of each pair of groups of trials, how often it counts, and the Jacobians of both networks."""
    starts = range(0, len(probe.inputs), together)

    def jacobians(start: int) -> tuple[Jacobian, Jacobian]:
        part = jax.tree.map(lambda a: a[start : start + together], probe)
        return jacobian(before, part), jacobian(after, part)

    for first in starts:
        one = jacobians(first)
        yield 1.0, (one[0], one[0]), (one[1], one[1])
        for second in range(first + together, len(probe.inputs), together):
            other = jacobians(second)
            yield 2.0, (one[0], other[0]), (one[1], other[1])


def jacobian(network: Cell, batch: Batch) -> Jacobian:
    """Derivatives of the outputs of each trial, step and output (rows) with respect to each parameter that learns.

    Of steps that count, times the root of the mask. Trial by trial, since none depends on the inputs of another.
    """
    double = jax.tree.map(lambda a: jnp.asarray(a, jnp.result_type(float)) if eqx.is_inexact_array(a) else a, network)
    derivatives = np.asarray(_jacobian(double, batch.astype(double.dtype)), dtype=np.float64)
    weights = np.repeat(np.asarray(batch.mask, np.float64), batch.targets.shape[-1], axis=1)
    counted = weights > 0
    return np.sqrt(weights[counted])[:, None] * derivatives[counted]


@eqx.filter_jit
def _jacobian(network: Cell, batch: Batch) -> Float[Array, "trials answers parameters"]:
    moving, fixed = eqx.partition(network, network.learns())
    flat, unflatten = ravel_pytree(moving)

    def derivatives(trial: Batch) -> Float[Array, "answers parameters"]:
        one = jax.tree.map(lambda a: a[None], trial)

        def answers(flat: Float[Array, " parameters"]) -> Float[Array, " answers"]:
            return eqx.combine(unflatten(flat), fixed).outputs(one).ravel()

        found: Float[Array, "answers parameters"] = jax.jacrev(answers)(flat)
        return found

    every: Float[Array, "trials answers parameters"] = jax.lax.map(derivatives, batch)
    return every
