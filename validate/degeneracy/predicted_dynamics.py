"""Dynamics of linear low-rank networks predicted from overlaps: what their similarity analysis (DSA) sees."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float

from simulate.cells.nonlinearity import LINEAR
from simulate.degeneracy.rows import Rows
from simulate.degeneracy.settling import settling
from simulate.measures.dsa import DSA
from simulate.measures.operator import Operator
from simulate.measures.orthogonal import OperatorDistance
from simulate.overlaps import draw_exact, random_gram
from theory.degeneracy import (
    Dispersion,
    directions,
    dispersed_points,
    dynamics_apart,
    embedded_operator,
    least_distance,
    non_normality,
    normal_rows,
    operator_coordinates,
    root_mean_square_apart,
)
from theory.lowering import lower_numpy
from theory.overlaps import Shape
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, WIDE, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, AtMost, Relative, Reported

ONE, TWO = Shape(), Shape(inputs=2, rank=2)
NEURONS, TRIALS, STEPS, DT = 60, 20, 15, 0.2
DELAYS = 3
VM, VU = 0.5, 0.8
"""Of all networks of one function: L = [[-1, 0], [VM, VU - 1]]."""
FAMILY = 9
POPULATION = ((64, 256, 1024, 4096), 100)
"""Neurons, and pairs of networks of each."""
ROUNDING = 1e-6
"""Of fits: a direction a thousand times smaller than another is known to 1e-13, its rates to 1e-10; with a margin."""


@dataclass(frozen=True)
class OneFunction:
    """Networks of one function and growing uu: their non-normality, and their distances from the first of them."""

    non_normality: Float[np.ndarray, " networks"]
    predicted: Float[np.ndarray, " networks"]
    in_activity: Float[np.ndarray, " networks"]
    white: Float[np.ndarray, " networks"]


@dataclass(frozen=True)
class Populations:
    """Root mean squared distance of networks drawn alike, by neurons: measured, its standard error, and predicted."""

    neurons: tuple[int, ...]
    measured: Float[np.ndarray, " sizes"]
    error: Float[np.ndarray, " sizes"]
    predicted: Float[np.ndarray, " sizes"]


@dataclass(frozen=True)
class PredictedDynamics:
    """What was found."""

    family: OneFunction
    populations: Populations


def overlaps_of(uu: float, mu: float = 0.0, mm: float = 1.0) -> Float[np.ndarray, "4 4"]:
    """Those of a network of the one function; v is as long as it has to be."""
    sigma = np.diag([mm, uu, 4.0, 1.0])
    for a, b, value in ((0, 1, mu), (0, 2, VM), (1, 2, VU)):
        sigma[a, b] = sigma[b, a] = value
    return sigma


def checks(config: Config, report: Report, progress: Progress) -> PredictedDynamics:
    """Networks of one function; of two, with delays; of higher rank; and populations of growing width."""
    latents = np.random.default_rng(config.seed).normal(size=(TRIALS, 2))
    family = _one_function(config, latents, report)
    _two_functions(config, latents, report)
    _any_rank(config, report)
    return PredictedDynamics(family, _populations(config, report, progress))


def fitted(sigma: Float[np.ndarray, "d d"], shape: Shape, seed: int, latents: np.ndarray, delays: int = 1) -> Operator:
    """The operator of the activity of a network of these overlaps."""
    network = draw_exact(jax.random.key(seed), sigma, shape.counts, NEURONS, LINEAR)
    activity = settling(network, latents, steps=STEPS, dt=DT)
    return DSA(delays=delays, rank=latents.shape[1]).fit_operator(activity)


def _one_function(config: Config, latents: np.ndarray, report: Report) -> OneFunction:
    sigmas = [overlaps_of(uu) for uu in np.geomspace(0.3, 8.0, FAMILY)]
    operators = [fitted(sigma, ONE, config.seed + k, latents) for k, sigma in enumerate(sigmas)]
    apart = OperatorDistance()
    found = OneFunction(
        np.array([_departure(each) for each in sigmas]),
        DT * np.array([dynamics_apart(sigmas[0], each).value for each in sigmas]),
        np.array([apart(operators[0].in_activity, each.in_activity).value for each in operators]),
        np.array([apart(operators[0], each).value for each in operators]),
    )
    report.check(
        "one function, rank one: DSA in coordinates of the activity, by the non-normality",
        predicted=found.predicted,
        measured=found.in_activity,
        tolerance=Absolute(ROUNDING, "rounding of fits"),
    )
    report.check(
        "one function, rank one: DSA in whitened coordinates",
        predicted=ROUNDING,
        measured=found.white,
        tolerance=AtMost("nothing invisible is seen, but for rounding of fits"),
    )
    level = overlaps_of(2.0)
    other = overlaps_of(2.0, mu=0.4)
    squares = _departure(level) ** 2
    other[0, 0] = ((0.4 * VU - 2.0 * VM) ** 2 / squares + 0.4**2) / 2.0
    pair = [fitted(each, ONE, config.seed + k, latents).in_activity for k, each in enumerate((level, other))]
    report.check(
        "one function and one non-normality, other mm and mu: DSA in coordinates of the activity",
        predicted=ROUNDING,
        measured=apart(*pair).value,
        tolerance=AtMost("nothing but the non-normality is seen"),
    )
    return found


def _departure(sigma: Float[np.ndarray, "4 4"]) -> float:
    """Henrici's departure from normality of the flow."""
    symbols = tuple(ONE.overlap(a, b) for a, b in ONE.pairs)
    return float(lower_numpy(symbols, non_normality())(*(sigma[a, b] for a, b in ONE.pairs)))


