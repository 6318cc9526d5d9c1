"""How weight decay makes a linear rank-one network forget where it has been, at its task all the time.

theta <- (1 - lambda) theta - (what the loss asks). While lambda is far below the speed of learning, the loss holds the
function f where the task wants it, and the overlaps drift within f = const:

    dSigma / dt = -2 lambda Sigma + (the combination of directions of training that keeps f).

That is free of the learning rate and of everything else about the task; the error is O(lambda / speed of learning).
Training moves no eigenvalue of A Sigma, A = diag(1, 1, -1, -1), so under decay each goes as exp(-2 lambda t) exactly,
and (1 - lambda)^2 a step but for the O(eta^2) of a finite step. The difference
that history makes at one function follows the same flow, and fades at a rate that changes on the way.
Derived here; tests/theory/overlaps/memory/test_forgetting.py proves it against the map.
"""

import numpy as np
from jaxtyping import Float
from scipy.integrate import solve_ivp

from theory.overlaps.memory.rank_one import Gram, at_equal_function

PRECISION = 1e-11


def forgotten(sigma: Gram, decayed: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times 4 4"]:
    """The overlaps at ascending values of lambda t, from those at lambda t = 0; epochs count as t."""

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        now = flat.reshape(4, 4)
        return at_equal_function(-2 * now, now).ravel()

    solution = solve_ivp(
        velocity,
        (0.0, float(decayed[-1])),
        sigma.ravel(),
        method="DOP853",
        t_eval=decayed,
        rtol=PRECISION,
        atol=PRECISION,
    )
    return np.asarray(solution.y.T.reshape(-1, 4, 4))


def surviving_invariants(weight_decay: float, epochs: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
    """What is left of every eigenvalue of A Sigma after some epochs, in the limit of a small learning rate."""
    return np.asarray((1 - weight_decay) ** (2 * epochs))
