"""A network of the user's own: where it stands still at each condition, with proof, and whether a point is missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, Shaped

from simulate.atomic import write_atomically
from simulate.fixed_points import Continuum, PointSearch, search_points, walk_continua
from simulate.measures.fixed_points.descent import scales
from simulate.measures.fixed_points.find import FixedPoints
from simulate.universality.graph import FoundGraph
from theory.universality import ProvedPoint
from validate.options import listed
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.universality.ball_maps import proofs
from validate.universality.latent_search import LatentSearch
from validate.universality.user_cell import AskedNetwork
from validate.universality.user_figures import drawn_points
from validate.universality.user_graph import drawn_graphs, graph_at, quantities_of, report_graph
from validate.universality.user_latent import (
    LatentOfCondition,
    NearProduct,
    drawn_latent,
    latent_at,
    latent_quantities,
    low_rank_of,
    report_latent,
)
from validate.universality.user_run import GivenNetwork
from validate.universality.user_set import ProvedSet, proved_set
from validate.universality.user_settings import NetworkConfig

LISTED = 30
"""Points that are told one by one."""
STILL = 1e-12
"""Speed, relative to the larger of one and the state's length, at which a slow point may be a point after all."""
PLACES = 50
"""Places along a continuum that the JSON has, at most."""
NOT_PROVED = "not proved; on a kink, if it is, states on one side alone do as is told"
"""Of points of rectified units: a unit at zero has two slopes, and the Jacobian one of them."""
PROVED, CLOSED, UNKNOWN = "proved", "index closed", "unknown"


@dataclass(frozen=True)
class PointsOfCondition:
    """What was found at one constant input; `proved` has None where a point has no proof.

    `complete` is "proved" where there are these points and no others (`whole` says by what proof; None where there is
    none for the cell); "index closed" where the map takes a box into itself and indices sum to one, as they do if no
    point is missing and each is isolated; "unknown" otherwise. `held`: states were met that stand still and are not
    isolated, as on a line of points, at a degenerate one or behind a shut gate; then the index says nothing.
    `slow_points` are those that lie on no continuum. `leading` is of each point the eigenvalue that decides first.
    """

    inputs: Float[np.ndarray, " inputs"]
    search: PointSearch
    continua: tuple[Continuum, ...]
    slow_points: Float[np.ndarray, "slow size"]
    slow_speeds: Float[np.ndarray, " slow"]
    leading: Shaped[np.ndarray, " points"]
    unstable_dimensions: Int[np.ndarray, " points"]
    proved: tuple[ProvedPoint | None, ...]
    complete: str
    bounded: bool
    held: bool
    whole: ProvedSet | None
    trajectories: Float[np.ndarray, "runs times size"]
    graph: FoundGraph | None
    latent: LatentOfCondition | None

    @property
    def found(self) -> FixedPoints:
        """What the search found in all its rounds."""
        return self.search.found

    @property
    def why(self) -> str:
        """What speaks for the set being complete, or why nothing does."""
        if self.complete == PROVED:
            return "there are these points and no others"
        if self.complete == CLOSED:
            return "as far as the index tells: necessary for a complete set, not sufficient"
        if not self.bounded:
            return "relu: no law says what the indices sum to"
        if self.held:
            return "states that stand still and are not isolated were met, and the index says nothing then"
        return "points are missing: otherwise the indices would sum to one; try more --searches"

    @property
    def by_dimension(self) -> str:
        """How many points have how many unstable directions, in words."""
        counts = sorted(Counter(self.unstable_dimensions.tolist()).items())
        return ", ".join(f"{count} with {d} unstable" for d, count in counts) or "none"


def checks(
    given: GivenNetwork, config: NetworkConfig, report: Report, progress: Progress
) -> tuple[PointsOfCondition, ...]:
    """Search, prove and tell; nothing is asserted."""
    network, low = AskedNetwork.of(given, config), low_rank_of(given.file.weights)
    conditions = []
    with progress.told_task("conditions", total=len(given.conditions)) as tell:
        for number, inputs in enumerate(given.conditions):
            tell(f"{number + 1}", number, len(given.conditions))
            conditions.append(_at(inputs, network, low, given, config=config))
    _report_network(given, config, report)
    for number, each in enumerate(conditions):
        _report_condition(each, "" if len(conditions) == 1 else f"_{number + 1}", report)
    if config.certificate is not None:
        report.finding("certificate", *_written(conditions[0], config.certificate))
    _report_quantities(conditions, report)
    report.conclude(_conclusion(conditions))
    return tuple(conditions)


