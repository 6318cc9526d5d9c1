"""Composite Gauss-Legendre quadrature of positive integrands that may be exponentially small.

Each integral is returned as its logarithm, so that e**-10000 is as accurate as 1. Many integrals, one per
row, share one flat list of panels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Panels:
    """Intervals [low, high] that belong to the integral number `row`."""

    row: Int[np.ndarray, " panels"]
    low: Float[np.ndarray, " panels"]
    high: Float[np.ndarray, " panels"]

    @staticmethod
    def between(
        start: Float[np.ndarray, " rows"],
        end: Float[np.ndarray, " rows"],
        breaks: Float[np.ndarray, "rows levels"],
    ) -> "Panels":
        """Cut [start, end] at those of its `breaks` that lie inside; an empty interval gives no panels."""
        end = np.maximum(start, end)
        inner = np.clip(breaks, start[:, None], end[:, None])
        edges = np.sort(np.concatenate([start[:, None], inner, end[:, None]], axis=1), axis=1)
        low, high = edges[:, :-1], edges[:, 1:]
        row = np.broadcast_to(np.arange(len(start))[:, None], low.shape)
        kept = high > low
        return Panels(row[kept], low[kept], high[kept])

    def log_integrals(
        self,
        log_integrands: Callable[
            [Int[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]], tuple[Float[np.ndarray, " nodes"], ...]
        ],
        rows: int,
        order: int,
    ) -> tuple[Float[np.ndarray, " {rows}"], ...]:
        """Logarithms of the integrals of exp(log_integrands(row, coordinate)), one array a component."""
        points, weights = np.polynomial.legendre.leggauss(order)
        half = (self.high - self.low) / 2
        coordinate = (self.low[:, None] + half[:, None] * (1 + points)).ravel()
        row = np.repeat(self.row, order)
        log_weight = np.log(half[:, None] * weights).ravel()
        return tuple(log_sums(row, value + log_weight, rows) for value in log_integrands(row, coordinate))


def log_sums(
    row: Int[np.ndarray, " terms"], log_terms: Float[np.ndarray, " terms"], rows: int
) -> Float[np.ndarray, " {rows}"]:
    """log of the sum of exp(log_terms) over each row; -inf for a row without terms."""
    top = np.full(rows, -np.inf)
    np.maximum.at(top, row, log_terms)
    shift = np.where(np.isfinite(top), top, 0.0)
    total = np.bincount(row, weights=np.exp(log_terms - shift[row]), minlength=rows)
    with np.errstate(divide="ignore"):
        return shift + np.log(total)
