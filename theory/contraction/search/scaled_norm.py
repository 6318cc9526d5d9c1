"""The smallest spectral norm that scaling the neurons can give a matrix."""

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.contraction.network import Matrix, Vector

_POWERS = (4.0, 16.0, 64.0, 256.0)
_WIDEST = 30.0
"""Largest |log d|.

Beyond, units differ by more than doubles can tell apart, and an infimum is being approached that is not attained.
"""


@dataclass(frozen=True)
class ScaledNorm:
    """`scaling` d, and `value`, the spectral norm of N = d M d^-1.

    `vectors` v, weighted, have sum (N v)_i^2 close to value^2 sum v_i^2 in every entry i.
    """

    scaling: Vector
    value: float
    vectors: Float[np.ndarray, "n n"]


def minimise_norm(matrix: Matrix) -> ScaledNorm:
    """Minimise |d M d^-1| over d > 0: a Schatten norm of growing order, which is convex in log d, by its gradient.

    d log sigma_i / d log d = u_i^2 - v_i^2, entry by entry, for singular vectors u_i and v_i.

    >>> round(minimise_norm(np.array([[0.0, 4.0], [1.0, 0.0]])).value, 6)
    2.0
    """
    logarithm = np.zeros(len(matrix))
    for power in _POWERS:
        logarithm = scipy.optimize.minimize(
            _smoothed,
            logarithm,
            args=(matrix, power),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_WIDEST, _WIDEST)] * len(matrix),
            options={"maxiter": 300, "ftol": 1e-14, "gtol": 1e-10},
        ).x
    scaling = np.exp(logarithm)
    _, values, right = np.linalg.svd(scaling[:, None] * matrix / scaling)
    weights = _weights(values, _POWERS[-1])
    return ScaledNorm(scaling, float(values[0]), np.sqrt(weights)[:, None] * right)


def _smoothed(logarithm: Vector, matrix: Matrix, power: float) -> tuple[float, Vector]:
    scaling = np.exp(logarithm)
    left, values, right = np.linalg.svd(scaling[:, None] * matrix / scaling)
    if values[0] == 0:
        return 0.0, np.zeros(len(matrix))
    weights = _weights(values, power)
    value = np.log(values[0]) + np.log(np.sum((values / values[0]) ** (2 * power))) / (2 * power)
    return float(value), (left**2) @ weights - weights @ (right**2)


def _weights(values: Float[np.ndarray, " n"], power: float) -> Float[np.ndarray, " n"]:
    powers = (values / values[0]) ** (2 * power) if values[0] else np.ones_like(values)
    return powers / powers.sum()
