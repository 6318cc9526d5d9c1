"""The LMI of a constant quadratic metric at the corners of the slopes, and its dual, by one semidefinite program.

Over P >= 0 with trace 1, the least m with P A_k + A_k^T P <= m I at all corners, A_k = J_k + c I, equals the largest
eigenvalue bound of the dual: the most that the sum of A_k Z_k + Z_k A_k^T can exceed m I, over Z_k >= 0 whose traces
add up to 1. m < 0 is a metric, m > 0 a proof that there is none (`tests/theory/contraction/test_vertex_lmi.py`). Of a
map the same is said of A^T P A - rho^2 P and A Z A^T - rho^2 Z, A = F (`tests/theory/contraction/test_maps.py`).
Corners enter one by one, where the present metric fails most, so that few of the 2^n are needed.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from theory.contraction.claims.slopes import CORNERED
from theory.contraction.claims.step_vertices import StepVertices
from theory.contraction.claims.vertices import Vertices
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.balanced_units import balancing
from theory.contraction.search.invariant import Basis

Square = Float[np.ndarray, "dimensions dimensions"]
AtCorners = Vertices | StepVertices
"""A metric that is checked at all corners, of a flow or of a map."""
ROUNDS = 40
_CLEARLY = 1e-9
PROGRAMMED = 24
"""Neurons up to which the program is solved at all."""


@dataclass(frozen=True)
class Balance:
    """The optimum over some corners, given as fractions (0 or 1) of the largest slopes: m, its P and its Z_k."""

    margin: float
    metric: Square
    corners: list[Vector]
    duals: list[Square]
    worst: float
    """The largest eigenvalue of P A + A^T P over the corners that were tried beyond these."""


@dataclass(frozen=True)
class Drift:
    """J + c I in coordinates of an invariant subspace, or in neurons balanced by powers of two, which is exact."""

    network: Network
    rate: float
    basis: Basis | None

    @cached_property
    def columns(self) -> Basis:
        """What the coordinates multiply: a basis, columns n long."""
        if self.basis is not None:
            return self.basis
        return np.diag(1 / balancing(self.network.gained))

    @cached_property
    def inverse(self) -> Float[np.ndarray, "dimensions n"]:
        """From displacements in the subspace to coordinates."""
        return np.linalg.pinv(self.columns)

    def at(self, corner: Vector) -> Square:
        """At these fractions of the largest slopes."""
        return np.asarray(self.inverse @ self.moving(corner) @ self.columns)

    def moving(self, corner: Vector) -> Matrix:
        """J + c I."""
        return self.network.jacobian(corner) + self.rate * np.eye(self.network.size)

    def growth(self, metric: Any, drift: Square) -> Any:
        """What the metric's form does where displacements obey this; numpy's or cvxpy's."""
        return metric @ drift + drift.T @ metric

    def metric(self, metric: Square) -> Square:
        """From coordinates to neurons; a metric of the coordinates stays one where there is a basis."""
        return metric if self.basis is not None else np.asarray(self.inverse.T @ metric @ self.inverse)

    def dual(self, dual: Square) -> Square:
        """From coordinates to neurons, with the same reserve."""
        return dual if self.basis is not None else np.asarray(self.columns @ dual @ self.columns.T)

    def decays(self, least: float, most: float) -> bool:
        """Whether all of these, in a single dimension, decay by a margin."""
        return most < -_CLEARLY


@dataclass(frozen=True)
class StepDrift(Drift):
    """The same of a map: F, and what it does to a form in a step, less rho^2 of it."""

    def moving(self, corner: Vector) -> Matrix:
        """F."""
        return np.eye(self.network.size) + self.network.jacobian(corner)

    def growth(self, metric: Any, drift: Square) -> Any:
        """A^T P A - rho^2 P."""
        return drift.T @ metric @ drift - (1 - self.rate) ** 2 * metric

    def decays(self, least: float, most: float) -> bool:
        """Whether all are below rho in size."""
        return max(-least, most) < 1 - self.rate - _CLEARLY


def drift_of(network: Network, rate: float, basis: Basis | None) -> Drift:
    """That of a flow or of a map."""
    return (StepDrift if network.form.discrete else Drift)(network, rate, basis)


