"""A box around an approximate fixed point that holds exactly one, and what the map does there: all of it proved.

With C near the inverse of F'(x) - 1 and X the box, if

    K = x - C (F(x) - x) + (1 - C (F'(X) - 1)) (X - x)

lies in the interior of X, then F has exactly one fixed point in X (Krawczyk, Computing 4, 187, 1969; Rump, Acta
Numerica 19, 287, 2010).

Rounding is covered. F and F(x) - x are computed in balls. F' and the products with it are in doubles that carry bounds
of what rounding did (`bounded.py`): of a sum of n terms at most (n + 4) 2^-52 of the sum of their sizes. So the radius
of 1 - C (F' - 1) takes about n 2^-52 |C| |F' - 1|, far below one where the test says anything; it multiplies X - x, and
the box comes out as narrow as balls would have it.
"""

from dataclasses import dataclass

import flint
import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from theory.universality.balls import Balls, bounded, exact
from theory.universality.bounded import Bounded, above
from theory.universality.cells import BallMap
from theory.universality.spectrum import count_outside, sign_of_determinant

_PRECISION = 106
"""Bits of a ball's midpoint."""
_INFLATION = (2.0, 16.0, 256.0, 2.0**16)
"""Radii that are tried for the tightest box, as multiples of Newton's next correction."""
_SMALLEST, _LOOSEST, _WIDEST = 2.0**-60, 2.0**-20, 0.5
"""The least radius of a box, the largest that is still next to the state, and the first tried for the widest."""
ROOM = 1 + 2.0**-40
"""For the rounding of the three operations that it stands beside."""


@dataclass(frozen=True, eq=False)
class ProvedPoint:
    """There is exactly one fixed point within `radius` of `state`, entry by entry, and no other within `alone`.

    `unstable_dimension` is how many eigenvalues of the Jacobian there are outside the unit circle, None where one is
    too near to the circle to tell. `index` is the sign of det(1 - F').

    >>> import numpy as np
    >>> from theory.universality import prove_point, vanilla
    >>> proved = prove_point(vanilla(np.array([[2.0]]), np.zeros(1)), np.zeros(1))
    >>> proved.unstable_dimension, proved.index, proved.alone  # the others are 0.9575 away
    (1, -1, 0.25)
    """

    state: Float[np.ndarray, " size"]
    radius: float
    alone: float
    unstable_dimension: int | None
    index: int

    def is_apart_from(self, other: "ProvedPoint") -> bool:
        """Whether it is certain that these are two points: their boxes do not meet."""
        return bool(np.abs(self.state - other.state).max() > ROOM * (self.radius + other.radius))


def prove_point(step: BallMap, near: Float[np.ndarray, "..."]) -> ProvedPoint | None:
    """A fixed point next to this state, proved; None where Krawczyk's test says nothing.

    It says nothing of points where the Jacobian has an eigenvalue one, or nearly so: those of a continuum, and those
    that only a shut gate holds. `near` is to be as good as double precision allows.

    >>> import numpy as np
    >>> from theory.universality import prove_point, vanilla
    >>> step = vanilla(np.array([[3.0]]), np.array([0.0]))
    >>> prove_point(step, np.array([0.0])).unstable_dimension, prove_point(step, np.array([0.5]))
    (1, None)

    Derived here: `tests/theory/universality/test_krawczyk.py`.

    Raises:
        ValueError: if the state has another size than the map's, or is not finite.
    """
    middle = np.asarray(near, dtype=np.float64)
    if middle.shape != (step.size,) or not np.isfinite(middle).all():
        raise ValueError(f"a state of shape {middle.shape}: give {step.size} finite numbers")
    before, flint.ctx.prec = flint.ctx.prec, _PRECISION
    try:
        with threadpool_limits(limits=1, user_api="blas"):  # matrices this small wait for their threads
            return _proved(step, middle)
    finally:
        flint.ctx.prec = before


def _proved(step: BallMap, middle: np.ndarray) -> ProvedPoint | None:
    at, one = exact(middle[:, None]), Bounded(np.eye(step.size))
    here = step.step(Balls.variables(at.entries()))
    try:
        C = Bounded(np.linalg.inv((here.slope - one).middle))
    except np.linalg.LinAlgError:
        return None
    newton = (C @ bounded(here.value - at)).size()[:, 0]
    length = float(newton.max())
    if not np.isfinite(length):
        return None

    def slopes_over(radius: float) -> Bounded | None:
        """F' over the box of this radius, if Krawczyk's test says that one fixed point is in it."""
        slopes = step.step(Balls.variables([flint.arb(x, radius) for x in middle.tolist()])).slope
        left = one - C @ (slopes - one)
        moved = above(left.times(np.full(step.size, radius)) + newton)
        return slopes if (moved < radius).all() else None

    for radius in (max(inflation * length, _SMALLEST) for inflation in _INFLATION):
        slopes = slopes_over(radius) if radius <= _LOOSEST else None
        if slopes is not None:
            alone = _WIDEST
            while alone > radius and slopes_over(alone) is None:
                alone /= 2
            index = sign_of_determinant((one - slopes).middle)
            return ProvedPoint(middle, radius, max(alone, radius), count_outside(slopes), index)
    return None
