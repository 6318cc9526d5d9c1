"""A network of rank R is R equations: what its latent variables do, and that the rest of it decides nothing.

With weights M N^T (n x R each) and a drive d = U x + b that does not change, three networks have one latent flow,

    kappa' = -kappa + N^T phi(M kappa + d),      L(kappa) = N^T D M,   D = diag phi'(M kappa + d),

    (activity)   h' = -h + phi(M N^T h + d)      kappa = N^T h obeys it from any h
    (rate)       x' = -x + M N^T phi(x) + d      x = M kappa + v with v' = -v + d, from kappa(0) = 0 and v(0) = x(0): so
                                                 does x = M kappa + d, to which all states are drawn as exp(-t)
    (map)        h <- phi(M N^T h + d)           kappa = N^T h becomes N^T phi(M kappa + d), whose slope is L

Where they stand still the Jacobians of the first two, -1 + D M N^T and -1 + M N^T D, have the characteristic polynomial
(s + 1)^(n - R) det(s + 1 - L), by Sylvester's identity det(1 + A B) = det(1 + B A). So R eigenvalues are those of the
latent Jacobian L - 1, and n - R are -1. Of the map they are those of L, and zeros.

The rate form is that of Mastrogiuseppe and Ostojic (Neuron 99, 609, 2018), the activity form that of the ghost pillar;
`tests/theory/universality/test_latent_flow.py` derives all of the above.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Complex, Float, Int

from theory.ghost import circuit
from theory.universality.cells import Given
from theory.universality.fixed_point_set import Factored, FixedPointSet, fixed_point_set, latent_map
from theory.universality.prune import SearchLimits


@dataclass(frozen=True, eq=False)
class LatentFlow:
    """kappa' = -kappa + N^T tanh(M kappa + drive), and the map kappa <- N^T tanh(M kappa + drive).

    All arrays of kappa have R numbers along their last axis. Times are in units of the network's time constant.

    >>> import numpy as np
    >>> from theory.universality import Factored, LatentFlow
    >>> flow = LatentFlow(Factored(np.eye(2), np.diag([2.0, 0.5])), np.zeros(2))
    >>> flow.eigenvalues(np.zeros(2)).real.tolist(), len(flow.fixed_points().points)
    ([1.0, -0.5], 3)

    Raises:
        WrongWeights: for a drive of another size than the units, or that is not finite.
    """

    weights: Factored
    drive: Given

    def __post_init__(self) -> None:
        """Check the drive."""
        latent_map(self.weights, self.drive)

    @property
    def rank(self) -> int:
        """R."""
        return self.weights.rank

    def state(self, kappa: Float[np.ndarray, "*some rank"]) -> Float[np.ndarray, "*some units"]:
        """M kappa + drive: the rate network's state; its tanh is that of the other two."""
        return np.asarray(kappa @ self.weights.M.T + self.drive)

    def velocity(self, kappa: Float[np.ndarray, "*some rank"]) -> Float[np.ndarray, "*some rank"]:
        """kappa'."""
        return np.asarray(np.tanh(self.state(kappa)) @ self.weights.N - kappa)

    def slopes(self, kappa: Float[np.ndarray, "*some rank"]) -> Float[np.ndarray, "*some rank rank"]:
        """L = N^T D M: the Jacobian of the map; that of the flow is L - 1."""
        steep = tanh_derivative(1, self.state(kappa))
        return np.einsum("ir,...i,is->...rs", self.weights.N, steep, self.weights.M, optimize=True)

    def eigenvalues(self, kappa: Float[np.ndarray, "*some rank"]) -> Complex[np.ndarray, "*some rank"]:
        """Of the flow's Jacobian, the largest real part first; n - R more of the network are -1."""
        return of_flow(self.slopes(kappa))

    def unstable_dimensions(self, kappa: Float[np.ndarray, "*some rank"]) -> Int[np.ndarray, "*some"]:
        """How many of them have a positive real part."""
        return np.asarray((self.eigenvalues(kappa).real > 0).sum(axis=-1))

    @property
    def bound(self) -> Float[np.ndarray, " rank"]:
        """|kappa_i| at rest is at most sum_j |N_ji|; and so it is later where it was before."""
        return np.asarray(np.abs(self.weights.N).sum(axis=0))

    def fixed_points(self, *, limits: SearchLimits | None = None) -> FixedPointSet:
        """All of them, in kappa, with proof; the unstable dimensions it proves are those of the map."""
        return fixed_point_set(self.weights, self.drive, limits=limits)


def of_flow(slopes: Float[np.ndarray, "*some rank rank"]) -> Complex[np.ndarray, "*some rank"]:
    """Eigenvalues of L - 1, the largest real part first.

    >>> of_flow(np.diag([0.5, 3.0])).real.tolist()
    [2.0, -0.5]
    """
    values = np.linalg.eigvals(slopes).astype(complex) - 1
    return np.take_along_axis(values, np.argsort(-values.real, axis=-1, kind="stable"), axis=-1)


def tanh_derivative(order: int, values: Float[np.ndarray, "*some"]) -> Float[np.ndarray, "*some"]:
    """The order-th derivative of tanh.

    >>> tanh_derivative(1, np.zeros(1)).tolist(), tanh_derivative(3, np.zeros(1)).tolist()
    ([1.0], [-2.0])
    """
    return np.polyval(_coefficients(order), np.tanh(values))


@cache
def _coefficients(order: int) -> tuple[float, ...]:
    """Of the polynomial of tanh, the highest power first: derived once, asked for at every step of Newton's method."""
    return tuple(float(each) for each in circuit.reduction.tanh_polynomial(order).all_coeffs())
