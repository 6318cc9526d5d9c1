"""Distances of graphs: zero for relabelled copies, metrics, and the least of all matchings at small size."""

import itertools

import numpy as np
import pytest

from simulate.measures import pairwise
from simulate.universality import (
    MatchedDistance,
    MorseDistance,
    OrderedDistance,
    TransitionGraph,
    flip_flop_polynomial,
    morse_polynomial,
)
from simulate.universality.isomorphism import isomorphism
from simulate.universality.matched_distance import DifferentOutputs
from simulate.universality.neighbours import NeighbourDistance, neighbour_edges
from simulate.universality.ordered_distance import DifferentCounts
from simulate.universality.sampling_noise import sampling_noise

MATCHED = {
    "all": MatchedDistance(),
    "no readout": MatchedDistance(of_readout=0.0),
    "edges alone": MatchedDistance(of_readout=0.0, of_dimension=0.0),
    "edges alone, from others": MatchedDistance(
        of_readout=0.0, of_dimension=0.0, beginning=(MatchedDistance(), MatchedDistance(of_readout=0.0))
    ),
}


def flip_flop(bits: int) -> TransitionGraph:
    """Corners, edges, faces of a cube: each leads to the corners that it touches, all alike."""
    signs = np.array(list(itertools.product((-1, 0, 1), repeat=bits)))
    touches = ((signs[:, None] == 0) | (signs[:, None] == signs)).all(axis=2) & (signs != 0).all(axis=1)
    zeros = (signs == 0).sum(axis=1)
    return TransitionGraph(touches * 0.5 ** zeros[:, None], zeros, signs)


def drawn(nodes: int, random: np.random.Generator) -> TransitionGraph:
    return TransitionGraph(
        random.dirichlet(np.full(nodes, 0.3), size=nodes), random.integers(0, 3, nodes), random.normal(size=(nodes, 2))
    )


def least_square(one: TransitionGraph, other: TransitionGraph, measure: MatchedDistance) -> float:
    """Over all partial matchings, one by one."""
    n, m, best = len(one), len(other), np.inf
    for matched in range(min(n, m) + 1):
        for mine in itertools.combinations(range(n), matched):
            for theirs in itertools.permutations(range(m), matched):
                partner = dict(zip(mine, theirs, strict=True))
                square = measure.of_absence**2 * (n + m - 2 * matched)
                for i, j in partner.items():
                    apart = measure.of_readout**2 * ((one.outputs[i] - other.outputs[j]) ** 2).sum()
                    apart += (measure.of_dimension * (one.unstable_dimensions[i] - other.unstable_dimensions[j])) ** 2
                    square += min(apart, (2 * measure.of_absence) ** 2)
                moved = np.zeros((n, n))
                for (i, j), (k, other_j) in itertools.product(partner.items(), repeat=2):
                    moved[i, k] = other.transitions[j, other_j]
                square += ((one.transitions - moved) ** 2).sum() + (other.transitions**2).sum() - (moved**2).sum()
                best = min(best, square)
    return best


@pytest.mark.parametrize("measure", MATCHED.values(), ids=MATCHED)
def test_no_matching_is_better_than_the_one_found(measure: MatchedDistance) -> None:
    random = np.random.default_rng(0)
    for n, m in [(1, 2), (3, 3), (2, 5), (3, 4), (4, 4), (4, 5)]:
        one, other = drawn(n, random), drawn(m, random)
        found, least = measure(one, other), least_square(one, other, measure) ** 0.5
        assert found.value == pytest.approx(least, abs=1e-12), (n, m)
        assert found.lower <= least + 1e-12
        if n + m <= 6:
            assert found.lower == found.value
        kept = [partner for partner in found.partners if partner >= 0]
        assert len(found.partners) == n
        assert len(set(kept)) == len(kept)


@pytest.mark.parametrize("measure", MATCHED.values(), ids=MATCHED)
@pytest.mark.parametrize("bits", [1, 2, 3])
def test_a_symmetric_graph_is_itself_under_any_relabelling(bits: int, measure: MatchedDistance) -> None:
    graph, random = flip_flop(bits), np.random.default_rng(bits)
    for _ in range(3):
        copy = graph.relabelled(random.permutation(len(graph)))
        found = measure(graph, copy)
        assert (found.value, found.lower) == (0.0, 0.0)
        np.testing.assert_array_equal(copy.relabelled(np.array(found.partners)).transitions, graph.transitions)
    assert OrderedDistance()(graph, copy).value == 0.0
    assert MorseDistance()(graph, copy).value == 0.0


