"""The vectors m, n and b of simulated rank-one networks, in the double precision that certificates need."""

import numpy as np
from jaxtyping import Float

from simulate.cells.cell import Cell
from simulate.cells.rank_one import RankOne

Vectors = Float[np.ndarray, "*networks neurons"]


class NotRankOne(TypeError):
    """The network has another cell than the rank-one cell whose latent circuit is known."""


def rank_one_vectors(networks: Cell) -> tuple[Vectors, Vectors, Vectors]:
    """m, n and b of one network, (neurons,) each, or of a population, (networks, neurons). Raises `NotRankOne`."""
    if not isinstance(networks, RankOne):
        raise NotRankOne(f"the cell is a {type(networks).__name__}; only a RankOne cell has the vectors m, n and b")
    m, n, b = (np.asarray(vector, dtype=np.float64) for vector in (networks.m, networks.n, networks.b))
    return m, n, b
