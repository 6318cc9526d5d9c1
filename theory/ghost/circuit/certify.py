"""Certified fixed points and turning points of many rank-one circuits at once.

What `theory/ghost/circuit/roots.py` has to know of a circuit: where roots can be at all, bounds of the derivatives on a
cell, and how wrong double precision can be.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from jaxtyping import Float, Int

from theory.ghost.circuit.reduction import latent_derivatives, leak_at, tanh_bound, tanh_polynomial, tanh_tail
from theory.ghost.circuit.roots import Jet, JetFunction, Roots, find_roots

UNIT_ROUNDOFF = 0.5 * np.finfo(np.float64).eps
ROUNDINGS = 32  # more than the operations between a neuron's parameters and its share; tanh is trusted to 4 ulp
CHUNK = 2**18  # neurons times cells evaluated together; keeps the work in cache

Batch = Float[np.ndarray, "batch neurons"]


def certify_fixed_points(m: Batch, n: Batch, b: Batch) -> Roots:
    """All fixed points of many rank-one circuits, shape (batch, N) each, with certificates.

    A fixed point has |kappa| = |n.tanh| < ||n||_1, and the flow points inwards there; derived here.
    """
    return _certify(m, n, b, order=0, half_width=np.abs(n).sum(axis=1))


def certify_turning_points(m: Batch, n: Batch, b: Batch) -> Roots:
    """All turning points f' = 0 of many rank-one circuits, with certificates.

    |m kappa| sech^2(z) <= |z| sech^2(z) + |b| <= 1 + |b| with z = m kappa + b, since |z| <= |sinh z cosh z|. So
    |kappa| |f' + 1| <= sum |n| (1 + |b|), and f' < 0 from there outwards; derived here.
    """
    return _certify(m, n, b, order=1, half_width=(np.abs(n) * (1 + np.abs(b))).sum(axis=1))


def _certify(m: Batch, n: Batch, b: Batch, order: int, half_width: Float[np.ndarray, " batch"]) -> Roots:
    outwards = (1, -1) if order == 0 else (-1, -1)
    padded = 1.01 * half_width + np.finfo(np.float64).tiny  # a strict bound, with room for rounding
    return find_roots(_jet(m, n, b, order), padded, *outwards)


@cache
def _bounds(order: int) -> tuple[float, float, float]:
    """Of the order-th derivative of tanh: its supremum, its bound in units of sech^2, its sensitivity to rounding."""
    coefficients = tanh_polynomial(order).all_coeffs()[::-1]
    sensitivity = sum((power + 1) * abs(int(value)) for power, value in enumerate(coefficients))
    tail = float(tanh_tail(order)) if order else np.inf
    return float(tanh_bound(order)) * (1 + 1e-12), tail * (1 + 1e-12), float(sensitivity)


def _jet(m: Batch, n: Batch, b: Batch, order: int) -> JetFunction:
    """The order-th derivative of the circuits' flows as `find_roots` wants it."""
    size = m.shape[1]
    share = latent_derivatives(order)
    supremum, tail, _ = _bounds(order + 3)
    gain = np.abs(m)
    with np.errstate(over="ignore"):
        weight = np.abs(n) * gain ** (order + 3)
        rounding = [rounding_error(m, n, b, order + extra) for extra in range(3)]

    def evaluate(
        member: Int[np.ndarray, " cells"],
        centre: Float[np.ndarray, " cells"],
        radius: Float[np.ndarray, " cells"],
    ) -> Jet:
        reach = (1 + 8 * UNIT_ROUNDOFF) * radius + 8 * UNIT_ROUNDOFF * np.abs(centre)  # with m kappa's rounding
        values, third = np.empty((3, len(member))), np.empty(len(member))
        for piece in _pieces(len(member), size):
            who, place = member[piece], centre[piece, None]
            mine, offset = m[who], b[who]
            with np.errstate(over="ignore", invalid="ignore"):
                for row, neurons in zip(values, share(place, mine, n[who], offset), strict=True):
                    row[piece] = neurons.sum(axis=1)
                nearest = np.abs(mine * place + offset) - gain[who] * reach[piece, None]
                decay = 4.0 * np.exp(-2.0 * np.maximum(nearest, 0.0))  # at least sech^2 on the cell
                third[piece] = (weight[who] * np.minimum(supremum, tail * decay)).sum(axis=1)
        errors = [fixed[member] + np.abs(centre) * growing[member] for fixed, growing in rounding]
        for extra in range(3):
            values[extra] += leak_at(order + extra, centre)
        return Jet((values[0], values[1], values[2]), (errors[0], errors[1], errors[2]), third * (1 + 1e-9))

    return evaluate


def rounding_error(
    m: Batch, n: Batch, b: Batch, order: int
) -> tuple[Float[np.ndarray, " batch"], Float[np.ndarray, " batch"]]:
    """(e, g): the computed order-th derivative of f at kappa is wrong by at most e + g |kappa|.

    Summing N terms in any order costs N roundings; the input m kappa + b is wrong by 2 u (|m kappa| + |b|).
    """
    unit = (m.shape[1] + ROUNDINGS) * UNIT_ROUNDOFF
    weight = np.abs(n) * np.abs(m) ** order * _bounds(order)[2]
    still, moving = (weight * (1 + np.abs(b))).sum(axis=1), (weight * np.abs(m)).sum(axis=1)
    return unit * (still + 1), unit * (moving + 1)


def _pieces(cells: int, neurons: int) -> Iterator[slice]:
    rows = max(1, CHUNK // max(neurons, 1))
    for begin in range(0, cells, rows):
        yield slice(begin, min(begin + rows, cells))
