"""Pictures of graphs: what they show is what they were given."""

import itertools

import numpy as np
import pytest

from simulate.universality import TransitionGraph
from validate.universality.graph_figure import drawn_graph, places_of


def corners(outputs: int) -> TransitionGraph:
    signs = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=outputs)))
    touches = ((signs[:, None] == 0) | (signs[:, None] == signs)).all(axis=2) & (signs != 0).all(axis=1)
    zeros = (signs == 0).sum(axis=1)
    return TransitionGraph(touches * 0.5 ** zeros[:, None], zeros, signs)


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_no_two_nodes_of_a_flip_flop_are_drawn_in_one_place(outputs: int) -> None:
    places, _ = places_of(corners(outputs))
    apart = np.linalg.norm(places[:, None] - places, axis=2) + np.eye(len(places))
    assert apart.min() > 0.1


def test_more_outputs_are_drawn_in_their_principal_components() -> None:
    random = np.random.default_rng(0)
    flat = random.normal(size=(20, 2)) * [3.0, 1.0] @ np.linalg.qr(random.normal(size=(5, 2)))[0].T
    places, _ = places_of(TransitionGraph(np.eye(20), np.zeros(20, int), flat))
    np.testing.assert_allclose(
        np.linalg.norm(places[:, None] - places, axis=2), np.linalg.norm(flat[:, None] - flat, axis=2), atol=1e-12
    )


def test_the_picture_holds_what_it_was_given() -> None:
    graph = corners(2)
    drawn = drawn_graph("graph", graph, places=2 * graph.outputs, title="two bits")
    np.testing.assert_array_equal(drawn.data["places"], 2 * graph.outputs)
    np.testing.assert_array_equal(drawn.data["transitions"], graph.transitions)
    assert drawn.png.startswith(b"\x89PNG")


def test_a_graph_without_edges_is_drawn() -> None:
    assert drawn_graph("one", TransitionGraph([[1.0]], [0], [[0.5]])).data["places"].tolist() == [[0.5, 0.0]]
    assert drawn_graph("one", TransitionGraph([[1.0]], [0], [np.arange(5.0)])).data["places"].tolist() == [[0.0, 0.0]]
