"""A user's trained network: its overlaps, which are visible and which hidden, and what learning cannot change.

Findings; nothing is asserted. The cost is that of the overlaps themselves, whatever the number of columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.overlaps import gaussian
from theory.overlaps.conserved.counting import InvariantCount, count_by_formula
from theory.overlaps.conserved.symmetries import Response
from theory.overlaps.conserved.values import InvariantValues, invariant_values
from theory.overlaps.equations.roles import BlockRoles, Role
from theory.overlaps.equations.shape import BLOCKS, Shape
from validate.output import Plot
from validate.overlaps.gaussian_rows import RowStatistics, row_statistics
from validate.overlaps.settings import UserConfig
from validate.overlaps.user_files import NetworkArrays
from validate.overlaps.user_run import UserRun
from validate.plotting import new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.task_file import IGNORED

LISTED = 60
"""Overlaps that are told one by one; of more, each pair of blocks is summed up."""
DRAWN = 24
"""Columns whose overlaps are written into the figure."""


@dataclass(frozen=True)
class NetworkResults:
    """The overlaps of a network, and the roles they have."""

    shape: Shape
    sigma: Float[np.ndarray, "d d"]
    roles: BlockRoles


def checks(own: UserRun, config: UserConfig, report: Report, progress: Progress) -> NetworkResults:
    """Report what the network's weights say before it learns anything more."""
    network = own.network
    assert network is not None
    shape, phi = Shape(own.counts[0], own.counts[1], own.counts[3]), gaussian.NONLINEARITIES[config.nonlinearity]
    with progress.task("reading the network"):
        roles, response = BlockRoles.of(phi), Response.of(phi)
        results = NetworkResults(shape, own.sigma, roles)
        rows = row_statistics(network.theta, _u_and_v_first(shape), config.seed)
    report.finding("neurons", config.neurons, "", f"{config.nonlinearity}; read by the convention {config.convention}")
    report.finding("columns_of_theta", shape.size, "", _columns(network, shape))
    _report_ignored(report, network)
    _report_scale(report, network)
    _report_rank(report, network)
    _report_rows(report, shape, rows)
    report.finding("roles_hold_for", roles.scope.name.lower().replace("_", " "), "", roles.scope.value)
    _report_overlaps(report, results)
    _report_invariants(report, shape, response, invariant_values(shape, response, own.sigma))
    count = count_by_formula(shape, response)
    _report_counts(report, count, response)
    report.conclude(_conclusion(shape, count, response, rows))
    if network.scale_hint is not None:
        report.conclude(f"its recurrent weights have norm {network.recurrent_norm:.2g}, {network.scale_hint}")
    return results


def _u_and_v_first(shape: Shape) -> tuple[int, ...]:
    return tuple(column for block in "uvmz" for column in shape.columns(block))


def _columns(network: NetworkArrays, shape: Shape) -> str:
    counts = dict(zip(BLOCKS, shape.counts, strict=True))
    words = ", ".join(f"{count} of {block}" for block, count in counts.items())
    last = shape.inputs
    notes = []
    for what, each, drive in (
        ("initial state", network.weights.start, "an impulse at the start of a trial"),
        ("bias", network.weights.bias, "an input of one; the outputs are read after it"),
    ):
        if each is not None:
            notes.append(f"m{last} is the {what}, driven by {drive}")
            last -= 1
    return "; ".join([words, *reversed(notes)])


def _report_ignored(report: Report, network: NetworkArrays) -> None:
    if network.weights.ignored:
        report.finding("network_ignored", network.weights.ignored, "", IGNORED)


def _report_scale(report: Report, network: NetworkArrays) -> None:
    """The size of the recurrent weights; the factor 1/N is misplaced where they are further from 1 than with it."""
    hint = network.scale_hint
    meaning = "largest singular value of W; a trained network's is of the order of 1"
    if hint is not None:
        meaning = f"far from 1, where a trained network's is: {hint}"
        report.quantity("scale_hint", hint)
    report.finding("recurrent_norm", network.recurrent_norm, "", meaning)


