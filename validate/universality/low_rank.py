"""Low-rank networks of published kinds against their latent equations: exactly for N units, as N^-1/2 for all N.

Four and eight memories of populations with overlaps of their own, a circle of points of one population with overlaps
alike, and a cycle of one whose overlaps turn: Beiran et al. (2021), after Mastrogiuseppe and Ostojic (2018).
"""

from dataclasses import dataclass, field, replace

import jax.numpy as jnp
import numpy as np
import scipy.optimize
from jaxtyping import Float
from matplotlib.ticker import LogLocator
from threadpoolctl import threadpool_limits

from simulate.latent import (
    DrawnUnits,
    LatentPortrait,
    LatentVelocity,
    RateVelocity,
    draw_units,
    latent_portrait,
    settle,
)
from theory.universality import Factored, GaussianLoadings, GaussianPopulation, LatentFlow
from validate.output import Plot
from validate.plotting import (
    MEASURED,
    PREDICTED,
    SEM,
    WIDE,
    legend_below,
    mark_values,
    new_panels,
    plot,
    style,
)
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Exact, Relative
from validate.universality.latent_figure import drawn_portraits
from validate.universality.settings import Config

OVERLAP = 1.6
"""Of m and n, over all units: the eigenvalue at the origin is 0.6."""
TURNING = 1.0
"""Of overlaps that turn: the origin's eigenvalues are 0.6 +- i."""
UNITS = 300
"""Of networks that are looked at in all their units."""
RANKS = 2, 3
"""Of those whose memories are held against infinitely many units."""
SIZES = (512, 1024, 2048, 4096, 8192)
"""Units of networks whose points are held against those of infinitely many."""
ROUNDING = 1e-12
"""Of sums over some hundred units, and of what is solved from them."""
SPREAD = 1e-6
"""Of eigenvalues of a matrix of many that are equal: they are found to the square root of rounding, or so."""
FAR = 5.0
"""Standard errors: passed by chance once in two million."""


@dataclass(frozen=True, eq=False)
class LowRankNetworks:
    """Of each size the root mean square distance of a point from where it is predicted; for figures, portraits by name.

    `errors` are standard errors of the distances, `predicted` what theory says of them.
    """

    sizes: tuple[int, ...]
    distances: Float[np.ndarray, " sizes"]
    errors: Float[np.ndarray, " sizes"]
    predicted: Float[np.ndarray, " sizes"]
    portraits: dict[str, LatentPortrait] = field(default_factory=dict)


def memories(rank: int) -> GaussianLoadings:
    """A population for each latent variable, with an overlap along it alone: 3^rank points.

    >>> memories(2).eigenvalues(np.zeros(2)).real.round(6).tolist()
    [0.6, 0.6]
    """
    return GaussianLoadings(
        tuple(_population(np.outer(axis, axis) * OVERLAP * rank, 1 / rank) for axis in np.eye(rank))
    )


def alike() -> GaussianLoadings:
    """One population with the same overlap along two variables, and none across: a circle of points."""
    return GaussianLoadings((_population(OVERLAP * np.eye(2), 1.0),))


def turning() -> GaussianLoadings:
    """One population whose overlaps turn: a cycle."""
    return GaussianLoadings((_population(np.array([[OVERLAP, -TURNING], [TURNING, OVERLAP]]), 1.0),))


def _population(overlaps: Float[np.ndarray, "rank rank"], share: float) -> GaussianPopulation:
    """Means of zero, m of variance one where it overlaps, n as little besides as one; no drive."""
    rank = len(overlaps)
    used = np.diag((np.abs(overlaps).sum(axis=0) > 0).astype(float))
    covariance = np.zeros((2 * rank + 1, 2 * rank + 1))
    covariance[:rank, :rank] = used
    covariance[rank:-1, :rank], covariance[:rank, rank:-1] = overlaps, overlaps.T
    covariance[rank:-1, rank:-1] = overlaps @ overlaps.T + used
    return GaussianPopulation(share, np.zeros(2 * rank + 1), covariance)


