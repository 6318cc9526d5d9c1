"""From multipliers to a metric P of a Lur'e system: a Riccati equation, for contraction or for a gain.

With Q = D^2, B' = B D^-1, C' = D G C and a gain s, the Schur complement of the form in (x, w, u) is, of a map at the
factor rho, rho^2 P - F^T F - A^T P A less what w and u add. Equality is X = A_1^T X (I + G_1 X)^-1 A_1 + H with

    A_1 = (A + B' C' / 2) / rho    G_1 = -(B' B'^T / 2 + E E^T / s^2)    H = (F^T F + C'^T C' / 2) / rho^2;

of a flow at rate c it is A_1^T X + X A_1 - X G_1 X + H = 0 with A_1 = A + c I + B' C' / 2 and H without rho
(`tests/theory/contraction/test_lure.py`). A little is added to H, so that X is definite and inside.
"""

import numpy as np

from theory.contraction.lure.system import LureSystem, Matrix
from theory.contraction.network import Vector
from theory.contraction.search.riccati import doubled, solve_flow


def solve_lure(system: LureSystem, scaling: Vector, rate: float, *, gain: float | None, added: float) -> Matrix | None:
    """P for Q = d^2, with so much of its mean `added` to the diagonal of H; None where there is none.

    >>> from theory.contraction import lure
    >>> one = np.eye(1)
    >>> solve_lure(lure.system.lure(-one, one / 8, one, discrete=False), np.ones(1), 0.5, gain=None, added=0.0) > 0
    array([[ True]])
    """
    through, sensed = system.B / scaling, scaling[:, None] * system.sensed
    gram, constant = -through @ through.T / 2, sensed.T @ sensed / 2
    if gain is not None:
        gram, constant = gram - system.E @ system.E.T / gain**2, constant + system.F.T @ system.F
    n = system.states
    constant = constant + added * float(np.trace(constant)) / n * np.eye(n)
    moved = system.A + through @ sensed / 2
    if system.discrete:
        factor = 1 - rate
        return doubled(moved / factor, gram, constant / factor**2)
    moved = moved + rate * np.eye(n)
    shift = float(np.linalg.norm(moved, 2) + np.sqrt(np.linalg.norm(gram, 2) * np.linalg.norm(constant, 2)))
    return solve_flow(moved, gram, constant, shift)
