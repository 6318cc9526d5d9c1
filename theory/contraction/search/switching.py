"""Sequences of slopes, repeated, under which displacements do not decay although no fixed slopes are unstable."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.contraction.claims.slopes import corner
from theory.contraction.claims.switching import Leg, Switching
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.form import FORMS
from theory.contraction.network import Matrix, Network, Vector
from theory.contraction.search.balanced_units import in_balanced_units
from theory.contraction.search.revolution import best_half_turn
from theory.contraction.search.vertex_lmi import balances

Times = Float[np.ndarray, " legs"]
LARGEST = 5
"""Neurons up to which sequences are sought."""
LEGS = 6
_STARTS = 6
_CLEAR = 1e-6
_STEP, _STEPS = 0.05, 600


@dataclass(frozen=True)
class Law:
    """Corners of the slopes by number, held one after the other, and for how long."""

    corners: tuple[int, ...]
    times: tuple[float, ...]


@in_balanced_units
def unstable_switching(network: Network, rate: float = 0.0) -> Switching | None:
    """A periodic sequence of slopes that does not let displacements fall faster than exp(-`rate` t), with proof.

    For two neurons the worst sequence that turns is found angle by angle; None then means that there is none by a
    margin. For 3 to `LARGEST`, ascents from greedy sequences; None means that none was found.
    """
    if rate < 0 or not 2 <= network.size <= LARGEST:
        return None
    drifts = _drifts(network, rate)
    for law in _turning(drifts) if network.size == 2 else _improved(network, drifts, rate):
        claim = _proved(network, rate, drifts, law)
        if claim is not None:
            return claim
    return None


def growth(drifts: Float[np.ndarray, "corners n n"], law: Law) -> float:
    """The exponential rate at which displacements grow under the law, on top of the rate that `drifts` contain."""
    return float(np.log(np.abs(np.linalg.eigvals(_round_trip(drifts, law))).max()) / sum(law.times))


def _drifts(network: Network, rate: float) -> Float[np.ndarray, "corners n n"]:
    corners = (np.arange(2**network.size)[:, None] >> np.arange(network.size) & 1).astype(float)
    return np.array([network.jacobian(fractions) for fractions in corners]) + rate * np.eye(network.size)


def _legs(drifts: Float[np.ndarray, "corners n n"], law: Law) -> Float[np.ndarray, "legs n n"]:
    """exp(A time) of every leg, by a Taylor series of 14 terms below norm 1/4 and repeated squaring."""
    exponents = drifts[list(law.corners)] * np.array(law.times)[:, None, None]
    halvings = max(0, int(np.ceil(np.log2(max(np.abs(exponents).sum(axis=2).max(), 1e-300)))) + 2)
    small, identity = np.ldexp(exponents, -halvings), np.eye(drifts.shape[1])
    total = identity + small / 14
    for order in range(13, 0, -1):
        total = identity + small @ total / order
    for _ in range(halvings):
        total = total @ total
    return total


def _round_trip(drifts: Float[np.ndarray, "corners n n"], law: Law) -> Matrix:
    total = np.eye(drifts.shape[1])
    for leg in _legs(drifts, law):
        total = leg @ total
    return total


def growth_and_slope(drifts: Float[np.ndarray, "corners n n"], law: Law) -> tuple[float, Times]:
    """`growth`, and its derivatives in the times: with eigenvectors l and r of Phi, d mu = l d Phi r / (l r)."""
    after = [np.eye(drifts.shape[1])]
    for leg in _legs(drifts, law):
        after.append(leg @ after[-1])
    round_trip = after[-1]
    values, right = np.linalg.eig(round_trip)
    top = int(np.abs(values).argmax())
    left = np.linalg.lstsq(right.T, np.eye(len(values))[top], rcond=None)[0]  # a row of the inverse
    total = float(sum(law.times))
    rate = float(np.log(np.abs(values[top]))) / total
    before, changes = np.eye(len(values)), []
    for number, leg, reached in reversed(list(zip(law.corners, _legs(drifts, law), after[:-1], strict=True))):
        changed = before @ drifts[number] @ leg @ reached
        changes.append(float((left @ changed @ right[:, top] / values[top]).real))
        before = before @ leg
    return rate, (np.array(changes[::-1]) - rate) / total


def _turning(drifts: Float[np.ndarray, "corners 2 2"]) -> Iterator[Law]:
    for sense in (1, -1):
        worst = best_half_turn(drifts, sense)
        if worst is not None and worst.growth > 0:
            law = Law(tuple(worst.corners), tuple(worst.times))
            yield _ascended(drifts, law)
            yield law


def _improved(network: Network, drifts: Float[np.ndarray, "corners n n"], rate: float) -> Iterator[Law]:
    """Pieces of greedy sequences, repeated, the best few with their times improved."""
    found = list(balances(network, rate))
    if found and max(found[-1].margin, found[-1].worst) < -_CLEAR:
        return  # a quadratic metric contracts
    pieces: set[Law] = set()
    for form in FORMS:  # with time constants of one and W regular, the forms are similar: W^-1 (W D) W = D W
        other = replace(network, form=form)
        found = list(balances(other, rate))
        metrics = [*(balance.metric for balance in found[-1:]), np.eye(network.size)]
        pieces |= {law for metric in metrics for law in _pieces(_drifts(other, rate), metric)}
    ranked = sorted(pieces, key=lambda law: (-growth(drifts, law), law.corners, law.times))
    seen: set[tuple[int, ...]] = set()
    for law in ranked:
        if law.corners not in seen and len(seen) < _STARTS:
            seen.add(law.corners)
            yield _ascended(drifts, law)


def _pieces(drifts: Float[np.ndarray, "corners n n"], metric: Matrix) -> Iterator[Law]:
    """From runs that always take the corner at which the metric grows fastest: 2 to `LEGS` legs on end."""
    steps = _legs(drifts, Law(tuple(range(len(drifts))), (_STEP,) * len(drifts)))
    rng = np.random.default_rng(0)
    for start in rng.normal(size=(_STARTS, len(metric))):
        legs = _greedy(steps, metric, start)
        legs = legs[len(legs) // 2 :][: 3 * LEGS]
        for first in range(len(legs)):
            for count in range(2, LEGS + 1):
                piece = legs[first : first + count]
                if len(piece) == count and piece[0][0] != piece[-1][0]:
                    yield Law(tuple(number for number, _ in piece), tuple(time for _, time in piece))


def _greedy(steps: Float[np.ndarray, "corners n n"], metric: Matrix, start: Vector) -> list[tuple[int, float]]:
    here, legs = start, list[tuple[int, float]]()
    for _ in range(_STEPS):
        there = steps @ here
        best = int(np.einsum("ki,ij,kj->k", there, metric, there).argmax())
        here = there[best] / np.linalg.norm(there[best])
        if legs and legs[-1][0] == best:
            legs[-1] = (best, legs[-1][1] + _STEP)
        else:
            legs.append((best, _STEP))
    return legs


def _ascended(drifts: Float[np.ndarray, "corners n n"], law: Law) -> Law:
    """The law with its times changed to the fastest growth nearby; legs that shrink to nothing are dropped."""

    def falling(logarithms: Times) -> tuple[float, Times]:
        times = np.exp(logarithms)
        rate, slope = growth_and_slope(drifts, Law(law.corners, tuple(times.tolist())))
        return -rate, -slope * times

    start = np.log(law.times)
    bounds = [(float(value) - 2.0, float(value) + 2.0) for value in start]
    times = np.exp(scipy.optimize.minimize(falling, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
    kept = times > 1e-3 * times.sum()
    return Law(tuple(np.array(law.corners)[kept].tolist()), tuple(times[kept].tolist()))


def _proved(network: Network, rate: float, drifts: Float[np.ndarray, "corners n n"], law: Law) -> Switching | None:
    for bits in (5, 8, 12, 20, 40):
        times = on_grid(np.array(law.times), bits)
        if (times <= 0).any():
            continue
        rounded = Law(law.corners, tuple(times.tolist()))
        if growth(drifts, rounded) <= 0:
            continue
        form = _growing_form(_round_trip(drifts, rounded))
        for form_bits in (6, 12, 24, 45):
            claim = _claim(network, rate, rounded, on_grid(form, form_bits))
            if claim.holds(network.exact):
                return claim
    return None


def _claim(network: Network, rate: float, law: Law, form: Matrix) -> Switching:
    direction = np.linalg.eigh(form)[1][:, -1]
    return Switching(
        rational(rate),
        tuple(
            Leg(corner(network.exact, number), rational(time))
            for number, time in zip(law.corners, law.times, strict=True)
        ),
        ExactMatrix.of(form),
        tuple(map(rational, on_grid(direction, 6).tolist())),
    )


def _growing_form(round_trip: Matrix) -> Matrix:
    """X with Phi^T X Phi - X = I, which is positive somewhere if Phi has an eigenvalue beyond the unit circle."""
    size = len(round_trip)
    equations = np.kron(round_trip.T, round_trip.T) - np.eye(size * size)
    form = np.linalg.lstsq(equations, np.eye(size).ravel(), rcond=None)[0].reshape(size, size)
    return np.asarray((form + form.T) / 2)
