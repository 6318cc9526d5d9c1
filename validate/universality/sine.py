"""The frequency-cued sine: one point a command, around which the network turns as fast as it is told (Fig. 2)."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from simulate.cells.dense import DenseCell
from simulate.fixed_points.linearisation import linearised_at
from simulate.measures.pairwise import pairwise
from simulate.tasks.sine_generation import SineGeneration
from simulate.tasks.task import Batch
from simulate.universality.neighbours import NeighbourDistance
from simulate.universality.points import PointsAsked
from validate.output import Plot
from validate.palette import MUTED
from validate.plotting import GUIDE, SEM, WIDE, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.universality import pictures
from validate.universality.claims import (
    CLUSTERS,
    COMMANDS_DO_NOT,
    MILDLY_UNSTABLE,
    ONE_POINT,
    TURNS,
    MeasuredClaim,
    report_claims,
)
from validate.universality.members import Members, PopulationMember, members_of, report_outcomes
from validate.universality.settings import Config
from validate.universality.similarity import (
    Representations,
    Square,
    clusterings,
    fraction_claim,
    mean_claim,
    representations,
    states,
)

NAME = "sine"
LOWEST, HIGHEST = 0.01, 0.05
"""Cycles a step at commands 0 and 1, as in the paper."""
ROUNDS = 2
"""Of a search, at most, beyond what trials visit: one where indices are closed and nothing is new."""
CYCLES = 3
"""Of the lowest frequency; over the last of the commanded one a network's states are averaged."""
ALIGNED = 0.25
"""Relative error of the frequency below which it is called aligned (chosen beforehand)."""


@dataclass(frozen=True, eq=False)
class Sines:
    """The networks, and at each command how many points they have and how fast they turn at the one they turn around.

    `cycles` are those a step of the complex pair of largest modulus, `turning` the eigenvalue of the pair that turns
    forwards; zero where no eigenvalue is complex, and where no point is: there nothing turns. `spectra` are all
    eigenvalues (NaN where no point is), `neighbours` the distances of graphs of nearest neighbours among the points.
    """

    members: Members
    representations: Representations
    commanded: Float[np.ndarray, " commands"]
    points: Int[np.ndarray, "networks commands"]
    unstable: Int[np.ndarray, "networks commands"]
    turning: Complex[np.ndarray, "networks commands"]
    spectra: tuple[Complex[np.ndarray, "commands _"], ...]
    neighbours: Square

    @property
    def cycles(self) -> Float[np.ndarray, "networks commands"]:
        """A step; NaN where there are several points, of which none is told by the task."""
        return np.where(self.points > 1, np.nan, np.angle(self.turning) / (2 * np.pi))


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
        tuple((float(each),) for each in commands),
        starts=config.effort.population.starts // 8,
        rounds=ROUNDS,
        seed=config.seed,
    )
    members = members_of(config, task_of(config), training, search, progress)
    report_outcomes(NAME, members, report)
    if len(members.each) < 2:
        return None
    told = [_at_commands(each, _centres(each.network, commands)) for each in members.each]
    results = Sines(
        members,
        representations(members, config.seed),
        _commanded(commands),
        np.array([each.counts for each in told]),
        np.array([each.unstable for each in told]),
        np.array([each.turning for each in told]),
        tuple(each.spectra for each in told),
        pairwise(NeighbourDistance(), [each.states for each in told]).value,
    )
    _report_points(results, report)
    report_claims(NAME, _claims(config, results), report)
    return results


def _report_points(results: Sines, report: Report) -> None:
    """Of every network what its points are, command by command."""
    mild = mildly_unstable(results.turning, results.unstable)
    told = [
        {
            "network": str(member.kind),
            "penalty": member.penalty,
            "points": results.points[i].tolist(),
            "unstable dimensions": results.unstable[i].tolist(),
            "sums of indices": [each.index_sum for each in member.points.found],
            "modulus": np.abs(results.turning[i]).tolist(),
            "cycles a step": results.cycles[i].tolist(),
            "mildly unstable": mild[i].tolist(),
        }
        for i, member in enumerate(results.members.each)
    ]
    report.quantity(f"{NAME}: points of each network at each command", told)


@dataclass(frozen=True, eq=False)
class AtCommands:
    """Of one network at each command: points, and of the one it turns around its state and its linearisation."""

    counts: list[int]
    unstable: list[int]
    turning: list[complex]
    spectra: np.ndarray
    states: np.ndarray


def _commanded(commands: Float[np.ndarray, " commands"]) -> Float[np.ndarray, " commands"]:
    """The frequency that each command stands for, in cycles a step."""
    return np.asarray(LOWEST + (HIGHEST - LOWEST) * commands)


def _centres(network: DenseCell, commands: Float[np.ndarray, " commands"]) -> Float[np.ndarray, "commands size"]:
    """What the network turns around at each command: the mean of its states over a commanded cycle, later on."""
    steps = round(CYCLES / LOWEST)
    inputs = jnp.broadcast_to(jnp.asarray(commands)[:, None, None], (len(commands), steps, 1))
    shown = states(network, Batch(inputs, jnp.zeros_like(inputs), jnp.ones(inputs.shape[:2]), dt=1.0))
    cycles = np.round(1 / _commanded(commands)).astype(int)
    return np.array([each[-cycle:].mean(axis=0) for each, cycle in zip(shown, cycles, strict=True)])


