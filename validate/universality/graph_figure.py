"""The picture of a transition graph: nodes where their readouts are, arrows as dark as they are likely."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import FancyArrowPatch
from numpy.typing import ArrayLike

from simulate.universality.graph import TransitionGraph
from validate.output import Plot
from validate.plotting import new_figure, plot, style
from validate.universality.point_marks import OBLIQUE, legend_of, mark_points, seen_from_aside


def places_of(graph: TransitionGraph) -> tuple[Float[np.ndarray, "nodes 2"], tuple[str, str]]:
    """Where nodes are drawn, by their readouts, and what the axes are called.

    One output beside the unstable dimensions; two as they are; three as a cube is drawn; of more the two leading
    principal components.
    """
    outputs = graph.outputs
    count = outputs.shape[1]
    if count == 1:
        return np.column_stack([outputs[:, 0], graph.unstable_dimensions]), ("output $y$", "unstable directions")
    if count == 2:
        return outputs.copy(), ("output $y_1$", "output $y_2$")
    if count == 3:
        right, up = seen_from_aside("y")
        return outputs @ OBLIQUE, (f"outputs {right}", f"outputs {up}")
    centred = outputs - outputs.mean(axis=0)
    main = np.linalg.svd(centred, full_matrices=False)[2][:2]  # one row, of one node
    places = np.zeros((len(outputs), 2))
    places[:, : len(main)] = centred @ main.T
    return places, ("component 1 of the outputs", "component 2 of the outputs")


def drawn_graph(
    name: str, graph: TransitionGraph, *, places: ArrayLike | None = None, title: str = "", network: str = "a network"
) -> Plot:
    """The graph: nodes by their unstable directions, an arrow for each way from an unstable node, by its probability.

    Nodes stand at their readouts, or at `places` (nodes x 2), as in principal components of the state. `network` says
    in the caption whose points these are.
    """
    at, labels = places_of(graph) if places is None else (np.asarray(places, float), ("component 1", "component 2"))
    most = float(_moves(graph).max(initial=0.0)) or 1.0
    with style():
        figure, axes = new_figure(5.6, 4.6)
        shades = draw_graph(axes, graph, at, most=most)
        if places is not None or graph.outputs.shape[1] > 1:
            axes.set_aspect("equal", "datalim")
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        axes.set_title(title)
        if _moves(graph).any():
            figure.colorbar(shades, ax=axes, shrink=0.6, label="probability of the transition")
        handles = legend_of(graph.unstable_dimensions)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    caption = (
        f"The transition graph of {network}: {len(graph)} fixed points where they are read, by their unstable "
        f"directions, and {int((_moves(graph) > 0).sum())} ways that small perturbations of them take, as dark as they "
        "are likely."
    )
    data = {"places": at, "transitions": graph.transitions, "unstable_dimensions": graph.unstable_dimensions}
    return plot(name, caption, figure, data)


def draw_graph(
    axes: Axes, graph: TransitionGraph, places: Float[np.ndarray, "nodes 2"], *, most: float = 1.0
) -> ScalarMappable:
    """Nodes and arrows, the likeliest above; what is returned tells shades, the darkest for a probability of `most`."""
    moves, shades = _moves(graph), ScalarMappable(Normalize(0.0, most), "Greys")
    for i, j in sorted(np.argwhere(moves > 0).tolist(), key=lambda edge: float(moves[edge[0], edge[1]])):
        share = min(1.0, float(moves[i, j]) / most)
        arrow = FancyArrowPatch(
            tuple(places[i]),
            tuple(places[j]),
            arrowstyle="-|>",
            mutation_scale=8,
            shrinkA=4,
            shrinkB=5,
            color=shades.to_rgba(np.asarray(most * (0.25 + 0.75 * share))),
            linewidth=0.4 + 1.2 * share,
            zorder=1 + share,
        )
        axes.add_patch(arrow)
    mark_points(axes, places, graph.unstable_dimensions)
    axes.margins(0.08)
    return shades


def _moves(graph: TransitionGraph) -> Float[np.ndarray, "nodes nodes"]:
    """Transitions from a node to another one."""
    return graph.transitions * (1 - np.eye(len(graph)))
