"""The frequency-cued sine: one point a command, around which the network turns as fast as it is told (Fig. 2)."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Int

from simulate.fixed_points.linearisation import linearised_at
from simulate.tasks.sine_generation import SineGeneration
from simulate.universality.points import PointsAsked
from validate.output import Plot
from validate.plotting import GUIDE, SEM, WIDE, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.universality import pictures
from validate.universality.claims import CLUSTERS, ONE_POINT, TURNS, MeasuredClaim, report_claims
from validate.universality.members import Members, PopulationMember, members_of, report_outcomes
from validate.universality.settings import Config
from validate.universality.similarity import (
    Representations,
    clusterings,
    fraction_claim,
    mean_claim,
    representations,
)

NAME = "sine"
LOWEST, HIGHEST = 0.01, 0.05
"""Cycles a step at commands 0 and 1, as in the paper."""
ALIGNED = 0.25
"""Relative error of the frequency below which it is called aligned (chosen beforehand)."""


@dataclass(frozen=True, eq=False)
class Sines:
    """The networks, and at each command how many points they have and how fast they turn at the one most often hit.

    `cycles` are those a step of the complex pair of largest modulus; zero where no eigenvalue is complex, and where no
    point is: there nothing turns.
    """

    members: Members
    representations: Representations
    commanded: Float[np.ndarray, " commands"]
    points: Int[np.ndarray, "networks commands"]
    unstable: Int[np.ndarray, "networks commands"]
    cycles: Float[np.ndarray, "networks commands"]


def task_of(config: Config) -> SineGeneration:
    """One channel; any frequency of the band, told between 0 and 1."""
    training = config.effort.population.of(NAME)
    return SineGeneration(
        jax.random.key(config.seed),
        frequencies=None,
        band=(LOWEST, HIGHEST),
        input_zero=LOWEST,
        input_unit=HIGHEST - LOWEST,
        steps=training.steps,
        sampling_interval=1.0,
        trials=config.effort.population.trials,
        threshold=training.threshold,
    )


def checks(config: Config, report: Report, progress: Progress) -> Sines | None:
    """Train, search, linearise."""
    if NAME not in config.tasks:
        return None
    training = config.effort.population.of(NAME)
    commands = np.linspace(0.0, 1.0, training.size)
    search = PointsAsked(
        tuple((float(each),) for each in commands), starts=config.effort.population.starts // 8, seed=config.seed
    )
    members = members_of(config, task_of(config), training, search, progress)
    report_outcomes(NAME, members, report)
    if len(members.each) < 2:
        return None
    told = [_at_commands(each) for each in members.each]
    points, unstable, cycles = (np.array([row[k] for row in told]) for k in range(3))
    commanded = LOWEST + (HIGHEST - LOWEST) * commands
    shown = representations(members, config.seed)
    results = Sines(members, shown, commanded, points.astype(int), unstable.astype(int), cycles)
    report_claims(NAME, _claims(config, results), report)
    return results


def _at_commands(member: PopulationMember) -> tuple[list[int], list[int], list[float]]:
    """At each command: points, unstable dimensions of the one most often hit, its cycles a step."""
    counts, unstable, cycles = [], [], []
    for found in member.points.found:
        counts.append(len(found.points))
        if not len(found.points):
            unstable.append(-1)
            cycles.append(0.0)
            continue
        modes = linearised_at(found.step, found.points[0])
        turning = modes.frequencies[modes.eigenvalues.imag > 0]
        unstable.append(int(found.unstable_dimensions[0]))
        cycles.append(float(turning[0]) if len(turning) else 0.0)
    return counts, unstable, cycles


def _claims(config: Config, results: Sines) -> list[MeasuredClaim]:
    members = results.members
    alone = (results.points == 1).all(axis=1)
    measured = [fraction_claim(ONE_POINT, "all networks", int(alone.sum()), len(alone), more_than=0.5)]
    errors = np.abs(results.cycles / results.commanded - 1).mean(axis=1)
    for kind in members.kinds:
        which = members.which(cell=kind.cell, nonlinearity=kind.nonlinearity)
        measured.append(mean_claim(TURNS, str(kind), errors[which], below=ALIGNED))
    return [*measured, *clusterings(CLUSTERS, results.representations.distances, members, config)]


def figures(config: Config, results: Sines | None) -> tuple[Plot, ...]:
    """As Figure 2 of the paper."""
    if results is None:
        return ()
    members, shown = results.members, results.representations
    return (
        pictures.components("sine_points", members, shown.shown),
        pictures.places("sine_places", members, {"SVCCA": shown.distances["SVCCA"]}),
        _frequencies(results),
    )


def _frequencies(results: Sines) -> Plot:
    """The frequency of the linearised oscillation against the command, by cell and by nonlinearity."""
    data: dict[str, np.ndarray] = {"commanded": results.commanded, "cycles": results.cycles}
    by: Mapping[str, str] = {"cell": "tanh", "nonlinearity": "vanilla"}
    kinds = [each.kind for each in results.members.each]
    with style():
        figure, panels = new_panels(2, WIDE, 3.6)
        for axes, (part, held) in zip(panels, by.items(), strict=True):
            other = "nonlinearity" if part == "cell" else "cell"
            chosen = [i for i, kind in enumerate(kinds) if getattr(kind, other) == held]
            for kind in dict.fromkeys(kinds[i] for i in chosen):
                rows = results.cycles[[i for i in chosen if kinds[i] == kind]]
                at, mean = results.commanded, rows.mean(axis=0)
                error = rows.std(axis=0, ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else np.full(len(mean), np.nan)
                label = f"{pictures.named(kind)} (n = {len(rows)})"
                axes.errorbar(at, mean, error, **pictures.look_of(kind), markersize=4, label=label)
            axes.plot(results.commanded, results.commanded, **GUIDE, label="as commanded")
            axes.set_title(f"by {part}, {typeset(held)}")
            axes.set_xlabel("commanded frequency\n(cycles a step)")
        panels[0].set_ylabel("frequency of the linearised\nnetwork (cycles a step)")
        legend_below(figure, 3)
    caption = (
        "How fast the network linearised at its point turns, against the frequency it is told: mean over the trained "
        f"networks (seed {results.members.seed}), those that do not turn counted as zero; {SEM}. Colours: cells; "
        "shapes: nonlinearities. Dotted: as commanded."
    )
    return plot("sine_frequencies", caption, figure, data)
