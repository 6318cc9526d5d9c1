"""Transition graphs of networks whose graphs are known: products of one-dimensional double wells."""

import dataclasses
import itertools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import Vanilla
from simulate.fixed_points import Arrival
from simulate.measures import find_fixed_points
from simulate.universality import TransitionGraph, agreement, transition_graph
from simulate.universality.graph import NotAGraph

UNITS = 3


def wells(bits: int, coupling: float = 0.0) -> Vanilla:
    """Units of which the first `bits` remember, h -> tanh(2 h), and the others forget; one shape, one program."""
    random = np.random.default_rng(5)
    W = np.diag([2.0] * bits + [0.5] * (UNITS - bits)) + coupling * random.uniform(-1, 1, (UNITS, UNITS))
    blank = Vanilla.blank(UNITS, 1, UNITS)
    b = coupling * random.uniform(-1, 1, UNITS)
    return eqx.tree_at(lambda each: (each.W, each.b, each.V), blank, tuple(map(jnp.asarray, (W, b, np.eye(UNITS)))))


def points_of(network: Vanilla):
    grid = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=UNITS)))
    return find_fixed_points(network, np.vstack([0.9 * grid, np.random.default_rng(0).uniform(-1, 1, (64, UNITS))]))


def signs_of(graph: TransitionGraph, bits: int) -> np.ndarray:
    """The corner, edge or face of the cube that a node is: -1, 0 or 1 of each bit."""
    return np.round(graph.outputs[:, :bits]).astype(int)


def known_graph(signs: np.ndarray) -> np.ndarray:
    """From a node each corner is reached that has its signs; all are as likely."""
    transitions = np.zeros((len(signs), len(signs)))
    for i, here in enumerate(signs):
        for j, there in enumerate(signs):
            if all(b != 0 and a in (0, b) for a, b in zip(here, there, strict=True)):
                transitions[i, j] = 0.5 ** sum(a == 0 for a in here)
    return transitions


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_the_graph_of_a_product_of_wells_is_the_product_of_graphs(bits: int) -> None:
    found = points_of(wells(bits))
    made = transition_graph(found, trials=100)
    assert len(made.graph) == 3**bits
    signs = signs_of(made.graph, bits)
    expected = known_graph(signs)
    np.testing.assert_array_equal(made.graph.unstable_dimensions, (signs == 0).sum(axis=1))
    one = made.graph.unstable_dimensions <= 1
    np.testing.assert_array_equal(made.graph.transitions[one], expected[one])
    assert made.branches.edges == tuple(
        (i, j) for i in np.flatnonzero((signs == 0).sum(axis=1) == 1) for j in np.flatnonzero(expected[i])
    )
    low, high = made.perturbations.intervals(1 - 1e-3 / expected.size)
    assert ((low <= expected) & (expected <= high)).all()
    assert (made.perturbations.counts[expected == 0] == 0).all()
    assert made.agreement.holds
    assert made.agreement.compared == 2 * bits * 2 ** (bits - 1)


def test_hyperbolic_points_keep_their_graph_under_a_small_coupling() -> None:
    found = points_of(wells(3, coupling=0.03))
    made = transition_graph(found, trials=100)
    signs = signs_of(made.graph, 3)
    assert len(made.graph) == 27
    one = made.graph.unstable_dimensions <= 1
    np.testing.assert_array_equal(made.graph.transitions[one], known_graph(signs)[one])
    np.testing.assert_array_equal(made.perturbed.transitions > 0, known_graph(signs) > 0)
    assert made.agreement.holds


def only(found, kept):
    return dataclasses.replace(found, points=found.points[kept], residuals=found.residuals[kept], hits=found.hits[kept])


def test_ways_to_a_point_that_was_not_given_are_missing() -> None:
    found = points_of(wells(3))
    corner = int(np.flatnonzero((found.points > 0.9).all(axis=1))[0])
    made = transition_graph(only(found, np.arange(27) != corner), trials=20)
    assert made.agreement.holds
    assert (made.branches.nodes == -1).sum() == 3
    assert (made.perturbations.outcomes[:, Arrival.unknown] == made.perturbations.elsewhere).all()
    assert made.perturbations.elsewhere.sum() > 0


def test_cycles_are_no_points() -> None:
    turning = eqx.tree_at(lambda each: each.W, wells(3), jnp.diag(jnp.array([-2.0, 0.5, 0.5])))
    here = find_fixed_points(turning, np.zeros((1, UNITS)))
    assert here.unstable_dimensions.tolist() == [1]
    made = transition_graph(here, trials=10)
    assert made.agreement.holds
    assert made.graph.transitions.tolist() == [[0.0]]
    assert made.perturbations.outcomes[0, Arrival.cycle] == 10


def test_a_point_alone_leads_to_itself() -> None:
    made = transition_graph(points_of(wells(0)), trials=10)
    assert made.graph.transitions.tolist() == [[1.0]]
    assert made.branches.edges == ()
    assert made.agreement.holds


def test_no_points_make_an_empty_graph() -> None:
    made = transition_graph(only(points_of(wells(1)), slice(0, 0)))
    assert (len(made.graph), made.agreement.compared) == (0, 0)


def test_disputes_are_named() -> None:
    made = transition_graph(points_of(wells(1)), trials=100)
    saddle = int(made.branches.saddles[0])
    ends = made.branches.nodes[0]
    crossed = dataclasses.replace(made.branches, nodes=np.array([[ends[0], ends[0]]]))
    found = agreement(crossed, made.perturbations)
    assert not found.holds
    assert [(each.saddle, each.node, each.by_branches) for each in found.disputed] == [
        (saddle, node, share) for node, share in sorted([(int(ends[0]), 1.0), (int(ends[1]), 0.0)])
    ]
    assert all(each.low <= each.count / each.trials <= each.high for each in found.disputed)
    first = found.disputed[0]
    assert str(first).startswith(f"{saddle} to {first.node}:")
    assert first.numbered(1).startswith(f"{saddle + 1} to {first.node + 1}:")


@pytest.mark.parametrize(
    ("transitions", "dimensions", "outputs"),
    [
        ([[1.0, 0.0]], [0], [[0.0]]),
        ([[1.5]], [0], [[0.0]]),
        ([[-0.5]], [0], [[0.0]]),
        ([[np.nan]], [0], [[0.0]]),
        ([[1.0]], [0, 1], [[0.0]]),
        ([[1.0]], [0.5], [[0.0]]),
        ([[1.0]], [0], [[np.nan]]),
    ],
)
def test_what_is_no_graph_is_refused(transitions: list, dimensions: list, outputs: list) -> None:
    with pytest.raises(NotAGraph):
        TransitionGraph(transitions, dimensions, outputs)
