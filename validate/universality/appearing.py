"""How the points of a flip-flop appear as it learns: bifurcations that its latent equations tell, and all its points.

A network of rank two learns to remember two bits. Its overlaps, the two by two matrix N^T M, are the slopes at zero:
where an eigenvalue passes one a pair of points leaves zero. Other points come two by two where det(1 - L) is zero, and
with them those of the other sign. The set of points is proved to be all at every snapshot, and on both sides of each
change.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float, Int

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.nonlinearity import TANH
from simulate.tasks import NBitFlipFlop
from simulate.training import train
from theory.universality import Factored, FixedPointSet, LatentFlow, LatentPath
from validate.output import Plot
from validate.palette import MEASUREMENT, SERIES, THEORY
from validate.plotting import GUIDE, legend_right, new_grid, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Exact, Reported
from validate.universality.settings import Config

BITS, UNITS = 2, 64
STEP, RATE, EVERY = 0.5, 0.01, 20
"""Of time, of Adam, and epochs between two snapshots."""
NARROW = 2.0**-7
"""Of the way between two snapshots: so narrow is a change of the count bracketed before it is predicted."""
OF_EIGENVALUES = ("-", "--")
MARKS = {True: ("v", "predicted, at zero"), False: ("o", "predicted, elsewhere")}
"""Of changes, by whether a pair leaves zero."""
BESIDE = 2.0**-10
"""How far on either side of the predicted change points are counted."""


@dataclass(frozen=True)
class Change:
    """A change of the number of points, at a share of the way from one snapshot to the next, as it is predicted.

    `at_zero`: a pair leaves the point zero, or comes to it. `before` and `after` are what is counted on either side.
    """

    snapshot: int
    share: float | None
    at_zero: bool
    before: int
    after: int

    @property
    def expected(self) -> bool:
        """Whether the count changes as it does at such a bifurcation: by two at zero, by four elsewhere."""
        return self.share is not None and abs(self.after - self.before) == (2 if self.at_zero else 4)


@dataclass(frozen=True, eq=False)
class Appearing:
    """Of each snapshot its epoch, the eigenvalues of its overlaps and how many points it has; and all changes."""

    epochs: Int[np.ndarray, " snapshots"]
    eigenvalues: Float[np.ndarray, "snapshots rank 2"]
    counts: Int[np.ndarray, " snapshots"]
    changes: tuple[Change, ...]


def checks(config: Config, report: Report, progress: Progress) -> Appearing:
    """Train, prove the points of every snapshot, and predict each change."""
    flows, epochs = _snapshots(config, 800 if config.small else 1600)
    return follow_points(flows, epochs, report, progress)


def _snapshots(config: Config, updates: int) -> tuple[list[LatentFlow], Int[np.ndarray, " snapshots"]]:
    keys = jax.random.split(jax.random.key(config.seed), 5)
    size = (UNITS, BITS)
    m, u = jax.random.normal(keys[0], size), jax.random.normal(keys[1], size)
    v, z = 0.3 * jax.random.normal(keys[2], size), 0.3 * jax.random.normal(keys[3], size)
    network = LowRank(Connectivity(m=m, u=u, v=v, z=z), jnp.full(UNITS, 1 / UNITS), TANH)
    task = NBitFlipFlop(keys[4], trials=16, bits=BITS, steps=24, dt=STEP)
    trained = train([network], task, rule=optax.adam(RATE), epochs=updates, snapshot_every=EVERY, record_every=EVERY)
    flows = [latent_flow_of(jax.tree.map(lambda array: array[0], each)) for each in trained.snapshots.networks]
    return flows, np.asarray(trained.snapshots.epochs)


def latent_flow_of(network: LowRank) -> LatentFlow:
    """Of a network without input: M is u, and N is v with the share of each neuron.

    >>> import jax.numpy as jnp
    >>> one = jnp.ones((2, 1))
    >>> latent_flow_of(LowRank(Connectivity(one, one, one, one), jnp.full(2, 0.5), TANH)).slopes(np.zeros(1)).tolist()
    [[1.0]]
    """
    c, share = network.connectivity, np.asarray(network.share)
    return LatentFlow(Factored(np.asarray(c.u), np.asarray(c.v) * share[:, None]), np.zeros(len(share)))


def follow_points(
    flows: list[LatentFlow], epochs: Int[np.ndarray, " snapshots"], report: Report, progress: Progress
) -> Appearing:
    """The points of all snapshots, and each change between two of them."""
    sets, changes = [], list[Change]()
    with progress.task("points along training", total=len(flows)) as done:
        for number, flow in enumerate(flows):
            sets.append(flow.fixed_points())
            if number:
                changes += _changes(number - 1, LatentPath(flows[number - 1], flow), sets[-2], sets[-1])
            done(number + 1)
    counts = np.array([len(each.points) for each in sets])
    overlaps = np.array([flow.slopes(np.zeros(flow.rank)) for flow in flows])
    signs = np.sign(np.linalg.det(np.eye(flows[0].rank) - overlaps))
    report.check(
        "snapshots whose points are proved to be all",
        predicted=len(flows),
        measured=sum(each.complete for each in sets),
        tolerance=Exact("branch and prune in the latent variables"),
    )
    report.check(
        "points modulo four, by the determinant of one less the overlaps",
        predicted=np.where(signs > 0, 1, 3),
        measured=counts % 4,
        tolerance=Exact("indices sum to one, and points but zero are in pairs of one index"),
    )
    report.check(
        "points of the trained network",
        predicted=3**BITS,
        measured=int(counts[-1]),
        tolerance=Reported("a flip-flop's memories, and what is between them"),
    )
    report.check(
        "changes of the count, each where the latent equations tell it",
        predicted=len(changes),
        measured=sum(each.expected for each in changes),
        tolerance=Exact("bracketed by proved sets from both sides"),
    )
    values = np.linalg.eigvals(overlaps)
    values = np.take_along_axis(values, np.argsort(-values.real, axis=1), axis=1)
    return Appearing(epochs, np.stack([values.real, np.imag(values)], axis=-1), counts, tuple(changes))


def _changes(snapshot: int, path: LatentPath, first: FixedPointSet, last: FixedPointSet) -> list[Change]:
    """Each change between two snapshots, bracketed by halving and then predicted."""
    told = list[Change]()
    waiting = [(0.0, first, 1.0, last)]
    while waiting:
        lower, one, upper, other = waiting.pop()
        if len(one.points) == len(other.points):
            continue
        if upper - lower > NARROW:
            middle = (lower + upper) / 2
            between = path.at(middle).fixed_points()
            waiting += [(middle, between, upper, other), (lower, one, middle, between)]
            continue
        told.append(_predicted(snapshot, path, (lower, upper), max(one, other, key=lambda each: len(each.points))))
    return told


def _predicted(snapshot: int, path: LatentPath, bracket: tuple[float, float], more: FixedPointSet) -> Change:
    """The bifurcation in the bracket, by its equations, and what is counted on both sides of it."""
    lower, upper = bracket
    zero = np.zeros(path.begin.rank)
    at_zero = [share for share in path.crossings(zero, places=1025) if lower <= share <= upper]
    if at_zero:
        share: float | None = at_zero[0]
    else:
        middle = (lower + upper) / 2
        flow = path.at(middle)
        places = np.array([each.state for each in more.points if np.abs(each.state).max() > 1e-6])
        near = np.abs(np.linalg.eigvals(flow.slopes(places)) - 1).min(axis=1).argsort()
        sought = (path.fold(middle, places[k]) for k in near)
        folds = (each.share for each in sought if each is not None and each.outcome == "fold")
        share = next((each for each in folds if lower <= each <= upper), None)
    if share is None:
        return Change(snapshot, None, False, 0, 0)
    counted = [len(path.at(share + sign * BESIDE).fixed_points().points) for sign in (-1, 1)]
    return Change(snapshot, share, bool(at_zero), counted[0], counted[1])


def figures(config: Config, results: Appearing) -> tuple[Plot, ...]:
    """Eigenvalues of the overlaps, and how many points there are, against epochs."""
    real = results.eigenvalues[..., 0]
    with style():
        figure, rows = new_grid(2, 1, 6.6, 4.6)
        (above,), (below,) = rows
        for k in range(real.shape[1]):
            label = f"$\\mathrm{{Re}}\\,\\lambda_{k + 1}$"
            above.plot(results.epochs, real[:, k], OF_EIGENVALUES[k], color=SERIES[k], label=label)
        above.axhline(1.0, **GUIDE)
        above.set_ylabel("eigenvalues of the\noverlaps $N^T M$")
        below.step(*_staircase(results), where="post", color=MEASUREMENT, label="proved sets")
        for at_zero, (marker, label) in MARKS.items():
            told = [each for each in results.changes if each.share is not None and each.at_zero == at_zero]
            places = [(_epoch_of(each, results), (each.before + each.after) / 2) for each in told]
            below.plot(
                *np.reshape(places, (-1, 2)).T, marker, color=THEORY, linestyle="none", markersize=5, label=label
            )
        below.set_ylabel("fixed points")
        below.set_yticks(range(1, int(results.counts.max()) + 1, 2))
        for axes in (above, below):
            axes.set_xlabel("epoch")
            legend_right(axes)
    caption = (
        f"One network of rank two and {UNITS} units learns a flip-flop of two bits (seed {config.seed}). a: real parts "
        "of the eigenvalues of its overlaps; where one passes one (dotted) a pair of points leaves zero. b: how many "
        f"points there are, each of {len(results.epochs)} sets proved to be all (line), and where the latent equations "
        f"say that the number changes (marks, {len(results.changes)})."
    )
    shares = np.array([[each.snapshot, np.nan if each.share is None else each.share] for each in results.changes])
    data = {"epochs": results.epochs, "eigenvalues": results.eigenvalues, "counts": results.counts, "changes": shares}
    return (plot("appearing_points", caption, figure, data),)


def _epoch_of(change: Change, results: Appearing) -> float:
    """Where a change is predicted, between the epochs of two snapshots."""
    begin, end = results.epochs[change.snapshot : change.snapshot + 2]
    return float(begin + (change.share or 0.0) * (end - begin))


def _staircase(results: Appearing) -> tuple[list[float], list[int]]:
    """Epochs and counts, of snapshots and after each change."""
    steps = [(float(epoch), int(count)) for epoch, count in zip(results.epochs, results.counts, strict=True)]
    steps += [(_epoch_of(each, results), each.after) for each in results.changes if each.share is not None]
    epochs, counts = zip(*sorted(steps), strict=True)
    return list(epochs), list(counts)
