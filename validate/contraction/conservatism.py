"""How much each condition gives away: its largest gain relative to one at which no multiplier is left."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.contraction.conditions.multiplier import searched
from theory.contraction.conditions.registry import ABSOLUTE, MULTIPLIER, SINGULAR
from theory.contraction.conditions.weighted_norms import NORM_1
from theory.contraction.form import VOLTAGE
from theory.contraction.gain import largest_gain
from theory.contraction.network import Matrix, network
from validate.contraction.ranges import Ranges, ranges_of
from validate.contraction.settings import Config
from validate.output import Plot
from validate.palette import MEASUREMENT, MUTED, SERIES
from validate.plotting import GUIDE, PREDICTED, WIDE, complex_plane, legend_below, new_grid, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import AtLeast

COMPARED = (ABSOLUTE, SINGULAR, MULTIPLIER, NORM_1)
KINDS = ("dense", "sparse", "negative diagonal", "antisymmetric part")
SIZE = 8


@dataclass(frozen=True)
class ConservatismResults:
    """Gain of each condition over the gain excluded for all multipliers: kinds x matrices x conditions."""

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    ratios: Float[np.ndarray, "kinds matrices conditions"]
    ranges: tuple[Ranges, ...]


def checks(config: Config, report: Report, progress: Progress) -> ConservatismResults:
    """Certified gains from below, an exact dual from above: the multiplier search gives away less than 1 %."""
    rng = np.random.default_rng(config.seed)
    count = config.effort.matrices
    ratios = np.zeros((len(KINDS), count, len(COMPARED)))
    ranges = []
    with progress.task("conservatism", total=len(KINDS) * count) as advance:
        for row, kind in enumerate(KINDS):
            bracketed = np.zeros(count)
            for number in range(count):
                weights = _drawn_matrix(kind, SIZE, rng)
                asked = network(weights, VOLTAGE)
                gain = largest_gain(asked)
                if gain.low is None or gain.high is None:
                    continue
                bracketed[number] = gain.low / gain.high
                for column, condition in enumerate(COMPARED):
                    supremum = condition.supremum(asked)
                    ratios[row, number, column] = 0.0 if supremum is None else supremum.gain / gain.high
                if number == 0:
                    ranges.append(ranges_of(asked, searched(asked).value))
                advance(row * count + number + 1)
            report.check(
                f"{kind}: certified gain, as a fraction of a gain excluded exactly",
                predicted=np.full(count, 0.99),
                measured=bracketed,
                tolerance=AtLeast("both ends proved in rational arithmetic"),
            )
            for column, condition in enumerate(COMPARED):
                report.quantity(
                    f"median_gain_{kind.replace(' ', '_')}_{condition.name.replace(' ', '_')}",
                    float(np.median(ratios[row, :, column])),
                )
    return ConservatismResults(KINDS, tuple(c.name for c in COMPARED), ratios, tuple(ranges))


def _drawn_matrix(kind: str, size: int, rng: np.random.Generator) -> Matrix:
    """A random matrix of one kind, strongly connected enough to have a finite gain."""
    weights = rng.normal(size=(size, size)) / np.sqrt(size)
    match kind:
        case "sparse":
            weights = np.where(rng.random((size, size)) < 0.3, weights, 0.0)
            weights[np.arange(size), (np.arange(size) + 1) % size] += 0.5  # one cycle through all neurons
        case "negative diagonal":
            weights -= np.diag(rng.uniform(0, 3, size))
        case "antisymmetric part":
            weights = (weights + weights.T) / 4 + (weights - weights.T)
    return weights


def figures(config: Config, results: ConservatismResults) -> tuple[Plot, ...]:
    """Two figures."""
    return (_gains(results), _ranges(results))


def _gains(results: ConservatismResults) -> Plot:
    with style():
        figure, panels = new_panels(len(results.kinds), 9.6, 3.2)
        for axes, kind, ratios in zip(panels, results.kinds, results.ratios, strict=True):
            for name, colour, column in zip(results.names, SERIES, ratios.T, strict=False):
                share = np.arange(1, len(column) + 1) / len(column)
                axes.step(np.sort(column), share, where="post", color=colour, label=typeset(name))
            axes.axvline(1, **GUIDE)
            axes.set(title=kind, xlabel="gain / excluded gain", xlim=(0, 1.05 * results.ratios.max()), ylim=(0, 1.02))
        panels[0].set(ylabel="share of matrices")
        legend_below(figure, len(results.names))
    caption = (
        "How far each condition lets the slopes grow, relative to the gain at which no multiplier is left (proved); "
        "the l1 norm, which is not quadratic, may reach further. Cumulative shares of "
        f"{results.ratios.shape[1]} matrices of {SIZE} x {SIZE} a kind."
    )
    return plot("conservatism", caption, figure, {"ratios": results.ratios})


def _ranges(results: ConservatismResults) -> Plot:
    data: dict[str, np.ndarray] = {}
    with style():
        figure, grid = new_grid(-(-len(results.ranges) // 2), 2, WIDE, 4.8)
        panels = [axes for row in grid for axes in row]
        plain = np.concatenate([part for one in results.ranges for part in (one.plain, one.scaled)])
        reach = 1.1 * np.abs(plain.imag).max()
        for number, (axes, kind, one) in enumerate(zip(panels, results.kinds, results.ranges, strict=False)):
            axes.plot(one.edge.real, one.edge.imag, label="parabola at the largest gain", **PREDICTED)
            axes.plot(one.plain.real, one.plain.imag, color=MUTED, linestyle="--", label=f"range of {typeset('W')}")
            axes.plot(one.scaled.real, one.scaled.imag, color=MEASUREMENT, label=f"range of {typeset('D W / D')}")
            complex_plane(axes)
            axes.set(title=kind, xlim=(1.1 * plain.real.min(), 1.6 * max(plain.real.max(), 0.5)), ylim=(-reach, reach))
            data |= {f"{part}_{number}": getattr(one, part) for part in ("plain", "scaled", "edge")}
        legend_below(figure, 3)
    caption = (
        "The numerical range of W, before and after the best scaling of the neurons, and the parabola that it touches; "
        "one matrix a kind."
    )
    return plot("numerical_ranges", caption, figure, data)
