"""Networks of networks: feedback by equation (3), hierarchies, recursion; the metric and the rate of the whole."""

from dataclasses import dataclass

import flint
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.patches import Circle

from simulate.cells.nonlinearity import TANH
from simulate.contraction.adversary import worst_slopes
from simulate.contraction.pairs import flow_distances
from theory.contraction.assembly.assembly import ExactAssembly, assemble, linked, module, whole_metric
from theory.contraction.assembly.certificate import certify_assembly
from theory.contraction.certify import as_multiplier, certify
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import FORMS, VOLTAGE, Form
from validate.contraction.claims import COMBINATIONS
from validate.contraction.decays import draw_decays
from validate.contraction.settings import Config
from validate.contraction.simulated import (
    ROUNDING,
    dense_metric,
    random_drives,
    random_starts,
    simulated_assembly,
    switching_search,
)
from validate.output import Plot
from validate.palette import FAINT, MEASUREMENT, MUTED, THEORY
from validate.plotting import WIDE, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtLeast, AtMost, Exact

TIMES = np.linspace(0.0, 6.0, 31)


@dataclass(frozen=True)
class AssemblyResults:
    """Distances relative to the start, and the certified rate, of each assembly by name."""

    names: tuple[str, ...]
    times: Float[np.ndarray, " times"]
    distances: tuple[Float[np.ndarray, "runs times"], ...]
    rates: tuple[float, ...]


def checks(config: Config, report: Report, progress: Progress) -> AssemblyResults:
    """Certificates of assemblies of assemblies, their flows and their adversaries; and links that no rule restrains."""
    rng = np.random.default_rng(config.seed)
    built = _built(rng, report)
    distances, rates = [], []
    with progress.task("assemblies", total=len(built)) as advance:
        for done, (name, assembly) in enumerate(built.items()):
            distance, rate = _follow(name, assembly, config, report)
            distances.append(distance)
            rates.append(rate)
            advance(done + 1)
    _floating_links(rng, report)
    _unrestrained_links(rng, config, report)
    return AssemblyResults(tuple(built), TIMES, tuple(distances), tuple(rates))


def _module(size: int, form: Form, time_constant: float, rng: np.random.Generator) -> ExactAssembly:
    weights = rng.normal(size=(size, size))
    found = certify(0.8 * weights / np.linalg.norm(weights, 2), form)
    claim = as_multiplier(found.network, found.claims[0])
    assert claim is not None
    return module(found.network, claim, time_constant)


def _links(rows: int, columns: int, rng: np.random.Generator) -> ExactMatrix:
    return ExactMatrix.of(np.round(rng.normal(size=(rows, columns)) * 16) / 16)


def _built(rng: np.random.Generator, report: Report) -> dict[str, ExactAssembly]:
    """Feedback between two modules, an assembly of that with a third, and one with a hierarchy; forms and tau mixed."""
    first, second = _module(4, FORMS[0], 1.0, rng), _module(3, FORMS[1], 2.0, rng)
    third, fourth = _module(5, VOLTAGE, 0.5, rng), _module(3, VOLTAGE, 1.0, rng)
    pair = assemble([first, second], feedback={(0, 1): _links(4, 3, rng), (1, 0): _links(3, 4, rng)})
    triple = assemble([pair, third], feedback={(0, 1): _links(7, 5, rng)})
    deep = assemble([triple, fourth], hierarchy={(1, 0): _links(3, 12, rng)})
    nonzero = sum(
        not assembly.residual(i, j).is_zero()
        for assembly in (pair, triple)
        for i in range(len(assembly.members))
        for j in range(i)
    )
    report.check("pairs of modules with M L + L^T M not exactly zero", predicted=0, measured=nonzero, tolerance=Exact())
    for name, assembly in (("feedback", pair), ("recursion", triple)):
        certificate = certify_assembly(assembly)
        report.check(
            f"{name}: certified rate equals the slowest module's, exactly",
            predicted=str(_slowest(assembly)),
            measured=None if certificate is None else str(certificate.rate),
            tolerance=Exact(),
            claim=COMBINATIONS,
        )
    certificate, slowest = certify_assembly(deep), _slowest(deep)
    report.check(
        "hierarchy: share of the slowest module's rate that is certified",
        predicted=0.98,
        measured=0.0 if certificate is None else float(certificate.rate / slowest),
        tolerance=AtLeast("links in one direction cost 1 % of the slowest part's rate at most"),
        claim=COMBINATIONS,
    )
    return {"feedback": pair, "recursion": triple, "hierarchy": deep}


