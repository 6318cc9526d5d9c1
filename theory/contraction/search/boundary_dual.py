"""Proofs that no quadratic metric exists on the boundary, where the dual's sum can be no better than exactly zero.

Rounding would then leave a small matrix of either sign. So vectors are fixed first, short ones, and the weights of
their v v^T are the exact solution of linear equations; a positive integer is a sum of four squares, hence four vectors.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import gcd, isqrt, lcm

import flint
import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.contraction.claims.no_quadratic import Displacements, NoQuadraticMetric
from theory.contraction.claims.slopes import drift, twice_symmetric_part
from theory.contraction.exact_matrix import ExactMatrix, rational
from theory.contraction.network import Matrix, Network, Vector

Candidate = tuple[Vector, tuple[int, ...]]
"""A corner and a vector of integers."""
_INTEGERS = {1: 1, 2: 4, 3: 2, 4: 1}
_DENOMINATOR = 24
_LARGEST_WEIGHT = 10**7


def boundary_dual(network: Network, rate: float, proposed: Sequence[tuple[Vector, Matrix]]) -> NoQuadraticMetric | None:
    """A proof with a sum of exactly zero, from the corners and Z's of a program that found a margin of zero."""
    candidates = _candidates(network.size, proposed)
    moved = [_moved(network, rate, *candidate) for candidate in candidates]
    equations = np.vstack([np.array(moved).T, np.ones(len(moved))])
    scale = np.abs(equations).max(axis=0)
    found = scipy.optimize.linprog(
        np.zeros(len(moved)), A_eq=equations / scale, b_eq=np.eye(len(equations))[-1], method="highs-ds"
    )
    if found.x is None:
        return None
    support = [candidates[i] for i in np.flatnonzero(found.x > 1e-12)]
    weights = _exact_weights(network, rate, support)
    if weights is None:
        return None
    terms = tuple(
        Displacements(
            tuple(map(rational, (network.slopes * corner).tolist())),
            tuple(tuple(flint.fmpq(root * entry) for entry in vector) for root in four_squares(weight) if root),
        )
        for (corner, vector), weight in zip(support, weights, strict=True)
    )
    claim = NoQuadraticMetric(rational(rate), terms)
    return claim if claim.holds(network.exact) else None


def four_squares(number: int) -> tuple[int, int, int, int]:
    """Four integers whose squares add up to `number` (Lagrange); the first is as large as possible.

    >>> four_squares(7), four_squares(36)
    ((2, 1, 1, 1), (6, 0, 0, 0))
    """
    for a in range(isqrt(number), -1, -1):
        rest = number - a * a
        for b in range(min(a, isqrt(rest)), -1, -1):
            left = rest - b * b
            for c in range(min(b, isqrt(left)), -1, -1):
                d = isqrt(left - c * c)
                if d > c:
                    break
                if a * a + b * b + c * c + d * d == number:
                    return a, b, c, d
    raise AssertionError("every number is a sum of four squares")


def _candidates(size: int, proposed: Sequence[tuple[Vector, Matrix]]) -> list[Candidate]:
    """Short vectors near the eigenvectors of the Z's and, in few dimensions, all with small entries at every corner."""
    found: dict[tuple[tuple[float, ...], tuple[int, ...]], None] = {}
    if size in _INTEGERS:
        reach = range(-_INTEGERS[size], _INTEGERS[size] + 1)
        for corner in product((0.0, 1.0), repeat=size):
            for vector in product(reach, repeat=size):
                if gcd(*vector) == 1 and next(entry for entry in vector if entry) > 0:
                    found[corner, vector] = None
    largest = max(float(np.trace(dual)) for _, dual in proposed)
    for corner_fractions, dual in proposed:
        values, vectors = np.linalg.eigh(dual)
        for value, vector in zip(values, vectors.T, strict=True):
            if value > 1e-6 * largest:
                found[tuple(corner_fractions.tolist()), _shortened(vector)] = None
    return [(np.array(corner), vector) for corner, vector in found]


def _shortened(vector: Vector) -> tuple[int, ...]:
    unit = vector / vector[np.abs(vector).argmax()]
    fractions = [Fraction(entry).limit_denominator(_DENOMINATOR) for entry in unit.tolist()]
    common = lcm(*(fraction.denominator for fraction in fractions))
    return tuple(int(fraction * common) for fraction in fractions)


def _moved(network: Network, rate: float, corner: Vector, vector: tuple[int, ...]) -> Float[np.ndarray, " entries"]:
    """The upper triangle of A v v^T + v v^T A^T."""
    v = np.array(vector, dtype=float)
    product_ = np.outer(network.jacobian(corner) @ v + rate * v, v)
    moved: Float[np.ndarray, " entries"] = (product_ + product_.T)[np.triu_indices(len(v))]
    return moved


def _exact_weights(network: Network, rate: float, support: list[Candidate]) -> list[int] | None:
    """The weights at which the sum vanishes, as integers, where the equations fix them up to a factor."""
    size = network.size
    columns = []
    for corner, vector in support:
        slopes = tuple(map(rational, (network.slopes * corner).tolist()))
        v = ExactMatrix.of([list(vector)])
        moved = twice_symmetric_part(drift(network.exact, slopes, rational(rate)) @ v.T @ v).rows()
        columns.append([moved[i][j] for i in range(size) for j in range(i, size)])
    reduced, rank = flint.fmpq_mat(columns).transpose().rref()
    if rank != len(support) - 1:
        return None
    weights = [-reduced[i, rank] for i in range(rank)] + [flint.fmpq(1)]
    if any(reduced[i, i] != 1 for i in range(rank)) or any(weight <= 0 for weight in weights):
        return None
    common = lcm(*(int(weight.q) for weight in weights))
    whole = [int((weight * common).p) for weight in weights]
    divisor = gcd(*whole)
    whole = [weight // divisor for weight in whole]
    return whole if max(whole) <= _LARGEST_WEIGHT else None