def _at_commands(member: PopulationMember, centres: Float[np.ndarray, "commands size"]) -> AtCommands:
    """Of several points that nearest to the centre counts.

    Unstable dimensions are -1, state and eigenvalues NaN where there is no point.
    """
    found = member.points.found
    size = found[0].step.size
    spectra, places = np.full((len(found), size), np.nan, dtype=complex), np.full((len(found), size), np.nan)
    unstable, turning = [-1] * len(found), [0j] * len(found)
    for k, each in enumerate(found):
        if not len(each.points):
            continue
        nearest = int(np.linalg.norm(each.points - centres[k], axis=1).argmin())
        eigenvalues = linearised_at(each.step, each.points[nearest]).eigenvalues
        forwards = eigenvalues[eigenvalues.imag > 0]
        unstable[k], turning[k] = int(each.unstable_dimensions[nearest]), complex(forwards[0]) if len(forwards) else 0j
        spectra[k], places[k] = eigenvalues, each.points[nearest]
    return AtCommands([len(each.points) for each in found], unstable, turning, spectra, places)


def mildly_unstable(
    turning: Complex[np.ndarray, "*shape"], unstable: Int[np.ndarray, "*shape"]
) -> Bool[np.ndarray, "*shape"]:
    """Whether one complex pair alone is unstable, and grows by less than a factor e while it turns by a radian."""
    growth = np.log(np.maximum(np.abs(turning), 1.0))
    return np.asarray((unstable == 2) & (growth > 0) & (growth < np.angle(turning)))


def _claims(config: Config, results: Sines) -> list[MeasuredClaim]:
    members = results.members
    alone = (results.points == 1).all(axis=1)
    mild = alone & mildly_unstable(results.turning, results.unstable).all(axis=1)
    measured = [
        fraction_claim(claim, "all networks", int(which.sum()), len(members.each), more_than=0.5)
        for claim, which in ((ONE_POINT, alone), (MILDLY_UNSTABLE, mild))
    ]
    errors = _mean_there(np.abs(results.cycles / results.commanded - 1).T)[0]
    for kind in members.kinds:
        which = members.which(cell=kind.cell, nonlinearity=kind.nonlinearity)
        measured.append(mean_claim(TURNS, str(kind), errors[which], below=ALIGNED))
    return [
        *measured,
        *clusterings(CLUSTERS, results.representations.distances, members, config),
        *clusterings(COMMANDS_DO_NOT, {"points at commands": results.neighbours}, members, config),
    ]


def figures(config: Config, results: Sines | None) -> tuple[Plot, ...]:
    """As Figure 2 of the paper."""
    if results is None:
        return ()
    members, shown = results.members, results.representations
    return (
        pictures.components("sine_points", members, shown.shown),
        pictures.places(
            "sine_places",
            members,
            {"SVCCA": shown.distances["SVCCA"], "points": results.neighbours},
            rows="Above by activity; below by which commands have points that are nearest neighbours (networks with "
            "the same graph lie on one another)",
        ),
        _frequencies(results),
        _eigenvalues(results),
    )


def _eigenvalues(results: Sines) -> Plot:
    """A panel a kind: the eigenvalues of one network at its points, the pair that turns by its command."""
    members, commanded = results.members, results.commanded
    data: dict[str, np.ndarray] = {"commanded": commanded}
    around = np.exp(2j * np.pi * np.linspace(0, 1, 200))
    shade = ScalarMappable(Normalize(commanded[0], commanded[-1]), "viridis")
    with style():
        figure, panels = pictures.by_kind(members)
        for kind, place in pictures.first_of_each(members).items():
            axes, turning = panels[kind], results.turning[place]
            every = results.spectra[place].ravel()
            axes.plot(around.real, around.imag, **GUIDE)
            axes.plot(every.real, every.imag, linestyle="none", marker=".", markersize=2.5, color=MUTED, zorder=1)
            there = turning != 0
            for pair in (turning[there], turning[there].conj()):
                axes.scatter(pair.real, pair.imag, s=14, c=shade.to_rgba(commanded[there]), zorder=2)
            axes.set_title(pictures.named(kind))
            pictures.in_a_plane(axes)
            key = str(kind).replace(" ", "_")
            data |= {f"{key}_eigenvalues": results.spectra[place], f"{key}_turning": turning}
        pictures.outer_labels(figure, ("real part", "imaginary part"))
        figure.colorbar(shade, ax=figure.axes, shrink=0.7, label="commanded frequency (cycles a step)")
    caption = (
        "Eigenvalues of the first network of each kind, linearised at its point at each of "
        f"{len(commanded)} commands, all in one plane (grey); in colour, by the command, the complex pair of largest "
        f"modulus, whose angle is how fast the network turns there. Dotted: modulus one (seed {members.seed})."
    )
    return plot("sine_eigenvalues", caption, figure, data)


def _mean_there(rows: Float[np.ndarray, "rows columns"]) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each column, of what is a number there, and its standard error; NaN where there are too few."""
    there = np.isfinite(rows)
    count = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, rows, 0.0).sum(axis=0) / count
        squares = np.where(there, (rows - mean) ** 2, 0.0).sum(axis=0)
        return mean, np.sqrt(squares / (count - 1) / count)


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
                at, mean, error = results.commanded, *_mean_there(rows)
                label = f"{pictures.named(kind)} (n = {len(rows)})"
                axes.errorbar(at, mean, error, **pictures.look_of(kind), markersize=4, label=label)
            axes.plot(results.commanded, results.commanded, **GUIDE, label="as commanded")
            axes.set_title(f"by {part}, {typeset(held)}")
            axes.set_xlabel("commanded frequency\n(cycles a step)")
        panels[0].set_ylabel("frequency of the linearised\nnetwork (cycles a step)")
        legend_below(figure, 3)
    caption = (
        "How fast the network linearised at its point turns, against the frequency it is told: mean over the trained "
        f"networks with one point there (seed {results.members.seed}), those that do not turn counted as zero; {SEM}. "
        "Colours: cells; shapes: nonlinearities. Dotted: as commanded."
    )
    return plot("sine_frequencies", caption, figure, data)