def _report_rank(report: Report, network: NetworkArrays) -> None:
    """How low the rank of given recurrent weights is; says nothing where u and v were given."""
    factors, rank = network.factors, network.rank
    if factors is None:
        return
    report.finding(
        "residual", factors.residual, "", f"the part of W that rank {rank} leaves out, |W - u v^T / N| / |W|, Frobenius"
    )
    report.finding(
        "next_singular_value",
        factors.first_left_out,
        "",
        f"beside {factors.last_kept:.4g}, number {rank}: low rank where it is much smaller",
    )
    report.quantity("singular_values", factors.singular_values[: rank + 10])


def _report_rows(report: Report, shape: Shape, rows: RowStatistics) -> None:
    """How Gaussian the rows are, on which the roles rest unless the network is linear."""
    expected = f"of a block's columns the furthest from 0; Gaussian rows have 0 +- {rows.kurtosis_error:.2g}"
    for block in BLOCKS:
        columns = list(shape.columns(block))
        found = rows.kurtosis[columns]
        furthest = None if np.isnan(found).all() else float(found[np.nanargmax(np.abs(found))])
        report.finding(f"excess_kurtosis_{block}", furthest, "", expected)
    centre = None if np.isnan(rows.mean).all() else float(np.nanmax(np.abs(rows.mean)))
    report.finding("largest_column_mean", centre, "standard errors", "the theory's rows have zero mean")
    if rows.classes is None:
        report.finding("row_classes", None, "", "too few neurons to tell one class from several")
    else:
        better = f"better than one by {rows.evidence:.3g} (BIC)" if rows.evidence else "one Gaussian describes the rows"
        report.finding(
            "row_classes", rows.classes, "Gaussian classes", f"of up to 4 the number that fits best; {better}"
        )
    report.quantity("rows_gaussian", rows.gaussian)
    report.quantity("excess_kurtosis", rows.kurtosis)
    report.quantity("excess_kurtosis_error", rows.kurtosis_error)
    report.quantity("row_classes_evidence", rows.evidence)


def _report_overlaps(report: Report, results: NetworkResults) -> None:
    shape, sigma, roles = results.shape, results.sigma, results.roles
    report.quantity("roles", {f"{a}{b}": roles(a, b).value for k, a in enumerate(BLOCKS) for b in BLOCKS[k:]})
    if len(shape.pairs) <= LISTED:
        labels = [label[0] for label in shape.labels]
        for a, b in shape.pairs:
            role = roles(labels[a], labels[b])
            report.finding(f"overlap {shape.overlap(a, b).name}", float(sigma[a, b]), "", role.value)
        return
    for first, second in _block_pairs():
        part = sigma[np.ix_(list(shape.columns(first)), list(shape.columns(second)))]
        meaning = f"{part.shape[0]} x {part.shape[1]}, {roles(first, second).value}; root of their mean square"
        report.finding(f"overlaps {first} {second}", float(np.sqrt(np.mean(part**2))), "", meaning)


def _block_pairs() -> Iterator[tuple[str, str]]:
    return ((first, second) for k, first in enumerate(BLOCKS) for second in BLOCKS[k:])


def _report_invariants(report: Report, shape: Shape, response: Response, values: InvariantValues) -> None:
    """What learning at small rates leaves as it is, all blocks trained; matrices and spectra as a whole if large."""
    meaning = "learning at small rates does not change it"
    if shape.size > DRAWN:
        report.quantity("invariant u^T u - v^T v", values.latent)
        report.finding("largest invariant u^T u - v^T v", float(np.abs(values.latent).max()), "", meaning)
    else:
        u, v = shape.columns("u"), shape.columns("v")
        for a in range(shape.rank):
            for b in range(a, shape.rank):
                names = shape.overlap(u[a], u[b]).name, shape.overlap(v[a], v[b]).name
                report.finding(f"invariant {names[0]} - {names[1]}", float(values.latent[a, b]), "", meaning)
    if values.input_output is not None:
        name = "mm - zz" if shape.inputs == shape.outputs == 1 else "tr mm - tr zz"
        report.finding(f"invariant {name}", values.input_output, "", meaning)
    if values.spectrum is not None:
        if shape.size > DRAWN:
            report.quantity("invariant spectrum of A Sigma", values.spectrum)
        else:
            for k, value in enumerate(values.spectrum):
                name = f"invariant eigenvalue {k + 1} of A Sigma"
                report.finding(name, float(value), "", f"{meaning}; A = 1 on m and u, -1 on v and z")


