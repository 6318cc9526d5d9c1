"""Fig. 3: the latent flow while a network learns, at a low rate and at a high one.

At the paper's low rate a network learns through a ghost and keeps one fixed point throughout: no bifurcation. At the
high rate many networks that have learned go through a saddle-node and stay, with hardly any gradient.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from simulate.cells.rank_one import RankOne
from simulate.ghost.initial import ZeroBias
from simulate.ghost.population import LEARNED, Experiment, Population, population
from simulate.training.trained import Trained
from theory.ghost.circuit.certify import certify_fixed_points, certify_turning_points
from theory.ghost.circuit.latent_circuit import LatentCircuit
from theory.ghost.circuit.normal_form import NormalForm
from validate.ghost.claims import BEHIND_FIXED_POINTS, GHOSTS_FIRST, WITHOUT_BIFURCATION
from validate.ghost.population import trained_population
from validate.ghost.rank_one import rank_one_vectors
from validate.ghost.settings import Config
from validate.output import Plot
from validate.palette import ASKED, MUTED, THEORY, shades
from validate.plotting import GUIDE, MEASURED, legend_right, plot, style, ticks_within
from validate.progress import Progress
from validate.report import Report
from validate.resume import resumable
from validate.symbols import typeset
from validate.tolerance import Absolute, AtLeast, Exact, Reported

LOW_RATE = 0.003  # the paper's, Fig. 3A
PUBLISHED = (100, 10.0)  # neurons and confidence for which the paper says that no bifurcation comes with learning
SNAPSHOTS = 480
THRESHOLD = 1.0  # of kappa


@dataclass(frozen=True)
class LearningCourse:
    """One network along its training: probes at `epochs`, circuits and certified counts at `snapshot_epochs`.

    `solved` is the first recorded epoch at which it solved the task.
    """

    epochs: Int[np.ndarray, " recorded"]
    loss: Float[np.ndarray, " recorded"]
    gradient_norm: Float[np.ndarray, " recorded"]
    snapshot_epochs: Int[np.ndarray, " snapshots"]
    circuits: tuple[LatentCircuit, ...]
    fixed_points: Int[np.ndarray, " snapshots"]
    turning_points: Int[np.ndarray, " snapshots"]
    solved: int

    @property
    def first_ghost(self) -> int | None:
        """Epoch of the first snapshot whose flow has a turning point but one fixed point only, hence a ghost."""
        found = np.flatnonzero((self.turning_points > 0) & (self.fixed_points == 1))
        return int(self.snapshot_epochs[found[0]]) if len(found) else None

    def ghost(self, snapshot: int) -> NormalForm | None:
        """The slowest ghost of a snapshot."""
        return self.circuits[snapshot].slowest()


@dataclass(frozen=True)
class LearningCourses:
    """The low-rate networks that learned, and a high-rate one that learned and ended behind a saddle-node, if any."""

    low: tuple[LearningCourse, ...]
    high: LearningCourse | None


@cache
def low_rate_population(config: Config, progress: Progress) -> Population:
    """Networks as asked for, at the paper's low rate. A full-length run goes on where it stopped."""
    effort = config.effort
    experiment = Experiment(
        initial=ZeroBias(neurons=config.neurons, confidence=config.network_confidence),
        networks=effort.low_rate_networks,
        epochs=effort.low_rate_epochs,
        learning_rate=LOW_RATE,
        seed=config.seed,
        record_every=max(1, effort.low_rate_epochs // 3000),
        snapshot_every=effort.low_rate_epochs // SNAPSHOTS,
    )
    kept = resumable("fig_3a", experiment) if effort.full_length else None
    with progress.task("training at the low rate", experiment.epochs) as done_so_far:
        return population(experiment, kept, done_so_far)


def checks(config: Config, report: Report, progress: Progress) -> LearningCourses:
    """Certify the fixed points along training, at both rates."""
    trained = low_rate_population(config, progress)
    learned = np.flatnonzero(trained.learned)
    report.check(
        f"low rate {LOW_RATE}: networks that learned",
        predicted=trained.experiment.networks,
        measured=len(learned),
        tolerance=Reported(f"within {trained.experiment.epochs} epochs"),
    )
    courses = LearningCourses(tuple(_course(trained.result, int(k)) for k in learned), _lost(config, progress))
    if courses.low:
        as_published = (config.neurons, config.network_confidence) == PUBLISHED
        report.check(
            "low rate: fixed points of the networks that learn, at every snapshot",
            predicted=np.ones(sum(len(course.fixed_points) for course in courses.low)),
            measured=np.concatenate([course.fixed_points for course in courses.low]),
            tolerance=Exact("certified counts: no bifurcation"),
            asserted=as_published,
            claim=WITHOUT_BIFURCATION,
        )
        report.check(
            "low rate: ghosts of the networks that have learned",
            predicted=1,
            measured=min(len(course.circuits[-1].ghosts()) for course in courses.low),
            tolerance=AtLeast("certified turning points"),
            asserted=as_published,
        )
        _compare_order_of_events(report, courses.low)
    if courses.high is not None:
        _compare_high_rate(config, report, courses.high)
    return courses


def _compare_order_of_events(report: Report, courses: tuple[LearningCourse, ...]) -> None:
    """The paper says that ghosts precede abrupt learning; here is which came first."""
    later = [course.first_ghost - course.solved for course in courses if course.first_ghost is not None]
    spacing = int(courses[0].snapshot_epochs[1])
    report.check(
        "low rate: networks with a ghost in a snapshot before they first solved the task (paper: all)",
        predicted=len(courses),
        measured=sum(each <= 0 for each in later),
        tolerance=Reported(
            f"first seen {min(later, default=0)} to {max(later, default=0)} epochs after, every {spacing}"
        ),
        claim=GHOSTS_FIRST,
    )


def _compare_high_rate(config: Config, report: Report, course: LearningCourse) -> None:
    name = f"rate {config.network_learning_rate:g}"
    after = course.snapshot_epochs[np.argmax(course.fixed_points > 1)]
    late = course.epochs > after
    report.check(
        f"{name}: fixed points gained by a network that learned and is stuck",
        predicted=2,
        measured=int(course.fixed_points[-1] - course.fixed_points[0]),
        tolerance=Exact("certified counts: a saddle-node makes a pair"),
        claim=BEHIND_FIXED_POINTS,
    )
    circuit = course.circuits[-1]
    highest = max(circuit.start(), float(circuit.fixed_points().roots[0]))
    bound = 2 / (1 + math.exp(config.network_confidence * (THRESHOLD - highest)))
    report.check(
        f"{name}: its loss at the end, that of an output that never rises",
        predicted=1.0,
        measured=float(course.loss[-1]),
        tolerance=Absolute(bound + 1e-5, "kappa stays below the pair: 2 sigmoid(c (kappa_max - 1)); single precision"),
        claim=BEHIND_FIXED_POINTS,
    )
    report.check(
        f"{name}: its gradient norm since, fraction of the largest before",
        predicted=0.0,
        measured=float(course.gradient_norm[late].max() / course.gradient_norm[~late].max()) if late.any() else None,
        tolerance=Reported("exponentially small in c; single precision may show 0"),
    )


def _lost(config: Config, progress: Progress) -> LearningCourse | None:
    """A network that learned and is stuck, and whose way is blocked by a pair of fixed points it did not start with."""
    trained = trained_population(config, progress)
    for k in np.flatnonzero(trained.learned & trained.stuck):
        course = _course(trained.result, int(k))
        if course.fixed_points[0] == 1 and course.fixed_points[-1] > 1:
            circuit = course.circuits[-1]
            if circuit.start() < circuit.fixed_points().roots[1]:
                return course
    return None


def _course(result: Trained[RankOne], which: int) -> LearningCourse:
    taken = result.snapshots
    vectors = [rank_one_vectors(networks) for networks in (*taken.networks, result.networks)]
    m, n, b = (np.stack([vector[which] for vector in column]) for column in zip(*vectors, strict=True))
    roots, turns = certify_fixed_points(m, n, b), certify_turning_points(m, n, b)
    history = result.history
    return LearningCourse(
        epochs=history.epochs,
        loss=np.asarray(history.probes.loss)[:, which],
        gradient_norm=np.asarray(history.probes.gradient_norm)[:, which],
        snapshot_epochs=np.array([*taken.epochs, history.done]),
        circuits=tuple(LatentCircuit(*circuit) for circuit in zip(m, n, b, strict=True)),
        fixed_points=np.where(roots.certified, roots.counts, -1),
        turning_points=np.where(turns.certified, turns.counts, -1),
        solved=int(history.epochs[np.argmax(history.probes.accuracy[:, which] >= LEARNED)]),
    )


LATENT = np.linspace(-4.0, 4.0, 401)
AROUND = 0.02
"""Share of the training, to either side of the steepest epoch, that the middle panels show."""


def figures(config: Config, results: LearningCourses) -> tuple[Plot, ...]:
    """One figure for each rate; none where no network has that fate."""
    plots = []
    if results.low:
        caption = (
            f"Fig. 3A: one of {len(results.low)} networks trained at rate {LOW_RATE}: one fixed point throughout, and "
            "a ghost where its distance is drawn. The middle panels look closer at the jump. Dotted: the epochs whose "
            "flows are drawn."
        )
        plots.append(_course_plot("fig_3a", caption, results.low[0]))
    if results.high is not None:
        rate = config.network_learning_rate
        caption = (
            f"Fig. 3B: one network trained at rate {rate:g}: it learns, then goes through a saddle-node and stays. "
            "The middle panels look closer at the jump. Dotted: the epochs whose flows are drawn."
        )
        plots.append(_course_plot("fig_3b", caption, results.high))
    return tuple(plots)


def _course_plot(name: str, caption: str, course: LearningCourse) -> Plot:
    shown = _telling_snapshots(course)
    colours = shades(len(shown))
    jump = float(course.snapshot_epochs[shown[2]])
    half = max(AROUND * float(course.epochs[-1]), 1.5 * abs(jump - float(course.snapshot_epochs[shown[1]])))
    latent = _window(course, shown)
    ghosts = np.array([_smallest_ghost(course, index) for index in range(len(course.circuits))])
    with style():
        figure = Figure(figsize=(9.6, 5.4))
        (loss, near, flow), (gradient, steep, points) = figure.subplots(2, 3, width_ratios=(2, 2, 3))
        for axes in (loss, near):
            axes.plot(course.epochs, course.loss, color=MEASURED["color"], linewidth=0.8)
            axes.set(ylabel="loss", ylim=(-0.03, 1.08))
        for axes in (gradient, steep):
            norm = np.maximum(course.gradient_norm, 1e-22)
            axes.semilogy(course.epochs, norm, color=MEASURED["color"], linewidth=0.8)
            axes.set(ylabel="gradient norm", xlabel="epoch")
        for axes in (near, steep):
            axes.set(xlim=(jump - half, jump + half), xlabel="epoch, around the jump")
        for index, colour in zip(shown, colours, strict=True):
            circuit, epoch = course.circuits[index], int(course.snapshot_epochs[index])
            flow.plot(latent, circuit.flow(latent), color=colour, linewidth=1.2, label=f"epoch {epoch}")
            flow.plot(circuit.start(), circuit.flow(circuit.start()), "o", color=colour, markersize=4)
            for axes in (loss, near):
                axes.axvline(epoch, color=colour, linewidth=0.8, linestyle=":")
        flow.plot([], [], "o", color=MUTED, markersize=4, label=r"start $\kappa(0)$")
        final = course.circuits[-1].fixed_points().roots
        flow.plot(final, np.zeros(len(final)), "D", color=THEORY, markersize=4, label="fixed points at the end")
        flow.axhline(0.0, color=ASKED, linewidth=0.8)
        flow.axvline(1.0, **GUIDE)
        flow.set_yscale("symlog", linthresh=0.5)
        flow.set(xlabel=r"latent variable $\kappa$", ylabel=r"flow $\tau\,d\kappa/dt$", xlim=(latent[0], latent[-1]))
        ticks_within(flow.yaxis, (-100, -10, -1, 0, 1, 10, 100))
        legend_right(flow)
        counts = course.fixed_points
        points.step(course.snapshot_epochs, counts, where="post", color=ASKED, label="fixed points, certified")
        if np.isfinite(ghosts).any():
            label = f"ghost: {typeset('r_eff')}"
            points.plot(course.snapshot_epochs, ghosts, ".", color=THEORY, markersize=4, label=label)
        highest = max(1, int(counts.max()), int(np.ceil(np.nanmax(ghosts, initial=0.0))))
        points.set(xlabel="epoch", ylabel=f"number; {typeset('r_eff')}", ylim=(-0.1, highest + 0.2))
        points.set_yticks(range(highest + 1))
        legend_right(points)
    data = {
        "epochs": course.epochs,
        "loss": course.loss,
        "gradient_norm": course.gradient_norm,
        "snapshot_epochs": course.snapshot_epochs,
        "fixed_points": course.fixed_points,
        "ghost_distance": ghosts,
        "latent": latent,
        "flow": np.stack([circuit.flow(latent) for circuit in course.circuits]),
    }
    return plot(name, caption, figure, data)


def _window(course: LearningCourse, shown: list[int]) -> np.ndarray:
    """Values of kappa that hold the threshold, and every start and fixed point of the flows shown."""
    circuits = [course.circuits[index] for index in shown]
    places = [place for each in circuits for place in (each.start(), *each.fixed_points().roots)]
    low, high = min(LATENT[0], *places), max(LATENT[-1], *places)
    margin = 0.05 * (high - low)
    return np.linspace(low - margin, high + margin, len(LATENT))


def _smallest_ghost(course: LearningCourse, index: int) -> float:
    ghost = course.ghost(index)
    return np.nan if ghost is None else abs(ghost.effective_r)


def _telling_snapshots(course: LearningCourse) -> list[int]:
    """The start, the snapshots before, at and after the one with the largest gradient, and the end."""
    gradient = np.interp(course.snapshot_epochs, course.epochs, course.gradient_norm)
    steepest, last = int(np.argmax(gradient)), len(gradient) - 1
    return [0, max(0, steepest - 1), steepest, min(last, steepest + 3), last]
