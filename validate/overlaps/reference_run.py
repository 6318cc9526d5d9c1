"""The training on which the levels of description are compared: a short filter task, far from saddles.

Near a saddle small differences grow without bound, and distances between levels would measure that instead.
"""

from typing import TypeVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from simulate.cells.low_rank import LowRank
from simulate.cells.low_rank_latent import by_latent_state
from simulate.cells.nonlinearity import Nonlinearity
from simulate.overlaps.closure import Overlaps
from simulate.overlaps.draw import draw_exact
from simulate.overlaps.infinite_width import Nodes
from simulate.overlaps.levels import InfiniteWidth, ReducedTheory
from simulate.tasks.impulse import filter_task
from simulate.tasks.task import FixedTask, Task
from simulate.training.learn import Learning, learn
from simulate.training.learner import Learner
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape

LearnerT = TypeVar("LearnerT", bound=Learner)

SHAPE = Shape()
START = np.array([[1.0, 0.2, 0.4, 0.3], [0.2, 1.0, 0.3, 0.4], [0.4, 0.3, 1.0, 0.2], [0.3, 0.4, 0.2, 1.0]])
DT, STEPS, DECAY = 0.1, 40, 0.2
RATE, EPOCHS = 0.05, 100

Gram = Float[np.ndarray, "d d"]


def reference_task() -> FixedTask:
    """Four time constants of the filter task."""
    return filter_task(DECAY, DT, STEPS)


def overlaps(sigma: Gram, nonlinearity: Nonlinearity) -> Overlaps:
    """The reduced level of a rank-one network."""
    return ReducedTheory().start(sigma, SHAPE, nonlinearity)


def limit(sigma: Gram, nonlinearity: Nonlinearity, nodes: Nodes) -> LowRank:
    """The infinite-width level."""
    return InfiniteWidth(nodes).start(sigma, SHAPE, nonlinearity)


@eqx.filter_jit
def run(learner: LearnerT, task: Task, rule: GradientDescent, epochs: int) -> Learning[LearnerT]:
    """One training, compiled."""
    return learn(learner, task, rule, epochs)


@eqx.filter_jit
def many_ends(
    keys: Key[Array, " networks"],
    neurons: int,
    nonlinearity: Nonlinearity,
    *,
    task: Task,
    rule: GradientDescent,
    epochs: int,
) -> tuple[Float[Array, "networks d d"], Float[Array, "networks neurons d"]]:
    """Overlaps and connectivity after training, of networks that start with overlaps exactly `START`."""

    def one(key: Key[Array, ""]) -> tuple[Array, Array]:
        network = by_latent_state(draw_exact(key, START, SHAPE.counts, neurons, nonlinearity))
        end = learn(network, task, rule, epochs).end
        return end.sigma(), end.connectivity.theta

    return jax.vmap(one)(keys)


def distance(left: ArrayLike, right: ArrayLike) -> Float[np.ndarray, "*batch"]:
    """Frobenius norm of the difference of two Gram matrices, or of many."""
    return np.asarray(np.linalg.norm(np.asarray(left) - np.asarray(right), axis=(-2, -1)))