def test_the_distance_does_not_depend_on_labels_nor_on_which_comes_first() -> None:
    random = np.random.default_rng(2)
    one, other = drawn(6, random), drawn(7, random)
    for measure in MATCHED.values():
        found = measure(one, other)
        turned = measure(other, one)
        assert (turned.value, turned.lower) == (found.value, found.lower)
        assert [turned.partners[j] for i, j in enumerate(found.partners) if j >= 0] == [
            i for i, j in enumerate(found.partners) if j >= 0
        ]
        moved = measure(one.relabelled(random.permutation(6)), other.relabelled(random.permutation(7)))
        assert moved.value == pytest.approx(found.value, abs=1e-12)
        assert moved.lower == pytest.approx(found.lower, abs=1e-12)


def test_the_triangle_inequality_holds_where_all_matchings_are_tried() -> None:
    random = np.random.default_rng(3)
    graphs = [drawn(int(nodes), random) for nodes in random.integers(0, 4, 14)]
    graphs[0] = TransitionGraph(np.zeros((0, 0)), np.zeros(0, int), np.zeros((0, 2)))
    for measure in MATCHED.values():
        apart = pairwise(measure, graphs).value
        assert (apart[:, :, None] + apart[None] >= apart[:, None, :] - 1e-12).all()
    apart = pairwise(MorseDistance(), graphs).value
    assert (apart[:, :, None] + apart[None] >= apart[:, None, :]).all()


def test_a_search_by_edges_alone_ends_no_higher_if_it_begins_at_other_matchings_too() -> None:
    """Nine nodes whose readouts tell which is which, with noise on the edges: readouts find the matching at once."""
    random = np.random.default_rng(4)
    graph = flip_flop(2)
    edges, both = MATCHED["edges alone"], MATCHED["edges alone, from others"]
    for _ in range(6):
        noisy = graph.transitions * random.uniform(0.5, 1.0, graph.transitions.shape)
        other = TransitionGraph(noisy, graph.unstable_dimensions, graph.outputs).relabelled(random.permutation(9))
        known = float(np.linalg.norm(graph.transitions - noisy))
        assert both(graph, other).value <= min(edges(graph, other).value, known) + 1e-12


def test_perturbing_anew_adds_what_multinomial_shares_tell() -> None:
    """Two samples of shares of one graph, 400 times: mean and spread of their squared distance."""
    graph, random, trials = flip_flop(3), np.random.default_rng(0), 100
    several = graph.unstable_dimensions > 1

    def sampled() -> TransitionGraph:
        drawn = graph.transitions.copy()
        drawn[several] = [random.multinomial(trials, row) / trials for row in graph.transitions[several]]
        return TransitionGraph(drawn, graph.unstable_dimensions, graph.outputs)

    pairs = [(sampled(), sampled()) for _ in range(400)]
    squares = np.array([((one.transitions - other.transitions) ** 2).sum() for one, other in pairs])
    told = [sampling_noise(one, trials) for one, _ in pairs]
    spread = np.mean([each.spread for each in told])
    error = squares.std(ddof=1) / np.sqrt(len(squares))
    assert abs(squares.mean() - np.mean([each.square for each in told])) < 5 * error
    assert sampling_noise(graph, trials).square * 99 / 100 == pytest.approx(2 * (6 * 3 / 4 + 7 / 8) / 100)
    assert squares.std(ddof=1) == pytest.approx(spread, rel=5 / np.sqrt(2 * len(squares)))
    with pytest.raises(ValueError, match="two or more"):
        sampling_noise(graph, 1)


