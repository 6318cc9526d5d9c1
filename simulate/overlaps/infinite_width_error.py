"""The infinite-width limit trained twice, by two rules of nodes, for an estimate of what the nodes cost."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import ArrayLike, Float

from simulate.cells.low_rank_latent import LowRankLatent, by_latent_state
from simulate.cells.nonlinearity import Nonlinearity
from simulate.overlaps.gram_matrix import Counts
from simulate.overlaps.infinite_width import USUAL_NODES, Nodes, infinite_width
from simulate.tasks.task import Task
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from simulate.training.trained import Trained


@dataclass(frozen=True)
class InfiniteWidthLearning:
    """A training in the infinite-width limit, and an estimate of its error in each epoch.

    The estimates are distances (largest over the overlaps) to a second training, with the rule's `comparison`; NaN
    where either training has diverged.
    """

    learning: Trained[LowRankLatent]
    sigma_error: Float[np.ndarray, " epochs"]
    loss_error: Float[np.ndarray, " epochs"]


def learn_infinite_width(
    sigma: ArrayLike,
    counts: Counts,
    nonlinearity: Nonlinearity,
    task: Task,
    *,
    rule: GradientDescent,
    epochs: int,
    nodes: Nodes = USUAL_NODES,
) -> InfiniteWidthLearning:
    """Train infinitely many neurons with independent normal rows of covariance sigma, by two rules of nodes.

    Raises:
        NotAGramMatrix: if no vectors have these overlaps.
        BadNodes: if the rule does not fit the rank of sigma.
        NothingToTrain: if `epochs` is negative.
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import ERF
    >>> from simulate.overlaps import SobolNodes
    >>> from simulate.tasks import filter_task
    >>> from theory.overlaps import Shape
    >>> sigma = 0.8 * np.eye(4) + 0.2
    >>> task, rule = filter_task(steps=50), GradientDescent(rate=5e-3)
    >>> nodes = SobolNodes(256)
    >>> found = learn_infinite_width(sigma, Shape().counts, ERF, task, rule=rule, epochs=5, nodes=nodes)
    >>> found.learning.loss.shape, bool(found.sigma_error.max() < 0.1)
    ((6, 1), True)
    """
    first, second = (
        train([by_latent_state(infinite_width(sigma, counts, nonlinearity, each))], task, rule=rule, epochs=epochs)
        for each in (nodes, nodes.comparison())
    )
    return InfiniteWidthLearning(
        first,
        np.max(np.abs(first.observed - second.observed)[:, 0], axis=(1, 2)),
        np.abs(first.loss - second.loss)[:, 0],
    )
