"""How the points of a user's network lead to one another: made, told and drawn at each condition."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from simulate.fixed_points.following import Arrival
from simulate.measures.fixed_points.find import FixedPoints
from simulate.universality.graph import FoundGraph, transition_graph
from validate.output import Plot
from validate.report import Report
from validate.universality.graph_figure import drawn_graph
from validate.universality.latent_points import LatentPoints
from validate.universality.user_cell import FLOW_STEP, AskedNetwork

STEPS = 5000
"""Of the map along each trajectory, at most; of a flow with shorter steps as many more."""
HALVINGS = 6
"""Of the step of a flow, until points are as stable in steps as in the flow."""
PICTURES = 6
"""Conditions whose graphs are drawn."""


def graph_at(
    network: AskedNetwork,
    found: FixedPoints,
    inputs: Float[np.ndarray, " inputs"],
    unstable: Int[np.ndarray, " points"],
    *,
    seed: int,
) -> FoundGraph | None:
    """The transition graph of the points; None of none, and of a flow that no step follows near all points."""
    if not len(found.points):
        return None
    for halved in range(HALVINGS):
        length = FLOW_STEP / 2**halved
        if isinstance(found, LatentPoints):
            moving: FixedPoints = found.in_steps(length) if network.flow else found
        else:
            moving = replace(found, step=network.moving(inputs, length))
        if np.array_equal(moving.unstable_dimensions, unstable):
            return transition_graph(moving, steps=STEPS * 2**halved, seed=seed)
    return None


def report_graph(made: FoundGraph | None, mark: str, report: Report) -> None:
    """Edges by branches, whether perturbations agree, and how many of these end at no point."""
    if made is None:
        return
    saddles, disputed = len(made.branches.saddles), made.agreement.disputed
    agreed = (
        "perturbations agree"
        if not disputed
        else f"perturbations disagree on {len(disputed)}: {disputed[0].numbered(1)}"
    )
    meaning = f"by both branches of {saddles} points with one unstable direction; {agreed}"
    report.finding(f"edges_found{mark}", len(made.branches.edges), "", meaning)
    ends = made.perturbations.outcomes.sum(axis=0)
    elsewhere = [f"{ends[each]} {each.sentence}" for each in Arrival if each != Arrival.known and ends[each]]
    if elsewhere:
        count = int(made.perturbations.elsewhere.sum())
        report.finding(f"ends_elsewhere{mark}", count, "perturbations", f"of {ends.sum()}: {'; '.join(elsewhere)}")


def quantities_of(graphs: Sequence[FoundGraph | None]) -> dict[str, list[object]]:
    """What the JSON has of them, a list by condition."""
    return {
        "transitions": [None if made is None else made.graph.transitions for made in graphs],
        "edges": [None if made is None else made.branches.edges for made in graphs],
        "disputed_edges": [None if made is None else [*map(str, made.agreement.disputed)] for made in graphs],
    }


def drawn_graphs(graphs: Sequence[FoundGraph | None]) -> tuple[Plot, ...]:
    """A picture of each graph that has edges between nodes."""
    numbers = [k for k, made in enumerate(graphs) if made is not None and made.branches.edges]
    several = len(graphs) > 1
    return tuple(
        drawn_graph(
            f"transition_graph_{k + 1}" if several else "transition_graph",
            made.graph,
            title=f"condition {k + 1}" if several else "",
            network=f"the network at condition {k + 1}" if several else "the network",
        )
        for k in numbers[:PICTURES]
        if (made := graphs[k]) is not None
    )
