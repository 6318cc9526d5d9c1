"""Context-dependent integration: the line of slow points, the modes that integrate, what selects the input (Fig. 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.ticker import MaxNLocator

from simulate.fixed_points.held import HeldOutputs, bins_of, held_outputs, output_changes
from simulate.fixed_points.linearisation import Linearisation, linearised_at
from simulate.measures.fixed_points.descent import readings
from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.pairwise import pairwise
from simulate.tasks.context_integration import ContextIntegration
from simulate.tasks.drawn import DrawnTask
from simulate.tasks.task import Batch
from simulate.universality.neighbours import NeighbourDistance
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
    LINES_DO,
    LINES_DO_NOT,
    MODES,
    MORE_MODES,
    NEAR_ONE,
    SELECTION,
    STILL,
    MeasuredClaim,
    report_claims,
)
from validate.universality.members import Members, PopulationMember, members_of, report_outcomes
from validate.universality.settings import Config
from validate.universality.similarity import (
    Representations,
    Square,
    clusterings,
    difference_claim,
    fraction_claim,
    mean_claim,
    representations,
    states,
    untrained_beside_trained,
)

NAME = "integration"
CUED, OTHER = 0, 1
"""Streams; the first context alone is looked at, as in the paper."""
REACH, BINS = 5.0, 10
"""A line attractor is asked for where outputs are within -REACH and REACH, in so many equal parts."""
COVERED = 0.8
"""Share of these parts in which a line has states (chosen beforehand)."""
BESIDE = 0.1
"""Share of the variance of a line's states that is within parts, at most: of a plane as wide as long it is one half."""
TRIALS = 128
"""Whose states settle on the line."""
WHOLE = 0.1
"""Modes integrate if their response is as near, relatively, to that of all modes (chosen beforehand)."""
SHOWN = 16
"""Eigenvalues that the figure shows."""


@dataclass(frozen=True, eq=False)
class Integrators:
    """The networks; of each, averaged over the states that hold an output in the first context: see the fields.

    `lines` are the outputs that it holds there, `still` the share of the line that is held by points and slow minima of
    the speed, `needed` how many modes integrate, `near_one` how many eigenvalues leave an amplitude as it is for a
    trial (but for a factor e), `eigenvalues` the largest absolute values, `responses` those to a unit input by 0, 1, 2
    and more modes, `ignored` the size of the response to the other stream over that to the cued one. All but `lines`
    and `still` are NaN of a network that holds nothing. `neighbours` are the distances of graphs of nearest neighbours
    among the held states of lines; NaN where one is of a network that has none.
    """

    members: Members
    representations: Representations
    lines: tuple[HeldOutputs, ...]
    still: Float[np.ndarray, " networks"]
    needed: Float[np.ndarray, " networks"]
    near_one: Float[np.ndarray, " networks"]
    eigenvalues: Float[np.ndarray, "networks shown"]
    responses: Float[np.ndarray, "networks counts"]
    ignored: Float[np.ndarray, " networks"]
    neighbours: Square


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
    shown = _in_first_context(members.task, config.seed)
    told = [_along_the_line(each, states(each.network, shown), training.steps) for each in members.each]
    results = Integrators(
        members,
        representations(members, config.seed),
        tuple(each.line for each in told),
        np.array([each.still for each in told]),
        np.array([each.needed for each in told]),
        np.array([each.near_one for each in told]),
        np.array([each.eigenvalues for each in told]),
        np.array([each.responses for each in told]),
        np.array([each.ignored for each in told]),
        _neighbours([each.line for each in told]),
    )
    _report_lines(results, report)
    report_claims(NAME, _claims(config, results), report)
    return results


def _report_lines(results: Integrators, report: Report) -> None:
    """Of every network what it holds."""
    told = [
        {
            "network": str(member.kind),
            "penalty": member.penalty,
            "held": line.covered,
            "spread": line.spread,
            "drift": line.drift,
            "line": is_line(line),
            "held by points and slow minima of the speed": still,
        }
        for member, line, still in zip(results.members.each, results.lines, results.still.tolist(), strict=True)
    ]
    report.quantity(f"{NAME}: outputs held by each network", told)


