"""Slopes at which displacements do not decay: the Jacobian's spectral abscissa, maximised over the slopes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import flint
import numpy as np
import scipy.linalg

from theory.contraction.claims.claim import Statement
from theory.contraction.claims.fixed_slopes import FixedSlopes
from theory.contraction.claims.slopes import Slopes, drift, form_value, twice_symmetric_part
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.balanced_units import in_balanced_units
from theory.contraction.search.growing_form import growing_in_flow

ALL_CORNERS = 10
"""Neurons up to which all corners are tried."""
STARTS = 4
LARGE = 64
"""Neurons beyond which fewer ascents are made, and shorter ones."""
_AXIS = 1e-9
_EXACT_NULL = 40
_EXACT_LYAPUNOV = 8

StatementT = TypeVar("StatementT", bound=Statement)


@in_balanced_units
def unstable_at_largest(network: Network, rate: float = 0.0) -> FixedSlopes | None:
    """That the largest slopes are such, by eigenvalues that tell at once; None where they do not.

    >>> from theory.contraction import VOLTAGE, network
    >>> unstable_at_largest(network(np.array([[2.0]]), VOLTAGE)) is None
    False
    """
    largest = np.ones(network.size)
    return _strict(network, rate, largest) if rate >= 0 and abscissa(network, largest) > _AXIS - rate else None


@in_balanced_units
def unstable_slopes(network: Network, rate: float = 0.0) -> FixedSlopes | None:
    """Slopes at which some displacement falls no faster than exp(-`rate` t), with proof; None where none are found.

    All slopes at their largest come first, then all corners (up to `ALL_CORNERS` neurons), then ascents of the
    abscissa: inside the box it can be larger than at the corners, from three neurons on.
    """
    if rate < 0:
        return None
    for fractions in _candidates(network, rate):
        for shrunk in (1.0, 1 - 2.0**-7, 1 - 2.0**-13):  # an eigenvalue on the axis can so be moved off
            if abscissa(network, shrunk * fractions) > -rate:
                claim = _strict(network, rate, shrunk * fractions)
                if claim is not None:
                    return claim
        claim = _on_the_axis(network, rate, fractions)
        if claim is not None:
            return claim
    return None


def abscissa(network: Network, fractions: Vector) -> float:
    """The largest real part of J's eigenvalues at these fractions of the largest slopes."""
    return float(np.linalg.eigvals(network.jacobian(fractions)).real.max())


def steepest(network: Network, fractions: Vector) -> tuple[float, Vector]:
    """The abscissa and its gradient in the fractions (`tests/theory/contraction/test_instability.py`: differences)."""
    values, left, right = scipy.linalg.eig(network.jacobian(fractions), left=True)
    top = values.real.argmax()
    l, r = left[:, top].conj() / network.time_constants, right[:, top]  # noqa: E741
    change = network.form.driven(l, network.gained) * network.form.sensed(network.gained.T, r)
    gradient: Vector = (change / (left[:, top].conj() @ r)).real
    return float(values[top].real), gradient


