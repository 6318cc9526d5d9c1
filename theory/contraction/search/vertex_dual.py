"""Proofs that no constant quadratic metric exists, from the dual of the LMI at the corners."""

from collections.abc import Iterator

import numpy as np

from theory.contraction.claims.no_quadratic import Displacements, NoQuadraticMetric
from theory.contraction.claims.no_quadratic_step import NoQuadraticStep
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.network import Network
from theory.contraction.search.balanced_units import in_balanced_units
from theory.contraction.search.boundary_dual import boundary_dual
from theory.contraction.search.invariant import Basis, invariant_bases
from theory.contraction.search.vertex_lmi import PROGRAMMED, Balance, Square, balances, drift_of

EXACT = 60
"""Neurons up to which anything is tried; a semidefinite program only in up to `PROGRAMMED` dimensions."""
BOUNDARY = 1e-6
"""Margins of which less than this may be zero: the proof is then sought among short vectors."""


@in_balanced_units
def refute_quadratic(network: Network, rate: float = 0.0) -> NoQuadraticMetric | NoQuadraticStep | None:
    """A proof that no constant quadratic metric contracts faster than `rate`; None where none is found.

    None does not mean that there is a metric: beyond `EXACT` neurons nothing is tried, and on the boundary, where a
    metric just fails to exist, only small networks and short vectors are.
    """
    if rate < 0 or network.size > EXACT:
        return None
    for basis in invariant_bases(network):
        if _hopeless(network, rate, basis):
            continue
        claim = _refuted(network, rate, basis)
        if claim is not None:
            return claim
    return None


def _hopeless(network: Network, rate: float, basis: Basis) -> bool:
    """Too many dimensions to try, or a single one that is stable at all corners."""
    if basis.shape[1] > 1:
        return basis.shape[1] > PROGRAMMED
    drift = drift_of(network, rate, basis)
    least, *single = (float(drift.at(corner)[0, 0]) for corner in (np.zeros(network.size), *np.eye(network.size)))
    changes = [value - least for value in single]
    return drift.decays(least + sum(min(0.0, c) for c in changes), least + sum(max(0.0, c) for c in changes))


def _refuted(network: Network, rate: float, basis: Basis) -> NoQuadraticMetric | NoQuadraticStep | None:
    kind = NoQuadraticStep if network.form.discrete else NoQuadraticMetric
    whole = basis.shape[1] == network.size
    last: Balance | None = None
    for balance in balances(network, rate, None if whole else basis):
        last = balance
        if balance.margin > 0:
            for bits in (5, 8, 12, 20, 30, 45):
                terms = tuple(_terms(network, balance, np.eye(network.size) if whole else basis, bits))
                claim = kind(rational(rate), terms)
                if claim.holds(network.exact):
                    return claim
    if last is not None and not network.form.discrete and abs(last.margin) < BOUNDARY * _size(network):
        duals = last.duals if whole else [basis @ dual @ basis.T for dual in last.duals]
        return boundary_dual(network, rate, list(zip(last.corners, duals, strict=True)))
    return None


def _terms(network: Network, balance: Balance, basis: Basis, bits: int) -> Iterator[Displacements]:
    """Every Z as a sum of v v^T, v the basis times coordinates that are all rounded to one grid."""
    roots = [_root(dual) for dual in balance.duals]
    rounded = on_grid(np.concatenate(roots), bits).reshape(len(roots), -1, basis.shape[1])
    columns = ExactMatrix.of(basis)
    for corner, root in zip(balance.corners, rounded, strict=True):
        vectors = tuple(tuple(columns.times(list(map(rational, v)))) for v in root.tolist() if any(v))
        if vectors:
            yield Displacements(tuple(map(rational, network.slopes_at(corner).tolist())), vectors)


def _root(matrix: Square) -> Square:
    """Rows v with matrix = sum of v v^T, an eigenvector each."""
    values, vectors = np.linalg.eigh(matrix)
    roots: Square = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    return roots


def _size(network: Network) -> float:
    """The order of magnitude of the Jacobians."""
    return float(max(np.abs(network.jacobian(corner * np.ones(network.size))).max() for corner in (0.0, 1.0)))