def _in_first_context(task: DrawnTask, seed: int) -> Batch:
    """Trials whose context is the first."""
    drawn = replace(task, trials=2 * TRIALS).draw(jax.random.fold_in(jax.random.key(seed), 3))
    chosen = np.flatnonzero(np.asarray(drawn.inputs)[:, 0, drawn.inputs.shape[-1] // 2 + CUED] == 1)[:TRIALS]
    return replace(drawn, inputs=drawn.inputs[chosen], targets=drawn.targets[chosen], mask=drawn.mask[chosen])


def _neighbours(lines: Sequence[HeldOutputs]) -> Square:
    """The distances of graphs of nearest neighbours, of networks that have a line."""
    there = np.flatnonzero([is_line(each) for each in lines])
    square = np.full((len(lines), len(lines)), np.nan)
    if len(there) > 1:
        square[np.ix_(there, there)] = pairwise(
            NeighbourDistance(), [_by_parts(lines[i]) for i in there.tolist()]
        ).value
    return square


def _by_parts(line: HeldOutputs) -> np.ndarray:
    """A row a part, NaN where nothing is held."""
    rows = np.full((line.parts, line.states.shape[1]), np.nan)
    rows[line.bins] = line.states
    return rows


@dataclass(frozen=True, eq=False)
class AlongTheLine:
    """Of one network, averaged over the states that hold an output, on a line or not."""

    line: HeldOutputs
    still: float
    needed: float = np.nan
    near_one: float = np.nan
    eigenvalues: np.ndarray = field(default_factory=lambda: np.full(SHOWN, np.nan))
    responses: np.ndarray = field(default_factory=lambda: np.full(SHOWN, np.nan))
    ignored: float = np.nan


def is_line(line: HeldOutputs) -> bool:
    """Whether outputs are held, by states on one curve."""
    return line.covered >= COVERED and line.spread <= BESIDE


def _along_the_line(member: PopulationMember, visited: np.ndarray, steps: int) -> AlongTheLine:
    found = member.points.found[CUED]
    starts = visited.reshape(-1, visited.shape[-1])
    line = held_outputs(found.step, starts, steps=steps, reach=REACH, parts=BINS)
    still = _still(found, steps)
    if not len(line.states):
        return AlongTheLine(line, still)
    modes = [linearised_at(found.step, state) for state in line.states]
    each_by_modes = np.array([_responses(each, steps) for each in modes])  # states x modes x inputs
    by_modes, sizes_of_whole = each_by_modes.mean(axis=0), np.abs(each_by_modes[:, -1]).mean(axis=0)
    relevant, whole = by_modes[:, CUED], by_modes[-1, CUED]
    if not whole:  # no response, of which modes would have a share
        return AlongTheLine(line, still)
    enough = np.abs(relevant - whole) <= WHOLE * abs(whole)
    needed = len(enough) - float(np.argmin(enough[::-1])) if not enough.all() else 0.0
    sizes = np.array([np.abs(each.eigenvalues) for each in modes])
    with np.errstate(divide="ignore"):
        near_one = (np.abs(np.log(sizes)) < 1 / steps).sum(axis=1).mean()
    return AlongTheLine(
        line,
        still,
        needed,
        float(near_one),
        _padded(sizes.mean(axis=0)),
        _padded(relevant),
        float(sizes_of_whole[OTHER] / sizes_of_whole[CUED]),
    )


def _still(found: FixedPoints, steps: int) -> float:
    """The share of the parts with points and minima of the speed at which the output changes by less than a part."""
    there = np.concatenate([found.points, found.slow])
    read = readings(found.step, there)[:, 0]
    slow = output_changes(found.step, there, steps=steps) < 2 * REACH / BINS
    inside = read[slow & (np.abs(read) < REACH)]
    return len(set(bins_of(inside, reach=REACH, parts=BINS).tolist())) / BINS


def _responses(modes: Linearisation, steps: int) -> np.ndarray:
    """To a unit input, so many steps later, by 0, 1, 2 and more modes."""
    return np.array([modes.response(steps=steps, modes=count)[0] for count in range(len(modes.eigenvalues) + 1)])


def _padded(values: np.ndarray) -> np.ndarray:
    return np.pad(values[:SHOWN], (0, max(0, SHOWN - len(values))), constant_values=np.nan)


def _claims(config: Config, results: Integrators) -> list[MeasuredClaim]:
    members, count = results.members, len(results.members.each)
    lines, still = sum(map(is_line, results.lines)), int((results.still >= COVERED).sum())
    measured = [
        fraction_claim(LINE, "all networks", lines, count, more_than=0.5),
        fraction_claim(STILL, "all networks", still, count, more_than=0.5),
    ]
    for kind in members.kinds:
        which = members.which(cell=kind.cell, nonlinearity=kind.nonlinearity)
        if kind.cell == "vanilla":
            measured.append(mean_claim(MODES, str(kind), results.needed[which], below=2.0))
        else:
            vanilla = members.which(cell="vanilla", nonlinearity=kind.nonlinearity)
            measured += [
                difference_claim(claim, str(kind), values[which], values[vanilla])
                for claim, values in ((MORE_MODES, results.needed), (NEAR_ONE, results.near_one))
            ]
        measured.append(mean_claim(SELECTION, str(kind), results.ignored[which], below=0.5))
        both = results.representations.both
        measured.append(untrained_beside_trained(both, members, kind.cell, kind.nonlinearity))
    graphs = {"lines": results.neighbours}
    return [
        *measured,
        *clusterings(CLUSTERS, results.representations.distances, members, config),
        *clusterings(LINES_DO_NOT, graphs, members, config, factor="cell"),
        *clusterings(LINES_DO, graphs, members, config, factor="nonlinearity"),
    ]


def figures(config: Config, results: Integrators | None) -> tuple[Plot, ...]:
    """As Figures 3 and 4 of the paper."""
    if results is None:
        return ()
    members, shown = results.members, results.representations
    return (
        pictures.components("integration_points", members, shown.shown, [line.states for line in results.lines]),
        pictures.places(
            "integration_places",
            members,
            {"SVCCA": shown.distances["SVCCA"], "lines": results.neighbours},
            rows="Above by activity; below, networks that have a line, by which of the states that hold ten outputs "
            "along it are next to one another",
        ),
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
                if not len(rows):  # none holds anything
                    continue
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
        "a: absolute eigenvalues at the states that hold an output. b: what the network linearised there makes of a "
        "unit input at the end of a trial, by so many modes; one (dotted) is perfect integration. Lines: median over "
        f"the networks of a cell that hold outputs (seed {results.members.seed}); bands: their quartiles."
    )
    return plot("integration_modes", caption, figure, data)
