"""A user's trained network: its overlaps, which are visible and which hidden, and what learning cannot change."""

from dataclasses import dataclass

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory import gaussian
from theory.conserved.counting import count_invariants
from theory.conserved.invariants import conserved_matrices
from theory.conserved.symmetries import Response, generators, noether_matrices
from theory.gaussian import Nonlinearity
from theory.lowrank.gram import GramEquations
from theory.lowrank.shape import Shape
from theory.lowrank.visible import OverlapRoles, overlap_roles
from validate.checks.lowrank.own import Own
from validate.checks.lowrank.settings import OwnConfig
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
