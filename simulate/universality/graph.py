"""Transition graphs: fixed points as nodes, and with what probability each leads to each other."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from simulate.fixed_points.branches import Branches, follow_branches
from simulate.measures.fixed_points.find import FixedPoints
from simulate.universality.agreement import Agreement, agreement
from simulate.universality.perturbations import Perturbations, perturb_points


class NotAGraph(ValueError):
    """Arrays that are no transition graph."""


@dataclass(frozen=True, eq=False)
class TransitionGraph:
    """A directed graph of fixed points.

    `transitions[i, j]` is the probability that a small perturbation of point i ends at point j: 1 on the diagonal of a
    stable point; rows sum to less than one where something else is reached (a cycle, an unknown state).

    Raises:
        NotAGraph: if shapes do not fit, or a row is no probability.

    >>> from simulate.universality import TransitionGraph
    >>> well = TransitionGraph([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]], [0, 0, 1], [[-1], [1], [0]])
    >>> len(well), well.relabelled([2, 0, 1]).transitions[0].tolist()
    (3, [0.0, 0.5, 0.5])
    """

    transitions: Float[np.ndarray, "nodes nodes"]
    unstable_dimensions: Int[np.ndarray, " nodes"]
    outputs: Float[np.ndarray, "nodes outputs"]

    def __init__(self, transitions: ArrayLike, unstable_dimensions: ArrayLike, outputs: ArrayLike) -> None:
        """Copies are kept."""
        given = np.array(transitions, dtype=np.float64), np.array(unstable_dimensions), np.array(outputs, dtype=float)
        matrix, dimensions, readouts = given
        count = len(matrix)
        if matrix.shape != (count, count) or dimensions.shape != (count,) or readouts.shape[:-1] != (count,):
            raise NotAGraph(
                f"transitions {matrix.shape}, dimensions {dimensions.shape}, outputs {readouts.shape}: "
                "give nodes x nodes, nodes, nodes x outputs"
            )
        if not np.isfinite(readouts).all():
            raise NotAGraph("outputs with NaN or infinity: give what is read at each point")
        if not ((matrix >= 0).all() and (matrix.sum(axis=1) <= 1 + 1e-9).all()):
            raise NotAGraph("transitions that are no probabilities: rows of numbers from 0, with a sum of 1 at most")
        if not ((dimensions >= 0) & (dimensions == dimensions.astype(int))).all():
            raise NotAGraph("unstable dimensions: give whole numbers, 0 for a stable point")
        object.__setattr__(self, "transitions", matrix)
        object.__setattr__(self, "unstable_dimensions", dimensions.astype(int))
        object.__setattr__(self, "outputs", readouts)

    def __len__(self) -> int:
        """How many nodes it has."""
        return len(self.transitions)

    def relabelled(self, order: ArrayLike) -> "TransitionGraph":
        """The same graph, its nodes in another order: the first is node order[0] of this one."""
        order = np.asarray(order)
        if sorted(order.tolist()) != list(range(len(self))):
            raise NotAGraph(f"no order of {len(self)} nodes: give each of 0 to {len(self) - 1} once")
        return TransitionGraph(
            self.transitions[np.ix_(order, order)], self.unstable_dimensions[order], self.outputs[order]
        )


@dataclass(frozen=True, eq=False)
class FoundGraph:
    """The transition graph of a network's points, and how it was found.

    `graph` has one half a branch in the rows of saddles with one unstable dimension, and the shares of perturbations
    in all others; `perturbed` has these shares in every row, as in the paper. `agreement` says whether both tell the
    same edges. Made by `transition_graph`.
    """

    graph: TransitionGraph
    perturbed: TransitionGraph
    branches: Branches
    perturbations: Perturbations
    agreement: Agreement


def transition_graph(
    found: FixedPoints,
    *,
    trials: int = 100,
    size: float = 0.01,
    steps: int = 20_000,
    confidence: float = 0.99,
    seed: int = 0,
) -> FoundGraph:
    """The graph of a network's fixed points: by unstable manifolds where these are curves, and by perturbations.

    After Maheswaranathan et al. (Universality and individuality in neural dynamics across large populations of
    recurrent networks, 2019), who perturb each point 100 times; the branches and the comparison are added here. What
    sampling alone does to a distance of graphs is that of two graphs of the same points, made with two seeds.

    Arguments:
        found: what `find_fixed_points` returns.
        trials: perturbations of each point.
        size: of a perturbation, see `perturb_points`.
        seed: of the perturbations.
        steps: of the map along each trajectory, at most.
        confidence: of the agreement.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> from simulate.universality import transition_graph
    >>> wells = Vanilla(2.0 * jnp.eye(1), jnp.eye(1), jnp.zeros(1), jnp.eye(1), jnp.zeros(1))
    >>> made = transition_graph(find_fixed_points(wells, [[-1.0], [0.1], [1.0]]))
    >>> made.agreement.holds, made.graph.transitions[made.graph.unstable_dimensions == 1].tolist()[0].count(0.5)
    (True, 2)
    """
    branches = follow_branches(found, steps=steps)
    perturbations = perturb_points(found, trials=trials, size=size, steps=steps, seed=seed)
    shares = perturbations.shares
    by_branches = shares.copy()
    by_branches[branches.saddles] = branches.shares(len(shares))
    dimensions, outputs = found.unstable_dimensions, found.outputs
    return FoundGraph(
        TransitionGraph(by_branches, dimensions, outputs),
        TransitionGraph(shares, dimensions, outputs),
        branches,
        perturbations,
        agreement(branches, perturbations, confidence=confidence),
    )
