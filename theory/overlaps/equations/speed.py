"""How fast a loss falls in learning, and how much of that speed each overlap carries.

Along Sigma' = -2 eta (H Sigma + Sigma H) a loss with dl = tr(H dSigma) falls at the rate l' = -4 eta tr(H Sigma H).
H depends on the visible overlaps alone. So at equal visible overlaps the speed is linear in the others: to change them
by dSigma changes it by -4 eta tr(H dSigma H). Derived here; tests/theory/overlaps/equations/test_speed.py proves it.
"""

import numpy as np
from jaxtyping import Float

Gram = Float[np.ndarray, "d d"]


def loss_speed(gradient: Gram, sigma: Gram, rate: float) -> float:
    """The change of the loss per epoch, in the limit of a small rate; `gradient` is H. Linear in sigma."""
    return float(-4 * rate * np.trace(gradient @ sigma @ gradient))