def checks(config: Config, report: Report, progress: Progress) -> LowRankNetworks:
    """Prove, compare with all units, and measure how chance falls with their number."""
    networks = _networks(config)
    with progress.task("networks of low rank", total=5) as done:
        for number, rank in enumerate(RANKS, start=1):
            with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
                _hold_finite(rank, config, report)
            done(number)
        distances, errors, predicted = _hold_law(memories(2), networks, config, report)
        done(3)
        _hold_circle(networks, config, report)
        done(4)
        _hold_cycle(report)
        done(5)
    return LowRankNetworks(SIZES, distances, errors, predicted)


def flow_of(units: DrawnUnits) -> LatentFlow:
    """The latent flow of drawn units."""
    return LatentFlow(Factored(units.M, units.N), units.drive)


def _hold_finite(rank: int, config: Config, report: Report) -> None:
    """Of one drawn network: points as infinitely many units have them, in number and kind, and exact in all units."""
    loadings, name = memories(rank), f"rank {rank}"
    infinite = loadings.network().fixed_points()
    units = draw_units(loadings.populations, UNITS, seed=config.seed)
    flow = flow_of(units)
    found = flow.fixed_points()
    exact = Exact("proved sets")
    report.check(
        f"{name}: points of infinitely many units", predicted=3**rank, measured=len(infinite.points), tolerance=exact
    )
    report.check(
        f"{name}: sets proved to be all", predicted=2, measured=infinite.complete + found.complete, tolerance=exact
    )
    places = np.array([each.state for each in infinite.points])
    kappas = np.array([each.state for each in found.points])
    kinds = [
        np.bincount(flow_kinds, minlength=rank + 1)
        for flow_kinds in ((loadings.eigenvalues(places).real > 0).sum(axis=1), flow.unstable_dimensions(kappas))
    ]
    report.check(
        f"{name}: points by their unstable dimensions, {UNITS} units",
        predicted=str(kinds[0].tolist()),
        measured=str(kinds[1].tolist()),
        tolerance=Exact("points far from where two meet"),
    )
    states = flow.state(kappas)
    still = states - np.tanh(states) @ units.N @ units.M.T - units.drive
    report.check(
        f"{name}: speed of all units at the points",
        predicted=ROUNDING,
        measured=float(np.abs(still).max()),
        tolerance=AtMost("rounding"),
    )
    apart, rest = 0.0, 0.0
    for kappa, x in zip(kappas, states, strict=True):
        values = np.linalg.eigvals(units.M @ units.N.T * (1 - np.tanh(x) ** 2)) - 1
        values = values[np.argsort(-np.abs(values + 1))]
        mine = np.sort_complex(values[:rank])
        apart = max(apart, float(np.abs(mine - np.sort_complex(flow.eigenvalues(kappa))).max()))
        rest = max(rest, float(np.abs(values[rank:] + 1).max()))
    report.check(
        f"{name}: eigenvalues of all units from the latent ones",
        predicted=1e-9,
        measured=apart,
        tolerance=AtMost("rounding of simple eigenvalues"),
    )
    report.check(
        f"{name}: the others from -1",
        predicted=SPREAD,
        measured=rest,
        tolerance=AtMost("rounding of equal eigenvalues"),
    )
    stable = kappas[flow.unstable_dimensions(kappas) == 0]
    starts = np.random.default_rng(config.seed).uniform(-1.5, 1.5, (64, rank))
    M, N, drive = jnp.asarray(_filled(units.M)), jnp.asarray(_filled(units.N)), jnp.asarray(units.drive)
    latent = settle(LatentVelocity(M, N, drive), _filled(stable), _filled(starts)).nodes
    whole = settle(RateVelocity(M, N, drive), flow.state(stable), flow.state(starts)).nodes
    report.check(
        f"{name}: of 64 states, all units end at another point than the latent flow",
        predicted=0,
        measured=int((latent != whole).sum()),
        tolerance=Exact("an invariant plane"),
    )


