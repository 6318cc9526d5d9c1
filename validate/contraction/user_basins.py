"""Basins of attraction of a network of the user's own, certified."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.atomic import write_atomically
from theory.contraction.form import FORMS, MAPS
from theory.contraction.regions.activation import ACTIVATIONS
from theory.contraction.regions.autonomous import AutonomousNetwork, autonomous
from theory.contraction.regions.basin_certificate import BasinCertificate
from theory.contraction.regions.box import IntervalBox
from theory.contraction.regions.certify_basin import FoundBasin, certify_basin
from theory.contraction.regions.fixed_points import FixedPoint, NoFixedPoint, fixed_points, refined, starts
from theory.contraction.regions.grown_box import FoundBox, largest_box
from theory.contraction.regions.input_certificate import InputCase, InputCertificate
from theory.contraction.regions.outside import Outside, nearest_outside
from validate.contraction.basin_figure import basin_plot
from validate.contraction.settings import BOUNDED, MatrixConfig, besides
from validate.contraction.user_run import OwnAutonomous
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

STARTS = 100
"""States from which fixed points are sought."""
TOLD = 16
"""Basins that are told on the terminal; the report has all."""
_DRIVERS = 3


@dataclass(frozen=True)
class BasinResults:
    """What was found: the fixed points, and a basin of each stable one, with the nearest state outside."""

    system: AutonomousNetwork
    points: list[FixedPoint]
    basins: list[FoundBasin]
    outside: list[Outside | None]
    boxes: list[FoundBox | None]


def checks(own: OwnAutonomous, config: MatrixConfig, report: Report, progress: Progress) -> BasinResults:
    """Find fixed points, certify a basin of each stable one, write the certificate."""
    network = own.network
    (form,) = (form for form in (*FORMS, *MAPS) if form.name == config.form)
    (activation,) = (each for each in ACTIVATIONS if each.name == config.nonlinearity)
    system = autonomous(
        network.weights.matrix,
        form,
        activation,
        own.inputs.values,
        time_constants=network.time_constants,
        leak=network.leak,
    )
    with progress.task("fixed points"):
        points = fixed_points(system, starts(system, STARTS, config.seed))
        asked = [point for point in points if point.stable] if own.point is None else _asked(system, own.point)
    with progress.task("basins", len(asked)) as advance:
        basins = []
        for done, point in enumerate(asked, 1):
            basins.append(certify_basin(system, point.state, rate=config.rate or None))
            advance(done)
    outside = [None if found.basin is None else nearest_outside(found, points, seed=config.seed) for found in basins]
    bounded = config.nonlinearity in BOUNDED
    boxes = [largest_box(system, found.fixed_point.state) if bounded else None for found in basins]
    results = BasinResults(system, points, basins, outside, boxes)
    _report(own, results, config, report)
    return results


def _asked(system: AutonomousNetwork, point: float | Float[np.ndarray, " n"]) -> list[FixedPoint]:
    try:
        return [refined(system, np.asarray(point))]
    except NoFixedPoint:
        return []


def _report(own: OwnAutonomous, results: BasinResults, config: MatrixConfig, report: Report) -> None:
    weights = own.network.weights
    if weights.key is not None:
        report.finding("matrix", weights.key, "", weights.words)
    report.finding("neurons", results.system.network.size)
    report.finding("constant_input", float(np.linalg.norm(own.inputs.values)), "Euclidean norm", own.inputs.words)
    stable = sum(point.stable for point in results.points)
    report.finding(
        "stable_points", stable, "", "fixed points found to which states near them return; there may be more"
    )
    report.finding("other_points", len(results.points) - stable, "", "fixed points found that states near them leave")
    report.finding("certificate", _written(results, config), "file", "checked by --check")
    report.finding("box_certificate", _written_boxes(results, config), "file", "of the boxes, checked by --check")
    for k, (found, outside) in enumerate(zip(results.basins, results.outside, strict=True)):
        if k < TOLD:
            _tell(f"point {k}", found, outside, report)
            _tell_box(f"point {k}", results.boxes[k], report)
    report.quantity("basins", [_entry(*pair) for pair in zip(results.basins, results.outside, strict=True)])
    report.conclude(_conclusion(results.basins, asked=own.point is not None))


def _tell(name: str, found: FoundBasin, outside: Outside | None, report: Report) -> None:
    """The rows of one fixed point."""
    report.finding(name, found.outcome.name.lower(), "", found.outcome.sentence)
    if found.basin is None:
        return
    axes = found.semi_axes
    report.finding(f"{name} ball", float(axes[0]), "state", "radius of the largest ball around it in the basin")
    report.finding(f"{name} longest", float(axes[-1]), "state", "the longest semi-axis of the basin's ellipsoid")
    report.finding(
        f"{name} cube", found.cube, "state", "in the basin whatever each neuron's state is off by up to this"
    )
    pace, bound = ("factor a step", "most") if found.system.discrete else ("rate", "least")
    value = 1 - float(found.basin.rate) if found.system.discrete else float(found.basin.rate)
    report.finding(
        f"{name} {pace.split()[0]}", value, "", f"certified {pace} at {bound}, in the ellipsoid's own metric"
    )
    report.finding(f"{name} core", found.core, "of its size", "within it any two states approach one another")
    meaning = "of the ellipsoid's size: the nearest state found that does not come into it, long as it was followed"
    report.finding(f"{name} outside", None if outside is None else outside.length, "", meaning)
    report.finding(f"{name} limited by", tuple(map(str, found.drivers(_DRIVERS))), "neurons", "whose secants vary most")


def _tell_box(name: str, found: FoundBox | None, report: Report) -> None:
    """How far all neurons may be off in the largest box."""
    if found is not None:
        cube = None if found.claim is None else found.cube
        meaning = "to the nearest face of the largest box found that none leaves, in which all tend to the point"
        report.finding(f"{name} box", cube, "state", meaning)


def _entry(found: FoundBasin, outside: Outside | None) -> dict[str, object]:
    entry: dict[str, object] = {
        "outcome": found.outcome.name.lower(),
        "point": found.fixed_point.state.tolist(),
        "excess": found.fixed_point.excess,
    }
    if found.basin is None:
        return entry
    return {
        **entry,
        "rate": float(found.basin.rate),
        "core": found.core,
        "semi_axes": found.semi_axes.tolist(),
        "extent": found.extent.tolist(),
        "cube": found.cube,
        "X": found.shape.tolist(),
        "outside": None if outside is None else outside.length,
        "outside_state": None if outside is None else outside.state.tolist(),
        "limited_by": found.drivers(_DRIVERS),
    }


def _written(results: BasinResults, config: MatrixConfig) -> str | None:
    """The file that was written; None where there is nothing to write, or nowhere."""
    proved = tuple(found.basin for found in results.basins if found.basin is not None)
    if config.certificate is None or not proved:
        return None
    write_atomically(config.certificate, BasinCertificate(results.system.exact, proved).json_bytes())
    return str(config.certificate)


def _written_boxes(results: BasinResults, config: MatrixConfig) -> str | None:
    """The file of boxes, beside that of basins."""
    inputs = IntervalBox.at(results.system.inputs.tolist())
    claims = [box.claim for box in results.boxes if box is not None and box.claim is not None]
    if config.certificate is None or not claims:
        return None
    path = besides(config.certificate)[-1]
    certificate = InputCertificate(results.system.exact, tuple(InputCase(inputs, claim) for claim in claims))
    write_atomically(path, certificate.json_bytes())
    return str(path)


def _conclusion(basins: list[FoundBasin], *, asked: bool) -> str:
    if not basins and asked:
        return "no fixed point was found next to that of --point; give another state, or leave it out to seek them"
    if not basins:
        return "no fixed point was found that could have a basin; give --point FILE next to one"
    certified = sum(found.basin is not None for found in basins)
    whose = "the fixed point" if len(basins) == 1 else f"{certified} of {len(basins)} fixed points"
    if certified == 0:
        return f"undecided: no basin was certified; {basins[0].outcome.sentence}"
    return f"basins certified of {whose}: {next(b for b in basins if b.basin is not None).outcome.sentence}"


def figures(config: MatrixConfig, results: BasinResults) -> tuple[Plot, ...]:
    """One figure: the ellipsoids in a plane, with trajectories that begin on them."""
    proved = [found for found in results.basins if found.basin is not None]
    if not proved or results.system.network.size == 1:
        return ()
    return (basin_plot("basins", results.system, results.points, proved),)
