"""How far the transition graphs of networks are apart: by several distances, each beside its null and its bound."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from simulate.measures.pairwise import pairwise
from simulate.universality.graph import TransitionGraph, transition_graph
from simulate.universality.matched_distance import MatchedDistance
from simulate.universality.ordered_distance import OrderedDistance
from simulate.universality.points import PointsAsked
from simulate.universality.sampling_noise import SamplingNoise, sampling_noise
from validate.report import Report
from validate.tolerance import Absolute, Reported
from validate.universality.members import Members, PopulationMember
from validate.universality.similarity import SampledDistances, Square

MATCHED, EDGES, ORDERED = "matched graphs", "edges alone", "the paper's distance"
GraphMeasure = MatchedDistance | OrderedDistance
MEASURES: Mapping[str, GraphMeasure] = {
    MATCHED: MatchedDistance(),
    EDGES: MatchedDistance(
        of_readout=0.0, of_dimension=0.0, beginning=(MatchedDistance(), MatchedDistance(of_readout=0.0))
    ),
    ORDERED: OrderedDistance(),
}
"""By edges, readouts and unstable dimensions; by edges and nothing else; and as the paper has it."""
NULLS = 32
"""Pairs of graphs whose edges are dealt at random."""
STANDARD_ERRORS = 5


@dataclass(frozen=True, eq=False)
class GraphDistances:
    """The distances of all networks' graphs by one measure, the bounds below them, and what chance would give.

    `of_some` is the mean distance of some pairs of networks, `null` that of the same pairs if their saddles lead to
    other stable points than they do: as many, with the same probabilities, drawn at random. NaN of fewer than two.
    """

    distances: SampledDistances
    lower: Square
    of_some: float
    null: float

    @property
    def square(self) -> Square:
        """The distances."""
        return self.distances.square

    @property
    def compared(self) -> np.ndarray:
        """The places of the networks that are."""
        return np.flatnonzero(np.isfinite(np.diagonal(self.square)))


def graphs_of(members: Members) -> list[TransitionGraph]:
    """In the order of the networks."""
    return [each.points.graph for each in members.each if each.points.graph is not None]


def graph_distances(members: Members, search: PointsAsked) -> dict[str, GraphDistances]:
    """By each measure."""
    graphs = graphs_of(members)
    noise = np.array([sampling_noise(each, search.perturbations).square / 2 for each in graphs])
    with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
        return {name: _by(measure, graphs, noise, search.seed) for name, measure in MEASURES.items()}


def _by(measure: GraphMeasure, graphs: Sequence[TransitionGraph], noise: np.ndarray, seed: int) -> GraphDistances:
    which = np.arange(len(graphs)) if isinstance(measure, MatchedDistance) else of_modal_count(graphs)
    square, lower = np.full((2, len(graphs), len(graphs)), np.nan)
    if len(which) < 2:
        return GraphDistances(SampledDistances(square, noise), lower, np.nan, np.nan)
    chosen = [graphs[i] for i in which.tolist()]
    pairs, there = pairwise(measure, chosen), np.ix_(which, which)
    square[there], lower[there] = pairs.value, pairs.lower
    random = np.random.default_rng(seed)
    drawn = [random.choice(len(chosen), 2, replace=False).tolist() for _ in range(NULLS)]
    nulls = [measure(dealt(chosen[i], random), dealt(chosen[j], random)).value for i, j in drawn]
    of_some = float(np.mean([pairs.value[i, j] for i, j in drawn]))
    return GraphDistances(SampledDistances(square, noise), lower, of_some, float(np.mean(nulls)))


def of_modal_count(graphs: Sequence[TransitionGraph]) -> np.ndarray:
    """The places of those with as many nodes as most; the paper discards the others."""
    ((count, _),) = Counter(len(each) for each in graphs).most_common(1)
    return np.flatnonzero([len(each) == count for each in graphs])


def dealt(graph: TransitionGraph, random: np.random.Generator) -> TransitionGraph:
    """The graph with what its unstable points lead to dealt among its stable points at random."""
    transitions = graph.transitions.copy()
    stable = np.flatnonzero(graph.unstable_dimensions == 0)
    for saddle in np.flatnonzero(graph.unstable_dimensions):
        transitions[saddle, stable] = random.permutation(transitions[saddle, stable])
    return TransitionGraph(transitions, graph.unstable_dimensions, graph.outputs)


def report_distances(name: str, by: Mapping[str, GraphDistances], report: Report) -> None:
    """Of each measure the mean distance of two networks, beside two graphs dealt at random and the bound below."""
    told: dict[str, object] = {}
    for measure, found in by.items():
        which = found.compared
        if len(which) < 2:
            continue
        part = found.distances.within(which)
        off = ~np.eye(len(which), dtype=bool)
        mean, lower = float(part.square[off].mean()), float(found.lower[np.ix_(which, which)][off].mean())
        noise = float(np.sqrt(2 * part.noise.mean()))
        report.check(
            f"{name}: distance of two graphs, {measure}, beside the same two dealt at random",
            predicted=found.null,
            measured=found.of_some,
            tolerance=Reported("edges that are shared bring graphs nearer than chance"),
        )
        told[measure] = {
            "networks": len(which),
            "mean": mean,
            "bound below": lower,
            f"of {NULLS} pairs": found.of_some,
            "of these dealt at random": found.null,
            "of a graph from itself perturbed anew": noise,
            "share of the mean square that is such noise": part.noise_share,
        }
    report.quantity(f"{name}: distances of graphs", told)


def assert_noise(name: str, members: Sequence[PopulationMember], search: PointsAsked, report: Report) -> None:
    """What perturbations add to a distance is what shares of so many tell: points of some networks, perturbed anew."""
    told: list[tuple[SamplingNoise, float]] = []
    for each in members:
        graph = each.points.graph
        if graph is None:
            continue
        found = each.points.found[0]
        anew = transition_graph(found, trials=search.perturbations, steps=search.steps, seed=search.seed + 1).graph
        square = float(((anew.transitions - graph.transitions) ** 2).sum())
        told.append((sampling_noise(graph, search.perturbations), square))
    spread = float(np.sqrt(sum(noise.spread**2 for noise, _ in told)))
    if not spread:
        return
    report.check(
        f"{name}: squared distance of a graph from itself perturbed anew, {len(told)} networks",
        predicted=float(np.mean([noise.square for noise, _ in told])),
        measured=float(np.mean([square for _, square in told])),
        tolerance=Absolute(
            STANDARD_ERRORS * spread / len(told), f"{STANDARD_ERRORS} standard errors of multinomial shares"
        ),
    )