def _two_functions(config: Config, latents: np.ndarray, report: Report) -> None:
    """Any two networks of rank one, with one delay and with several."""
    sigmas = [random_gram(30, 4, config.seed + k) for k in (1, 2)]
    for delays in (1, DELAYS):
        pair = [fitted(sigma, ONE, config.seed + k, latents, delays) for k, sigma in enumerate(sigmas)]
        predicted = least_distance(*(embedded_operator(sigma, dt=DT, delays=delays) for sigma in sigmas))
        report.check(
            f"two functions, rank one, delays {delays}: DSA in coordinates of the activity",
            predicted=predicted.value,
            measured=OperatorDistance()(*(each.in_activity for each in pair)).value,
            tolerance=Absolute(ROUNDING, "rounding of fits"),
        )


def _any_rank(config: Config, report: Report) -> None:
    """Two inputs, rank two: the interval of the theory, and where the search in the activity ends."""
    sigmas = [random_gram(30, TWO.size, config.seed + k) for k in (3, 4)]
    latents = np.random.default_rng(config.seed).normal(size=(TRIALS, 4))
    pair = [fitted(sigma, TWO, config.seed + k, latents).in_activity for k, sigma in enumerate(sigmas)]
    found = dynamics_apart(sigmas[0], sigmas[1], TWO)
    measured = OperatorDistance()(*pair)
    report.check(
        "rank two, two inputs: DSA in coordinates of the activity",
        predicted=DT * found.value,
        measured=measured.value,
        tolerance=Absolute(DT * found.gap + ROUNDING, "the interval of the theory, and rounding of fits"),
    )
    report.check(
        "rank two, two inputs: bound by sorted eigenvalues, over the semidefinite one",
        predicted=1.0,
        measured=measured.lower / (DT * found.lower),
        tolerance=Reported("where it is below 1 the former is not reached"),
    )


def _populations(config: Config, report: Report, progress: Progress) -> Populations:
    """Rows drawn: root mean squared DSA of pairs, by the closed form from their overlaps, against N^-1/2."""
    S = overlaps_of(2.0, mu=0.4)
    points = dispersed_points(operator_coordinates(), Dispersion(S, directions(normal_rows(S))))
    sizes, pairs = POPULATION
    root = np.linalg.cholesky(S).T
    measured, error = np.empty((2, len(sizes)))
    with progress.task("populations drawn", len(sizes)) as advance:
        for k, neurons in enumerate(sizes):
            drawn = Rows(root).draw_overlaps(neurons=neurons, networks=2 * pairs, seed=config.seed + k)
            both = zip(drawn[::2], drawn[1::2], strict=True)
            squares = np.array([dynamics_apart(one, other).value ** 2 for one, other in both])
            measured[k] = np.sqrt(squares.mean())
            error[k] = squares.std(ddof=1) / np.sqrt(pairs) / (2 * measured[k])
            advance(k + 1)
    predicted = np.array([root_mean_square_apart(points, n) for n in sizes])
    report.check(
        f"population, rank one: root mean squared DSA of networks drawn, N = {sizes[-1]}",
        predicted=predicted[-1],
        measured=measured[-1],
        tolerance=Relative(
            float(4 * error[-1] / measured[-1] + 50 / sizes[-1]), "four standard errors, and terms of order 1 / N"
        ),
    )
    return Populations(sizes, measured, error, predicted)


def figures(config: Config, results: PredictedDynamics) -> tuple[Plot, ...]:
    """DSA against the non-normality, and against the width."""
    family, drawn = results.family, results.populations
    with style():
        figure, (left, right) = new_panels(2, WIDE, 3.6)
        left.plot(family.non_normality, family.predicted, **PREDICTED, label="predicted: closed form")
        left.plot(family.non_normality, family.in_activity, **MEASURED, label="coordinates of the activity")
        white = {"markerfacecolor": "none", "marker": "s", "label": "whitened"}
        left.plot(family.non_normality, family.white, **MEASURED | white)
        left.set(
            xlabel=r"departure from normality ($1/\tau$)",
            ylabel="DSA from the first network (per step)",
            title="one function",
        )
        root = np.sqrt(drawn.neurons)
        right.plot(drawn.neurons, root * drawn.predicted, **PREDICTED, label="predicted: covariance of rows")
        label = f"{POPULATION[1]} pairs a size"
        right.errorbar(
            drawn.neurons, root * drawn.measured, yerr=root * drawn.error, **MEASURED, capsize=2, label=label
        )
        right.set_xscale("log")
        mark_values(right, [float(n) for n in drawn.neurons])
        right.set(
            xlabel=f"neurons {typeset('N')}",
            ylabel=r"rms DSA $\times\,\sqrt{N}$ ($1/\tau$)",
            ylim=(0.0, 1.15 * (root * (drawn.measured + drawn.error)).max()),
            title="rows drawn alike",
        )
        for axes in (left, right):
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
    data = {
        "non_normality": family.non_normality,
        "dsa_predicted": family.predicted,
        "dsa_in_activity": family.in_activity,
        "dsa_whitened": family.white,
        "neurons": np.array(drawn.neurons, float),
        "population_predicted": drawn.predicted,
        "population_measured": drawn.measured,
        "population_standard_error": drawn.error,
    }
    caption = (
        f"a: {FAMILY} linear networks of rank one, {NEURONS} neurons and one function: they differ in overlaps that no "
        "output shows. DSA sees these where it compares activity in its own coordinates (dots), as the closed form "
        "says (line), and not where activity is whitened (squares). "
        f"b: root mean squared DSA of {POPULATION[1]} pairs a size whose rows are drawn alike; bars: standard error of "
        f"the root mean square. Seed {config.seed}."
    )
    return (plot("dynamics_predicted", caption, figure, data),)
