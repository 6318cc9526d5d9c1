"""Weights that become symmetric when each neuron is measured in a unit of its own: N = d M d^-1 = N^T.

For such a network the multiplier LMI has a solution in closed form. theta_k(N) = 2k - N + 2 sqrt(k^2 - k N) solves
theta^2 + 2 theta (N - 2k) + N^2 = 0, which makes the Schur complement of the LMI vanish, with metric d theta^-1 d in
voltage and d theta d in rate form, and multiplier d^2 (`SymmetricCondition.identities`).
"""

import numpy as np
from jaxtyping import Float

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.exact_matrix import ExactMatrix, rational, to_digits
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.scaled_multiplier import rounded_metric

_TOLERANCE = 1e-10


def symmetrising_scaling(matrix: Matrix) -> Vector | None:
    """d > 0 that makes d_i M_ij / d_j symmetric, or None where there is none (to rounding).

    M_ij d_i / d_j = M_ji d_j / d_i fixes the ratios along any chain of weights; whether they fit is checked.
    """
    size = len(matrix)
    logarithm = np.full(size, np.nan)
    for root in range(size):
        if not np.isnan(logarithm[root]):
            continue
        logarithm[root] = 0.0
        waiting = [root]
        while waiting:
            i = waiting.pop()
            for j in np.flatnonzero((matrix[i] != 0) | (matrix[:, i] != 0)):
                if matrix[i, j] * matrix[j, i] <= 0 and i != j:
                    return None
                if np.isnan(logarithm[j]):
                    logarithm[j] = logarithm[i] + 0.5 * np.log(matrix[i, j] / matrix[j, i])
                    waiting.append(int(j))
    scaled = np.exp(logarithm - logarithm.mean())
    image = scaled[:, None] * matrix / scaled
    return scaled if np.abs(image - image.T).max(initial=0.0) <= _TOLERANCE * np.abs(image).max(initial=0.0) else None


def theta(symmetric: Matrix, k: float, power: int) -> Float[np.ndarray, "n n"]:
    """theta_k(N), or its inverse for `power` -1; N <= k."""
    values, vectors = np.linalg.eigh(symmetric)
    root = np.sqrt(np.maximum(k * k - k * values, 0.0))
    return (vectors * ((k + root) ** 2 / k) ** power) @ vectors.T


def closed_form(network: Network, scaling: Vector, rate: float, middle: float) -> Multiplier | None:
    """The claim at `rate` with the metric theta_`middle`, lambda_max(N) <= middle < 1 - rate.

    Strict by 2 (k - middle) P.
    """
    scaled = scaling[:, None] * network.gained / scaling
    metric = theta((scaled + scaled.T) / 2, middle, -network.form.power)
    claim = Multiplier(
        rational(rate),
        ExactMatrix.of(rounded_metric(scaling[:, None] * metric * scaling, bits=48)),
        ExactMatrix.diagonal(to_digits(scaling**2, bits=40).tolist()),
    )
    return claim if claim.holds(network.exact) else None
