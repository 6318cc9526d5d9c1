"""The first step of Adam on many neurons: the one step of it that the overlaps tell.

Adam's first step is theta <- theta - rate sign(g), entry by entry. In a linear network g = 2 theta H / N is linear in
theta; if the rows are normal with covariance Sigma, so are the pairs (row, its gradient), and the step's averages are

    <x sign(g)> = (2 / pi)^1/2 <x g> / <g^2>^1/2,   <sign(g_a) sign(g_b)> = (2 / pi) arcsin(correlation of g_a and g_b).

So with infinitely many normal rows one step moves the overlaps by a function of the overlaps. With N rows, networks of
equal overlaps differ by O(N^-1/2), and after the step rows are no longer normal: the overlaps do not tell the next
step. Derived here; tests/theory/overlaps/equations/test_adam.py proves it.
"""

import numpy as np
from jaxtyping import Float

Gram = Float[np.ndarray, "d d"]


def first_step(sigma: Gram, gradient: Gram, rate: float) -> Gram:
    """The overlaps after Adam's first step, in a linear network of infinitely many normal rows.

    `gradient` is H, dl = tr(H dSigma), no column of which may vanish on Sigma.
    """
    crossed, felt = sigma @ gradient, gradient @ sigma @ gradient
    size = np.sqrt(np.diag(felt))
    moved = np.sqrt(2 / np.pi) * crossed / size
    signs = 2 / np.pi * np.arcsin(np.clip(felt / np.outer(size, size), -1, 1))
    return np.asarray(sigma - rate * (moved + moved.T) + rate**2 * signs)
