"""Dynamical Similarity Analysis: whether two networks' activity evolves alike, whatever the coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike

from simulate.measures.measure import Distance, Measure
from simulate.measures.operator import Operator, fit_operator
from simulate.measures.orthogonal import OperatorDistance


class BadEmbedding(ValueError):
    """Delays, interval or rank that describe no embedding."""


@dataclass(frozen=True)
class DSA(Measure[ArrayLike, Any]):
    """Dynamical Similarity Analysis (Ostrow et al., Beyond geometry, 2023): a linear operator of each network's
    dynamics, and the distance between two operators up to rotation and reflection.

    `DSA(...)(one, other)` compares the activity of two networks; `pairwise(DSA(...), activities)` that of many, whose
    operators are then fitted once each. The two may have different units, trials and steps. The distance depends on
    `delays`, `interval` and `rank`, so compare only what was measured with the same.

    Attributes:
        delays: states beside one another in an embedded state, the present one counted.
        rank: directions that are kept, and the size of the operator.
        interval: steps between these states.
        compare: the measure of two operators: `OperatorDistance`, `OperatorAngle` or `EigenvalueDistance`.

    Raises:
        BadEmbedding: unless all three numbers are at least one.

    >>> import numpy as np
    >>> from simulate.measures import DSA
    >>> def turning(by, units):
    ...     phase = by * np.arange(100) + np.arange(6)[:, None, None]
    ...     return np.cos(phase.swapaxes(1, 2) + np.arange(units))  # trials, steps, units
    >>> dsa = DSA(delays=3, rank=2)
    >>> dsa(turning(0.3, 5), turning(0.3, 8)).value < 0.01, dsa(turning(0.3, 5), turning(0.9, 5)).value > 0.5
    (True, True)
    """

    delays: int
    rank: int
    interval: int = 1
    compare: Measure[Operator | ArrayLike, Any] = field(default_factory=OperatorDistance)

    def __post_init__(self) -> None:
        for name in ("delays", "rank", "interval"):
            if getattr(self, name) < 1:
                raise BadEmbedding(f"{name} is {getattr(self, name)}: give one or more")

    def fit_operator(self, activity: ArrayLike) -> Operator:
        """The operator of one network's dynamics.

        Each trial is embedded by itself. The embedded states, their mean taken off, are whitened and cut to their
        leading principal coordinates ("eigen-time-delay coordinates", HAVOK, Brunton et al. 2017); A v + b is the
        least-squares map from each to the next of its trial. The constant b is no part of the operator: without it
        every operator would have an eigenvalue near 1 for where the activity is, not for how it moves. Directions
        below the numerical rank (in the precision that the activity came in) are noise of rounding: A is zero there.
        So units that never change alter nothing, and invertible linear maps of the activity, rotations and scales of
        units among them, turn A into another matrix of the same operator, as long as no direction is cut.
        `in_activity` of the operator is A in coordinates that are not whitened.

        Arguments:
            activity: trials x steps x units; a single trial as `activity[None]`.

        Raises:
            WrongShape, NotFinite, NotReal: for other axes; for NaN or infinity; for complex numbers.
            TooFewSamples: if there are fewer transitions than `rank`.

        Warns:
            FewerSamplesThanFeatures: if there are fewer transitions than delay coordinates.
        """
        return fit_operator(activity, delays=self.delays, rank=self.rank, interval=self.interval)

    def prepare(self, item: ArrayLike) -> Any:
        """What `compare` needs of the operator of one network's activity."""
        return self.compare.prepare(self.fit_operator(item))

    def between(self, first: Sequence[Any], second: Sequence[Any]) -> Sequence[Distance]:
        """The distances of all pairs, by `compare`."""
        return self.compare.between(first, second)