def _candidates(network: Network, rate: float) -> Iterator[Vector]:
    size = network.size
    ones = np.ones(size)
    if abscissa(network, ones) > -rate - _AXIS:
        yield ones
    best: list[Vector] = []
    if size <= ALL_CORNERS:
        corners = (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(float)
        values = np.concatenate(
            [
                np.linalg.eigvals(np.array([network.jacobian(corner) for corner in chunk])).real.max(axis=1)
                for chunk in np.array_split(corners, max(1, len(corners) // 256))
            ]
        )
        best = [corners[i] for i in np.argsort(-values, kind="stable")[:STARTS]]
        yield from (corner for corner in best if abscissa(network, corner) > -rate - _AXIS)
    rng = np.random.default_rng(0)
    for start in (ones, *best, *rng.uniform(size=(STARTS if size <= LARGE else 1, size))):
        end = ascend(partial(steepest, network), start, -rate + 10 * _AXIS)
        if abscissa(network, end) > -rate - _AXIS:
            yield end


def ascend(steepest: Callable[[Vector], tuple[float, Vector]], start: Vector, enough: float) -> Vector:
    """Projected gradient ascent on the box, with a step that grows when it helps and halves when it does not.

    `steepest` gives a value and its gradient; the ascent ends where the value is above `enough`.
    """
    here, step = start, 0.5
    value, gradient = steepest(here)
    for _ in range(60 if len(start) <= LARGE else 12):
        if value > enough or step < 1e-4:
            break
        norm = np.abs(gradient).max()
        there = np.clip(here + step * gradient / norm, 0.0, 1.0) if norm > 0 else here
        new, new_gradient = steepest(there)
        if new > value:
            here, value, gradient, step = there, new, new_gradient, 2 * step
        else:
            step /= 2
    return here


def slopes_at(network: Network, fractions: Vector) -> Slopes:
    """The slopes, exactly, and never above the largest."""
    return tuple(map(rational, np.minimum(network.slopes_at(fractions), network.slopes).tolist()))


def _strict(network: Network, rate: float, fractions: Vector) -> FixedSlopes | None:
    """By A^T X + X A = I, A = J + c I.

    X is positive somewhere exactly if an eigenvalue of A has positive real part, and exists if none is imaginary.
    """
    moving = network.jacobian(fractions) + rate * np.eye(network.size)
    for form in growing_in_flow(moving):
        claim = witnessed(form, lambda x, v: FixedSlopes(rational(rate), slopes_at(network, fractions), x, v), network)
        if claim is not None:
            return claim
    return None


def witnessed(
    form: Matrix, claim: Callable[[ExactMatrix, tuple[flint.fmpq, ...]], StatementT], network: Network
) -> StatementT | None:
    """The claim of a form that is positive somewhere, at v, in the fewest digits in which it holds; None in none."""
    for bits in (6, 12, 24, 45) if len(form) <= 32 else (30, 48):
        rounded = on_grid(form, bits)
        values, vectors = np.linalg.eigh(rounded)
        made = claim(ExactMatrix.of(rounded), tuple(map(rational, on_grid(vectors[:, -1], 6).tolist())))
        if values[-1] > 0 and made.holds(network.exact):
            return made
    return None


def _on_the_axis(network: Network, rate: float, fractions: Vector) -> FixedSlopes | None:
    """By an X with A^T X + X A = 0: there is one for every pair of eigenvalues of A that add up to zero."""
    slopes = slopes_at(network, fractions)
    moving = drift(network.exact, slopes, rational(rate))
    for form in _stationary_forms(moving):
        vector = _positive_vector(form)
        claim = FixedSlopes(rational(rate), slopes, form, vector)
        if claim.holds(network.exact):
            return claim
    return None


def _stationary_forms(moving: ExactMatrix) -> Iterator[ExactMatrix]:
    """Both signs of one X; the identity, then l l^T with l A = 0, then any, by exact linear algebra."""
    size = moving.shape[0]
    if twice_symmetric_part(moving) == ExactMatrix(flint.fmpq_mat(size, size)):
        yield ExactMatrix.identity(size)
    if size <= _EXACT_NULL:
        left = _null_vector(moving.T.entries)
        if left is not None:
            row = ExactMatrix.of([left])
            yield row.T @ row
    if size <= _EXACT_LYAPUNOV:
        pairs = [(i, j) for i in range(size) for j in range(i, size)]
        images = []
        for i, j in pairs:
            unit = flint.fmpq_mat(size, size)
            unit[i, j] = unit[j, i] = 1
            moved = twice_symmetric_part(ExactMatrix(unit) @ moving).rows()
            images.append([moved[k][m] for k, m in pairs])
        found = _null_vector(flint.fmpq_mat(images).transpose())
        if found is not None:
            form = flint.fmpq_mat(size, size)
            for (i, j), entry in zip(pairs, found, strict=True):
                form[i, j] = form[j, i] = entry
            yield ExactMatrix(form)
            yield ExactMatrix(-form)


def _null_vector(matrix: flint.fmpq_mat) -> list[flint.fmpq] | None:
    """Some nonzero v with matrix v = 0."""
    reduced, rank = matrix.rref()
    size = matrix.ncols()
    if rank == size:
        return None
    pivots = [next(j for j in range(size) if reduced[i, j] != 0) for i in range(rank)]
    free = next(j for j in range(size) if j not in pivots)
    vector = [flint.fmpq(int(j == free)) for j in range(size)]
    for i, pivot in enumerate(pivots):
        vector[pivot] = -reduced[i, free]
    return vector


def _positive_vector(form: ExactMatrix) -> tuple[flint.fmpq, ...]:
    """Some v with v^T X v > 0 among the unit vectors, their sums and differences; they exist where X is not <= 0."""
    size = form.shape[0]
    unit = np.eye(size, dtype=int)
    tried = [*unit, *(unit[i] + sign * unit[j] for i in range(size) for j in range(i) for sign in (1, -1))]
    vectors = [tuple(flint.fmpq(int(entry)) for entry in v) for v in tried]
    return max(vectors, key=lambda v: form_value(form, v))
