"""A network of the user's own: where it stands still at each condition, with proof, and whether a point is missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from simulate.measures.fixed_points.find import FixedPoints, find_fixed_points
from theory.universality import ProvedPoint
from validate.options import listed
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.universality.ball_maps import proofs
from validate.universality.user_cell import AskedNetwork
from validate.universality.user_figures import drawn_points
from validate.universality.user_run import GivenNetwork
from validate.universality.user_settings import NetworkConfig

LISTED = 30
"""Points that are told one by one."""
CLOSED, UNKNOWN = "index closed", "unknown"


@dataclass(frozen=True)
class PointsOfCondition:
    """What was found at one constant input; `proved` has None where a point has no proof.

    `complete` is "index closed" where the map takes a box into itself and indices sum to one, as they do if no point is
    missing; "unknown" otherwise.
    """

    inputs: Float[np.ndarray, " inputs"]
    found: FixedPoints
    unstable_dimensions: Int[np.ndarray, " points"]
    proved: tuple[ProvedPoint | None, ...]
    complete: str
    trajectories: Float[np.ndarray, "runs times size"]

    @property
    def by_dimension(self) -> str:
        """How many points have how many unstable directions, in words."""
        counts = sorted(Counter(self.unstable_dimensions.tolist()).items())
        return ", ".join(f"{count} with {d} unstable" for d, count in counts) or "none"


def checks(
    given: GivenNetwork, config: NetworkConfig, report: Report, progress: Progress
) -> tuple[PointsOfCondition, ...]:
    """Search, prove and tell; nothing is asserted."""
    network = AskedNetwork.of(given, config)
    conditions = []
    with progress.told_task("conditions", total=len(given.conditions)) as tell:
        for number, inputs in enumerate(given.conditions):
            tell(f"{number + 1}", number, len(given.conditions))
            conditions.append(_at(inputs, network, given, config))
    _report_network(given, config, report)
    for number, each in enumerate(conditions):
        _report_condition(each, "" if len(conditions) == 1 else f"_{number + 1}", report)
    _report_quantities(conditions, report)
    report.conclude(_conclusion(conditions))
    return tuple(conditions)


def _at(inputs: np.ndarray, network: AskedNetwork, given: GivenNetwork, config: NetworkConfig) -> PointsOfCondition:
    starts = given.starts if given.starts is not None else network.starts(inputs, config.searches, config.seed)
    found = find_fixed_points(network.cell, starts, inputs)
    closed = network.bounded and found.index_sum == 1
    runs = network.trajectories(inputs, starts[:RUNS], STEPS)
    unstable = network.unstable_dimensions(found)
    return PointsOfCondition(
        inputs, found, unstable, tuple(proofs(network.cell, found)), CLOSED if closed else UNKNOWN, runs
    )


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
        "each alone in a box around it, in ball arithmetic",
    )
    meaning = "one, if none is missing" if each.complete == CLOSED else "of sign det(1 - F')"
    report.finding(f"sum_of_indices{mark}", found.index_sum, "", meaning)
    report.finding(f"completeness{mark}", each.complete, "", MEANING[each.complete])
    if len(found.slow):
        slowest = f"speeds {found.speeds.min():.3g} to {found.speeds.max():.3g} a step"
        report.finding(f"slow_points_found{mark}", len(found.slow), "", f"where |F(h) - h| is least: {slowest}")
    if found.lost:
        report.finding(f"lost{mark}", found.lost, "starts", "came to rest nowhere")
    for k in range(min(count, LISTED)):
        report.finding(f"point{mark}_{k + 1}", *_told(each, k))
    if count > LISTED:
        report.finding(f"points_not_told{mark}", count - LISTED, "", "in the JSON")


MEANING = {
    CLOSED: "as far as the index tells: necessary for a complete set, not sufficient",
    UNKNOWN: "no law says how many points there are",
}


def _told(each: PointsOfCondition, k: int) -> tuple[str, str, str]:
    found, dimension = each.found, int(each.unstable_dimensions[k])
    kind = "stable" if dimension == 0 else f"{dimension} unstable"
    largest = found.eigenvalues[k, 0]
    ring = f"{largest.real:.4g}" if abs(largest.imag) < 1e-12 else f"{largest.real:.4g} +- {abs(largest.imag):.4g} i"
    proof = "proved" if each.proved[k] is not None else "not proved"
    output = listed((f"{x:.3g}" for x in found.outputs[k]), most=4)
    return kind, "", f"{proof}; largest eigenvalue {ring}; {found.hits[k]} starts; read {output}"


def _report_quantities(conditions: Sequence[PointsOfCondition], report: Report) -> None:
    """Of one condition each quantity itself; of several a list of them, in the order of the rows."""
    each: dict[str, list[object]] = {
        "points": [one.found.points for one in conditions],
        "unstable_dimensions": [one.unstable_dimensions for one in conditions],
        "residuals": [one.found.residuals for one in conditions],
        "proved": [[proof is not None for proof in one.proved] for one in conditions],
        "index_sum": [one.found.index_sum for one in conditions],
        "complete": [one.complete for one in conditions],
        "slow_points": [one.found.slow for one in conditions],
        "slow_speeds": [one.found.speeds for one in conditions],
        "continua": [[] for _ in conditions],
        "hits": [one.found.hits for one in conditions],
        "outputs": [one.found.outputs for one in conditions],
    }
    for name, values in each.items():
        report.quantity(name, values[0] if len(conditions) == 1 else values)


def _conclusion(conditions: Sequence[PointsOfCondition]) -> str:
    told = [
        f"{len(each.found.points)} fixed points ({each.by_dimension}), "
        f"{sum(proof is not None for proof in each.proved)} proved, index sum {each.found.index_sum}, "
        f"complete: {each.complete}"
        for each in conditions
    ]
    if len(told) == 1:
        return told[0]
    counts = sorted({len(each.found.points) for each in conditions})
    closed = sum(each.complete == CLOSED for each in conditions)
    span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{span} fixed points at {len(conditions)} conditions, the index closed at {closed}"


def figures(config: NetworkConfig, results: tuple[PointsOfCondition, ...]) -> tuple[Plot, ...]:
    """Points and trajectories in the leading principal components."""
    return drawn_points(
        [each.found.points for each in results],
        [each.unstable_dimensions for each in results],
        [each.trajectories for each in results],
    )
