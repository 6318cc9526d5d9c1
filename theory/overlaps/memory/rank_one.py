"""The function of a linear rank-one network with one input and one output, and how training it moves the overlaps.

Its answer depends on f = (zm, vu, zu vm). Gradient descent on a loss of f moves Sigma along -2 (H Sigma + Sigma H),
H = sum_j pull_j H_j(Sigma), with pull_j the derivative of the loss in f_j and H_j the gradient of f_j in Sigma.
"""

import numpy as np
from jaxtyping import Float

Gram = Float[np.ndarray, "4 4"]
Function = Float[np.ndarray, "3"]


def network_function(sigma: Float[np.ndarray, "*runs 4 4"]) -> Float[np.ndarray, "*runs 3"]:
    """(zm, vu, zu vm) of overlaps in the order m, u, v, z."""
    return np.stack([sigma[..., 3, 0], sigma[..., 2, 1], sigma[..., 3, 1] * sigma[..., 2, 0]], axis=-1)


def function_gradients(sigma: Gram) -> Float[np.ndarray, "3 4 4"]:
    """The symmetric gradients in Sigma of zm, vu and zu vm: df_j = tr(H_j dSigma)."""
    zu, vm = sigma[3, 1], sigma[2, 0]
    found = np.zeros((3, 4, 4))
    for which, a, b, slope in ((0, 3, 0, 1.0), (1, 2, 1, 1.0), (2, 3, 1, vm), (2, 2, 0, zu)):
        found[which, a, b] = found[which, b, a] = slope / 2
    return found


def move(sigma: Gram, pull: Function) -> Gram:
    """-2 (H Sigma + Sigma H): how the overlaps move per unit of learning rate."""
    h = np.tensordot(pull, function_gradients(sigma), 1)
    return -2 * (h @ sigma + sigma @ h)


def at_equal_function(change: Gram, sigma: Gram) -> Gram:
    """The change of the overlaps, less the combination of directions of training that keeps the function as it was."""
    slopes = function_gradients(sigma)
    directions = np.stack([move(sigma, each) for each in np.eye(3)])
    wrong = np.einsum("iab,ba->i", slopes, change)
    gains = np.einsum("iab,jba->ij", slopes, directions)
    return np.asarray(change - np.tensordot(np.linalg.solve(gains, wrong), directions, 1))