def _report_counts(report: Report, count: InvariantCount, response: Response) -> None:
    whose = "; of the Gaussian closure" if response is Response.homogeneous else ""
    for name, meaning in (
        ("overlaps", "numbers in the symmetric matrix theta^T theta / N"),
        ("visible", "the outputs depend on them"),
        ("function", "numbers that what the network computes fixes"),
        ("invariants", "independent numbers that learning leaves as they are"),
        ("hidden", "directions in which neither function nor an invariant changes"),
        ("hidden_at_equal_visible", "directions in which no visible overlap and no invariant changes"),
    ):
        report.finding(f"count_{name}", getattr(count, name), "", meaning + whose)


def _conclusion(shape: Shape, count: InvariantCount, response: Response, rows: RowStatistics) -> str:
    text = f"{count.visible} of {count.overlaps} overlaps of your rank-{shape.rank} network are visible"
    if response is Response.linear:
        return f"{text}, exactly: it is linear"
    if rows.gaussian:
        return f"{text}, as far as its rows are Gaussian, and nothing found speaks against it"
    reasons = []
    if rows.classes is not None and rows.classes > 1:
        reasons.append(f"{rows.classes} classes of neurons")
    if rows.strayed:
        labels = [shape.labels[k] for k in rows.strayed[:3]]
        reasons.append(f"kurtosis of {', '.join(labels)}{' and others' if len(rows.strayed) > 3 else ''}")
    return f"{text} if its rows were Gaussian; they are not ({' and '.join(reasons) or 'their mean is not zero'})"


def figures(config: UserConfig, results: NetworkResults) -> tuple[Plot, ...]:
    """The Gram matrix; visible overlaps are in bold where the values are written in."""
    shape, sigma = results.shape, results.sigma
    size, largest = shape.size, float(np.abs(sigma).max())
    visible = results.roles.table(shape, Role.VISIBLE)
    inches = 0.45 * min(size, DRAWN)
    with style():
        figure, axes = new_figure(1.8 + inches, 1.0 + inches)
        axes.grid(False)
        image = axes.imshow(sigma, cmap="RdBu_r", vmin=-largest, vmax=largest)
        if size <= DRAWN:
            for (a, b), value in np.ndenumerate(sigma):
                bold = "bold" if visible[a, b] else "normal"
                dark = "white" if abs(value) > 0.6 * largest else "black"
                axes.text(b, a, f"{value:.2g}", ha="center", va="center", fontsize=7, weight=bold, color=dark)
            labels = [f"${label}$" for label in shape.labels]
            axes.set_xticks(range(size), labels)
            axes.set_yticks(range(size), labels)
        else:
            first = [shape.columns(block)[0] for block in BLOCKS]
            axes.set_xticks(first, BLOCKS)
            axes.set_yticks(first, BLOCKS)
        figure.colorbar(image, ax=axes, shrink=0.8, label="overlap")
    caption = f"Overlaps of the user's network of {config.neurons} {config.nonlinearity} neurons; visible ones in bold."
    data = {"sigma": sigma, "columns": np.array(shape.labels), "visible": visible}
    return (plot("overlaps", caption, figure, data),)


def files(config: UserConfig, results: NetworkResults) -> dict[str, bytes]:
    """`overlaps.csv`: the Gram matrix to the last digit, its columns named in a comment."""
    rows = [",".join(f"{value:.17g}" for value in row) for row in results.sigma]
    return {"overlaps.csv": "\n".join(["# " + ",".join(results.shape.labels), *rows, ""]).encode()}
