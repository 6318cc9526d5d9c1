"""Links between modules that keep contraction: negative feedback."""

from typing import Any


def feedback_link(forward: Any, backward: Any, inverse_metric: Any, other_metric: Any) -> Any:
    """L_ij = B_ij - M_i^-1 B_ji^T M_j, so that M_i L_ij + L_ji^T M_j = 0 (Kozachkov, Ennis & Slotine, equation 3).

    `forward` is B_ij, `backward` B_ji. Matrices of numpy, sympy or exact ones; with rational ones the sum is zero
    exactly (`tests/theory/contraction/test_assembly.py`, also symbolically).

    >>> import numpy as np
    >>> forward, backward = np.array([[1.0, 2.0]]), np.array([[0.0], [1.0]])
    >>> metric, other = np.array([[2.0]]), np.eye(2)
    >>> link = feedback_link(forward, backward, np.linalg.inv(metric), other)
    >>> back = feedback_link(backward, forward, np.linalg.inv(other), metric)
    >>> (metric @ link + back.T @ other).tolist()
    [[0.0, 0.0]]
    """
    return forward - inverse_metric @ backward.T @ other_metric
