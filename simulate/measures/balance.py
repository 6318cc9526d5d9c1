"""One network of all that rescalings of units make of one: that of least norm."""

import numpy as np
from jaxtyping import Float
from scipy.sparse.csgraph import connected_components

from simulate.measures.blocks import Block, Side

STEPS = 200
"""Newton steps at most; some ten are taken."""


class NoBalance(ValueError):
    """Rescalings have no network of least norm: some scale can grow without end."""


def balanced(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The network with units rescaled so that the sum of all squared weights is least.

    A unit times e^u has its rows times e^u and its columns times e^-u. The sum of squares is convex in u, and has one
    lowest place (but for a common scale, which changes no recurrent weight) where every unit reaches every other, by
    way of what is outside if need be (Osborne, J. ACM 7, 338, 1960; Eaves et al., Linear Algebra Appl. 71, 123, 1985).

    Raises:
        NoBalance: where they do not.
    """
    flow = _flow(blocks)
    if connected_components(flow > 0, directed=True, connection="strong")[0] > 1:
        raise NoBalance(
            "units that reach no other, or are reached by none, can be scaled without end: leave them out, or give "
            "inputs and readout as well"
        )
    u = _scales(flow)[: blocks[0].units]
    return tuple(
        Block(
            (np.exp(u)[:, None] if block.targets is Side.STATE else 1.0)
            * block.weights
            * (np.exp(-u) if block.sources is Side.STATE else 1.0),
            targets=block.targets,
            sources=block.sources,
        )
        for block in blocks
    )


def _flow(blocks: tuple[Block, ...]) -> Float[np.ndarray, "nodes nodes"]:
    """Squared weights onto (rows) and from (columns) each unit, and what is outside as one node more, if any is."""
    n = blocks[0].units
    flow = np.zeros((n + 1, n + 1))
    for block in blocks:
        squares = block.weights**2
        rows = slice(n) if block.targets is Side.STATE else slice(n, None)
        columns = slice(n) if block.sources is Side.STATE else slice(n, None)
        if rows.start:
            squares = squares.sum(axis=0, keepdims=True)
        if columns.start:
            squares = squares.sum(axis=1, keepdims=True)
        flow[rows, columns] += squares
    np.fill_diagonal(flow, 0.0)
    return flow if flow[n].any() or flow[:, n].any() else flow[:n, :n]


def _scales(flow: Float[np.ndarray, "nodes nodes"]) -> Float[np.ndarray, " units"]:
    """Logarithms of the scales of least sum of flow[i, j] e^(2 u_i - 2 u_j), by Newton steps that are shortened."""
    nodes = len(flow)
    u = np.zeros(nodes)
    if not flow.any():
        return u
    for _ in range(STEPS):
        now = np.exp(2 * (u[:, None] - u)) * flow
        onto, out = now.sum(axis=1), now.sum(axis=0)
        laplacian = np.diag(onto + out) - now - now.T + (onto + out).mean() / nodes
        step = -np.linalg.solve(laplacian, onto - out) / 2
        u = u + step / max(1.0, 2 * np.abs(step[:, None] - step).max())  # self-concordant: this always descends
        if np.abs(step).max() < 1e-15 * nodes:
            break
    return u - u[-1]
