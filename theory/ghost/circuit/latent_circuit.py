"""The latent circuit of a user's own rank-one network: flow, certified fixed points, ghosts, predicted delay.

Every derivative comes from `theory/ghost/circuit/reduction.py`, every certificate from
`theory/ghost/circuit/certify.py`.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import ArrayLike, Float

from theory.ghost.circuit.certify import certify_fixed_points, certify_turning_points, rounding_error
from theory.ghost.circuit.normal_form import NormalForm
from theory.ghost.circuit.passage import Delay, Passage, euler_passage, travel_time, with_euler_correction
from theory.ghost.circuit.reduction import latent_derivatives, leak_at, parameter_derivatives
from theory.ghost.circuit.roots import CertifiedRoots

INITIAL_ACTIVITY = -0.3  # the paper starts every neuron there

Vector = Float[np.ndarray, " neurons"]
LossGradient = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Gradient of a loss with respect to m, n and b, (N,) each; zeros for a vector that is not trained."""


class NetworkShapeError(ValueError):
    """m, n and b do not describe one rank-one network."""


class ScaleWarning(UserWarning):
    """m and n look like the vectors of a network m n^T / N, given without the factor 1 / N."""


UNSCALED, SCALE_KNOWN_FROM = 0.5, 50
"""Root mean square of m times that of n from which a network of so many neurons is taken for one without the factor
1 / N. With the factor the product is of order 1 / N: 0.01 in the paper's networks of 100 neurons, at most 0.17 in those
trained at fifty times its rate. Without it, it is of order one."""


class NetworkValueError(ValueError):
    """m, n, b or tau hold something that is not a finite real number (or tau is not positive)."""