def _follow(
    name: str, assembly: ExactAssembly, config: Config, report: Report
) -> tuple[Float[np.ndarray, "runs times"], float]:
    certificate = certify_assembly(assembly)
    assert certificate is not None
    rate = float(certificate.rate)
    system = simulated_assembly(assembly, TANH)
    metric = dense_metric(whole_metric(assembly))
    count = config.effort.trajectories
    drives, (starts, others) = random_drives(count, assembly.size, config.seed), random_starts(count, assembly.size, 7)
    pairs = flow_distances(system, drives, starts, others, metric=metric, times=jnp.asarray(TIMES))
    distance = np.asarray(pairs.distance)
    heard = distance[:, 1:] > 1e-4
    report.check(
        f"{name}: certified rate, and the slowest decay of a distance over any interval",
        predicted=np.where(heard, np.asarray(pairs.rates()), np.inf).min() + ROUNDING,
        measured=rate,
        tolerance=AtMost(f"{count} pairs, each with inputs of its own"),
        claim=COMBINATIONS,
    )
    report.check(
        f"{name}: largest logarithmic norm at adversarial slopes",
        predicted=-rate + ROUNDING,
        measured=worst_slopes(system, metric, seed=config.seed).log_norm,
        tolerance=AtMost("minus the certified rate"),
    )
    report.check(
        f"{name}: fastest growth under adversarial switching",
        predicted=-rate + ROUNDING,
        measured=switching_search(config).run(system, metric).growth_rate,
        tolerance=AtMost("minus the certified rate"),
    )
    return distance / distance[:, :1], rate


def _floating_links(rng: np.random.Generator, report: Report) -> None:
    """The links that a simulation runs with, in floating point: the residual is absorbed by the certificate."""
    parts = [_module(16, VOLTAGE, 1.0, rng) for _ in range(4)]
    metrics = [part.members[0].claim.metric.approximate() for part in parts]
    links = {}
    for i in range(4):
        for j in range(i):
            forward = rng.normal(size=(16, 16))
            links[i, j] = ExactMatrix.of(forward)
            links[j, i] = ExactMatrix.of(-np.linalg.solve(metrics[j], forward.T @ metrics[i]))
    assembly = linked(parts, links)
    certificate = certify_assembly(assembly)
    slowest = _slowest(assembly)
    report.check(
        "links in floating point, 4 x 16: rate certified, relative to the slowest module's",
        predicted=1 - 1e-5,
        measured=0.0 if certificate is None else float(certificate.rate / slowest),
        tolerance=AtLeast("rounding of the links, absorbed in the margin"),
    )


def _unrestrained_links(rng: np.random.Generator, config: Config, report: Report) -> None:
    """The same modules with links of the same size that obey no rule: nothing is certified, and an adversary grows."""
    parts = [_module(4, VOLTAGE, 1.0, rng) for _ in range(3)]
    links = {(i, j): _links(4, 4, rng) for i in range(3) for j in range(3) if i != j}
    assembly = linked(parts, links)
    report.check(
        "unrestrained links: certificates found (control)",
        predicted=0,
        measured=int(certify_assembly(assembly) is not None),
        tolerance=Exact(),
    )
    system, metric = simulated_assembly(assembly, TANH), dense_metric(whole_metric(assembly))
    report.check(
        "unrestrained links: growth rate under adversarial switching (control)",
        predicted=0.0,
        measured=switching_search(config).run(system, metric).growth_rate,
        tolerance=AtLeast("the control must fail, or the rule would not be what keeps contraction"),
    )


