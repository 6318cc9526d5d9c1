"""Does a network forget its initial state? A verdict that is a proof, or an honest "undecided"."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Shaped

from theory.contraction.candidates import CHECKED, FEW, Candidate, attempted, candidates
from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.claims.euler_step import EulerStep
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.euler import certify_euler_step
from theory.contraction.exact_matrix import short
from theory.contraction.form import Form, NamedVectorField
from theory.contraction.means import means_of
from theory.contraction.network import Network, network
from theory.contraction.search.balanced_units import BalancedUnits
from theory.contraction.search.polytope import SOUGHT_UP_TO, contracting_polytope
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.slope_range import SlopeRange
from theory.contraction.threads import one_blas_thread
from theory.contraction.verdict import Attempt, Certification, Verdict

_SLACKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""What is given up of the best rate, as a fraction of it, so that a strict proof has room."""
_TIE = 5e-4
"""Rates that differ by less than this fraction, the tolerance of the parabola's search, are as good as each other."""
_BELOW = 1 - 2.0**-40
"""A rate that is asked for is refuted by a proof that excludes all rates above this part of it."""
_SLOWEST = 1e-3
"""The rate that the corners are asked for where any positive one will do."""

_POLYTOPE_RATES = (0.1, 0.03, 0.01)
"""The rates that polytopes are sought for where any positive one will do."""

FoundT = TypeVar("FoundT")


class BadQuestion(ValueError):
    """A rate or a step that cannot be asked about; the message says what can."""


def certify(
    weights: Shaped[np.ndarray, "..."],
    form: Form | NamedVectorField,
    slopes: float | Shaped[np.ndarray, "..."] | SlopeRange = 1.0,
    time_constants: float | Shaped[np.ndarray, "..."] = 1.0,
    *,
    rate: float = 0.0,
    euler_step: float | None = None,
    leak: float | Shaped[np.ndarray, "..."] | None = None,
) -> Certification:
    """Decide about the network with these weights (n x n) and all nonlinearities of slopes 0 to `slopes`.

    Contracting means at `rate` at least, or at some positive rate where that is zero; rates are in units of one over
    that of the time constants. Slopes and time constants are one number or one a neuron. With `euler_step` (units of
    time), the step x -> x + h x' is certified too, in the best metric found for it. Nothing rests on floating point:
    every claim has been proved in rational arithmetic, and `certificate` writes it to a file that an independent
    program checks.

    A map, h <- (1 - a) h + a phi(W h + U x + b), has the form DISCRETE and, in place of time constants, leaks a: one if
    not given, as in `torch.nn.RNN`, where `weight_hh_l0` is W. What `nonlinearity` it has enters by its slope: 1 for
    tanh and ReLU, 1/4 for the sigmoid. Inputs, biases and `weight_ih_l0` do not matter. Its rate is one minus its
    `factor`: what every step multiplies distances by, at most.

    Slopes from l to g, l not zero, are a `SlopeRange`: all is asked of them that has a counterpart there
    (`candidates.ranged_conditions`, other norms, the corners, instability), and proofs take those slopes and no others.

    Raises:
        NotANetwork: for weights, slopes, time constants or leaks that make no network.
        BadQuestion: for a rate below zero or not finite, or a step that is not positive and finite; for a map, a rate
            of one or more, or a step.

    >>> from theory.contraction import VOLTAGE
    >>> found = certify(np.array([[0.5, 0.25], [0.25, 0.5]]), VOLTAGE)
    >>> found.verdict.word, found.condition, round(found.rate, 4)
    ('contracting', 'theorem 1', 0.25)
    >>> from theory.contraction import DISCRETE
    >>> found = certify(np.array([[0.0, -0.75], [0.75, 0.0]]), DISCRETE)
    >>> found.verdict.word, found.condition, round(found.factor, 4)
    ('contracting', 'norm bound', 0.75)
    """
    if not (np.isfinite(rate) and rate >= 0):
        raise BadQuestion(f"the rate is {rate}; a finite number from 0 is needed")
    if euler_step is not None and not (np.isfinite(euler_step) and euler_step > 0):
        raise BadQuestion(f"the Euler step is {euler_step}; a finite number above 0 is needed")
    asked = network(weights, form, slopes, time_constants, leak=leak)
    if asked.form.discrete and rate >= 1:
        raise BadQuestion(f"the rate is {rate}; that of a map is one minus its factor a step, and below 1")
    if asked.form.discrete and euler_step is not None:
        raise BadQuestion("a map is a step already; Euler steps are those of VOLTAGE and RATE")
    return certify_network(asked, rate, euler_step)


