"""From a scaling to the metric of a map: a discrete Riccati equation, solved by doubling.

With N = D M D^-1, Q = D^2, P = D X D and k = 1 - a the multiplier LMI of a voltage-like map has at the factor rho the
Schur complement

    rho^2 X - k^2 X - (k a X N + I) (2 I - a^2 N^T X N)^-1 (k a N^T X + I) > 0.

Equality is X = A^T X (I + G X)^-1 A + H with A = (k I + a N / 2) / rho, G = -a^2 N N^T / 2 and H = I / (2 rho^2). The
rate-like map has X^-1 / (a rho)^2 for N^T (`tests/theory/contraction/test_map_claims.py`).
"""

import numpy as np

from theory.contraction.network import Matrix
from theory.contraction.search.riccati import doubled


def solve_step_metric(scaled: Matrix, leak: float, factor: float) -> Matrix | None:
    """The smallest X with equality, None where there is none: solved at a lower factor it is well inside at a higher.

    >>> float(solve_step_metric(np.zeros((1, 1)), 1.0, 0.5)[0, 0])
    2.0
    """
    identity = np.eye(len(scaled))
    return doubled(
        ((1 - leak) * identity + leak * scaled / 2) / factor,
        -(leak**2) * scaled @ scaled.T / 2,
        identity / (2 * factor**2),
    )
