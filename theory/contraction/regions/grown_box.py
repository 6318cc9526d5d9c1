"""The largest box around a fixed point that is found not to be left, and from which all trajectories tend to the point.

A box knows no directions, but says of each neuron alone how far it may be off. Around a point it exists if the absolute
values of what carries displacements into drives have spectral radius below one there; its edges begin along their
positive eigenvector, and then each face moves as far as the others allow.
"""

from dataclasses import dataclass

import numpy as np

from theory.contraction.network import Matrix, Vector
from theory.contraction.regions.autonomous import AutonomousNetwork
from theory.contraction.regions.box import IntervalBox
from theory.contraction.regions.box_claim import BoxContraction
from theory.contraction.regions.constant_inputs import contraction
from theory.contraction.regions.fixed_points import FixedPoint, refined
from theory.contraction.threads import one_blas_thread

_ITERATIONS = 80
_MARGIN = 1e-9
_STRIDES = (0.5, 0.1, 0.02, 0.004)
"""By which part of its distance to the point a face is moved, round after round."""
_SHRINKINGS = (1 - 1e-6, 0.999, 0.99, 0.95, 0.8, 0.5)


@dataclass(frozen=True, eq=False)
class FoundBox:
    """What was found around one fixed point; `claim` is None where no box was."""

    system: AutonomousNetwork
    fixed_point: FixedPoint
    claim: BoxContraction | None

    @property
    def faces(self) -> tuple[Vector, Vector]:
        """The least and the largest state of each neuron."""
        assert self.claim is not None
        first = self.claim.boxes[0]
        lower, upper = ([float(end) for end in ends if end is not None] for ends in (first.lower, first.upper))
        return np.array(lower), np.array(upper)

    @property
    def cube(self) -> float:
        """How far all neurons' states may be off at once: the distance to the nearest face."""
        lower, upper = self.faces
        return float(np.minimum(self.fixed_point.state - lower, upper - self.fixed_point.state).min())


@one_blas_thread
def largest_box(system: AutonomousNetwork, state: Vector) -> FoundBox:
    """A box around the fixed point next to `state` that no trajectory leaves, and in which all tend to the point.

    Raises:
        NoFixedPoint: where Newton's method finds none from `state`.
        Unbounded: where the nonlinearity has no bounds.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> lower, upper = largest_box(switch, np.array([1.0])).faces
    >>> bool(0 < lower[0] < 0.01 and upper[0] > 2)  # the basin of 0.9575 is all that is above zero
    True
    """
    point = refined(system, state)
    inputs = IntervalBox.at(system.inputs.tolist())
    grown = _Growth(system, point.state).grown() if point.stable else None
    for factor in _SHRINKINGS if grown is not None else ():
        lower, upper = (point.state + factor * (face - point.state) for face in grown or ())
        first = IntervalBox(IntervalBox.at(lower.tolist()).lower, IntervalBox.at(upper.tolist()).lower)
        claim = contraction(system, inputs, first=first.outwards())
        if claim is not None:
            return FoundBox(system, point, claim)
    return FoundBox(system, point, None)


@dataclass(frozen=True, eq=False)
class _Growth:
    """Boxes around a point, in floating point."""

    system: AutonomousNetwork
    point: Vector

    @property
    def _rate_like(self) -> bool:
        return self.system.network.form.slopes_multiply_rows

    def grown(self) -> tuple[Vector, Vector] | None:
        """The faces; None where not even a small box serves."""
        edges = self._edges()
        if edges is None:
            return None
        size, step = 1e-3, 2.0
        while self._serves(*self._capped(size * edges, size * edges)) and size < 1e3:
            size *= step
        size /= step
        below, above = size * edges, size * edges
        if not self._serves(*self._capped(below, above)):
            return None
        for stride in _STRIDES:
            for side in range(2 * len(edges)):
                while True:
                    trial = np.concatenate([below, above])
                    trial[side] *= 1 + stride
                    faces = self._capped(*np.split(trial, 2))
                    moved = np.abs(np.concatenate(faces) - np.concatenate(self._capped(below, above))).max() > 0
                    if not moved or not self._serves(*faces):
                        break
                    below, above = np.split(trial, 2)
        return self._capped(below, above)

    def _edges(self) -> Vector | None:
        """The positive eigenvector; None where the spectral radius is not below one."""
        seen = self.system.arguments(self.point[None])[0]
        carried = self._carried(self.system.activation.derivatives(seen))
        values, vectors = np.linalg.eig(carried + 1e-6)
        leading = int(np.argmax(values.real))
        return np.abs(vectors[:, leading].real) if values[leading].real < 1 else None

    def _carried(self, slopes: Vector) -> Matrix:
        weights = np.abs(self.system.network.weights)
        return slopes[:, None] * weights if self._rate_like else weights * slopes

    def _capped(self, below: Vector, above: Vector) -> tuple[Vector, Vector]:
        """Faces at these distances, none farther beyond what can drive states than all that can reaches."""
        least, most = self._image(np.full(len(below), -np.inf), np.full(len(below), np.inf))
        beyond = most - least
        return np.maximum(self.point - below, least - beyond), np.minimum(self.point + above, most + beyond)

    def _image(self, lower: Vector, upper: Vector) -> tuple[Vector, Vector]:
        weights, phi = self.system.network.weights, self.system.activation
        rising, falling = np.maximum(weights, 0), np.minimum(weights, 0)
        if not self._rate_like:
            lower, upper = phi.values(lower), phi.values(upper)
        elif not np.isfinite(lower).all():
            least, most = phi.bounds or (0, 0)
            return np.full(len(lower), float(least)), np.full(len(lower), float(most))
        low = rising @ lower + falling @ upper + self.system.inputs
        high = rising @ upper + falling @ lower + self.system.inputs
        return (phi.values(low), phi.values(high)) if self._rate_like else (low, high)

    def _serves(self, lower: Vector, upper: Vector) -> bool:
        """Whether the box holds its image, and absolute values have spectral radius below one where images end."""
        least, most = self._image(lower, upper)
        if (least < lower - _MARGIN).any() or (most > upper + _MARGIN).any():
            return False
        for _ in range(_ITERATIONS):
            least, most = self._image(least, most)
        seen = self._seen(least, most)
        phi = self.system.activation
        steepest = np.maximum(*(phi.derivatives(each) for each in seen))
        steepest = np.where((seen[0] <= 0) & (seen[1] >= 0), phi.steepest, steepest)
        return float(np.abs(np.linalg.eigvals(self._carried(steepest))).max()) < 1

    def _seen(self, lower: Vector, upper: Vector) -> tuple[Vector, Vector]:
        """What phi sees in a box."""
        if not self._rate_like:
            return lower, upper
        weights = self.system.network.weights
        rising, falling = np.maximum(weights, 0), np.minimum(weights, 0)
        low, high = rising @ lower + falling @ upper, rising @ upper + falling @ lower
        return low + self.system.inputs, high + self.system.inputs