def _slowest(assembly: ExactAssembly) -> flint.fmpq:
    """The slowest member's own rate per unit of time."""
    return min(member.claim.rate / member.time_constant for member in assembly.members)


DIAGRAMS: dict[str, tuple[tuple[tuple[float, float, float], ...], tuple[tuple[int, int, bool], ...]]] = {
    "feedback": (((0.0, 0.0, 0.8), (3.0, 0.0, 0.8)), ((0, 1, True),)),
    "recursion": (((0.0, 0.0, 0.6), (2.0, 0.0, 0.6), (1.0, 0.0, 2.0), (5.0, 0.0, 0.8)), ((0, 1, True), (2, 3, True))),
    "hierarchy": (((0.0, 0.0, 1.2), (4.0, 0.0, 0.8)), ((0, 1, False),)),
}
"""Of each assembly: its parts as circles (place and radius), and its links: from, to, and whether one goes back."""


def figures(config: Config, results: AssemblyResults) -> tuple[Plot, ...]:
    """How the assemblies are built, and one panel an assembly."""
    return _diagrams(), _decays(config, results)


def _diagrams() -> Plot:
    """Contracting parts that make contracting wholes, whose parts they may be again."""
    words = {
        "feedback": "two modules, linked both ways\nby $L$ and $-M_1^{-1} L^T M_2$",
        "recursion": "the whole is a module\nof a larger whole",
        "hierarchy": "any links, in one direction",
    }
    with style():
        figure, panels = new_panels(len(DIAGRAMS), WIDE, 2.6)
        for axes, (name, (circles, links)) in zip(panels, DIAGRAMS.items(), strict=True):
            for x, y, radius in circles:
                whole = radius > 1.5
                axes.add_patch(
                    Circle(
                        (x, y),
                        radius,
                        facecolor=FAINT if whole else MEASUREMENT,
                        alpha=1 if whole else 0.85,
                        edgecolor=MUTED,
                        zorder=1 if whole else 2,
                    )
                )
            for one, other, back in links:
                (x, y, r), (x2, y2, r2) = circles[one], circles[other]
                ways = (((x + r, y), (x2 - r2, y2)), ((x2 - r2, y2), (x + r, y)))
                for start, end in ways[: 2 if back else 1]:
                    look = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.35", "color": THEORY, "linewidth": 1.4}
                    axes.annotate("", end, start, arrowprops=look, zorder=3)
            axes.set(title=name, aspect="equal", xlim=(-1.6, 6.2), ylim=(-4.0, 2.4))
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
            axes.text(2.3, -2.3, words[name], ha="center", va="top", fontsize=8)
    caption = (
        "Fig. 1: contracting modules (blue) make a contracting whole. Red: links, which need not be small. "
        "M: the metrics in which the modules contract."
    )
    places = np.array([circle for circles, _ in DIAGRAMS.values() for circle in circles])
    return plot("fig_1", caption, figure, {"circles": places})


def _decays(config: Config, results: AssemblyResults) -> Plot:
    data = {f"distance_{name}": d for name, d in zip(results.names, results.distances, strict=True)}
    data |= {"times": results.times, "rates": np.array(results.rates)}
    with style():
        figure, panels = new_panels(len(results.names), 9.6, 3.4)
        for axes, name, distance, rate in zip(panels, results.names, results.distances, results.rates, strict=True):
            draw_decays(axes, results.times, distance[:60], rate)
            axes.set(title=f"{name}: {axes.get_title()}", xlabel="time (units of the modules)")
        panels[0].set(ylabel="distance / at the start")
        legend_below(figure, 3)
    count = min(60, config.effort.trajectories)
    caption = (
        f"Assemblies of networks under random inputs: distances of {count} pairs of trajectories in the metric of the "
        "whole (a line a pair), and the certified envelope. Above each panel: the certified rate, and the slowest "
        "measured."
    )
    return plot("assemblies", caption, figure, data)
