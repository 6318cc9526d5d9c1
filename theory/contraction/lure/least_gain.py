"""Multipliers for the least gain that is provable: an interior-point method in k + 1 unknowns, at a few angles.

With x = (z I - A)^-1 (B w + E u) the form in (x, w, u) of `LureGain` is, at the square s of the gain and a point z of
the boundary of stability,

    S_z(q, s) = 2 [[Q, 0], [0, s I / 2]] - Q [H_w H_u] - [H_w H_u]^* Q - Phi^* Phi,     Phi = F (z I - A)^-1 [B E],

H = G C (z I - A)^-1 [B E] in the rows of w. It is affine in q and s; P exists exactly if S_z > 0 at all z (bounded-real
lemma). With b_i the i-th row of [I - H_w, -H_u], dS/dq_i = e_i b_i + b_i^* e_i^T, so with Z = S^-1

    d log det S / dq_i = 2 Re (B Z)_ii     d log det S / ds = tr Z_uu
    <i, j> = 2 Re((B Z)_ij (B Z)_ji + (B Z B^*)_ij Z_ji)     <i, s> = 2 Re (B Z_:u Z_u:)_ii     <s, s> = |Z_uu|^2

Angles are added where S_z is not positive; the path is then followed anew, from a point that is inside everywhere.

Channels that no input drives have w = 0 where trajectories begin alike. Their rows of H are zero but for one another,
so their q may grow without bound, and the path would have no centre: it is followed in the others, and theirs are
doubled until they allow the same gain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
from jaxtyping import Bool, Complex, Float

from theory.contraction.lure.system import LureSystem
from theory.contraction.lure.transfer import Resolvent, connected, reachable
from theory.contraction.network import Vector
from theory.contraction.search.angles import cholesky

_ROUNDS, _STEPS = 12, 1000
_CLOSE = 2e-4
_FASTER = 2.0
_STARTS = (0.3, 0.6, 1.0)
"""How far from the best point to the safe one the path begins."""
_BACK = (0.0, 1e-5, 1e-4, 1e-3, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 1.0)
_SHORTEST = 1e-6
_FURTHER = 60
_ZOOMS = 3
_OUTSIDE = 1e-6
"""Of the diagonal: by how much S_z must fail to be positive between angles of the grid to count."""


@dataclass(frozen=True)
class LeastGain:
    """Multipliers q, the gain that they allow at all angles of the grid, and one that none allow, to rounding."""

    multiplier: Vector
    gain: float
    lower: float


@dataclass(frozen=True, eq=False)
class _Angle:
    """B = [I - H_w, -H_u] and Phi^* Phi at one angle."""

    rows: Complex[np.ndarray, "k both"]
    output: Complex[np.ndarray, "both both"]

    def form(self, point: "_Point") -> Complex[np.ndarray, "both both"]:
        """S_z."""
        k = len(self.rows)
        form = -self.output.copy()
        weighted = point.multiplier[:, None] * self.rows
        form[:k] += weighted
        form[:, :k] += weighted.conj().T
        form[k:, k:] += point.square * np.eye(len(form) - k)
        return form


@dataclass(frozen=True, eq=False)
class _Point:
    """q and s."""

    multiplier: Vector
    square: float

    def towards(self, other: "_Point", part: float) -> "_Point":
        """So far on the way to another."""
        return _Point(
            (1 - part) * self.multiplier + part * other.multiplier, (1 - part) * self.square + part * other.square
        )


def least_gain(system: LureSystem, scaling: Vector) -> LeastGain | None:
    """From a scaling that proves contraction at rate zero; None where none of its multiples proves a gain.

    >>> from theory.contraction import lure
    >>> one = np.eye(1)
    >>> found = least_gain(lure.system.lure(0.5 * one, 0.25 * one, one, E=one, F=one, discrete=True), np.ones(1))
    >>> round(found.gain, 2), found.lower <= 4
    (4.0, True)
    """
    driven = _driven(system)
    if driven.all() or not driven.any():
        return _followed(system, scaling)
    columns = {"B": system.B[:, driven], "C": system.C[driven], "slopes": system.slopes[driven]}
    part = replace(system, **columns, group=np.arange(int(driven.sum())))
    found = _followed(part, scaling[driven])
    return None if found is None else _with_idle(system, scaling, driven, found)


def _driven(system: LureSystem) -> Bool[np.ndarray, " k"]:
    """Which channels an input reaches, by way of any states and channels."""
    to_states = reachable(system)
    driven = ((system.sensed != 0).astype(float) @ to_states @ np.any(system.E != 0, axis=1)) > 0
    onward = connected(system).astype(float)
    for _ in range(len(driven)):
        driven = driven | ((onward @ driven) > 0)
    return np.asarray(driven)


def _with_idle(
    system: LureSystem, scaling: Vector, driven: Bool[np.ndarray, " k"], found: LeastGain
) -> LeastGain | None:
    """The multipliers of the driven channels with large enough ones of the others, and a little more gain."""
    resolvent = Resolvent(system, 0.0)
    at = [_at(resolvent, angle) for angle in resolvent.grid]
    gain = found.gain * (1 + _CLOSE)
    multiplier = scaling**2 * float(found.multiplier.max())
    for _ in range(_FURTHER):
        multiplier = np.where(driven, 1.0, 2.0) * multiplier
        multiplier[driven] = found.multiplier
        if _feasible(at, _Point(multiplier, gain**2)):
            return LeastGain(multiplier, gain, found.lower)
    return _followed(system, scaling)


def _followed(system: LureSystem, scaling: Vector) -> LeastGain | None:
    """Along the path, all channels being driven."""
    resolvent = Resolvent(system, 0.0)
    at = {angle: _at(resolvent, angle) for angle in resolvent.grid}
    safe = _inside(at, scaling**2)
    if safe is None:
        return None
    values = {angle: float(np.linalg.eigvalsh(each.output)[-1]) for angle, each in at.items()}
    chosen = sorted({0.0, resolvent.last, max(values, key=lambda angle: values[angle])})
    best, lower = safe, 0.0
    for _ in range(_ROUNDS):
        active = [at[angle] for angle in chosen]
        starts = (best.towards(safe, part) for part in _STARTS)
        point, under = _minimized(active, next(start for start in starts if _feasible(active, start)))
        lower = max(lower, under)
        outside = dict(_violated(at, point))
        trials = (point.towards(best, part) for part in _BACK)
        best = next(trial for trial in trials if _feasible(list(at.values()), trial))
        new = _local_minima(list(at), outside)
        for angle in () if new else chosen:
            between = _between(resolvent, list(at), angle, point)
            if between is not None:
                at[between] = _at(resolvent, between)
                new.append(between)
        at = dict(sorted(at.items()))
        if not new:
            break
        chosen = sorted({*chosen, *new})
    return LeastGain(best.multiplier, float(np.sqrt(best.square)), float(np.sqrt(max(lower, 0.0))))


def _between(resolvent: Resolvent, angles: list[float], angle: float, point: _Point) -> float | None:
    """The angle between the neighbours of one of the grid where S_z is least positive; None where it is positive."""
    place = angles.index(angle)
    low, high = angles[max(place - 1, 0)], angles[min(place + 1, len(angles) - 1)]
    for _ in range(_ZOOMS):
        near = np.linspace(low, high, 6).tolist()
        values = [_least(_at(resolvent, each).form(point)) for each in near]
        worst = int(np.argmin(values))
        low, high = near[max(worst - 1, 0)], near[min(worst + 1, len(near) - 1)]
    return near[worst] if values[worst] < -_OUTSIDE else None


def _least(form: Complex[np.ndarray, "both both"]) -> float:
    """The least eigenvalue, in units of the diagonal."""
    sizes = np.sqrt(np.abs(form.diagonal().real)) + 1e-300
    return float(np.linalg.eigvalsh(form / np.outer(sizes, sizes))[0])


def _at(resolvent: Resolvent, angle: float) -> _Angle:
    system = resolvent.system
    solved = resolvent.times(angle, np.hstack([system.B, system.E]))
    rows = -(system.sensed @ solved)
    rows[:, : len(rows)] += np.eye(len(rows))
    output = system.F @ solved
    return _Angle(rows, output.conj().T @ output)


def _inside(at: dict[float, _Angle], multiplier: Vector) -> _Point | None:
    """A multiple of q, and an s, at which all S_z > 0; None where q proves none, or u does nothing."""
    k = len(multiplier)
    size = max(float(np.abs(each.output[:k, :k]).max()) for each in at.values()) / float(multiplier.mean()) or 1.0
    for doublings in range(_FURTHER):
        scaled = size * 2.0**doublings * multiplier
        blocks = [each.form(_Point(scaled, 0.0)) for each in at.values()]
        if all(cholesky(block[:k, :k]) is not None for block in blocks):
            squares = [float(np.linalg.eigvalsh(_complement(block, k))[-1]) for block in blocks]
            return _Point(2 * scaled, 4 * max(squares)) if max(squares) > 0 else None
        if doublings > 30:
            break
    return None


def _complement(form: Complex[np.ndarray, "both both"], k: int) -> Complex[np.ndarray, "m m"]:
    """How large s must be: S_uw S_ww^-1 S_wu - S_uu."""
    return form[k:, :k] @ np.linalg.solve(form[:k, :k], form[:k, k:]) - form[k:, k:]


def _feasible(angles: list[_Angle], point: _Point) -> bool:
    return all(cholesky(each.form(point)) is not None for each in angles)


def _violated(at: dict[float, _Angle], point: _Point) -> Iterator[tuple[float, float]]:
    """Angles at which S_z is not positive, with its least eigenvalue in units of its diagonal."""
    for angle, each in at.items():
        form = each.form(point)
        if cholesky(form) is None:
            yield angle, _least(form)


def _local_minima(angles: list[float], outside: dict[float, float]) -> list[float]:
    """The worst of every run of neighbouring angles."""
    values = [0.0, *(outside.get(angle, 0.0) for angle in angles), 0.0]
    triples = zip(values, values[1:], values[2:], strict=False)
    return [angle for angle, (a, b, c) in zip(angles, triples, strict=False) if b < 0 and b <= a and b <= c]


def _potential(angles: list[_Angle], point: _Point, pull: float) -> float:
    value = pull * point.square
    for each in angles:
        factor = cholesky(each.form(point))
        if factor is None:
            return np.inf
        value -= 2 * float(np.log(factor.diagonal().real).sum())
    return value


def _minimized(angles: list[_Angle], point: _Point) -> tuple[_Point, float]:
    """Along the central path of these angles, until s is within `_CLOSE` of its least; and what that is at least."""
    both = len(angles[0].output)
    count = both * len(angles)
    pull, under = 0.0, 0.0
    for _ in range(_STEPS):
        gradient, hessian = _derivatives(angles, point)
        sizes = np.append(point.multiplier, point.square)
        curved = hessian * np.outer(sizes, sizes)
        if not np.isfinite(curved).all():  # u does nothing to y: s tends to zero
            break
        factor = scipy.linalg.cho_factor(curved + 1e-13 * np.trace(curved) / len(sizes) * np.eye(len(sizes)))

        last = np.append(np.zeros(len(sizes) - 1), sizes[-1])
        centring, pulling = scipy.linalg.cho_solve(factor, np.column_stack([-gradient * sizes, -last])).T
        nearest = -float(centring @ curved @ pulling) / float(pulling @ curved @ pulling)
        pull = pull or max(count / point.square, nearest)
        change = centring + pull * pulling
        centred = float(change @ curved @ change) < 1
        if centred:
            under = point.square - count / pull
            if count / pull < _CLOSE / 4 * point.square:
                break
            pull *= _FASTER
            change = centring + pull * pulling
        moved = _searched(angles, point, change, (gradient, pull))
        if moved is None:
            break
        point = moved
    return point, under


def _searched(angles: list[_Angle], point: _Point, change: Vector, slope: tuple[Vector, float]) -> _Point | None:
    gradient, pull = slope
    sizes = np.append(point.multiplier, point.square)
    fall = float((gradient * sizes) @ change + pull * point.square * change[-1])
    before, part = _potential(angles, point, pull), 1.0
    while part > _SHORTEST:
        moved = 1 + part * change
        if moved.min() > 0.02:
            trial = _Point(point.multiplier * moved[:-1], point.square * float(moved[-1]))
            if _potential(angles, trial, pull) <= before + 0.1 * part * fall:
                return trial
        part *= 0.6
    return None


def _derivatives(
    angles: list[_Angle], point: _Point
) -> tuple[Float[np.ndarray, " unknowns"], Float[np.ndarray, "unknowns unknowns"]]:
    """Gradient and second derivatives of - sum log det S_z in (q, s)."""
    k = len(point.multiplier)
    gradient, hessian = np.zeros(k + 1), np.zeros((k + 1, k + 1))
    for each in angles:
        factor = cholesky(each.form(point))
        assert factor is not None
        half = scipy.linalg.solve_triangular(factor, np.eye(len(factor)), lower=True)
        z = half.conj().T @ half
        bz = each.rows @ z
        bzb = bz @ each.rows.conj().T
        own, inputs = bz[:, :k], z[k:, k:]
        gradient[:k] -= 2 * own.diagonal().real
        gradient[k] -= float(np.trace(inputs).real)
        hessian[:k, :k] += 2 * (own * own.T + bzb * z[:k, :k].T).real
        hessian[:k, k] += 2 * (bz[:, k:] * z[:k, k:].conj()).sum(axis=1).real
        hessian[k, k] += float((np.abs(inputs) ** 2).sum())
    hessian[k, :k] = hessian[:k, k]
    return gradient, hessian
