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
    Switching,
    composed,
    growth_over,
    growth_rate,
    largest_gain,
    segment_jacobians,
    segment_maps,
)
from simulate.outcome import Outcome

State = Float[Array, " units"]
Law = Float[Array, "segments units"]
Sweep = tuple[Law, State, State]
TERMS = 12
"""Of the exponential series, within one segment of the search; what is reported comes from exact exponentials."""


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

    law: Switching
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
        candidates = [Switching(periods[i] * equal, np.asarray(laws[i])).merged() for i in best]
        candidates.append(greedy_law(system, metric, self.longest, 4 * self.segments, self.seed).merged())
        candidates = [refined(system, law) for law in candidates]
        growth = [growth_rate(system, law) for law in candidates]
        law = candidates[int(np.argmax(growth))]
        return WorstSwitching(law, max(growth), largest_gain(system, law, metric), len(periods) + 1)


def greedy_law(system: System, metric: Metric, duration: float, segments: int, seed: int = 0) -> Switching:
    """At each moment the slopes that make a difference grow fastest in the metric; from a random difference."""
    slopes = _greedy(system, metric, jnp.asarray(duration / segments), jax.random.key(seed), segments)
    return Switching(np.full(segments, duration / segments), np.asarray(slopes))


def refined(system: System, law: Switching, rounds: int = 40, most: int = 24) -> Switching:
    """The same slopes with better durations, by gradient ascent on the growth rate.

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
        moved = Switching(law.durations * np.exp(pace * uphill / np.abs(uphill).max()), law.slopes)
        new = segment_maps(jacobians, moved.durations)
        better = growth_over(*composed(new), moved.period)
        if better > rate:
            law, maps, rate, pace = moved, new, better, min(1.5 * pace, 0.3)
        else:
            pace /= 3
    return law


def _duration_gradient(
    law: Switching,
    jacobians: Float[np.ndarray, "segments units units"],
    maps: Float[np.ndarray, "segments units units"],
) -> Float[np.ndarray, " segments"]:
    """Derivative of the growth rate in every duration: by the period's leading eigenvectors from left and right."""
    product = np.eye(maps.shape[-1])
    for step in maps:
        product = step @ product
    values, lefts, rights = eig(product, left=True)
    lead = int(np.argmax(np.abs(values)))
    right, left = rights[:, lead], lefts[:, lead].conj()
    with np.errstate(divide="ignore", invalid="ignore"):
        left = left / (left @ right)
    before = [right]
    for step in maps:
        before.append(step @ before[-1])
    gradient = np.empty(len(maps))
    for k in range(len(maps) - 1, -1, -1):
        gradient[k] = np.real(left @ jacobians[k] @ before[k + 1] / values[lead])
        left = left @ maps[k]
    return (gradient - np.log(np.abs(values[lead])) / law.period) / law.period


def _advanced(system: System, duration: Array, slopes: State, x: State) -> State:
    """exp(duration J(slopes)) x, by its series."""

    def term(carry: tuple[Array, Array], k: Array) -> tuple[tuple[Array, Array], None]:
        total, last = carry
        last = duration / k * system.tangent(slopes, last)
        return (total + last, last), None

    return jax.lax.scan(term, (x, x), jnp.arange(1.0, TERMS + 1))[0][0]


def _unit(x: State) -> State:
    return x / jnp.linalg.norm(x)


@eqx.filter_jit
def _greedy(system: System, metric: Metric, duration: Array, key: Key[Array, ""], segments: int) -> Law:
    def advance(x: State, _: None) -> tuple[State, State]:
        uphill = jax.grad(lambda s: metric.times(x) @ system.tangent(s, x))(jnp.zeros_like(x))
        slopes = jnp.where(uphill > 0, system.steepest, 0.0)
        return _unit(_advanced(system, duration, slopes, x)), slopes

    return jax.lax.scan(advance, _unit(jax.random.normal(key, (system.units,))), None, length=segments)[1]


@eqx.filter_jit
def _searched(
    system: System, periods: Float[Array, " tries"], keys: Key[Array, " tries"], segments: int, rounds: int
) -> tuple[Float[Array, "tries segments units"], Float[Array, " tries"]]:
    """Of each try the law of fastest growth, and an estimate of its rate by power iteration."""

    def one(period: Array, key: Array) -> tuple[Array, Array]:
        duration = period / segments
        law_key, x_key, p_key = jax.random.split(key, 3)

        def forwards(law: Law, x: State) -> tuple[State, Array, Array]:
            def advance(x: State, slopes: State) -> tuple[State, tuple[Array, Array]]:
                image = _advanced(system, duration, slopes, x)
                length = jnp.linalg.norm(image)
                return image / length, (x, jnp.log(length))

            end, (states, logs) = jax.lax.scan(advance, x, law)
            return end, states, jnp.sum(logs)

        def backwards(law: Law, states: Array, p: State) -> tuple[State, Law]:
            def retreat(p: State, given: tuple[Array, Array]) -> tuple[State, State]:
                slopes, x = given
                _, pulled = jax.vjp(lambda s: _advanced(system, duration, s, x), slopes)
                slopes = jnp.where(pulled(p)[0] > 0, system.steepest, 0.0)
                _, pulled = jax.vjp(lambda x: _advanced(system, duration, slopes, x), x)
                return _unit(pulled(p)[0]), slopes

            return jax.lax.scan(retreat, p, (law, states), reverse=True)

        def sweep(carry: Sweep, _: None) -> tuple[Sweep, tuple[Law, Array]]:
            law, x, p = carry
            end, states, growth = forwards(law, x)
            p = jnp.where(p @ end < 0, -p, p)
            start, new = backwards(law, states, p)
            return (new, end, start), (law, growth)

        few = jax.random.randint(law_key, (), 2, 9)
        corners = jnp.where(jax.random.bernoulli(law_key, 0.5, (segments, system.units)), system.steepest, 0.0)
        law = corners[jnp.arange(segments) * few // segments]
        x, p = (_unit(jax.random.normal(k, (system.units,))) for k in (x_key, p_key))
        (last, x, p), (laws, growths) = jax.lax.scan(sweep, (law, x, p), None, length=rounds)
        laws, growths = jnp.concatenate([laws, last[None]]), growths.at[: rounds // 2].set(-jnp.inf)
        tried = jnp.stack([last, laws[jnp.argmax(growths)]])

        def repeated(law: Law) -> Array:
            def again(x: State, _: None) -> tuple[State, Array]:
                end, _states, growth = forwards(law, x)
                return end, growth

            return jnp.mean(jax.lax.scan(again, x, None, length=20)[1][10:]) / period

        rates = jax.lax.map(repeated, tried)
        return tried[jnp.argmax(rates)], jnp.max(rates)

    return jax.vmap(one)(periods, keys)
