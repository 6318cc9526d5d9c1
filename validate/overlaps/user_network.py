"""A user's trained network: its overlaps, which are visible and which hidden, and what learning cannot change."""

from dataclasses import dataclass

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.overlaps import gaussian
from theory.overlaps.conserved.counting import count_invariants
from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.conserved.symmetries import Response, generators, noether_matrices
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import OverlapRoles, overlap_roles
from theory.overlaps.gaussian import Nonlinearity
from validate.output import Plot
from validate.overlaps.settings import OwnConfig
from validate.overlaps.user_run import Own
from validate.plotting import new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Reported


@dataclass(frozen=True)
class NetworkResults:
    """The overlaps of a network, the role of each by name, and its invariants by their formula."""

    shape: Shape
    sigma: Float[np.ndarray, "d d"]
    roles: dict[str, str]
    invariants: dict[str, float]


def checks(own: Own, config: OwnConfig, report: Report, progress: Progress) -> NetworkResults:
    """Report what the network's weights say before it learns anything more. Nothing is asserted."""
    shape, phi = Shape(own.counts[0], own.counts[1], own.counts[3]), gaussian.NONLINEARITIES[config.nonlinearity]
    with progress.task("reading the network"):
        _report_rank(report, own)
        roles = overlap_roles(shape, phi)
        results = NetworkResults(shape, own.sigma, _words(roles), _invariants(shape, phi, own.sigma))
        count = count_invariants(shape, phi)
    report.quantity("neurons", config.neurons)
    report.quantity("nonlinearity", config.nonlinearity)
    report.quantity("roles_hold_for", roles.scope.value)
    for a, b in shape.pairs:
        name = shape.overlap(a, b).name
        role = Reported("its role, its value")
        report.check(
            f"overlap {name}", predicted=results.roles[name], measured=float(results.sigma[a, b]), tolerance=role
        )
    for formula, value in results.invariants.items():
        report.quantity(f"invariant {formula}", value)
    for name in ("overlaps", "visible", "function", "invariants", "hidden", "hidden_at_equal_visible"):
        report.quantity(f"count_{name}", getattr(count, name))
    return results


def _report_rank(report: Report, own: Own) -> None:
    """How low the rank of given recurrent weights is; says nothing where u and v were given."""
    assert own.network is not None
    factors = own.network.factors
    if factors is None:
        return
    rank = own.network.rank
    report.check(
        f"recurrent weights: the part that rank {rank} leaves out, |W - u v^T / N| / |W|",
        predicted=0.0,
        measured=factors.residual,
        tolerance=Reported("0 for weights of that rank; Frobenius norm"),
    )
    report.check(
        f"recurrent weights: the next singular value, beside the {rank}. one",
        predicted=factors.last_kept,
        measured=factors.first_left_out,
        tolerance=Reported("low rank where the next one is much smaller"),
    )
    report.quantity("residual", factors.residual)
    report.quantity("singular_values", factors.singular_values[: rank + 10])


def _words(roles: OverlapRoles) -> dict[str, str]:
    """Each overlap's role in words."""
    words = {}
    for each in roles.overlaps:
        seen = "visible" if each in roles.visible else "hidden, felt by learning" if each in roles.needed else "hidden"
        words[each.name] = seen
    return words


def _invariants(shape: Shape, phi: Nonlinearity, sigma: Float[np.ndarray, "d d"]) -> dict[str, float]:
    """The invariants of learning at small rates, all blocks trained: linear ones by formula, then the spectra."""
    values = {}
    one = sp.eye(shape.size)
    for matrix in noether_matrices(generators(shape, Response.of(phi)), one):
        values[str((matrix @ shape.sigma).trace())] = float(np.trace(_numbers(matrix) @ sigma))
    visible = overlap_roles(shape, phi).visible
    for matrix in conserved_matrices(GramEquations(shape, visible).gradient_matrix, one):
        name = "diag(" + ", ".join(str(entry) for entry in matrix.diagonal()) + ")"
        spectrum = np.sort(np.linalg.eigvals(_numbers(matrix) @ sigma).real)  # real: similar to a symmetric matrix
        values |= {f"eigenvalue {k + 1} of {name} Sigma": float(value) for k, value in enumerate(spectrum)}
    return values


def _numbers(matrix: sp.MatrixBase) -> Float[np.ndarray, "d d"]:
    return np.array(matrix.tolist(), dtype=float)


def figures(config: OwnConfig, results: NetworkResults) -> tuple[Plot, ...]:
    """The Gram matrix; visible overlaps are framed."""
    shape, sigma = results.shape, results.sigma
    size, largest = shape.size, float(np.abs(sigma).max())
    with style():
        figure, axes = new_figure(1.8 + 0.45 * size, 1.0 + 0.45 * size)
        axes.grid(False)
        image = axes.imshow(sigma, cmap="RdBu_r", vmin=-largest, vmax=largest)
        for a in range(size):
            for b in range(size):
                name = shape.overlap(a, b).name
                bold = "bold" if results.roles[name] == "visible" else "normal"
                dark = "white" if abs(sigma[a, b]) > 0.6 * largest else "black"
                axes.text(b, a, f"{sigma[a, b]:.2g}", ha="center", va="center", fontsize=7, weight=bold, color=dark)
        axes.set_xticks(range(size), shape.labels)
        axes.set_yticks(range(size), shape.labels)
        figure.colorbar(image, ax=axes, shrink=0.8)
    caption = f"Overlaps of the user's network of {config.neurons} {config.nonlinearity} neurons; visible ones in bold."
    return (plot("overlaps", caption, figure, {"sigma": sigma, "columns": np.array(shape.labels)}),)


def files(config: OwnConfig, results: NetworkResults) -> dict[str, bytes]:
    """`overlaps.csv`: the Gram matrix to the last digit, its columns named in a comment."""
    rows = [",".join(f"{value:.17g}" for value in row) for row in results.sigma]
    return {"overlaps.csv": "\n".join(["# " + ",".join(results.shape.labels), *rows, ""]).encode()}