@dataclass(frozen=True, eq=False)
class LatentCircuit:
    """tau kappa' = f(kappa) = -kappa + n.tanh(m kappa + b): the rank-one network with these m, n, b, each (N,).

    Anything array-like is accepted. `NetworkShapeError` and `NetworkValueError` say what is wrong with it, and
    `ScaleWarning` tells of vectors that lack the factor 1 / N. All times are in the unit of `tau`. (Paper, equation 4.)

    `constant_input` is what each neuron receives at all times beside the recurrent input, (N,), an input vector times
    its amplitude; it acts as a bias and is added to `b`. The state x of the network may start anywhere: kappa(0) is
    n.x(0), and the latent flow is exact from there.

    >>> m, n = np.array([1.2, -0.3, 1.2, 1.5]), np.array([-1.7, 1.6, 2.3, 2.0])
    >>> circuit = LatentCircuit(m, n, b=np.array([0.2, 1.0, 0.3, -0.3]))
    >>> circuit.fixed_points().roots.round(3), circuit.fixed_points().certified
    (array([2.835]), True)
    >>> f"{circuit.slowest().location:.3f} {circuit.predicted_delay().value:.3f}"
    '-0.819 7.149'
    >>> driven = LatentCircuit(m, n, circuit.b, constant_input=np.array([0.0, 0.0, 0.1, 0.1]))
    >>> f"{driven.predicted_delay(start=np.array([0.5, 0.0, -0.2, 0.1])).value:.3f}"
    '2.973'
    """

    m: Vector
    n: Vector
    b: Vector
    tau: float = 1.0

    def __init__(
        self,
        m: ArrayLike,
        n: ArrayLike,
        b: ArrayLike,
        tau: float = 1.0,
        constant_input: ArrayLike | None = None,
    ) -> None:
        """Check and copy the arrays."""
        given = {"m": m, "n": n, "b": b} | ({} if constant_input is None else {"constant_input": constant_input})
        vectors = {name: _vector(name, values) for name, values in given.items()}
        sizes = {name: len(vector) for name, vector in vectors.items()}
        if len(set(sizes.values())) > 1:
            raise NetworkShapeError(f"{', '.join(sizes)} must have one length, got {sizes}: one entry a neuron in each")
        if not (np.isfinite(tau) and tau > 0):
            raise NetworkValueError(f"tau must be positive and finite, got {tau}")
        if "constant_input" in vectors:
            vectors["b"] = _vector("b + constant_input", vectors["b"] + vectors.pop("constant_input"))
        for name, vector in vectors.items():
            object.__setattr__(self, name, vector)
        object.__setattr__(self, "tau", float(tau))
        if self.lacks_scale:
            warnings.warn(
                f"the root mean squares of m and n multiply to {self.entry_scale:.3g}, of order one as in a network "
                f"m n^T / N; this circuit has no factor 1 / N: give n / {len(self.m)} if the network has",
                ScaleWarning,
                stacklevel=2,
            )

    @property
    def entry_scale(self) -> float:
        """Root mean square of m times that of n: the size of an entry of the connectivity m n^T."""
        return float(np.sqrt(np.mean(self.m**2) * np.mean(self.n**2)))

    @property
    def lacks_scale(self) -> bool:
        """Whether the vectors look like those of a network m n^T / N, given without the factor."""
        return len(self.m) >= SCALE_KNOWN_FROM and self.entry_scale > UNSCALED

    def derivative(self, latent: ArrayLike, order: int = 0) -> Float[np.ndarray, "*points"]:
        """The order-th derivative of f at any array of latent values, same shape."""
        place = np.asarray(latent, dtype=np.float64)
        neurons = latent_derivatives(order)(place[..., None], self.m, self.n, self.b)[0]
        return np.asarray(neurons.sum(axis=-1) + leak_at(order, place))

    def flow(self, latent: ArrayLike) -> Float[np.ndarray, "*points"]:
        """f at any array of latent values."""
        return self.derivative(latent, 0)

    def flow_error(self, latent: float) -> float:
        """A bound of the rounding error of `flow` at one latent value."""
        fixed, growing = rounding_error(self.m[None], self.n[None], self.b[None], 0)
        return float(fixed[0] + abs(latent) * growing[0])

    def parameter_gradient(self, latent: float) -> LossGradient:
        """(df/dm, df/dn, df/db) at a fixed latent value; at a turning point, the gradient of its effective_r."""
        d_m, d_n, d_b = parameter_derivatives()(latent, self.m, self.n, self.b)
        return d_m, d_n, d_b

    def start(self, state: ArrayLike = INITIAL_ACTIVITY) -> float:
        """kappa(0) = n.x(0) for a state of the network: one activity for all neurons, or (N,), one for each.

        Raises `NetworkShapeError` and `NetworkValueError`.
        """
        if np.ndim(state) == 0:
            return float(_vector("state", np.array([state]))[0] * self.n.sum())
        given = _vector("state", state)
        if given.shape != self.n.shape:
            raise NetworkShapeError(f"a state has one activity for each of {len(self.n)} neurons, got {given.shape}")
        return float(self.n @ given)

    def _kappa(self, start: ArrayLike | None) -> float:
        """The latent value that a passage starts at: a number is one already, an array is a state."""
        if start is not None and np.ndim(start) == 0:
            return float(np.asarray(start))
        return self.start() if start is None else self.start(start)

    def stepped(self, loss_gradient: LossGradient, learning_rate: float) -> "LatentCircuit":
        """The circuit after one step of gradient descent."""
        g_m, g_n, g_b = loss_gradient
        moved = (self.m - learning_rate * g_m, self.n - learning_rate * g_n, self.b - learning_rate * g_b)
        return LatentCircuit(*moved, tau=self.tau)

    @cached_property
    def _fixed_points(self) -> CertifiedRoots:
        return certify_fixed_points(self.m[None], self.n[None], self.b[None]).of(0)

    @cached_property
    def _turning_points(self) -> CertifiedRoots:
        return certify_turning_points(self.m[None], self.n[None], self.b[None]).of(0)

    def fixed_points(self) -> CertifiedRoots:
        """Certified fixed points; slope -1 is stable, +1 unstable."""
        return self._fixed_points

    def turning_points(self) -> CertifiedRoots:
        """Certified zeros of f'."""
        return self._turning_points

    def normal_forms(self) -> tuple[NormalForm, ...]:
        """The normal form at every certified turning point, ascending."""
        found = self.turning_points()
        return tuple(self._normal_form(x, d) for x, d in zip(found.roots, found.radii, strict=True))

    def _normal_form(self, location: float, radius: float) -> NormalForm:
        bend = float(self.derivative(location, 2))
        slope = abs(float(self.derivative(location, 1)))
        error = float(self.flow_error(location) + radius * (slope + radius * abs(bend)))
        return NormalForm(float(location), float(self.flow(location)), 0.5 * bend, error, self.tau)

    def ghosts(self) -> tuple[NormalForm, ...]:
        """Local minima of |f| that do not reach zero: f' = 0 and f f'' > 0."""
        return tuple(point for point in self.normal_forms() if point.is_ghost)

    def pairs(self) -> tuple[NormalForm, ...]:
        """Turning points beyond zero: f' = 0 and f f'' < 0. At zero the two fixed points about it annihilate."""
        return tuple(point for point in self.normal_forms() if point.is_pair)

    def slowest(self) -> NormalForm | None:
        """The ghost with the smallest equivalent toy parameter, hence the longest bottleneck; None without ghosts."""
        return min(self.ghosts(), key=lambda ghost: ghost.toy_r, default=None)

    def predicted_delay(self, start: ArrayLike | None = None, threshold: float = 1.0) -> Delay:
        """Time of the continuous flow from `start` up to `threshold`.

        `start` is a latent value, or a state of the network, (N,); by default every neuron is at -0.3.
        """
        begin = self._kappa(start)
        fixed, turning = self.fixed_points(), self.normal_forms()
        return travel_time(
            self._at, self.flow_error, begin, threshold, fixed_points=fixed, turning_points=turning, tau=self.tau
        )

    def predicted_euler_delay(self, step: float, start: ArrayLike | None = None, threshold: float = 1.0) -> Delay:
        """Time that the Euler map with D = `step` needs, to first order in D; what is left is O(D^2).

        `start` as for `predicted_delay`.
        """
        begin = self._kappa(start)
        exact = self.predicted_delay(begin, threshold)
        return with_euler_correction(exact, self._at(begin), self._at(threshold), step, self.tau)

    def euler_passage(
        self, step: float, start: ArrayLike | None = None, threshold: float = 1.0, most_steps: int = 100_000
    ) -> Passage:
        """The passage of the network's Euler map with D = `step` = dt / tau, exactly as the network makes it.

        `start` as for `predicted_delay`.
        """
        begin = self._kappa(start)
        return euler_passage(self._at, begin, threshold, step=step, tau=self.tau, most_steps=most_steps)

    def _at(self, latent: float) -> float:
        return float(self.flow(latent))


def _vector(name: str, given: ArrayLike) -> Vector:
    array = np.asarray(given)
    if array.ndim != 1 or array.size == 0:
        raise NetworkShapeError(f"{name} must be one-dimensional and non-empty, got shape {array.shape}: flatten it")
    if array.dtype.kind not in "iuf":
        raise NetworkValueError(f"{name} must hold real numbers, got {array.dtype}: convert it to float")
    vector = np.array(array, dtype=np.float64)
    if not np.isfinite(vector).all():
        raise NetworkValueError(f"{name} must be finite, got a NaN or an infinity: look for a diverged training run")
    vector.flags.writeable = False
    return vector
