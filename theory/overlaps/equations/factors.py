"""How low the rank of recurrent weights is: the nearest matrix of a given rank, as connectivity vectors u and v."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


class BadRank(ValueError):
    """A rank below one, or above the number of neurons."""


@dataclass(frozen=True)
class Factors:
    """W is u v^T / N up to a part that is left out.

    `residual` is |W - u v^T / N| / |W| in the Frobenius norm; `singular_values` are all those of W, falling.
    """

    u: Float[np.ndarray, "neurons rank"]
    v: Float[np.ndarray, "neurons rank"]
    singular_values: Float[np.ndarray, " neurons"]
    residual: float

    @property
    def last_kept(self) -> float:
        """The smallest singular value within u v^T / N."""
        return float(self.singular_values[self.u.shape[1] - 1])

    @property
    def first_left_out(self) -> float:
        """The largest singular value that is left out; 0 at full rank."""
        left_out = self.singular_values[self.u.shape[1] :]
        return float(left_out[0]) if len(left_out) else 0.0


def nearest_factors(weights: Float[np.ndarray, "neurons neurons"], rank: int) -> Factors:
    """The u and v (N x rank) for which u v^T / N is nearest to the weights, of all matrices of that rank.

    By singular values s_k and vectors p_k, q_k: u_k = sqrt(N s_k) p_k, v_k = sqrt(N s_k) q_k, so that u and v are
    balanced, u^T u = v^T v, as gradient descent from small weights leaves them. What is left out is
    (sum_{k > rank} s_k^2)^(1/2) (Eckart, Young 1936). The largest entry of each u_k is positive. Proved in
    tests/theory/overlaps/equations/test_factors.py.

    Raises:
        BadRank: if there are not so many singular values.
    """
    neurons = len(weights)
    if not 1 <= rank <= neurons:
        raise BadRank(f"rank {rank} of {neurons} x {neurons} weights: give a whole number from 1 to {neurons}")
    left, values, right = np.linalg.svd(weights)
    p, q = left[:, :rank], right[:rank].T
    signs = np.sign(p[np.abs(p).argmax(axis=0), np.arange(rank)])
    scale = signs * np.sqrt(neurons * values[:rank])
    size = np.linalg.norm(values)
    return Factors(p * scale, q * scale, values, float(np.linalg.norm(values[rank:]) / size) if size else 0.0)
