"""Transition graphs and their distances against products of wells, whose points, edges and probabilities are known."""

import itertools
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from simulate.cells.vanilla import Vanilla
from simulate.measures.fixed_points.find import find_fixed_points
from simulate.measures.measure import Measure
from simulate.universality.agreement import agreement
from simulate.universality.graph import FoundGraph, TransitionGraph, transition_graph
from simulate.universality.matched_distance import MatchedDistance
from simulate.universality.morse import MorseDistance, flip_flop_polynomial, morse_polynomial
from simulate.universality.ordered_distance import OrderedDistance
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtMost, Exact, Relative
from validate.universality.graph_figure import drawn_graph
from validate.universality.settings import Config

UNITS = 3
REMEMBERS, FORGETS = 2.0, 0.5
"""Weights of a unit upon itself, with three fixed points and with one."""
COUPLING = 0.03
"""Of units that speak to one another a little: hyperbolic points keep their graph."""
CHANCE = 1e-6
"""That perturbations which agree are said not to."""


@dataclass(frozen=True)
class KnownGraph:
    """The graph of three coupled wells."""

    graph: TransitionGraph


def checks(config: Config, report: Report, progress: Progress) -> KnownGraph:
    """Follow, perturb and compare."""
    with progress.task("networks with known graphs", total=5) as done:
        for bits in range(1, UNITS + 1):
            made = _made(bits, 0.0, config)
            _hold_against_the_product(f"{bits} bit{'s' * (bits > 1)}", made, report)
            done(bits)
        coupled = _made(UNITS, COUPLING, config)
        _hold_against_the_product(f"{UNITS} bits, coupled", coupled, report)
        done(4)
        _distances(coupled.graph, config, report)
        done(5)
    return KnownGraph(coupled.graph)


def _made(bits: int, coupling: float, config: Config) -> FoundGraph:
    random = np.random.default_rng(config.seed)
    W = np.diag([REMEMBERS] * bits + [FORGETS] * (UNITS - bits))
    W += coupling * random.uniform(-1, 1, W.shape)
    b = coupling * random.uniform(-1, 1, UNITS)
    parts = (jnp.asarray(W), jnp.asarray(b), jnp.eye(UNITS))
    network = eqx.tree_at(lambda each: (each.W, each.b, each.V), Vanilla.blank(UNITS, 1, UNITS), parts)
    starts = np.array(list(itertools.product((-0.9, 0.0, 0.9), repeat=UNITS)))
    found = find_fixed_points(network, np.vstack([starts, random.uniform(-1, 1, (64, UNITS))]))
    return transition_graph(found, seed=config.seed)


def _signs(graph: TransitionGraph) -> Int[np.ndarray, "nodes outputs"]:
    """The corner, edge or face of the cube that a node is; 0 of units that forget."""
    return np.round(graph.outputs).astype(int)


def _product(graph: TransitionGraph) -> Float[np.ndarray, "nodes nodes"]:
    """From a node each corner is reached that has its signs, all alike."""
    signs, still = _signs(graph), graph.unstable_dimensions
    reached = ((signs[:, None] == 0) | (signs[:, None] == signs)).all(axis=2) & (still == 0)
    return reached * 0.5 ** still[:, None]


def _hold_against_the_product(name: str, made: FoundGraph, report: Report) -> None:
    exact, expected, low = Exact("a product of graphs"), _product(made.graph), made.graph.unstable_dimensions <= 1
    bits = int(made.graph.unstable_dimensions.max())
    report.check(
        f"{name}: points by their unstable dimensions",
        predicted=str(flip_flop_polynomial(bits)),
        measured=str(morse_polynomial(made.graph.unstable_dimensions)),
        tolerance=exact,
    )
    report.check(
        f"{name}: transitions by branches that differ from the product's",
        predicted=0,
        measured=int((made.graph.transitions[low] != expected[low]).sum()),
        tolerance=exact,
    )
    report.check(
        f"{name}: edges by perturbations that differ from the product's",
        predicted=0,
        measured=int(((made.perturbed.transitions > 0) != (expected > 0)).sum()),
        tolerance=Exact("each of at most eight ways is taken by one of a hundred perturbations"),
    )
    compared = agreement(made.branches, made.perturbations, confidence=1 - CHANCE)
    report.check(
        f"{name}: edges of which branches and perturbations disagree",
        predicted=0,
        measured=len(compared.disputed),
        tolerance=AtMost(f"exact binomial intervals, all together at 1 - {CHANCE:g}"),
    )


def _distances(graph: TransitionGraph, config: Config, report: Report) -> None:
    """Of the cube's graph, whose edges are alike in 48 ways."""
    cube = TransitionGraph(_product(graph), graph.unstable_dimensions, graph.outputs)
    turned = cube.relabelled(np.random.default_rng(config.seed).permutation(len(cube)))
    measures: dict[str, Measure[TransitionGraph, Any]] = {
        "matched": MatchedDistance(),
        "matched, edges alone": MatchedDistance(of_readout=0.0, of_dimension=0.0),
        "ordered": OrderedDistance(),
        "Morse": MorseDistance(),
    }
    for name, measure in measures.items():
        report.check(
            f"{name} distance of a graph from itself, its nodes in another order",
            predicted=0.0,
            measured=measure(cube, turned).value,
            tolerance=Exact("the same graph"),
        )
    others = np.flatnonzero(cube.unstable_dimensions < UNITS)
    among = cube.transitions[np.ix_(others, others)]
    rest = TransitionGraph(among, cube.unstable_dimensions[others], cube.outputs[others])
    report.check(
        "matched distance of a graph from itself without its centre",
        predicted=(1 + 2**UNITS * 0.5 ** (2 * UNITS)) ** 0.5,
        measured=MatchedDistance()(rest, turned).value,
        tolerance=Relative(1e-12, "rounding; one absence, and eight transitions of 1/8"),
    )


def figures(config: Config, results: KnownGraph) -> tuple[Plot, ...]:
    """The graph of three coupled wells."""
    network = f"{UNITS} tanh units with two memories each that speak to one another a little (seed {config.seed})"
    return (drawn_graph("known_graph", results.graph, network=network),)
