"""The flip-flop: its points and graphs in every kind of network, and whether kinds of networks fall apart by them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from simulate.measures.fixed_points.descent import ROUNDING, scales
from simulate.tasks.n_bit_flip_flop import NBitFlipFlop
from simulate.universality.points import PointsAsked
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.stored import results_of
from validate.tolerance import AtMost, Exact
from validate.universality import pictures
from validate.universality.claims import (
    CLUSTERS,
    COUNTS,
    GRAPHS_DO_NOT,
    MeasuredClaim,
    report_claims,
)
from validate.universality.conditions import conditions_of
from validate.universality.deviations import IDEAL, Deviation, deviation
from validate.universality.graph_distances import (
    EDGES,
    MATCHED,
    MEASURES,
    GraphDistances,
    assert_noise,
    graph_distances,
    graphs_of,
    report_distances,
)
from validate.universality.members import Members, members_of, report_outcomes
from validate.universality.one_look import one_look
from validate.universality.proof_job import UNTOLD, ProofsJob
from validate.universality.settings import Config
from validate.universality.similarity import (
    Representations,
    clusterings,
    fraction_claim,
    representations,
    untrained_beside_trained,
)

NAME = "flip-flop"
PROBABILITY = 0.1
"""Of a pulse; the paper has 0.05, in trials of 100 steps."""
ROUNDS = 6
"""Of a search whose indices do not close."""
CONFIDENCE = 0.99999
"""Of the edges of each network, so that hundreds of networks dispute none by chance."""
LEAST_SHARE = 0.9
"""Of networks that have the modal number of points in the paper: "less than 10 % of the population" have not."""


@dataclass(frozen=True, eq=False)
class FlipFlops:
    """The networks, what they do, how far apart their graphs are, and how their points differ from the ideal."""

    members: Members
    representations: Representations
    graphs: dict[str, GraphDistances]
    deviations: tuple[Deviation, ...]


def task_of(config: Config) -> NBitFlipFlop:
    """No channel is pulsed at the start: until its first pulse its target is zero."""
    training = config.effort.population.of(NAME)
    return NBitFlipFlop(
        jax.random.key(config.seed),
        bits=training.size,
        steps=training.steps,
        probability=PROBABILITY,
        pulsed_at_start=False,
        trials=config.effort.population.trials,
        threshold=training.threshold,
    )


def search_of(config: Config) -> PointsAsked:
    """Without a pulse."""
    effort = config.effort.population
    return PointsAsked(
        ((0.0,) * effort.of(NAME).size,),
        starts=effort.starts,
        rounds=ROUNDS,
        perturbations=effort.perturbations,
        confidence=CONFIDENCE,
        seed=config.seed,
    )


def checks(config: Config, report: Report, progress: Progress) -> FlipFlops | None:
    """Train, search, compare."""
    if NAME not in config.tasks:
        return None
    training, task = config.effort.population.of(NAME), task_of(config)
    search = search_of(config)
    conditions = conditions_of(config, task, training, progress)
    proofs = results_of([ProofsJob(condition, search) for condition in conditions.values()], config, progress)
    members = members_of(config, task, training, search, progress)  # trained and searched on the way to the proofs
    report_outcomes(NAME, members, report)
    if len(members.each) < 2:
        return None
    deviations = tuple(deviation(each.points.found[0], task.bits) for each in members.each)
    _report_points(members, deviations, task.bits, report)
    _assert_laws(members, report)
    _assert_proofs(members, proofs, report)
    graphs = graph_distances(members, search)
    results = FlipFlops(members, representations(members, config.seed), graphs, deviations)
    _assert_self_distances(results, report)
    assert_noise(NAME, [members.each[place] for place in pictures.first_of_each(members).values()], search, report)
    report_distances(NAME, graphs, report)
    report_claims(NAME, _claims(config, results), report)
    return results


def _report_points(members: Members, deviations: Sequence[Deviation], bits: int, report: Report) -> None:
    """Of every network its points, in a word and in numbers."""
    by_kind = {
        str(kind): Counter(
            each.kind for member, each in zip(members.each, deviations, strict=True) if member.kind == kind
        )
        for kind in members.kinds
    }
    report.quantity(f"{NAME}: networks by how their points deviate", by_kind)
    told = [
        {"network": str(member.kind), "penalty": member.penalty, "points": str(each)}
        for member, each in zip(members.each, deviations, strict=True)
    ]
    report.quantity(f"{NAME}: points of each network", told)


def _assert_laws(members: Members, report: Report) -> None:
    """What must hold whatever was trained."""
    found = [each.points.found[0] for each in members.each]
    bounded = [one for one, member in zip(found, members.each, strict=True) if member.kind.bounded]
    if bounded:
        report.check(
            f"{NAME}: networks of bounded units whose indices sum to one",
            predicted=len(bounded),
            measured=sum(one.index_sum == 1 for one in bounded),
            tolerance=Exact("Brouwer's degree of a bounded map"),
        )
    report.check(
        f"{NAME}: residuals of points, relative to their length",
        predicted=ROUNDING,
        measured=max(float((one.residuals / scales(one.points)).max(initial=0.0)) for one in found),
        tolerance=AtMost("rounding"),
    )
    disputed = sum(each.points.disputed for each in members.each)
    compared = sum(each.points.compared for each in members.each)
    report.check(
        f"{NAME}: edges by manifolds that perturbations dispute, of {compared}",
        predicted=0,
        measured=disputed,
        tolerance=Exact("binomial, 99.999 % of each network's edges together"),
    )


def _assert_proofs(members: Members, told: Sequence[xr.Dataset], report: Report) -> None:
    """Every point is proved."""
    proved, unstable = (np.concatenate([each[name].values for each in told]) for name in ("proved", "unstable"))
    dimensions = np.concatenate([each.points.found[0].unstable_dimensions for each in members.each])
    agree = proved & ((unstable == UNTOLD) | (unstable == dimensions))
    report.check(
        f"{NAME}: points with a proof",
        predicted=len(dimensions),
        measured=int(proved.sum()),
        tolerance=Exact("Krawczyk's test"),
    )
    report.check(
        f"{NAME}: of these as unstable as proved",
        predicted=int(proved.sum()),
        measured=int(agree.sum()),
        tolerance=Exact("spectra in balls"),
    )


def _assert_self_distances(results: FlipFlops, report: Report) -> None:
    """A graph whose nodes are told in another order is the same graph."""
    graph = graphs_of(results.members)[0]
    turned = graph.relabelled(np.arange(len(graph))[::-1])
    report.check(
        f"{NAME}: distance of a graph from itself, nodes in another order (worst of {len(MEASURES)})",
        predicted=0.0,
        measured=max(measure(graph, turned).value for measure in MEASURES.values()),
        tolerance=Exact("the same graph"),
    )


def _claims(config: Config, results: FlipFlops) -> list[MeasuredClaim]:
    members, shown = results.members, results.representations
    return [
        _counts(results),
        *clusterings(CLUSTERS, shown.distances, members, config),
        *clusterings(GRAPHS_DO_NOT, {name: each.distances for name, each in results.graphs.items()}, members, config),
        *(untrained_beside_trained(shown.both, members, kind.cell, kind.nonlinearity) for kind in members.kinds),
    ]


def _counts(results: FlipFlops) -> MeasuredClaim:
    """The fraction of networks with the ideal counts, which most have if the paper is right."""
    ideal = sum(each.kind == IDEAL for each in results.deviations)
    return fraction_claim(COUNTS, "all networks", ideal, len(results.deviations), more_than=LEAST_SHARE)


def figures(config: Config, results: FlipFlops | None) -> tuple[Plot, ...]:
    """As Figures 1 and 4 of the paper."""
    if results is None:
        return ()
    members, shown = results.members, results.representations
    graphs, edges = (results.graphs[name].square for name in (MATCHED, EDGES))
    matrices = {**shown.distances, "graphs": graphs, EDGES: edges}
    return (
        *one_look(
            members,
            results.deviations,
            shown.shown,
            distances=shown.distances["SVCCA"],
            graphs=graphs,
        ),
        pictures.components("flip_flop_points", members, shown.shown),
        pictures.matrices("flip_flop_distances", members, matrices),
        pictures.places(
            "flip_flop_places",
            members,
            {"SVCCA": shown.distances["SVCCA"], "graphs": graphs, EDGES: edges},
            rows="Above by activity; in the middle by transition graphs and what is read at their points; below by the "
            "edges of these graphs alone",
        ),
        pictures.graphs("flip_flop_graphs", members),
        pictures.untrained("flip_flop_untrained", members, shown.both),
    )
