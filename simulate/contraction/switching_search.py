"""A search for the switching of slopes that makes differences grow fastest when repeated for ever."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from scipy.linalg import eig

from simulate.contraction.metric import Metric
from simulate.contraction.network import System
from simulate.contraction.switching import (
    SwitchingLaw,
    composed,
    growth_over,
    growth_rate,
    period_gain,
    segment_jacobians,
    segment_maps,
)
from simulate.outcome import Outcome

State = Float[Array, " units"]
Law = Float[Array, "segments units"]
TERMS = 12
"""Of the exponential series, within one segment of the search; what is reported comes from exact exponentials."""
LONGEST = 200.0
"""Durations are not refined so far that a period lengthens a difference by more than e to this: where the slopes of one
corner alone are the worst law, its duration has no end."""


class SwitchingOutcome(Outcome):
    """What the fastest growth found says."""

    no_growth = 0, "no switching that was tried makes differences grow for ever"
    growth = 1, "the switching given, repeated for ever, makes differences grow: the network is not contracting"


@dataclass(frozen=True)
class WorstSwitching:
    """The law of fastest growth among those tried.

    `growth_rate` is log(spectral radius of a period) / period, in units of 1/time, from exact exponentials.
    `gain` is by how much one period lengthens a difference at most, in the metric; in a metric of contraction with
    rate r it is at most exp(-r period).
    """

    law: SwitchingLaw
    growth_rate: float
    gain: float
    tried: int

    @property
    def outcome(self) -> SwitchingOutcome:
        """Whether anything grows."""
        return SwitchingOutcome.growth if self.growth_rate > 0 else SwitchingOutcome.no_growth


@dataclass(frozen=True)
class SwitchingSearch:
    """How the search is made: periods of `segments` equal segments, log-spaced from `shortest` to `longest`.

    From `restarts` random laws for each of `periods`, `rounds` sweeps each: forwards the state, backwards its adjoint,
    every segment's slopes set to what the adjoint asks for. A sweep's end is its next beginning, so that state and
    adjoint become the leading eigenvectors of the period. The best laws' durations are then refined.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import TANH
    >>> from simulate.contraction import VOLTAGE, RecurrentNetwork, euclidean
    >>> turning = RecurrentNetwork(jnp.array([[0.0, -4.0], [4.0, 0.0]]), VOLTAGE, TANH)
    >>> SwitchingSearch(segments=16, periods=4, rounds=10).run(turning, euclidean(2)).outcome.name
    'growth'
    """

    segments: int = 64
    periods: int = 12
    shortest: float = 0.5
    longest: float = 12.0
    restarts: int = 4
    rounds: int = 40
    refined: int = 4
    seed: int = 0

    def run(self, system: System, metric: Metric) -> WorstSwitching:
        """Search, with the slopes of every unit in [0, g]; the metric serves the greedy laws and the gain only."""
        periods = np.repeat(np.geomspace(self.shortest, self.longest, self.periods), self.restarts)
        keys = jax.random.split(jax.random.key(self.seed), len(periods))
        laws, rates = _searched(system, jnp.asarray(periods), keys, self.segments, self.rounds)
        best = np.argsort(-np.asarray(rates))[: self.refined]
        equal = np.ones(self.segments) / self.segments
        candidates = [SwitchingLaw(periods[i] * equal, np.asarray(laws[i])).merged() for i in best]
        candidates.append(greedy_law(system, metric, self.longest, 4 * self.segments, self.seed).merged())
        candidates = [refined(system, law) for law in candidates]
        growth = [growth_rate(system, law) for law in candidates]
        law = candidates[int(np.argmax(growth))]
        return WorstSwitching(law, max(growth), period_gain(system, law, metric), len(periods) + 1)


def greedy_law(system: System, metric: Metric, duration: float, segments: int, seed: int = 0) -> SwitchingLaw:
    """At each moment the slopes that make a difference grow fastest in the metric; from a random difference."""
    slopes = _greedy(system, metric, jnp.asarray(duration / segments), jax.random.key(seed), segments)
    return SwitchingLaw(np.full(segments, duration / segments), np.asarray(slopes))


def refined(system: System, law: SwitchingLaw, rounds: int = 40, most: int = 24) -> SwitchingLaw:
    """A law of these slopes with better durations, by gradient ascent on the growth rate.

    A law of more than `most` segments is returned as it is.
    """
    if len(law.durations) > most:
        return law
    jacobians = segment_jacobians(system, law)
    maps = segment_maps(jacobians, law.durations)
    rate, pace = growth_over(*composed(maps), law.period), 0.3
    for _ in range(rounds):
        uphill = law.durations * _duration_gradient(law, jacobians, maps)  # in log duration
        if not np.isfinite(uphill).all() or np.abs(uphill).max() == 0 or pace < 1e-6:
            break
        moved = SwitchingLaw(law.durations * np.exp(pace * uphill / np.abs(uphill).max()), law.slopes)
        with np.errstate(over="ignore", invalid="ignore"):
            new = segment_maps(jacobians, moved.durations)
            product, logarithm = composed(new)
        better = growth_over(product, logarithm, moved.period) if np.isfinite(product).all() else -np.inf
        if rate < better < LONGEST / moved.period:
            law, maps, rate, pace = moved, new, better, min(1.5 * pace, 0.3)
        else:
            pace /= 3
    return law


def _duration_gradient(
    law: SwitchingLaw,
    jacobians: Float[np.ndarray, "segments units units"],
    maps: Float[np.ndarray, "segments units units"],
) -> Float[np.ndarray, " segments"]:
    """Derivative of the growth rate in every duration: by the period's leading eigenvectors from left and right.

    Not a number where the period's map is beyond floating point.
    """
    product = np.eye(maps.shape[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        for step in maps:
            product = step @ product
    if not np.isfinite(product).all():
        return np.full(len(maps), np.nan)
    values, lefts, rights = eig(product, left=True)
    lead = int(np.argmax(np.abs(values)))
    right, left = rights[:, lead], lefts[:, lead].conj()
    before = [right]
    for step in maps:
        before.append(step @ before[-1])
    gradient = np.empty(len(maps))
    with np.errstate(divide="ignore", invalid="ignore"):
        left = left / (left @ right)
        for k in range(len(maps) - 1, -1, -1):
            gradient[k] = np.real(left @ jacobians[k] @ before[k + 1] / values[lead])
            left = left @ maps[k]
        return (gradient - np.log(np.abs(values[lead])) / law.period) / law.period


def _unit(x: State) -> State:
    return x / jnp.linalg.norm(x)


class _Orbit(eqx.Module):
    """A difference through one period: its direction at the end and before each segment, and the growth of log |x|."""

    end: State
    before: Float[Array, "segments units"]
    growth: Float[Array, ""]


class _Sweep(eqx.Module):
    """A law, the state that enters it at its beginning, and the adjoint that enters it at its end."""

    law: Law
    state: State
    adjoint: State


class _Period(eqx.Module):
    """A period of a system in equal segments; a law gives each of them a row of slopes."""

    system: System
    length: Float[Array, ""]
    segments: int = eqx.field(static=True)

    def carried(self, slopes: State, x: State) -> State:
        """x after one segment at these slopes, exp(J(slopes) length / segments) x, by its series."""
        duration = self.length / self.segments

        def next_term(carry: tuple[Array, Array], k: Array) -> tuple[tuple[Array, Array], None]:
            total, last = carry
            last = duration / k * self.system.tangent(slopes, last)
            return (total + last, last), None

        return jax.lax.scan(next_term, (x, x), jnp.arange(1.0, TERMS + 1))[0][0]

    def forwards(self, law: Law, x: State) -> _Orbit:
        """x carried through all segments, its length brought back to 1 after each."""

        def advance(x: State, slopes: State) -> tuple[State, tuple[Array, Array]]:
            image = self.carried(slopes, x)
            length = jnp.linalg.norm(image)
            return image / length, (x, jnp.log(length))

        end, (before, logs) = jax.lax.scan(advance, x, law)
        return _Orbit(end, before, jnp.sum(logs))

    def backwards(self, law: Law, before: Float[Array, "segments units"], adjoint: State) -> tuple[State, Law]:
        """The adjoint carried back through all segments, and the law that it asks for on the way."""

        def retreat(adjoint: State, given: tuple[Array, Array]) -> tuple[State, State]:
            slopes, x = given
            _, pulled = jax.vjp(lambda s: self.carried(s, x), slopes)
            slopes = jnp.where(pulled(adjoint)[0] > 0, self.system.steepest, 0.0)
            _, pulled = jax.vjp(lambda x: self.carried(slopes, x), x)
            return _unit(pulled(adjoint)[0]), slopes

        return jax.lax.scan(retreat, adjoint, (law, before), reverse=True)

    def swept(self, sweep: _Sweep) -> tuple[_Sweep, Float[Array, ""]]:
        """The sweep to come, and how much the present law made the difference grow."""
        orbit = self.forwards(sweep.law, sweep.state)
        adjoint = jnp.where(sweep.adjoint @ orbit.end < 0, -sweep.adjoint, sweep.adjoint)
        start, law = self.backwards(sweep.law, orbit.before, adjoint)
        return _Sweep(law, orbit.end, start), orbit.growth

    def growth_rate(self, law: Law, x: State, settling: int = 10, averaged: int = 10) -> Float[Array, ""]:
        """An estimate by power iteration: the mean over some periods, after others in which x settles."""

        def again(x: State, _: None) -> tuple[State, Array]:
            orbit = self.forwards(law, x)
            return orbit.end, orbit.growth

        return jnp.mean(jax.lax.scan(again, x, None, length=settling + averaged)[1][settling:]) / self.length

    def random_law(self, key: Key[Array, ""]) -> Law:
        """2 to 8 random corners of the slopes, held for about equally long."""
        few = jax.random.randint(key, (), 2, 9)
        held = jax.random.bernoulli(key, 0.5, (self.segments, self.system.units))
        return jnp.where(held, self.system.steepest, 0.0)[jnp.arange(self.segments) * few // self.segments]


@eqx.filter_jit
def _greedy(system: System, metric: Metric, duration: Array, key: Key[Array, ""], segments: int) -> Law:
    segment = _Period(system, duration, 1)

    def advance(x: State, _: None) -> tuple[State, State]:
        uphill = jax.grad(lambda s: metric.times(x) @ system.tangent(s, x))(jnp.zeros_like(x))
        slopes = jnp.where(uphill > 0, system.steepest, 0.0)
        return _unit(segment.carried(slopes, x)), slopes

    return jax.lax.scan(advance, _unit(jax.random.normal(key, (system.units,))), None, length=segments)[1]


@eqx.filter_jit
def _searched(
    system: System, periods: Float[Array, " tries"], keys: Key[Array, " tries"], segments: int, rounds: int
) -> tuple[Float[Array, "tries segments units"], Float[Array, " tries"]]:
    """Of each try the law of fastest growth, and an estimate of its rate."""
    return jax.vmap(lambda length, key: _try(_Period(system, length, segments), key, rounds))(periods, keys)


def _try(period: _Period, key: Key[Array, ""], rounds: int) -> tuple[Law, Float[Array, ""]]:
    """Sweeps from a random law; of the last law and the one that grew most in the second half, the faster one."""

    def sweep(now: _Sweep, _: None) -> tuple[_Sweep, tuple[Law, Array]]:
        following, growth = period.swept(now)
        return following, (now.law, growth)

    law_key, *others = jax.random.split(key, 3)
    state, adjoint = (_unit(jax.random.normal(k, (period.system.units,))) for k in others)
    begin = _Sweep(period.random_law(law_key), state, adjoint)
    last, (laws, growths) = jax.lax.scan(sweep, begin, None, length=rounds)
    settled = growths.at[: rounds // 2].set(-jnp.inf)
    tried = jnp.stack([last.law, laws[jnp.argmax(settled)]])
    rates = jax.lax.map(lambda law: period.growth_rate(law, last.state), tried)
    return tried[jnp.argmax(rates)], jnp.max(rates)
