"""The linear operator of a network's dynamics, fitted to its activity in delay coordinates."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex, Float
from numpy.typing import ArrayLike

from simulate.measures.samples import FewerSamplesThanFeatures, NotFinite, TooFewSamples, WrongShape, finite

LARGEST = 1e150
"""Entries beyond have squares that are no finite numbers."""


@dataclass(frozen=True)
class Operator:
    """The linear part of the dynamics v(t + 1) = A v(t) + b in principal coordinates of delay-embedded activity.

    Attributes:
        matrix: A, as a matrix on columns. Directions that the activity does not have act as zero.
        rank: how many directions it has, at most the rank asked for.
        discarded: share of the embedded activity's variance outside these directions.
        error: share of the next state's variance, along these directions and in units of activity, that A v + b misses.
        transitions: pairs of successive states that it was fitted to.
        sizes: how large the activity is along each direction, relative to the largest; zero for those it does not have.

    >>> import numpy as np
    >>> from simulate.measures import DSA
    >>> phase = 0.3 * np.arange(200) + np.arange(5)[:, None]
    >>> activity = np.stack([np.cos(phase), np.sin(phase), 0 * phase], axis=-1)  # five trials of a rotation
    >>> found = DSA(delays=4, rank=3).fit_operator(activity)
    >>> found.rank, np.round(np.sort(np.angle(found.eigenvalues)), 6).tolist(), found.error < 1e-12
    (2, [-0.3, 0.0, 0.3], True)
    """

    matrix: Float[np.ndarray, "n n"]
    rank: int
    discarded: float
    error: float
    transitions: int
    sizes: Float[np.ndarray, " n"]

    @property
    def in_activity(self) -> "Operator":
        """The same in orthonormal coordinates of the (embedded) activity, in which it is not white.

        White coordinates forget all that an invertible linear map of the activity changes, as how far from orthogonal
        modes are: compare operators in these to see it. Their distances depend on the scale of no network.

        >>> import numpy as np
        >>> from simulate.measures import DSA, OperatorDistance
        >>> starts = np.random.default_rng(0).normal(size=(9, 2))
        >>> modes = np.stack([starts * [0.9**t, 0.5**t] for t in range(9)], axis=1)
        >>> apart, leaning = (DSA(1, 2).fit_operator(modes @ each) for each in (np.eye(2), [[1.0, 0.0], [1.0, 1.0]]))
        >>> white, seen = (OperatorDistance()(*pair).value for pair in
        ...     ((apart, leaning), (apart.in_activity, leaning.in_activity)))
        >>> white < 1e-12, seen > 0.1
        (True, True)
        """
        scale = np.where(self.sizes > 0, self.sizes, 1.0)
        return replace(self, matrix=scale[:, None] * self.matrix / scale)

    @property
    def eigenvalues(self) -> Complex[np.ndarray, " n"]:
        """Of the matrix, in no particular order."""
        return np.linalg.eigvals(self.matrix).astype(complex)


def matrix_of(operator: Operator | ArrayLike) -> Float[np.ndarray, "n n"]:
    """The matrix of an operator, or a matrix as it is.

    Raises:
        WrongShape, NotFinite, NotReal: if it is not square; if not all of its entries and their squares are finite; if
            it is complex.
    """
    matrix = finite(operator.matrix if isinstance(operator, Operator) else operator, ("n", "n"), "an operator")
    if matrix.shape[0] != matrix.shape[1]:
        raise WrongShape(f"an operator of shape {matrix.shape}: give a square matrix")
    if (largest := float(np.abs(matrix).max())) > LARGEST:
        raise NotFinite(f"an operator with values up to {largest:g}, whose squares are no finite numbers: scale both")
    return matrix


def embedded(
    activity: Float[np.ndarray, "trials steps units"], delays: int, interval: int
) -> Float[np.ndarray, "trials shorter features"]:
    """Each state beside its `delays` - 1 predecessors, `interval` steps apart: newest first, within a trial only."""
    reach, steps = (delays - 1) * interval, activity.shape[1]
    return np.concatenate([activity[:, reach - back : steps - back] for back in range(0, reach + 1, interval)], axis=2)


def transitions_of(shape: tuple[int, ...], delays: int, interval: int) -> int:
    """Pairs of successive embedded states in trials x steps x units, to which an operator is fitted."""
    return max(shape[0] * (shape[1] - (delays - 1) * interval - 1), 0)


def fit_operator(activity: ArrayLike, *, delays: int, rank: int, interval: int) -> Operator:
    """See `DSA.fit_operator`."""
    given = np.asarray(activity)
    rounding = np.finfo(given.dtype).eps if np.issubdtype(given.dtype, np.floating) else np.finfo(float).eps
    states = finite(given, ("trials", "steps", "units"), "activity")
    states = states[:, :, (states != states[0, 0]).any(axis=(0, 1))]
    transitions = transitions_of(states.shape, delays, interval)
    if transitions < max(rank, 1):
        raise TooFewSamples(
            f"{transitions} transitions for an operator of rank {rank}: give longer trials (of more than "
            f"{(delays - 1) * interval + 1} steps), more of them, or ask for fewer delays or a lower rank"
        )
    if not states.shape[2]:
        return Operator(np.zeros((rank, rank)), 0, 0.0, 0.0, transitions, np.zeros(rank))
    states = np.ldexp(states, -np.frexp(np.abs(states).max())[1])  # exact, and squares of any scale are numbers
    history = embedded(states, delays, interval)
    history = history - history.mean(axis=(0, 1))
    trials, steps, features = history.shape
    if transitions < features:
        warnings.warn(
            f"{transitions} transitions for {features} delay coordinates: the leading directions are those of this "
            "sample; give more or longer trials, or ask for fewer delays",
            FewerSamplesThanFeatures,
            stacklevel=3,
        )
    triangular = np.linalg.qr(history.reshape(trials * steps, features), mode="r")
    _, sizes, directions = np.linalg.svd(triangular, full_matrices=False)
    kept = min(rank, int((sizes > max(trials * steps, features) * rounding * sizes[0]).sum()))
    v = history @ (directions[:kept].T / sizes[:kept])
    before, after = v[:, :-1].reshape(-1, kept), v[:, 1:].reshape(-1, kept)
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    A = np.linalg.lstsq(before, after, rcond=None)[0].T
    matrix = np.zeros((rank, rank))
    matrix[:kept, :kept] = A
    missed, whole = (after - before @ A.T) * sizes[:kept], after * sizes[:kept]
    return Operator(
        matrix,
        kept,
        float((sizes[kept:] ** 2).sum() / (sizes**2).sum()),
        float((missed**2).sum() / (whole**2).sum()),
        transitions,
        np.pad(sizes[:kept] / sizes[0], (0, rank - kept)),
    )
