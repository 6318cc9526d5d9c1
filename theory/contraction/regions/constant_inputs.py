"""Under which constant inputs does the whole network contract: decided for one, along a direction, and by the gain.

Strong inputs hold neurons where phi is flat, and so does a network that contracts at no other inputs. What is proved
is `BoxContraction` from everywhere, or a `Refutation`; what is proposed comes from iterating boxes, and from fixed
points that were found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from theory.contraction.candidates import FEW, RANGED_UP_TO, attempted, ranged_conditions, step_conditions
from theory.contraction.claims.claim import Claim
from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.registry import ABSOLUTE, MULTIPLIER
from theory.contraction.exact_matrix import rational, short
from theory.contraction.means import means_of
from theory.contraction.network import LeakyMap, Network
from theory.contraction.regions.autonomous import AutonomousNetwork
from theory.contraction.regions.box import Driven, End, IntervalBox
from theory.contraction.regions.box_claim import BoxContraction
from theory.contraction.regions.input_certificate import InputCase
from theory.contraction.regions.refutation import Refutation, refutation, refuting_points
from theory.contraction.regions.two_basins import TwoBasins
from theory.contraction.regions.two_points import TwoPoints
from theory.contraction.regions.unstable_point import UnstablePoint
from theory.contraction.threads import one_blas_thread
from theory.enclosures import Enclosed

_SLOWEST = 2.0**-10
"""The rate that is asked for where any positive one will do, of the slowest leak."""
_BOXES, _ENDS, _STILL = 80, 2**13, 2e-3
"""Boxes one after another at most, and by how much one of their ends is moved at least, in what phi sees."""
_FARTHEST = 2.0**12
_PIECES = 64
_FINE, _COARSE, _FINE_UP_TO = 0.002, 0.01, 16
"""To which part of an amplitude its two ends are sought, of so many neurons and of more."""
_PRECISION = 0.005
"""The same of gains."""
_STEPS_UP = (1.01, 1.03, 1.06, 1.1, 1.2, 1.3, 1.5, 2.0, 4.0)
_STEPS_DOWN = (0.99, 0.97, 0.94, 0.9, 0.8, 0.65, 0.5, 0.25, 0.0)


class InputOutcome(Enum):
    """What is proved under an input; all but the last are proofs.

    >>> InputOutcome.TWO_BASINS.sentence
    'two basins of attraction lie apart: the network does not contract under this input'
    """

    CONTRACTING = "any two trajectories approach one another, whatever states they begin from"
    TWO_BASINS = "two basins of attraction lie apart: the network does not contract under this input"
    TWO_POINTS = "two fixed points lie apart: the network does not contract under this input"
    UNSTABLE_POINT = "states next to a fixed point go away from it: the network does not contract under this input"
    UNDECIDED = "no proof that the network contracts was found, and none that it does not"

    @property
    def sentence(self) -> str:
        """In words."""
        return self.value

    @property
    def refuted(self) -> bool:
        """Whether it is proved that the network does not contract."""
        return self in _REFUTED.values()


_REFUTED: dict[type[Refutation], InputOutcome] = {
    TwoBasins: InputOutcome.TWO_BASINS,
    TwoPoints: InputOutcome.TWO_POINTS,
    UnstablePoint: InputOutcome.UNSTABLE_POINT,
}


def outcome_of(case: InputCase | None) -> InputOutcome:
    """What a case proves.

    >>> outcome_of(None).name
    'UNDECIDED'
    """
    if case is None:
        return InputOutcome.UNDECIDED
    return InputOutcome.CONTRACTING if isinstance(case.claim, BoxContraction) else _REFUTED[type(case.claim)]


@dataclass(frozen=True)
class DecidedInput:
    """The answer under one constant input, and its proof."""

    system: AutonomousNetwork
    case: InputCase | None

    @property
    def outcome(self) -> InputOutcome:
        """What is proved."""
        return outcome_of(self.case)

    @property
    def rate(self) -> float | None:
        """Certified: the rate at which trajectories approach in the end (of a map one minus the factor a step)."""
        claim = None if self.case is None else self.case.claim
        return float(claim.proof.rate) if isinstance(claim, BoxContraction) else None

    @property
    def slopes(self) -> tuple[Enclosed, ...]:
        """Those of phi at all states that trajectories come to; none where that is not proved."""
        claim = None if self.case is None else self.case.claim
        return claim.slopes if isinstance(claim, BoxContraction) else ()


@dataclass(frozen=True)
class Amplitudes:
    """Along base + s direction: from `low` on the network contracts whatever s; at `high` it does not. Both proved.

    `low` is None where no amplitude was found from which on it always contracts, `high` where none was found at which
    it does not. `pieces` are the proofs of [s, s'] after [s, s'], the last without an end.
    """

    low: float | None
    pieces: tuple[InputCase, ...]
    high: float | None
    witness: InputCase | None

    @property
    def cases(self) -> tuple[InputCase, ...]:
        """All that is proved."""
        return self.pieces if self.witness is None else (*self.pieces, self.witness)


@dataclass(frozen=True)
class InputGain:
    """Weights times `low` contract under the input, weights times `high` do not; both proved, None where none was."""

    low: float | None
    low_case: InputCase | None
    high: float | None
    high_case: InputCase | None

    @property
    def cases(self) -> tuple[InputCase, ...]:
        """All that is proved."""
        return tuple(case for case in (self.low_case, self.high_case) if case is not None)


@one_blas_thread
def decide(system: AutonomousNetwork, *, seed: int = 0) -> DecidedInput:
    """Whether all trajectories approach one another under the system's own constant input.

    Raises:
        Unbounded: where the nonlinearity has no bounds.

    >>> from theory.contraction import DISCRETE, regions
    >>> W = np.array([[2.0]])
    >>> for u in (0.0, 1.0):
    ...     switch = regions.autonomous.autonomous(W, DISCRETE, regions.activation.TANH, inputs=u)
    ...     print(u, decide(switch).outcome.name)
    0.0 TWO_BASINS
    1.0 CONTRACTING
    """
    inputs = IntervalBox.at(system.inputs.tolist())
    with np.errstate(all="ignore"):
        claim = contraction(system, inputs, best=True) or refutation(system, seed=seed)
    return DecidedInput(system, None if claim is None else InputCase(inputs, claim))


def contraction(
    system: AutonomousNetwork, inputs: IntervalBox, *, first: IntervalBox | None = None, best: bool = False
) -> BoxContraction | None:
    """A proof that trajectories approach one another under inputs in a box; None where none is found.

    From whatever states, or from those of the box `first`, which is to hold its own image. `best`: at about the best
    rate of the condition that serves, else at any.

    Raises:
        Unbounded: where the nonlinearity has no bounds.
    """
    driven = Driven(system.exact, inputs)
    if first is None and not driven.flipping and _hopeless(system, inputs):
        return None
    boxes = list(_shrinking(driven, driven.everywhere.outwards() if first is None else first))
    slopes = tuple(each.outwards(30) for each in driven.slopes(boxes[-1]))
    asked = _ranged(system.network, slopes)
    if first is None and driven.flipping and _unstable(asked):
        return None
    proof = _proof(asked, best=best)
    if proof is None and (best or asked.size > RANGED_UP_TO):  # searches from zero go further, if not in all of them
        slopes = tuple(Enclosed(min(each.lower, Fraction(0)), each.upper) for each in slopes)
        proof = _proof(_ranged(system.network, slopes), best=best)
    if proof is None:
        return None
    found = BoxContraction(tuple(boxes), first is None, slopes, proof)
    return found if found.proved(driven) else None


def _hopeless(system: AutonomousNetwork, inputs: IntervalBox) -> bool:
    """Whether the network is unstable at slopes that phi has in the last box, in floating point."""
    weights, phi = system.network.weights, system.activation
    rising, falling = np.maximum(weights, 0), np.minimum(weights, 0)
    below = np.array([-np.inf if end is None else float(end) for end in inputs.lower])
    above = np.array([np.inf if end is None else float(end) for end in inputs.upper])
    low, high = (np.full(len(weights), float(end)) for end in phi.bounds or (0, 0))
    for _ in range(_BOXES):
        seen = rising @ low + falling @ high + below, rising @ high + falling @ low + above
        low, high = (phi.values(each) for each in seen)
    flat, steep = np.sort([phi.derivatives(each) for each in seen], axis=0)
    steep = np.where((seen[0] <= 0) & (seen[1] >= 0), phi.steepest, steep)
    asked = replace(system.network, slopes=steep, lowest=flat)
    return _unstable(asked)


def _unstable(asked: Network) -> bool:
    """Whether it is at its least slopes, its largest, or halfway, in floating point."""
    at = (np.linalg.eigvals(asked.jacobian(np.full(asked.size, fraction))) for fraction in (0.0, 0.5, 1.0))
    return any(np.abs(1 + each).max() >= 1 if asked.form.discrete else each.real.max() >= 0 for each in at)


def _shrinking(driven: Driven, box: IntervalBox) -> Iterator[IntervalBox]:
    """The box, what holds its image, and so on while they shrink."""
    yield box
    for _ in range(min(_BOXES, _ENDS // driven.system.size)):
        smaller = driven.image(box).outwards()
        if _moved(driven.arguments(box), driven.arguments(smaller)) < _STILL:
            return
        yield smaller
        box = smaller


def _moved(box: IntervalBox, smaller: IntervalBox) -> float:
    """By how much the ends differ, at most; those without a bound do not count."""
    ends = zip((*box.lower, *box.upper), (*smaller.lower, *smaller.upper), strict=True)
    return max((abs(float(a - b)) for a, b in ends if a is not None and b is not None), default=0.0)


def _ranged(network: Network, slopes: tuple[Enclosed, ...]) -> Network:
    lowest = np.array([float(each.lower) for each in slopes])
    largest = np.array([float(each.upper) for each in slopes])
    return replace(network, slopes=largest, lowest=lowest if lowest.any() else None)


def _proof(asked: Network, *, best: bool) -> Claim | None:
    """Contraction at these slopes, by what costs least: conditions, other norms, the corners of few neurons."""
    slowest = _SLOWEST * asked.slowest_leak
    for condition in _conditions(asked, corners=best):
        if best:
            found = attempted(condition.supremum, asked)
            for slack in (1e-3, 0.1) if found is not None and found.rate > slowest else ():
                claim = attempted(condition.prove, asked, short(found.rate * (1 - slack), bits=20)) if found else None
                if claim is not None:
                    return claim
        claim = attempted(condition.prove, asked, slowest)
        if claim is not None:
            return claim
    return None


def _conditions(asked: Network, *, corners: bool) -> tuple[Condition, ...]:
    if not asked.from_zero:
        quadratic = ranged_conditions(asked)
    elif isinstance(asked, LeakyMap):
        quadratic = step_conditions(asked)
    else:
        quadratic = (ABSOLUTE, MULTIPLIER)
    means = means_of(asked)
    last = (means.vertex,) if corners and asked.size <= FEW else ()
    return (*quadratic[:-1], *means.non_quadratic, quadratic[-1], *last)


@one_blas_thread
def amplitudes(system: AutonomousNetwork, direction: Float[np.ndarray, " n"], *, seed: int = 0) -> Amplitudes:
    """From which amplitude s on the network contracts under the inputs base + s direction, the base being its own.

    Raises:
        Unbounded: where the nonlinearity has no bounds.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> found = amplitudes(switch, np.array([1.0]))  # bistable up to sqrt(2) - asinh(1) = 0.53284
    >>> 0.53 < found.high < 0.53284 < found.low < 0.54
    True
    """
    line = _Line(system, direction)
    with np.errstate(all="ignore"):
        top = 2.0**-6
        last = line.proved(top, None)
        while last is None and top < _FARTHEST:
            top *= 2
            last = line.proved(top, None)
        if last is None:
            low, pieces = None, list[InputCase]()
        else:
            low, pieces = line.covered(top, last)
        high, witness = line.refuted(_FARTHEST if low is None else low, seed)
    return Amplitudes(low, tuple(pieces), high, witness)


@dataclass(frozen=True, eq=False)
class _Line:
    """Inputs base + s direction, s >= 0."""

    system: AutonomousNetwork
    direction: Float[np.ndarray, " n"]

    @property
    def precision(self) -> float:
        """To which part of an amplitude its two ends are sought."""
        return _FINE if self.system.network.size <= _FINE_UP_TO else _COARSE

    def at(self, amplitude: float) -> AutonomousNetwork:
        """The network under one of them, as doubles have it."""
        return replace(self.system, inputs=self.system.inputs + amplitude * self.direction)

    def inputs(self, low: float, high: float | None) -> IntervalBox:
        """All of them from one amplitude to another; None is no end."""
        lower, upper = list[End](), list[End]()
        for base, part in zip(self.system.inputs.tolist(), self.direction.tolist(), strict=True):
            start, end = (None if s is None else Fraction(base) + Fraction(s) * Fraction(part) for s in (low, high))
            end = start if part == 0 else end
            lower.append(end if part < 0 else start)
            upper.append(start if part < 0 else end)
        return IntervalBox(tuple(lower), tuple(upper))

    def proved(self, low: float, high: float | None) -> InputCase | None:
        """That the network contracts from one amplitude to another."""
        inputs = self.inputs(low, high)
        claim = contraction(self.system, inputs)
        return None if claim is None else InputCase(inputs, claim)

    def covered(self, top: float, last: InputCase) -> tuple[float, list[InputCase]]:
        """Pieces from as far below as they are proved, up to where the last one begins."""
        pieces, low, stride = [last], top, top / 2
        while low > 0 and stride > self.precision * low and len(pieces) < _PIECES:
            further = max(low - stride, 0.0)
            piece = self.proved(further, low)
            if piece is None:
                stride /= 2
            else:
                pieces.insert(0, piece)
                low, stride = further, 2 * stride
        return low, pieces

    def doubtful(self, amplitude: float, seed: int) -> bool:
        """Whether fixed points are found that speak against contraction."""
        return any(refuting_points(self.at(amplitude), seed=seed))

    def refuted(self, below: float, seed: int) -> tuple[float | None, InputCase | None]:
        """The largest amplitude found at which it does not contract, with the proof."""
        inside = next((s for s in (below * part for part in _STEPS_DOWN) if self.doubtful(s, seed)), None)
        if inside is None:
            return None, None
        outside = below
        while outside - inside > self.precision / 2 * outside:
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self.doubtful(middle, seed) else (inside, middle)
        for part in (1.0, *_STEPS_DOWN):
            trial = short(part * inside, bits=20)
            claim = refutation(self.at(trial), seed=seed)
            if claim is not None:
                return trial, InputCase(IntervalBox.at(self.at(trial).inputs.tolist()), claim)
        return None, None


@one_blas_thread
def largest_gain_under(system: AutonomousNetwork, *, seed: int = 0) -> InputGain:
    """The largest factor of all weights found at which the network contracts under its constant input.

    Raises:
        Unbounded: where the nonlinearity has no bounds.

    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[1.0]]), DISCRETE, regions.activation.TANH)
    >>> found = largest_gain_under(switch)
    >>> 0.98 < found.low < 1 < found.high < 1.2
    True
    """
    inputs = IntervalBox.at(system.inputs.tolist())

    def scaled(gain: float) -> AutonomousNetwork:
        return replace(system, network=replace(system.network, weights=gain * system.network.weights))

    def proved(gain: float) -> InputCase | None:
        claim = contraction(scaled(gain), inputs)
        case = None if claim is None else InputCase(inputs, claim, rational(gain))
        return case if case is not None and case.proved(system.exact) else None

    with np.errstate(all="ignore"):
        low, end, case = None, None, None
        gain = 1.0
        while (low is None or end is None or end - low > _PRECISION * end) and 2.0**-20 < gain < 2.0**20:
            trial = proved(gain)
            if trial is None:
                end = gain
            else:
                low, case = gain, trial
            if low is None or end is None:
                gain = 2 * gain if end is None else gain / 2
            else:
                gain = short((low + end) / 2, bits=12)
        for further in _STEPS_UP if end is not None else ():
            high = short(further * (end or 1.0), bits=12)
            claim = refutation(scaled(high), seed=seed)
            found = None if claim is None else InputCase(inputs, claim, rational(high))
            if found is not None and found.proved(system.exact):
                return InputGain(low, case, high, found)
    return InputGain(low, case, None, None)