def test_nearest_neighbours_of_a_line_are_the_next_ones_whatever_its_shape() -> None:
    """A line that speeds up: each state's nearest is the one before; a bent line has the same edges, a gap has none."""
    along = 1.5 ** np.arange(6.0)
    line = neighbour_edges(along[:, None])
    chain = np.eye(6, k=1, dtype=bool)
    np.testing.assert_array_equal(line, chain | chain.T)
    bent = np.column_stack([along, 0.1 * along**2, np.sin(along) * 0.01])
    assert NeighbourDistance()(along[:, None], bent).value == 0.0
    gap = along[:, None].copy()
    gap[2] = np.nan
    assert not neighbour_edges(gap)[2].any()
    assert NeighbourDistance()(along[:, None], gap).value ** 2 == pytest.approx(4)  # 1-2 and 2-3 less, both ways
    assert not neighbour_edges(np.full((3, 2), np.nan)).any()


def test_a_missing_point_costs_itself_and_its_edges_and_no_more() -> None:
    """Of 27 points the centre is missing: one absence, and eight transitions of 1/8."""
    whole = flip_flop(3)
    centre = int((whole.unstable_dimensions == 3).argmax())
    kept = np.delete(np.arange(27), centre)
    rest = TransitionGraph(
        whole.transitions[np.ix_(kept, kept)], whole.unstable_dimensions[kept], whole.outputs[kept]
    ).relabelled(np.random.default_rng(0).permutation(26))
    found = MatchedDistance()(whole, rest)
    assert found.value**2 == pytest.approx(1 + 8 / 64, abs=1e-12)
    assert found.lower == pytest.approx(found.value, abs=1e-12)
    assert found.partners[centre] == -1
    assert MorseDistance()(whole, rest).value == 1.0
    with pytest.raises(DifferentCounts, match="27 and 26"):
        OrderedDistance()(whole, rest)


def test_readouts_with_noise_keep_their_order_only_when_rounded() -> None:
    graph, random = flip_flop(3), np.random.default_rng(0)
    noisy = [
        TransitionGraph(
            graph.transitions, graph.unstable_dimensions, graph.outputs + random.normal(0, 0.02, graph.outputs.shape)
        )
        for _ in range(2)
    ]
    assert OrderedDistance()(*noisy).value == 0.0
    assert OrderedDistance(resolution=0.0)(*noisy).value > 3


def test_equal_readouts_are_ordered_by_unstable_dimensions() -> None:
    graph = TransitionGraph([[0.0, 1.0], [0.0, 1.0]], [1, 0], [[0.0], [0.0]])
    assert OrderedDistance().order(graph).tolist() == [1, 0]
    assert OrderedDistance()(graph, graph.relabelled([1, 0])).value == 0.0


def test_polynomials_are_those_of_products() -> None:
    for bits in range(5):
        product = np.polynomial.Polynomial([2, 1]) ** bits
        assert flip_flop_polynomial(bits) == tuple(product.coef.astype(int))
        assert np.polynomial.Polynomial(flip_flop_polynomial(bits))(-1) == 1
    assert morse_polynomial(flip_flop(3).unstable_dimensions) == (8, 12, 6, 1)
    assert morse_polynomial([]) == ()


def test_graphs_of_other_outputs_are_refused_unless_readouts_do_not_count() -> None:
    one, other = flip_flop(1), flip_flop(2)
    with pytest.raises(DifferentOutputs):
        MatchedDistance()(one, other)
    assert MatchedDistance(of_readout=0.0)(one, other).value > 0


def test_isomorphism_is_found_and_denied() -> None:
    """A ring of six and two of three: all nodes alike, told apart only by choices."""
    six = np.roll(np.eye(6), 1, axis=1)
    three = np.roll(np.eye(3), 1, axis=1)
    two_of_three = np.kron(np.eye(2), three)
    colours = np.zeros(6, int), np.zeros(6, int)
    assert isomorphism(six, two_of_three, colours) is None
    mixed = np.random.default_rng(0).permutation(6)
    copy = two_of_three[np.ix_(mixed, mixed)]
    order = isomorphism(two_of_three, copy, colours)
    np.testing.assert_array_equal(copy[np.ix_(order, order)], two_of_three)
    assert isomorphism(two_of_three, copy, (np.arange(6) % 2, np.zeros(6, int))) is None
    assert isomorphism(six, six.T, (np.arange(6), np.arange(6))) is None