@one_blas_thread
def certify_network(asked: Network, rate: float = 0.0, euler_step: float | None = None) -> Certification:
    """Decide about a `Network`, as `certify` does; `rate` and `euler_step` are not checked again."""
    with np.errstate(all="ignore"):
        units = BalancedUnits.of(asked)
        return _in_given_units(units, _certified(units.balanced, rate, euler_step))


def _certified(asked: Network, rate: float, euler_step: float | None) -> Certification:
    """The answer about a network in balanced units; what is quick to refute is refuted first."""
    unstable = _outright(asked, 0.0)
    known = candidates(asked) if unstable.found is None else ()
    refuted = _outright(asked, rate) if unstable.found is None and rate > 0 else unstable
    quadratic = _Stage[_Proof | None](None, refuted.attempts)
    proof, slower = None, None
    if refuted.found is None:
        quadratic = _quadratic(asked, rate, known)
        proof = quadratic.found
    if proof is not None:
        judged = _Stage(_Judgement(Verdict.CONTRACTING, (proof.claim,)), ())
    else:
        slower = _quadratic(asked, 0.0, known).found if rate > 0 and known else None
        judged = _refuted(asked, rate) if refuted.found is None else _Stage(refuted.found, ())
    non_quadratic = _non_quadratic(asked, rate, judged.found.verdict)
    flow = proof or slower
    euler = _euler(asked, None if flow is None else flow.claim, euler_step)
    return Certification(
        network=asked,
        verdict=judged.found.verdict,
        asked_rate=rate,
        condition=None if proof is None else proof.condition,
        rate=None if proof is None else float(proof.claim.rate),
        claims=judged.found.claims,
        non_quadratic=non_quadratic.found,
        slower=None if slower is None else slower.claim,
        euler=euler.found,
        attempts=(*quadratic.attempts, *judged.attempts, *non_quadratic.attempts, *euler.attempts),
    )


def _in_given_units(units: BalancedUnits, found: Certification) -> Certification:
    """The same, said of the network as it was given."""
    return replace(
        found,
        network=units.given,
        claims=tuple(units.returned(claim) for claim in found.claims),
        non_quadratic=None if found.non_quadratic is None else units.returned(found.non_quadratic),
        slower=None if found.slower is None else units.returned(found.slower),
        euler=None if found.euler is None else units.returned(found.euler),
    )


def as_multiplier(asked: Network, claim: Statement) -> Multiplier | None:
    """The claim by the multiplier LMI, where it is one or implies one; `module` needs such a claim.

    >>> from theory.contraction import VOLTAGE
    >>> found = certify(np.array([[0.5, 0.25], [0.25, 0.5]]), VOLTAGE)  # by Theorem 1
    >>> as_multiplier(found.network, found.claims[0]).holds(found.network.exact)
    True
    """
    if isinstance(claim, AbsoluteWeights):  # none of slopes that are not from zero
        return claim.as_multiplier(asked.exact)
    return claim if isinstance(claim, Multiplier) else None


@dataclass(frozen=True)
class _Stage(Generic[FoundT]):
    """What one stage of the search found, and what it tried on the way."""

    found: FoundT
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class _Proof:
    """A claim, and the name of the condition that proved it."""

    condition: str
    claim: Claim


@dataclass(frozen=True)
class _Judgement:
    """A verdict, and the statements that prove it."""

    verdict: Verdict
    claims: tuple[Statement, ...]


def _quadratic(asked: Network, rate: float, known: tuple[Candidate, ...]) -> _Stage[_Proof | None]:
    """The best rate that some condition proves, the simplest condition of those that reach it."""
    proof = None
    proved: dict[str, bool | None] = {each.name: None if each.exceeds(rate) else False for each in known}
    for candidate in _best_first([each for each in known if each.exceeds(rate)]):
        claim = _fastest_claim(asked, candidate, rate)
        proved[candidate.name] = claim is not None
        if claim is not None:
            proof = _Proof(candidate.name, claim)
            break
    attempts = tuple(Attempt(each.name, each.rate, proved[each.name]) for each in known)
    if proof is None and asked.size <= FEW:
        at_corners = _at_corners(asked, rate)
        return _Stage(at_corners.found, (*attempts, *at_corners.attempts))
    return _Stage(proof, attempts)


def _best_first(hopeful: list[Candidate]) -> list[Candidate]:
    """Those that tie for the best rate in their own order, then the others, faster ones first."""
    best = max((each.rate or 0.0 for each in hopeful), default=0.0)
    level = [each for each in hopeful if (each.rate or 0.0) >= best * (1 - _TIE)]
    others = [each for each in hopeful if each not in level]
    return level + sorted(others, key=lambda each: -(each.rate or 0.0))


