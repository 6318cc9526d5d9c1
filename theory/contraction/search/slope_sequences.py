"""Sequences of slopes, one set a step and repeated, under which a map's displacements do not decay.

One set of slopes first: the spectral radius of F, maximised over them. For a few neurons then products of corners: a
breadth-first search that keeps the longest products (compare the joint spectral radius).
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy.linalg
from jaxtyping import Float

from theory.contraction.claims.slope_sequence import SlopeSequence
from theory.contraction.exact_matrix import rational
from theory.contraction.network import LeakyMap, Matrix, Network, Vector
from theory.contraction.search.balanced_units import in_balanced_units
from theory.contraction.search.growing_form import growing_in_steps
from theory.contraction.search.instability import ALL_CORNERS, LARGE, STARTS, ascend, slopes_at, witnessed

LONGEST, KEPT = 12, 48
PRODUCTS_UP_TO = 6
"""Neurons up to which products are searched."""
_ON_THE_CIRCLE = 1e-9


@in_balanced_units
def unstable_at_largest_step(network: Network, rate: float = 0.0) -> SlopeSequence | None:
    """That the largest slopes, at every step, are such, by eigenvalues that tell at once; None where they do not.

    >>> from theory.contraction import DISCRETE, network
    >>> unstable_at_largest_step(network(np.array([[-2.0]]), DISCRETE)) is None
    False
    """
    if not 0 <= rate < 1 or not isinstance(network, LeakyMap):
        return None
    largest = np.ones(network.size)
    beyond = radius(network, largest) > (1 - rate) * (1 + _ON_THE_CIRCLE)
    return _proved(network, rate, [largest]) if beyond else None


@in_balanced_units
def unstable_sequence(network: Network, rate: float = 0.0) -> SlopeSequence | None:
    """Slopes that do not let a displacement fall faster than (1 - `rate`)^n, with proof; None where none are found."""
    if rate < 0 or rate >= 1 or not isinstance(network, LeakyMap):
        return None
    for sequence in _candidates(network, 1 - rate):
        for shrunk in (1.0, 1 - 2.0**-7, 1 - 2.0**-13):  # an eigenvalue on the circle can so be moved off
            claim = _proved(network, rate, [shrunk * fractions for fractions in sequence])
            if claim is not None:
                return claim
    return None


def radius(asked: LeakyMap, fractions: Vector) -> float:
    """The spectral radius of F at these fractions of the largest slopes."""
    return float(np.abs(np.linalg.eigvals(asked.step(fractions))).max())


def steepest_radius(asked: LeakyMap, fractions: Vector) -> tuple[float, Vector]:
    """The spectral radius and its gradient in the fractions (`tests/theory/contraction/test_map_claims.py`)."""
    values, left, right = scipy.linalg.eig(asked.step(fractions), left=True)
    top = np.abs(values).argmax()
    row, column = left[:, top].conj() * asked.leaks, right[:, top]
    change = asked.form.driven(row, asked.gained) * asked.form.sensed(asked.gained.T, column)
    size = float(np.abs(values[top]))
    turned = change / (left[:, top].conj() @ column) * (values[top].conj() / size if size else 1.0)
    gradient: Vector = turned.real
    return size, gradient


def _candidates(asked: LeakyMap, factor: float) -> Iterator[list[Vector]]:
    size, enough = asked.size, factor * (1 - _ON_THE_CIRCLE)
    ones = np.ones(size)
    if radius(asked, ones) >= enough:
        yield [ones]
    best: list[Vector] = []
    if size <= ALL_CORNERS:
        corners = (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(float)
        values = np.array([radius(asked, corner) for corner in corners])
        best = [corners[i] for i in np.argsort(-values, kind="stable")[:STARTS]]
        yield from ([corner] for corner in best if radius(asked, corner) >= enough)
    rng = np.random.default_rng(0)
    for start in (ones, *best, *rng.uniform(size=(STARTS if size <= LARGE else 1, size))):
        end = ascend(partial(steepest_radius, asked), start, factor * (1 + 1e-6))
        if radius(asked, end) >= enough:
            yield [end]
    if size <= PRODUCTS_UP_TO:
        yield from _products(asked, enough)


def _products(asked: LeakyMap, enough: float) -> Iterator[list[Vector]]:
    """Products of corners whose spectral radius is at least `enough` a step, short ones first."""
    corners = (np.arange(2**asked.size)[:, None] >> np.arange(asked.size) & 1).astype(float)
    steps = np.array([asked.step(corner) for corner in corners])
    words, products = [(i,) for i in range(len(corners))], steps
    for length in range(2, LONGEST + 1):
        longer: Float[np.ndarray, "words corners n n"] = np.einsum("aij,bjk->baik", steps, products)
        flat = longer.reshape(-1, asked.size, asked.size)
        named = [(*word, i) for word in words for i in range(len(corners))]
        radii = np.abs(np.linalg.eigvals(flat)).max(axis=1)
        for place in np.argsort(-radii)[:2]:
            if radii[place] >= enough**length:
                yield [corners[i] for i in named[place]]
        longest = np.argsort(-np.linalg.norm(flat, axis=(1, 2)), kind="stable")[:KEPT]
        words, products = [named[i] for i in longest], flat[longest]


def _proved(asked: LeakyMap, rate: float, sequence: list[Vector]) -> SlopeSequence | None:
    """By Phi^T X Phi - rho^(2 m) X = I, Phi the product; on the circle by X = I, or l l^T with l Phi = rho^m l."""
    phi = np.eye(asked.size)
    for fractions in sequence:
        phi = asked.step(fractions) @ phi
    slopes = tuple(slopes_at(asked, fractions) for fractions in sequence)
    for form in _forms(phi / (1 - rate) ** len(sequence)):
        claim = witnessed(form, lambda x, v: SlopeSequence(rational(rate), slopes, x, v), asked)
        if claim is not None:
            return claim
    return None


def _forms(phi: Matrix) -> Iterator[Matrix]:
    yield from growing_in_steps(phi)
    yield np.eye(len(phi))
    values, vectors = np.linalg.eig(phi.T)
    near = np.abs(values.imag) + np.abs(np.abs(values.real) - 1)
    left = vectors[:, near.argmin()].real
    if near.min() < _ON_THE_CIRCLE:
        left = left / np.abs(left[np.abs(left).argmax()])
        yield np.outer(left, left)