def _filled(array: Float[np.ndarray, "rows rank"]) -> Float[np.ndarray, "rows _"]:
    """With variables that nothing drives and that drive nothing, so that one program serves all ranks."""
    return np.pad(array, ((0, 0), (0, RANKS[-1] - array.shape[1])))


def _continued(flow: LatentFlow, start: Float[np.ndarray, " rank"]) -> Float[np.ndarray, " rank"]:
    """The point next to this place, by Newton's method."""
    kappa = start.copy()
    for _ in range(8):
        kappa = kappa + np.linalg.solve(np.eye(flow.rank) - flow.slopes(kappa), flow.velocity(kappa))
    return kappa


def _hold_law(
    loadings: GaussianLoadings, networks: int, config: Config, report: Report
) -> tuple[Float[np.ndarray, " sizes"], ...]:
    """Where drawn networks have a memory, against where infinitely many units have it: N^-1/2, with its factor.

    Distances, their standard errors, and what is predicted.
    """
    places = np.array([each.state for each in loadings.network().fixed_points().points])
    place = places[places.sum(axis=1).argmax()]
    scatter = loadings.scatter(place)
    squares, lengths = np.zeros((len(SIZES), networks)), np.zeros((len(SIZES), networks))
    for row, size in enumerate(SIZES):
        for number in range(networks):
            units = draw_units(loadings.populations, size, seed=config.seed + 1000 * row + number)
            off = _continued(flow_of(units), place) - place
            squares[row, number], lengths[row, number] = size * off @ np.linalg.solve(scatter, off), off @ off
    mean, rank = squares.mean(axis=1), loadings.rank
    slope = float(np.polyfit(np.log(SIZES), np.log(lengths.mean(axis=1)) / 2, 1)[0])
    centred = np.log(SIZES) - np.log(SIZES).mean()
    error = float(np.sqrt(2 / (rank * networks)) / 2 / np.sqrt((centred**2).sum()))
    report.check(
        "distance of points from those of infinitely many units, as a power of N",
        predicted=-0.5,
        measured=slope,
        tolerance=Absolute(FAR * error, f"{FAR:g} standard errors of a chi-squared a size"),
    )
    report.check(
        f"its square with {SIZES[-1]} units, in units of what is predicted",
        predicted=1.0,
        measured=float(mean[-1] / rank),
        tolerance=Absolute(FAR * float(np.sqrt(2 / (rank * networks))), f"{FAR:g} standard errors of a chi-squared"),
    )
    distances = np.sqrt(lengths.mean(axis=1))
    errors = lengths.std(axis=1, ddof=1) / np.sqrt(networks) / (2 * distances)
    return distances, errors, np.sqrt(np.trace(scatter) / np.array(SIZES))


def _hold_circle(networks: int, config: Config, report: Report) -> None:
    """Infinitely many units stand still on a circle; N of them move on it as N^-1/2, and have some points near it."""
    loadings = alike()
    radius = _radius(loadings)
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    circle = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    report.check(
        "circle: speed of infinitely many units",
        predicted=ROUNDING,
        measured=float(np.abs(loadings.velocity(circle)).max()),
        tolerance=AtMost("rounding"),
    )
    values = loadings.eigenvalues(circle)
    report.check(
        "circle: eigenvalue along it",
        predicted=0.0,
        measured=float(np.abs(values[:, 0]).max()),
        tolerance=Absolute(1e-9, "rounding"),
    )
    size, place = SIZES[0], circle[0]
    covariance, square = loadings.covariance(place), 0.0
    for number in range(4 * networks):
        velocity = flow_of(draw_units(loadings.populations, size, seed=config.seed + number)).velocity(place)
        square += size * float(velocity @ np.linalg.solve(covariance, velocity)) / (8 * networks)
    report.check(
        f"circle: squared speed of {size} units, in units of what is predicted",
        predicted=1.0,
        measured=square,
        tolerance=Absolute(FAR / float(np.sqrt(4 * networks)), f"{FAR:g} standard errors of a chi-squared"),
    )


