"""All fixed points of a network, proved to be all: none is missing where the outcome says so."""

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from theory.universality.balls import RELU, TANH, Affine, KnownByName, UnknownFunction, of_name
from theory.universality.bounded import LONGEST_SUM, Bounded, above
from theory.universality.cells import BallMap, Given, WrongWeights, vanilla
from theory.universality.krawczyk import ROOM, ProvedPoint, prove_point
from theory.universality.prune import Holds, Pruned, SearchLimits, Undecided, prune
from theory.universality.rectified import Regions, rectified_points
from theory.universality.set_certificate import Document, exact, json_bytes, rectified_document, set_document
from theory.universality.slaved import Slaved
from theory.universality.split import Split, least_rank, split, split_low_rank

_STEPS, _SETTLED = 60, 2.0**-50
_LEAD_IN, _PACE = 400, 0.1
_LOW = 3
"""Rank of weights up to which all its directions are searched, though fewer might do."""


class Completeness(Enum):
    """What is known of a set of fixed points.

    >>> from theory.universality import Completeness
    >>> Completeness.COMPLETE.value
    'complete'
    """

    COMPLETE = "complete"
    UNDECIDED_BOXES = "undecided boxes: more points may be in them; raise the limits, or a point is degenerate"
    COMPLETE_TO_BOUND = "complete among states up to the bound"
    SINGULAR_REGION = "regions with singular equations, or points on a kink: there may be more, even a continuum"
    UNDECIDED_REGIONS = "regions were left undecided: raise the limit of boxes"
    REST_NOT_PROVED = "the rest was not proved to contract: allow a higher rank"


@dataclass(frozen=True, eq=False)
class Factored:
    """Weights M N^T of low rank: M and N are n x R.

    >>> import numpy as np
    >>> from theory.universality import Factored
    >>> Factored(np.ones((4, 2)), np.ones((4, 2))).rank
    2

    Raises:
        WrongWeights: for shapes that do not fit, and numbers that are not finite.
    """

    M: Given
    N: Given

    def __post_init__(self) -> None:
        """Check shapes and numbers."""
        if np.ndim(self.M) != 2 or np.shape(self.M) != np.shape(self.N) or not np.size(self.M):
            raise WrongWeights(
                f"M of {np.shape(self.M)} and N of {np.shape(self.N)}: both are units x rank, no size zero"
            )
        if not (np.isfinite(self.M).all() and np.isfinite(self.N).all()):
            raise WrongWeights("M or N with NaN or infinity")

    @property
    def rank(self) -> int:
        """R."""
        return int(np.shape(self.M)[1])


@dataclass(frozen=True, eq=False)
class Proof:
    """Why no point is missing: the network in few variables, the Q of its rest, and what became of every box."""

    weights: Document
    network: Slaved
    multiplier: tuple[Fraction, ...]
    pruned: Pruned


@dataclass(frozen=True, eq=False)
class ProofByPatterns:
    """Why a ReLU network has no other point up to the bound: what became of every pattern of active units."""

    W: Float[np.ndarray, "size size"]
    drive: Float[np.ndarray, " size"]
    bound: float
    regions: Regions