def _at_corners(asked: Network, rate: float) -> _Stage[_Proof | None]:
    """A metric that contracts at all corners, at the asked rate first and then as fast as one is found to."""
    vertex = means_of(asked).vertex
    claim = attempted(vertex.prove, asked, max(rate, _SLOWEST))
    if claim is None:
        return _Stage(None, ())
    candidate = Candidate.of(vertex, asked)
    faster = None if candidate.supremum is None else _fastest_claim(asked, candidate, rate)
    return _Stage(_Proof(vertex.name, faster or claim), (Attempt(vertex.name, candidate.rate, True),))


def _fastest_claim(asked: Network, candidate: Candidate, rate: float) -> Claim | None:
    """The condition's claim as close below its best rate as it is proved, at `rate` at least."""
    best = candidate.rate or 0.0
    claims = (attempted(candidate.condition.prove, asked, claimed) for claimed in _claimable(best, rate))
    return next((claim for claim in claims if claim is not None), None)


def _claimable(best: float, rate: float) -> Iterator[float]:
    """Rates below the best, the asked one last, as short numbers."""
    for slack in _SLACKS:
        claimed = short(best * (1 - slack), bits=30)
        if claimed >= rate and claimed > 0:
            yield claimed
    if rate > 0:
        yield rate


def _outright(asked: Network, rate: float) -> _Stage[_Judgement | None]:
    """That the network is unstable at its largest slopes, which costs little to find and excludes all metrics."""
    seeking = means_of(asked).outright
    unstable = attempted(seeking.search, asked, rate * _BELOW) if asked.size <= seeking.largest else None
    if unstable is None:
        return _Stage(None, ())
    return _Stage(_Judgement(Verdict.NOT_CONTRACTING, (unstable,)), (Attempt(seeking.name, None, True),))


def _refuted(asked: Network, rate: float) -> _Stage[_Judgement]:
    """That there is no metric, and that the network is unstable; the stronger is the verdict."""
    excluded = rate * _BELOW
    no_metric = attempted(refute_quadratic, asked, excluded)
    attempts = [Attempt("no quadratic metric", None, no_metric is not None)]
    unstable: Statement | None = None
    for seeking in means_of(asked).unstable:
        if unstable is None and asked.size <= seeking.largest:
            unstable = attempted(seeking.search, asked, excluded)
            attempts.append(Attempt(seeking.name, None, unstable is not None))
    claims = tuple(claim for claim in (unstable, no_metric) if claim is not None)
    verdict = Verdict.UNDECIDED if no_metric is None else Verdict.NO_QUADRATIC_METRIC
    if unstable is not None:
        verdict = Verdict.NOT_CONTRACTING
    return _Stage(_Judgement(verdict, claims), tuple(attempts))


def _non_quadratic(asked: Network, rate: float, verdict: Verdict) -> _Stage[Claim | None]:
    """A proof by another norm, the best of those found."""
    if verdict is Verdict.NOT_CONTRACTING:
        return _Stage(None, ())
    attempts = []
    known = [Candidate.of(condition, asked) for condition in means_of(asked).non_quadratic]
    for candidate in sorted(known, key=lambda each: -(each.rate or 0.0)):
        claim = _fastest_claim(asked, candidate, rate) if candidate.exceeds(rate) else None
        attempts.append(Attempt(candidate.name, candidate.rate, claim is not None))
        if claim is not None:
            return _Stage(claim, tuple(attempts))
    if verdict is Verdict.CONTRACTING or asked.size > SOUGHT_UP_TO or asked.form.discrete:
        return _Stage(None, tuple(attempts))
    for claimed in (rate,) if rate > 0 else _POLYTOPE_RATES:
        polytope = attempted(contracting_polytope, asked, claimed)
        if polytope is not None:
            return _Stage(polytope, (*attempts, Attempt("polytope", claimed, True)))
    return _Stage(None, (*attempts, Attempt("polytope", None, False)))


def _euler(asked: Network, flow: Claim | None, step: float | None) -> _Stage[EulerStep | None]:
    """The step's claim, in whatever metric; there is none where the flow contracts in no metric."""
    if step is None or flow is None or asked.size > CHECKED:
        return _Stage(None, ())
    found = attempted(certify_euler_step, asked, step, as_multiplier(asked, flow))
    return _Stage(found, (Attempt("Euler step", None, found is not None),))