def _at(
    inputs: np.ndarray, network: AskedNetwork, low: NearProduct | None, given: GivenNetwork, *, config: NetworkConfig
) -> PointsOfCondition:
    latent = LatentSearch.of(network, low, inputs)
    if latent is not None and not latent.near:
        network = replace(network, factors=latent.factors)
    drawn = network.starts(inputs, config.searches, config.seed)
    if latent is not None:
        drawn[::2] = latent.spread(len(drawn[::2]), config.seed)
    starts = drawn if given.starts is None else given.starts
    if config.starts is None and given.starts is not None:  # the file's own states do not lead everywhere
        starts = np.concatenate([starts, drawn])
    exact = low.factors if low is not None and "M" in given.file.weights else None  # a W is M N^T but for rounding
    whole = proved_set(network.cell, inputs, config.boxes, exact)

    def searched(starts: np.ndarray) -> PointSearch:
        if latent is not None:
            return latent.search(starts, seed=config.seed)
        return search_points(network.cell, starts, inputs, seed=config.seed)

    search = searched(starts)
    if whole is not None and len(search.found.points) < len(whole.states):
        search = searched(np.concatenate([starts, whole.states]))
    found, continua = search.found, walk_continua(search.found)
    alone = np.setdiff1d(np.arange(len(found.slow)), np.concatenate([np.zeros(0, int), *(c.slow for c in continua)]))
    held = bool((found.speeds <= STILL * scales(found.slow)).any())
    unstable = network.unstable_dimensions(found)
    proved = None if whole is None else whole.proofs(network.cell, found)
    if proved is None:
        proved = proofs(network.cell, found) if latent is None or exact is None else latent.proofs(found)
    closed = network.bounded and search.closed and not held
    return PointsOfCondition(
        inputs=inputs,
        search=search,
        continua=continua,
        slow_points=found.slow[alone],
        slow_speeds=found.speeds[alone],
        leading=network.eigenvalues(found)[:, 0],
        unstable_dimensions=unstable,
        proved=tuple(proved),
        complete=PROVED if whole is not None and whole.is_all_of(proved) else CLOSED if closed else UNKNOWN,
        bounded=network.bounded,
        held=held,
        whole=whole,
        trajectories=network.trajectories(inputs, starts[:RUNS], STEPS),
        graph=graph_at(network, found, inputs, unstable, seed=config.seed),
        latent=latent_at(network, low, found, inputs),
    )


def _written(each: PointsOfCondition, path: Path) -> tuple[str, str, str]:
    content = None if each.whole is None else each.whole.all.certificate
    if content is None:
        return "not written", "", "it is not proved that no point is missing"
    write_atomically(path, content)
    return str(path), "file", "verify it with python -m validate.universality.set_checker"


RUNS, STEPS = 24, 100
"""Trajectories that are drawn, and their steps."""


def _report_network(given: GivenNetwork, config: NetworkConfig, report: Report) -> None:
    kind = f"{config.cell}, {config.nonlinearity}"
    report.finding("units", given.units, "", kind)
    report.quantity("conditions", given.conditions)
    if len(given.conditions) > 1:
        report.finding("conditions_asked", len(given.conditions), "", "constant inputs, a row each")
    if given.file.ignored:
        report.finding("ignored", given.file.ignored, "", "names in the file that play no part")


def _report_condition(each: PointsOfCondition, mark: str, report: Report) -> None:
    found, count = each.found, len(each.found.points)
    if mark:
        report.finding(f"condition{mark}", tuple(f"{x:.4g}" for x in each.inputs), "", "the constant input")
    report.finding(f"points_found{mark}", count, "", each.by_dimension)
    report.finding(
        f"points_proved{mark}",
        sum(one is not None for one in each.proved),
        "",
        "each alone in a box around it, rounding included",
    )
    meaning = "of sign det(1 - F')" if each.complete == UNKNOWN else "one, if none is missing"
    report.finding(f"sum_of_indices{mark}", found.index_sum, "", meaning)
    report.finding(f"completeness{mark}", each.complete, "", each.why)
    if each.whole is not None:
        report.finding(
            f"points_in_all{mark}",
            each.whole.count,
            "",
            each.whole.told,
        )
    rounds = ", ".join(str(one.new) for one in each.search.rounds)
    report.finding(f"search_rounds{mark}", len(each.search.rounds), "", f"new points in each: {rounds}")
    if each.search.unseen is not None:
        share = each.search.unseen
        meaning = f"of starts as drawn, by Good and Turing; with 95 % below {share.at_most:.2g}"
        report.finding(f"unseen_share{mark}", share.share, "", meaning)
    for number, continuum in enumerate(each.continua):
        report.finding(f"continuum{mark}_{number + 1}", *_told_continuum(continuum))
    if len(each.slow_points):
        slowest = f"speeds {each.slow_speeds.min():.3g} to {each.slow_speeds.max():.3g} a step"
        report.finding(f"slow_points_found{mark}", len(each.slow_points), "", f"least of |F(h) - h| nearby: {slowest}")
    if found.lost:
        report.finding(f"lost{mark}", found.lost, "starts", "came to rest nowhere")
    report_graph(each.graph, mark, report)
    report_latent(each.latent, mark, report)
    for k in range(min(count, LISTED)):
        report.finding(f"point{mark}_{k + 1}", *_told(each, k))
    if count > LISTED:
        report.finding(f"points_not_told{mark}", count - LISTED, "", "in the JSON")