def _hold_cycle(report: Report) -> None:
    """The cycle's radius and speed, by integration of a network with the flow of infinitely many units."""
    loadings = turning()
    radius = _radius(loadings)
    flow = loadings.network(0.5)
    velocity = LatentVelocity(jnp.asarray(flow.weights.M), jnp.asarray(flow.weights.N), jnp.asarray(flow.drive))
    ends = settle(velocity, np.zeros((0, 2)), [[0.1, 0.0], [0.0, 3.0]], longest=100.0).ends
    report.check(
        "cycle: radius",
        predicted=radius,
        measured=np.linalg.norm(ends, axis=1),
        tolerance=Relative(1e-6, "nodes and steps"),
    )
    report.check(
        "cycle: velocity along it, over its radius",
        predicted=TURNING / OVERLAP,
        measured=[float(np.linalg.det([end, flow.velocity(end)]) / (end @ end)) for end in ends],
        tolerance=Relative(1e-6, "nodes and steps"),
    )


def _radius(loadings: GaussianLoadings) -> float:
    """Where the flow along the first variable goes neither in nor out: <tanh'> is one over the overlap."""
    return float(scipy.optimize.brentq(lambda r: loadings.velocity(np.array([r, 0.0]))[0], 0.1, 10.0, xtol=1e-14))


def _portrait(loadings: GaussianLoadings, seed: int) -> LatentPortrait:
    units = draw_units(loadings.populations, UNITS, seed=seed)
    points = np.array([each.state for each in flow_of(units).fixed_points().points])
    velocity = LatentVelocity(jnp.asarray(units.M), jnp.asarray(units.N), jnp.asarray(units.drive))
    return latent_portrait(velocity, points, reach=2.0)


def for_figures(config: Config, results: LowRankNetworks, progress: Progress) -> LowRankNetworks:
    """A portrait of each kind: nothing is checked by them, and what moves on a circle is followed for long."""
    kinds = {"four memories": memories(2), "overlaps alike": alike(), "overlaps that turn": turning()}
    portraits: dict[str, LatentPortrait] = {}
    with progress.task("portraits", total=len(kinds)) as done:
        for name, loadings in kinds.items():
            portraits[name] = _portrait(loadings, config.seed)
            done(len(portraits))
    return replace(results, portraits=portraits)


def _networks(config: Config) -> int:
    """How many are drawn of each size."""
    return 100 if config.small else 400


def figures(config: Config, results: LowRankNetworks) -> tuple[Plot, ...]:
    """Three portraits, and how far points are from those of infinitely many units."""
    portraits = drawn_portraits(
        tuple(results.portraits.values()),
        tuple(results.portraits),
        name="low_rank_portraits",
        networks=f"one network of {UNITS} units a panel (seed {config.seed})",
    )
    with style():
        figure, (axes, ratios) = new_panels(2, WIDE, 3.4)
        label = r"predicted, $(\mathrm{tr}\,\Sigma / N)^{1/2}$"
        axes.loglog(results.sizes, results.predicted, **PREDICTED, label=label)
        axes.errorbar(results.sizes, results.distances, results.errors, **MEASURED, label="drawn networks")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylabel(r"distance of a memory, in $\kappa$")
        ratios.axhline(1.0, **PREDICTED)
        over = results.distances / results.predicted, results.errors / results.predicted
        ratios.errorbar(results.sizes, *over, **MEASURED)
        ratios.set_xscale("log")
        ratios.set_ylabel("measured / predicted")
        for panel in (axes, ratios):
            mark_values(panel, results.sizes)
            panel.set_xlabel("units $N$")
        legend_below(figure, 2)
    caption = (
        "a: how far a memory of networks of N units is from that of infinitely many: root mean square over "
        f"{_networks(config)} networks a size (points), and predicted (line, nothing fitted). b: their ratio; {SEM} "
        f"(seed {config.seed})."
    )
    data = {"units": np.array(results.sizes), "measured": results.distances, "errors": results.errors}
    data["predicted"] = results.predicted
    return (*portraits, plot("low_rank_law", caption, figure, data))