@dataclass(frozen=True, eq=False)
class FixedPointSet:
    """The fixed points of a network that were proved, and whether they are all.

    `points` are in the variables of `step`: activities h, or, of weights given as a `Factored`, kappa = N^T h. `states`
    are the activities either way. `rank` is how many variables were searched, in `boxes` boxes, and `undecided` are
    those of which nothing is known; of ReLU `rank` is None and `boxes` are patterns. `tried` says how it was done, and
    what failed before.

    >>> import numpy as np
    >>> from theory.universality import fixed_point_set
    >>> found = fixed_point_set(np.diag([2.0, 0.5]), np.zeros(2))
    >>> found.complete, found.rank, found.states.shape, found.tried
    (True, 1, (3, 2), ('rank 1: the rest contracts',))
    """

    outcome: Completeness
    step: BallMap
    points: tuple[ProvedPoint, ...]
    states: Float[np.ndarray, "points size"]
    rank: int | None
    undecided: tuple[Undecided, ...]
    tried: tuple[str, ...]
    proof: Proof | ProofByPatterns | None = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether it is proved that there is no other point."""
        return self.outcome is Completeness.COMPLETE

    @property
    def boxes(self) -> int:
        """How many were looked at."""
        match self.proof:
            case Proof(pruned=pruned):
                return len(pruned.nodes)
            case ProofByPatterns(regions=regions):
                return len(regions.nodes)
        return 0

    @property
    def certificate(self) -> bytes | None:
        """A file that `python -m validate.universality.set_checker` verifies; None where the set is not complete.

        `docs/fixed-point-sets.md` says what is in it.
        """
        match self.proof:
            case Proof() as proof if self.complete:
                parts = proof.weights, proof.network, proof.multiplier, proof.pruned, self.points
                return json_bytes(set_document(*parts))
            case ProofByPatterns() as proof if self.outcome is Completeness.COMPLETE_TO_BOUND:
                return json_bytes(rectified_document(proof.W, proof.drive, proof.bound, proof.regions))
        return None

    @property
    def index_sum(self) -> int:
        """Of all points: one, if they are all."""
        return sum(point.index for point in self.points)

    @property
    def unstable_dimensions(self) -> tuple[int | None, ...]:
        """Of each point."""
        return tuple(point.unstable_dimension for point in self.points)


def fixed_point_set(
    weights: Given | Factored, drive: Given, phi: KnownByName = TANH, *, limits: SearchLimits | None = None
) -> FixedPointSet:
    """All fixed points of h = phi(W h + drive), phi tanh or ReLU, if they can be proved to be all.

    Of weights M N^T the points are the zeros of R equations in kappa = N^T h. Any other W is cut into U V^T, of the
    eigenvalues with the largest real parts (of a W of rank 3 or less but for rounding, all its directions), and a rest,
    which is what W has besides, to the last digit: if that is proved to contract (`split.py` says which flow), the
    points are the zeros of as many equations; if not, one direction more is cut off. The zeros are found by branch and
    prune: every box is proved empty, or to hold one point, or is cut in two. No rounding is left out of account.

    Of ReLU networks, patterns of active units are branched over and excluded by linear programs, whose multipliers are
    checked in rational numbers; points are those of a region's linear equations, exactly, up to `limits.bound`.

    The time is that of the boxes, whose number grows as a power of the rank: about 3,000 for three variables and 27
    points. The same points are those of the flow x' = -x + W tanh(x) + drive, by h = tanh(x).

    >>> import numpy as np
    >>> from theory.universality import fixed_point_set
    >>> found = fixed_point_set(np.array([[2.0, 0.25], [-0.25, 0.5]]), np.zeros(2))
    >>> found.outcome.value, len(found.points), sorted(found.unstable_dimensions), found.index_sum
    ('complete', 3, [0, 0, 1], 1)

    Arguments:
        weights: n x n, or a `Factored`.
        drive: n numbers: U x + b at a constant input x.
        phi: tanh or ReLU, of any door.
        limits: when to give up.

    Raises:
        WrongWeights: for shapes that do not fit, numbers that are not finite, or more than 2^14 units.
        UnknownFunction: for other nonlinearities than tanh and, of weights that are no `Factored`, ReLU.

    Derived here: `slaved.py`, `split.py`; `tests/theory/universality/test_fixed_point_set.py`.
    """
    limits = SearchLimits() if limits is None else limits
    drive = np.asarray(drive, dtype=np.float64)
    if drive.ndim == 1 and len(drive) > LONGEST_SUM:
        raise WrongWeights(f"{len(drive)} units: bounds of rounding hold up to {LONGEST_SUM}")
    if of_name(phi) is RELU and isinstance(weights, Factored):
        raise UnknownFunction("of factored weights tanh is known; give M N^T as a matrix")
    with threadpool_limits(limits=1, user_api="blas"):  # on many small matrices two threads are slower than one
        if isinstance(weights, Factored):
            return _of_product(weights, drive, limits)
        full = _of_rectified if of_name(phi) is RELU else _of_full_rank
        return full(np.asarray(weights, dtype=np.float64), drive, limits)


def latent_map(weights: Factored, drive: Given) -> BallMap:
    """kappa <- N^T tanh(M kappa + drive): what h <- tanh(M N^T h + drive) does to kappa = N^T h.

    The eigenvalues of its Jacobian are those of the network's, zeros left out: both are products of the same two
    matrices.

    >>> import numpy as np
    >>> from theory.universality import Factored, latent_map
    >>> latent_map(Factored(np.ones((4, 2)), np.ones((4, 2))), np.zeros(4)).size
    2

    Raises:
        WrongWeights: for a drive of another size, or that is not finite.
    """
    shift = np.asarray(drive, dtype=np.float64)
    if shift.shape != (len(weights.M),) or not np.isfinite(shift).all():
        raise WrongWeights(f"a drive of shape {shift.shape}: give {len(weights.M)} finite numbers")
    M, Nt = Affine(np.asarray(weights.M), shift), Affine(np.asarray(weights.N).T, np.zeros(weights.rank))
    return BallMap(weights.rank, lambda kappa: Nt(M(kappa).through(TANH)))


def _of_product(weights: Factored, drive: np.ndarray, limits: SearchLimits) -> FixedPointSet:
    step = latent_map(weights, drive)
    M, N = (np.asarray(each, dtype=np.float64) for each in (weights.M, weights.N))
    network = Slaved(M, N, drive, None)
    points = _Points(step, M, drive, N.T, np.eye(weights.rank))
    pruned = prune(network, points.locate, limits)
    return _found(
        points,
        Proof({"M": exact(M), "N": exact(N)}, network, (), pruned),
        (f"weights of rank {weights.rank}",),
        weights.rank,
    )


def _of_full_rank(W: np.ndarray, drive: np.ndarray, limits: SearchLimits) -> FixedPointSet:
    step = vanilla(W, drive)
    tried = list[str]()
    low = split_low_rank(W, drive, min(_LOW, limits.rank))
    if low is not None:
        told = f"rank {low.rank}, but for a rest that gives a unit {low.network.felt:.1g} at most, and contracts"
        return _of_split(low, step, W, (told,), limits)
    least = least_rank(W)
    for rank in range(least, min(limits.rank, len(W)) + 1):
        parts = split(W, drive, rank)
        if parts is None:
            tried.append(f"rank {rank}: the rest is not proved to contract")
            continue
        tried.append(f"rank {rank}: the rest contracts")
        return _of_split(parts, step, W, tuple(tried), limits)
    if least > limits.rank:
        tried.append(f"{least} eigenvalues have real parts of one or more: no rank up to {limits.rank} will do")
    none = np.zeros((0, len(W)))
    return FixedPointSet(Completeness.REST_NOT_PROVED, step, (), none, None, (), tuple(tried), None)


def _of_split(
    parts: Split, step: BallMap, W: np.ndarray, tried: tuple[str, ...], limits: SearchLimits
) -> FixedPointSet:
    network = parts.network
    points = _Points(step, W, network.drive, np.eye(len(W)), network.V.T)
    pruned = prune(network, points.locate, limits) if parts.rank else _one(points)
    return _found(points, Proof({"weights": exact(W)}, network, parts.multiplier, pruned), tried, parts.rank)


def _of_rectified(W: np.ndarray, drive: np.ndarray, limits: SearchLimits) -> FixedPointSet:
    step = vanilla(W, drive, RELU)
    found = rectified_points(W, drive, limits.bound, limits.boxes)
    states = np.array([[float(each) for each in point] for point in found.points]).reshape(-1, len(W))
    proved = [prove_point(step, state) for state in states]
    sure = np.array([point is not None for point in proved], dtype=bool)
    outcome = Completeness.COMPLETE_TO_BOUND
    if found.singular or not sure.all():
        outcome = Completeness.SINGULAR_REGION
    if not found.within:
        outcome = Completeness.UNDECIDED_REGIONS
    tried = (
        f"{len(found.nodes)} patterns of active units, of states up to {limits.bound:g}",
        *(f"singular: {pattern}" for pattern in found.singular),
        *(f"on a kink: {state.tolist()}" for state in states[~sure]),
    )
    points = tuple(point for point in proved if point is not None)
    proof = ProofByPatterns(W, drive, limits.bound, found)
    return FixedPointSet(outcome, step, points, states[sure], None, (), tried, proof)


def _one(points: "_Points") -> Pruned:
    """Of a network that contracts: its one point, where the flow leads."""
    activity = np.zeros(len(points.A))
    for _ in range(_LEAD_IN):
        activity += _PACE * (np.tanh(points.A @ activity + points.drive) - activity)
    none = np.zeros(0)
    place = points.locate(activity, none, none)
    return Pruned((), (), (Undecided((), ()) if place is None else Holds(place),))


def _found(points: "_Points", proof: Proof, tried: tuple[str, ...], rank: int) -> FixedPointSet:
    undecided = proof.pruned.undecided
    outcome = Completeness.UNDECIDED_BOXES if undecided else Completeness.COMPLETE
    states = np.array([np.tanh(points.A @ point.state + points.drive) for point in points.proved])
    return FixedPointSet(
        outcome, points.step, tuple(points.proved), states.reshape(-1, len(points.A)), rank, undecided, tried, proof
    )


class _Points:
    """Points of z <- L tanh(A z + drive) that were proved, each once, by where kappa = K z is."""

    def __init__(self, step: BallMap, A: np.ndarray, drive: np.ndarray, L: np.ndarray, K: np.ndarray) -> None:
        self.step, self.A, self.drive, self.L, self.K = step, A, drive, L, K
        self.proved = list[ProvedPoint]()

    def locate(self, activity: np.ndarray, middle: np.ndarray, radius: np.ndarray) -> int | None:
        """A proved point near this activity whose kappa is in this box."""
        for k, each in enumerate(self.proved):
            if self._inside(each, middle, radius):
                return k
        near = self._settled(self.L @ activity)
        point = prove_point(self.step, near) if np.isfinite(near).all() else None
        if point is None or not self._inside(point, middle, radius):
            return None
        for k, each in enumerate(self.proved):
            if ROOM * (np.abs(point.state - each.state).max() + point.radius) <= each.alone:
                return k
            if not point.is_apart_from(each):
                return None
        self.proved.append(point)
        return len(self.proved) - 1

    def _inside(self, point: ProvedPoint, middle: np.ndarray, radius: np.ndarray) -> bool:
        ball = Bounded(point.state[:, None], np.full((len(point.state), 1), point.radius))
        off = Bounded(self.K) @ ball - Bounded(middle[:, None])
        return bool((above(off.size()[:, 0]) < radius).all())

    def _settled(self, z: np.ndarray) -> np.ndarray:
        """Newton's method."""
        for _ in range(_STEPS):
            t = np.tanh(self.A @ z + self.drive)
            slope = (self.L * (1 - t * t)) @ self.A - np.eye(len(z))
            step = np.linalg.lstsq(slope, self.L @ t - z, rcond=None)[0]
            z = z - step
            if np.abs(step).max(initial=0.0) < _SETTLED:
                break
        return z