def _told(each: PointsOfCondition, k: int) -> tuple[str, str, str]:
    found, dimension = each.found, int(each.unstable_dimensions[k])
    kind = "stable" if dimension == 0 else f"{dimension} unstable"
    largest = complex(each.leading[k])
    ring = f"{largest.real:.4g}" if abs(largest.imag) < 1e-12 else f"{largest.real:.4g} +- {abs(largest.imag):.4g} i"
    proof = "proved" if each.proved[k] is not None else "not proved" if each.bounded else NOT_PROVED
    output = listed((f"{x:.3g}" for x in found.outputs[k]), most=4)
    return kind, "", f"{proof}; leading eigenvalue {ring}; {found.hits[k]} starts; read {output}"


def _told_continuum(continuum: Continuum) -> tuple[float, str, str]:
    kind = "a closed curve" if continuum.closed else "a curve"
    more = "" if continuum.whole else ", longer than was walked"
    width = "" if continuum.dimension == 1 else f" in a set of dimension {continuum.dimension}"
    return (
        continuum.length,
        "length",
        f"{kind}{width}{more}; states on it move {continuum.slowest:.2g} to {continuum.fastest:.2g} a step; "
        f"{len(continuum.points)} fixed points and {len(continuum.slow)} slow points on it",
    )


def _entry(continuum: Continuum) -> dict[str, object]:
    """A continuum as the JSON has it."""
    places = np.linspace(0, len(continuum.states) - 1, min(len(continuum.states), PLACES)).astype(int)
    return {
        "length": continuum.length,
        "dimension": continuum.dimension,
        "slowest": continuum.slowest,
        "fastest": continuum.fastest,
        "closed": continuum.closed,
        "whole": continuum.whole,
        "points": continuum.points,
        "states": continuum.states[places],
    }


def _report_quantities(conditions: Sequence[PointsOfCondition], report: Report) -> None:
    """Of one condition each quantity itself; of several a list of them, in the order of the rows."""
    each: dict[str, list[object]] = {
        "points": [one.found.points for one in conditions],
        "unstable_dimensions": [one.unstable_dimensions for one in conditions],
        "residuals": [one.found.residuals for one in conditions],
        "proved": [[proof is not None for proof in one.proved] for one in conditions],
        "index_sum": [one.found.index_sum for one in conditions],
        "complete": [one.complete for one in conditions],
        "boxes": [None if one.whole is None else one.whole.all.boxes for one in conditions],
        "slow_points": [one.slow_points for one in conditions],
        "slow_speeds": [one.slow_speeds for one in conditions],
        "continua": [[_entry(continuum) for continuum in one.continua] for one in conditions],
        "hits": [one.found.hits for one in conditions],
        "outputs": [one.found.outputs for one in conditions],
        **quantities_of([one.graph for one in conditions]),
        **latent_quantities([one.latent for one in conditions]),
    }
    for name, values in each.items():
        report.quantity(name, values[0] if len(conditions) == 1 else values)


def _conclusion(conditions: Sequence[PointsOfCondition]) -> str:
    told = [
        f"{len(each.found.points)} fixed points ({each.by_dimension}), "
        f"{sum(proof is not None for proof in each.proved)} proved, index sum {each.found.index_sum}, "
        f"complete: {each.complete}{_of_continua(each)}"
        for each in conditions
    ]
    if len(told) == 1:
        return told[0]
    counts = sorted({len(each.found.points) for each in conditions})
    proved, closed = (sum(each.complete == kind for each in conditions) for kind in (PROVED, CLOSED))
    span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    continua = sum(bool(each.continua) for each in conditions)
    also = f", continua at {continua}" if continua else ""
    known = [f"proved to be all at {proved}"] if proved else []
    known += [f"the index closed at {closed}"] if closed or not proved else []
    return f"{span} fixed points at each of {len(conditions)} conditions, {', '.join(known)}{also}"


def _of_continua(each: PointsOfCondition) -> str:
    if not each.continua:
        return ""
    longest = max(each.continua, key=lambda continuum: continuum.length)
    count = "a continuum" if len(each.continua) == 1 else f"{len(each.continua)} continua, the longest"
    return f"; {count} of dimension {longest.dimension} and length {longest.length:.3g}"


def figures(config: NetworkConfig, results: tuple[PointsOfCondition, ...]) -> tuple[Plot, ...]:
    """Points and trajectories in the leading principal components; where points lead; portraits of rank two."""
    points = drawn_points(
        [each.found.points for each in results],
        [each.unstable_dimensions for each in results],
        [each.trajectories for each in results],
        [[continuum.states for continuum in each.continua] for each in results],
    )
    graphs = drawn_graphs([each.graph for each in results])
    return (*points, *graphs, *drawn_latent([each.latent for each in results]))
