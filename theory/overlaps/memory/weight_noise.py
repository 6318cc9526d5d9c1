"""How weight noise blurs the overlaps of a linear rank-one network of N neurons that stays at its task.

theta <- theta - (what the loss asks) + s xi. With fixed overlaps Sigma before a step, its noise adds to them

    s (theta^T xi + xi^T theta) / N + s^2 xi^T xi / N:    s^2 I on average, which no history escapes, and at random with

    covariance of entries ab and cd = (s^2 / N) (Sigma_ac I_bd + Sigma_ad I_bc + Sigma_bc I_ad + Sigma_bd I_ac)
                                    + (s^4 / N) (I_ac I_bd + I_ad I_bc).

Training near a solution answers a displacement D of the overlaps by D <- D + eta move(Sigma, M df(D)), M the curvature
of the loss in the function f (`theory.overlaps.memory.loop`): it takes back what the function feels and leaves the
rest, so that hidden overlaps diffuse as s (epochs / N)^1/2. A difference that history made is lost where it is no
larger than this. To first order in the noise; derived here, tests/theory/overlaps/memory/test_weight_noise.py proves
it.
"""

import numpy as np
from jaxtyping import Float

from theory.overlaps.memory.rank_one import Gram, function_gradients, move

Covariance = Float[np.ndarray, "16 16"]


def noise_covariance(sigma: Gram, noise: float, neurons: int) -> Covariance:
    """The covariance of what one step's noise adds to the 16 entries of the overlaps, exactly for every N."""
    one = np.eye(4)
    linear, square = (_symmetrised(each) for each in (sigma, one))
    return np.asarray((noise**2 * linear + noise**4 * square / 2) / neurons)


def _symmetrised(sigma: Gram) -> Covariance:
    one = np.eye(4)
    parts = ("ac,bd->abcd", "ad,bc->abcd", "bc,ad->abcd", "bd,ac->abcd")
    return np.sum([np.einsum(part, sigma, one) for part in parts], axis=0).reshape(16, 16)


def step_matrix(sigma: Gram, curvature: Float[np.ndarray, "3 3"], rate: float) -> Covariance:
    """The matrix by which one step at a solution multiplies a small displacement of the 16 entries."""
    slopes = function_gradients(sigma).reshape(3, 16)
    directions = np.stack([move(sigma, pull).ravel() for pull in np.eye(3)], axis=1)
    return np.eye(16) + rate * directions @ curvature @ slopes


def blurred(
    sigma: Gram, curvature: Float[np.ndarray, "3 3"], *, rate: float, noise: float, neurons: int, epochs: int
) -> Float[np.ndarray, "epochs 16 16"]:
    """The covariance of the overlaps, over the noise, after 0, 1, ... `epochs` steps at a solution."""
    answer, added = step_matrix(sigma, curvature, rate), noise_covariance(sigma, noise, neurons)
    found = [np.zeros((16, 16))]
    for _ in range(epochs):
        found.append(answer @ found[-1] @ answer.T + added)
    return np.stack(found)
