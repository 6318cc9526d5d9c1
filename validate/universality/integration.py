"""Context-dependent integration: the line of slow points, the modes that integrate, what selects the input (Fig. 3)."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.ticker import MaxNLocator

from simulate.fixed_points.linearisation import Linearisation, linearised_at
from simulate.measures.fixed_points.descent import readings
from simulate.tasks.context_integration import ContextIntegration
from simulate.universality.points import PointsAsked
from validate.output import Plot
from validate.palette import CELLS
from validate.plotting import GUIDE, WIDE, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.universality import pictures
from validate.universality.claims import (
    CLUSTERS,
    LINE,
    MODES,
    SELECTION,
    MeasuredClaim,
    report_claims,
)
from validate.universality.members import Members, PopulationMember, members_of, report_outcomes
from validate.universality.settings import Config
from validate.universality.similarity import (
    Representations,
    clusterings,
    fraction_claim,
    mean_claim,
    representations,
    untrained_beside_trained,
)

NAME = "integration"
CUED, OTHER = 0, 1
"""Streams; the first context alone is looked at, as in the paper."""
REACH, BINS = 5.0, 10
"""A line attractor is asked for where outputs are within -REACH and REACH, in so many equal parts."""
COVERED = 0.8
"""Share of these parts in which a line has points or slow points (chosen beforehand)."""
STATES = 12
"""On the line, at which networks are linearised."""
WHOLE = 0.1
"""Modes integrate if their response is as near, relatively, to that of all modes (chosen beforehand)."""
SHOWN = 16
"""Eigenvalues that the figure shows."""


@dataclass(frozen=True, eq=False)
class Integrators:
    """The networks; of each, averaged over the line in the first context: see the fields.

    `covered` is the share of the line that has points, `needed` how many modes integrate, `eigenvalues` the largest
    absolute values, `responses` those to a unit input by 0, 1, 2 and more modes, `ignored` the response to the other
    stream over that to the cued one. All but `covered` are NaN of a network without points on the line.
    """

    members: Members
    representations: Representations
    covered: Float[np.ndarray, " networks"]
    needed: Float[np.ndarray, " networks"]
    eigenvalues: Float[np.ndarray, "networks shown"]
    responses: Float[np.ndarray, "networks counts"]
    ignored: Float[np.ndarray, " networks"]


def task_of(config: Config) -> ContextIntegration:
    """Two streams."""
    training = config.effort.population.of(NAME)
    return ContextIntegration(
        jax.random.key(config.seed),
        streams=training.size,
        steps=training.steps,
        trials=config.effort.population.trials,
        threshold=training.threshold,
    )


def checks(config: Config, report: Report, progress: Progress) -> Integrators | None:
    """Train, search, linearise along the line."""
    if NAME not in config.tasks:
        return None
    training = config.effort.population.of(NAME)
    silent = (0.0,) * training.size
    contexts = tuple((*silent, *(float(i == k) for i in range(training.size))) for k in range(training.size))
    search = PointsAsked(contexts, starts=config.effort.population.starts // 2, seed=config.seed)
    members = members_of(config, task_of(config), training, search, progress)
    report_outcomes(NAME, members, report)
    if len(members.each) < 2:
        return None
    told = [_along_the_line(each, training.steps) for each in members.each]
    results = Integrators(
        members,
        representations(members, config.seed),
        np.array([each.covered for each in told]),
        np.array([each.needed for each in told]),
        np.array([each.eigenvalues for each in told]),
        np.array([each.responses for each in told]),
        np.array([each.ignored for each in told]),
    )
    report_claims(NAME, _claims(config, results), report)
    return results


@dataclass(frozen=True, eq=False)
class AlongTheLine:
    """Of one network, averaged over the states of its line."""

    covered: float
    needed: float
    eigenvalues: np.ndarray
    responses: np.ndarray
    ignored: float


def _along_the_line(member: PopulationMember, steps: int) -> AlongTheLine:
    found = member.points.found[CUED]
    states = np.concatenate([found.points, found.slow])
    read = readings(found.step, states)[:, 0] if len(states) else np.zeros(0)
    inside = np.flatnonzero(np.abs(read) < REACH)
    bins = np.floor((read[inside] + REACH) / (2 * REACH) * BINS).astype(int)
    unknown = np.full(SHOWN, np.nan)
    nothing = AlongTheLine(len(set(bins.tolist())) / BINS, np.nan, unknown, unknown, np.nan)
    if not len(inside):
        return nothing
    order = inside[np.argsort(read[inside])]
    chosen = order[np.unique(np.linspace(0, len(order) - 1, STATES).astype(int))]
    modes = [linearised_at(found.step, states[i]) for i in chosen]
    by_modes = np.mean([_responses(each, steps) for each in modes], axis=0)  # modes x inputs
    relevant, whole = by_modes[:, CUED], by_modes[-1, CUED]
    if not whole:  # no response, of which modes would have a share
        return nothing
    enough = np.abs(relevant - whole) <= WHOLE * abs(whole)
    needed = len(enough) - float(np.argmin(enough[::-1])) if not enough.all() else 0.0
    sizes = np.mean([np.abs(each.eigenvalues) for each in modes], axis=0)
    return AlongTheLine(
        len(set(bins.tolist())) / BINS,
        needed,
        _padded(sizes),
        _padded(relevant),
        float(abs(by_modes[-1, OTHER] / whole)),
    )


def _responses(modes: Linearisation, steps: int) -> np.ndarray:
    """To a unit input, so many steps later, by 0, 1, 2 and more modes."""
    return np.array([modes.response(steps=steps, modes=count)[0] for count in range(len(modes.eigenvalues) + 1)])


def _padded(values: np.ndarray) -> np.ndarray:
    return np.pad(values[:SHOWN], (0, max(0, SHOWN - len(values))), constant_values=np.nan)


def _claims(config: Config, results: Integrators) -> list[MeasuredClaim]:
    members = results.members
    lines = int((results.covered >= COVERED).sum())
    measured = [fraction_claim(LINE, "all networks", lines, len(members.each), more_than=0.5)]
    for kind in members.kinds:
        which = members.which(cell=kind.cell, nonlinearity=kind.nonlinearity)
        if kind.cell == "vanilla":
            measured.append(mean_claim(MODES, str(kind), results.needed[which], below=2.0))
        measured.append(mean_claim(SELECTION, str(kind), results.ignored[which], below=0.5))
        both = results.representations.both
        measured.append(untrained_beside_trained(both, members, kind.cell, kind.nonlinearity))
    return [*measured, *clusterings(CLUSTERS, results.representations.distances, members, config)]


def figures(config: Config, results: Integrators | None) -> tuple[Plot, ...]:
    """As Figures 3 and 4 of the paper."""
    if results is None:
        return ()
    members, shown = results.members, results.representations
    return (
        pictures.components("integration_points", members, shown.shown),
        pictures.places("integration_places", members, {"SVCCA": shown.distances["SVCCA"]}),
        _modes(results),
        pictures.untrained("integration_untrained", members, shown.both),
    )


def _modes(results: Integrators) -> Plot:
    """Eigenvalues along the line, and what so many modes integrate, by cell."""
    data: dict[str, np.ndarray] = {"eigenvalues": results.eigenvalues, "responses": results.responses}
    kinds = [each.kind for each in results.members.each]
    with style():
        figure, panels = new_panels(2, WIDE, 3.6)
        for axes, values, first in zip(panels, (results.eigenvalues, results.responses), (1, 0), strict=True):
            for cell in dict.fromkeys(kind.cell for kind in kinds):
                rows = values[[i for i, kind in enumerate(kinds) if kind.cell == cell]]
                rows = rows[np.isfinite(rows).any(axis=1)]
                rows = rows[:, np.isfinite(rows).any(axis=0)]
                low, middle, high = np.nanquantile(rows, (0.25, 0.5, 0.75), axis=0)
                at = first + np.arange(len(middle))
                axes.plot(at, middle, color=CELLS[cell], label=f"{typeset(cell)} ({len(rows)} networks)")
                axes.fill_between(at, low, high, color=CELLS[cell], alpha=0.2)
            axes.axhline(1.0, **GUIDE)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_xlabel("eigenvalue, the largest first")
        panels[0].set_ylabel(r"absolute value $|\lambda|$")
        panels[1].set_xlabel("linear modes kept")
        panels[1].set_ylabel("response to a unit input")
        legend_below(figure, 2)
    caption = (
        "a: absolute eigenvalues along the line attractor. b: what the network linearised there makes of a unit input "
        "at the end of a trial, by so many modes; one (dotted) is perfect integration. Lines: median over the networks "
        f"of a cell that have points on the line (seed {results.members.seed}); bands: their quartiles."
    )
    return plot("integration_modes", caption, figure, data)
