"""The infinite-width limit trained twice, by two rules of nodes, for an estimate of what the nodes cost."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from simulate.cells.low_rank_latent import LatentNetwork, by_latent_state
from simulate.cells.nonlinearity import Nonlinearity
from simulate.overlaps.gram_matrix import Counts
from simulate.overlaps.infinite_width import USUAL_NODES, Nodes, infinite_width
from simulate.tasks.task import Task
from simulate.training.learning import Learning, learn_in_chunks
from simulate.training.rule import GradientDescent


class InfiniteWidthLearning(eqx.Module):
    """A training in the infinite-width limit, and an estimate of its error in each epoch.

    The estimates are distances (largest over the overlaps) to a second training, with the rule's `comparison`; NaN
    where either training has diverged.
    """

    learning: Learning[LatentNetwork]
    sigma_error: Float[Array, " epochs"]
    loss_error: Float[Array, " epochs"]


def learn_infinite_width(
    sigma: ArrayLike,
    counts: Counts,
    nonlinearity: Nonlinearity,
    task: Task,
    rule: GradientDescent,
    epochs: int,
    nodes: Nodes = USUAL_NODES,
) -> InfiniteWidthLearning:
    """Train infinitely many neurons with independent normal rows of covariance sigma, by two rules of nodes.

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        BadNodes: if the rule does not fit the rank of sigma.
        NothingToLearn: if `epochs` is negative.
        DoublePrecisionRequired: if `jax_enable_x64` is off.
    """
    first, second = (
        learn_in_chunks(by_latent_state(infinite_width(sigma, counts, nonlinearity, each)), task, rule, epochs)
        for each in (nodes, nodes.comparison())
    )
    return InfiniteWidthLearning(
        first, jnp.max(jnp.abs(first.sigma - second.sigma), axis=(1, 2)), jnp.abs(first.loss - second.loss)
    )