def solve_vertices(network: Network, rate: float) -> AtCorners | None:
    """A metric that contracts at `rate` > 0 at all corners; None where none is found, or n above `CORNERED`."""
    kind = StepVertices if network.form.discrete else Vertices
    if rate <= 0 or network.size > CORNERED:
        return None
    for balance in balances(network, rate):
        if balance.margin >= 0:
            return None
        if balance.worst < 0:
            for bits in (10, 20, 40):
                claim = kind(rational(rate), ExactMatrix.of(on_grid(balance.metric, bits)))
                if claim.holds(network.exact):
                    return claim
    return None


def balances(network: Network, rate: float, basis: Basis | None = None) -> Iterator[Balance]:
    """Optima over more and more corners, until the metric holds at all corners or provably none does.

    With a basis of an invariant subspace (`invariant`), P and the Z_k are those of the coordinates in it.
    """
    drift = drift_of(network, rate, basis)
    found = _first_corners(network.size)
    rng = np.random.default_rng(0)
    for _ in range(ROUNDS):
        drifts = [drift.at(corner) for corner in found]
        solution = _optimum(drift, drifts)
        if solution is None:
            return
        margin, metric, duals = solution
        further = _violated(drift, metric, found, rng)
        worst = max((value for value, _ in further), default=margin)
        yield Balance(margin, drift.metric(metric), list(found), [drift.dual(dual) for dual in duals], worst)
        new = [corner for value, corner in further if value > max(0.0, margin)][:4]
        if margin > 0 or not new:
            return
        found += new


def _first_corners(size: int) -> list[Vector]:
    single = np.eye(size)
    candidates = [np.zeros(size), np.ones(size), *single, *(1 - single)]
    return [np.array(corner) for corner in dict.fromkeys(tuple(c.tolist()) for c in candidates)]


def _optimum(drift: Drift, drifts: list[Square]) -> tuple[float, Square, list[Square]] | None:
    import cvxpy

    size = len(drifts[0])
    metric, margin = cvxpy.Variable((size, size), PSD=True), cvxpy.Variable()
    at_corners = [margin * np.eye(size) - drift.growth(metric, each) >> 0 for each in drifts]
    problem = cvxpy.Problem(cvxpy.Minimize(margin), [*at_corners, cvxpy.atoms.affine.trace.trace(metric) == 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver=cvxpy.CLARABEL)
        except cvxpy.SolverError:
            return None
    if margin.value is None or metric.value is None:
        return None
    duals = [np.asarray(corner.dual_value) for corner in at_corners]
    return float(margin.value), _symmetric(metric.value), [_symmetric(dual) for dual in duals]


def _symmetric(matrix: Square) -> Square:
    return (matrix + matrix.T) / 2


def _violated(
    drift: Drift, metric: Square, known: list[Vector], rng: np.random.Generator
) -> list[tuple[float, Vector]]:
    """Corners that are not known yet, with their largest eigenvalue of P A + A^T P, the largest first.

    All corners up to `CORNERED` neurons; beyond, the ends of ascents by flips of one neuron.
    """
    size = drift.network.size
    if size <= CORNERED:
        tried = (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(float)
    else:
        starts = [*known[-4:], *rng.integers(0, 2, (4, size)).astype(float)]
        tried = np.array([_flipped(drift, metric, start) for start in starts])
    values = _largest(drift, metric, tried)
    seen = {tuple(corner.tolist()) for corner in known}
    order = np.argsort(-values)
    ranked = {tuple(tried[i].tolist()): float(values[i]) for i in order}
    return [(value, np.array(corner)) for corner, value in ranked.items() if corner not in seen]


def _largest(drift: Drift, metric: Square, corners: Float[np.ndarray, "corners n"]) -> Float[np.ndarray, " corners"]:
    found = []
    for chunk in np.array_split(corners, max(1, len(corners) // 1024)):
        found.append(np.linalg.eigvalsh([drift.growth(metric, drift.at(corner)) for corner in chunk])[:, -1])
    return np.concatenate(found)


def _flipped(drift: Drift, metric: Square, start: Vector) -> Vector:
    best, value = start, _largest(drift, metric, start[None])[0]
    while True:
        neighbours = np.abs(best - np.eye(len(start)))
        values = _largest(drift, metric, neighbours)
        if values.max() <= value:
            return best
        best, value = neighbours[values.argmax()], values.max()
