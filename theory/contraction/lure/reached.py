"""A gain that a system has at fixed slopes: sought by flips of slopes and over frequencies, proved by one frequency.

At slopes s the system is linear, x <- M x + E u with M = A + B S C, and amplifies an oscillation u z^t, |z| = 1, to
F (z I - M)^-1 E u.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import flint
import numpy as np
import scipy.linalg
from jaxtyping import Complex, Float

from theory.contraction.exact_matrix import ExactMatrix, rational, short, to_digits
from theory.contraction.lure.search import FEW, Fractions, corners, steepest
from theory.contraction.lure.statements import ComplexVector, LureReached
from theory.contraction.lure.system import LureSystem, Matrix
from theory.contraction.search.scaled_multiplier import rounded_metric

_ANGLES = 65
_ROUNDS = 40
_BETTER = 1 + 1e-9
_SWEEPS = 6
_STARTS = 3
_SLACKS = (1e-6, 1e-4, 1e-2)
_ADDED = 1e-6


@dataclass(frozen=True, eq=False)
class ReachedGain:
    """A gain that the system has at fixed slopes, in floating point: at these fractions of the largest, this angle.

    `claim` proves it, or a little less; None where that fails.
    """

    gain: float
    fractions: Fractions
    angle: float
    claim: LureReached | None


def reached_gain(system: LureSystem, seed: int = 0) -> ReachedGain | None:
    """The largest gain found at fixed slopes, by oscillating inputs, among those at which the system is stable.

    None without inputs or outputs, or where the system is not stable at the slopes of zero.
    """
    if not system.E.size or not system.F.size or not system.stable(system.A):
        return None
    if int(system.group.max()) < FEW or not system.separate:
        fractions, _ = steepest(system, lambda at: _peak(system, at)[0], seed)
    else:
        starts = [each for each, _ in zip(corners(len(system.slopes), seed), range(_STARTS), strict=False)]
        stable = [each for each in starts if system.stable(system.closed(each))]
        fractions = max((_flipped(system, each) for each in stable), key=lambda at: _peak(system, at)[0])
    gain, angle = _peak(system, fractions)
    closed, width = system.closed(fractions), float(_angles(system)[1])
    for _ in range(_ROUNDS):
        near = np.clip([angle - width / 2, angle + width / 2], 0, _angles(system)[-1])
        values = [system.response(closed, each) for each in near]
        if max(values) > gain:
            gain, angle = max(values), float(near[int(np.argmax(values))])
        else:
            width /= 2
    return ReachedGain(gain, fractions, angle, prove_reached(system, fractions, angle))


def prove_reached(system: LureSystem, fractions: Fractions, angle: float) -> LureReached | None:
    """The gain at these slopes and this angle, a little less, proved; None where it is not."""
    slopes = fractions * system.slopes
    M = system.A + system.B @ (slopes[:, None] * system.C)
    point = _point(system, angle)
    z = complex(float(point[0]), float(point[1]))
    resolvent = np.linalg.inv(z * np.eye(system.states) - M)
    gain, inputs = _largest(system.F @ resolvent @ system.E)
    inputs = _short(inputs, 20)
    states = resolvent @ (system.E @ inputs)
    states = states + resolvent @ (system.E @ inputs - (z * states - M @ states))
    metric, rate = _metric(system, M) if gain > 0 and system.stable(M) else (None, 0.0)
    if metric is None or not np.isfinite(states).all():
        return None
    for slack in _SLACKS:
        claim = LureReached(
            rational(short(gain * (1 - slack), bits=30)),
            ExactMatrix.diagonal(slopes.tolist()),
            point,
            _exact(inputs),
            _exact(_short(states, 50)),
            rational(rate),
            ExactMatrix.of(rounded_metric(metric, bits=36)),
        )
        if claim.holds(system):
            return claim
    return None


def _angles(system: LureSystem) -> Float[np.ndarray, " angles"]:
    return np.linspace(0, np.pi, _ANGLES)[: None if system.discrete else -1]


def _peak(system: LureSystem, fractions: Fractions) -> tuple[float, float]:
    """The largest gain at these slopes on a grid of angles, and where; minus infinity where they are not stable."""
    closed = system.closed(fractions)
    if not system.stable(closed):
        return -np.inf, 0.0
    values = [system.response(closed, angle) for angle in _angles(system)]
    return max(values), float(_angles(system)[int(np.argmax(values))])


def _flipped(system: LureSystem, fractions: Fractions) -> Fractions:
    """Slopes turned one after the other, the best first, at the angle of the peak, which is sought again then."""
    gain, angle = _peak(system, fractions)
    for _ in range(_SWEEPS):
        last = gain
        for turned in _better(system, fractions, angle):
            fractions = turned
        gain, angle = _peak(system, fractions)
        if gain <= last * _BETTER:
            break
    return fractions


def _better(system: LureSystem, fractions: Fractions, angle: float) -> Iterator[Fractions]:
    """Slopes with one after the other turned, as long as the gain at this angle rises.

    A slope changes M by a matrix of rank one, so the gains after all turns follow from one resolvent.
    """
    z = system.point(angle)
    for _ in range(2 * len(fractions)):
        resolvent = np.linalg.inv(z * np.eye(system.states) - system.closed(fractions))
        sent, read = system.F @ resolvent @ system.B, system.sensed @ resolvent @ system.E
        loop = np.einsum("in,nm,mi->i", system.sensed, resolvent, system.B, optimize=True)
        before = system.F @ resolvent @ system.E
        gain = float(np.linalg.norm(before, 2))
        turn = 1 - 2 * fractions
        change = turn / (1 - turn * loop)
        values = np.linalg.norm(before + change[:, None, None] * sent.T[:, :, None] * read[:, None, :], 2, axis=(1, 2))
        for i in np.argsort(-values)[:3].tolist():
            turned = fractions.copy()
            turned[i] = 1 - turned[i]
            if values[i] > gain * _BETTER and system.stable(system.closed(turned)):
                fractions = turned
                yield fractions
                break
        else:
            return


def _point(system: LureSystem, angle: float) -> tuple[flint.fmpq, flint.fmpq]:
    """A z of the boundary near this angle, exactly, from the tangent of half of it."""
    t = rational(short(float(np.tan(angle / 2)), bits=30) if angle > 0 else 0)
    if not system.discrete:
        return flint.fmpq(0), t
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


def _largest(response: Complex[np.ndarray, "p m"]) -> tuple[float, Complex[np.ndarray, " m"]]:
    _, values, right = np.linalg.svd(response)
    return float(values[0]), right[0].conj()


def _metric(system: LureSystem, M: Matrix) -> tuple[Matrix | None, float]:
    """P with (1 - c)^2 P - M^T P M, or -M^T P - P M - 2 c P, a little above F^T F; and c, half of what M has."""
    n = system.states
    output = system.F.T @ system.F
    output = output + _ADDED * float(np.trace(output)) / n * np.eye(n)
    growth = system.growth(M)
    try:
        if system.discrete:
            factor = 1 - short((1 - growth) / 2)
            return scipy.linalg.solve_discrete_lyapunov(M.T / factor, output / factor**2), 1 - factor
        rate = short(-growth / 2)
        return scipy.linalg.solve_continuous_lyapunov((M + rate * np.eye(n)).T, -output), rate
    except np.linalg.LinAlgError:
        return None, 0.0


def _short(vector: Complex[np.ndarray, " n"], bits: int) -> Complex[np.ndarray, " n"]:
    return to_digits(vector.real, bits=bits) + 1j * to_digits(vector.imag, bits=bits)


def _exact(vector: Complex[np.ndarray, " n"]) -> ComplexVector:
    real, imaginary = (tuple(map(rational, part.tolist())) for part in (vector.real, vector.imag))
    return real, imaginary
