"""What one step does to a state and to what is beside it, by singular values."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Directions = Float[np.ndarray, "size some"]


@dataclass(frozen=True, eq=False)
class Pull:
    """F(h) - h at a state, and F' - 1 there: `values` in falling order, with `left` and `right` directions in columns.

    On what is orthogonal to these, if there is anything, F' - 1 is minus `besides`, times one.

    >>> import numpy as np
    >>> pull = Pull(np.array([0.1, 0.2, 0.3]), np.eye(3)[:, :1], np.array([2.0]), -np.eye(3)[:, :1], besides=1.0)
    >>> pull.back(steep=1).tolist(), pull.steepest  # F' - 1 is diagonal: -2, -1, -1
    ([0.05, 0.2, 0.3], 2.0)
    """

    residual: Float[np.ndarray, " size"]
    left: Directions
    values: Float[np.ndarray, " some"]
    right: Directions
    besides: float | None = None

    @property
    def steepest(self) -> float:
        """The largest singular value of all."""
        return max(float(self.values[0]), self.besides or 0.0)

    def back(self, steep: int) -> Float[np.ndarray, " size"]:
        """The shortest way to where F(h) - h vanishes along the `steep` first directions, and beside all of them."""
        along = self.left[:, :steep].T @ self.residual
        way = -self.right[:, :steep] @ (along / self.values[:steep])
        if self.besides is None:
            return np.asarray(way)
        return np.asarray(way + (self.residual - self.left @ (self.left.T @ self.residual)) / self.besides)
