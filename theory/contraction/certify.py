"""Does a network forget its initial state? A verdict that is a proof, or an honest "undecided"."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ParamSpec, TypeVar

import numpy as np
from jaxtyping import Shaped

from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.claims.euler_step import EulerStep
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.conditions.condition import Condition, Supremum
from theory.contraction.conditions.registry import (
    ABSOLUTE,
    MULTIPLIER,
    NON_QUADRATIC,
    PRODUCT,
    SINGULAR,
    SYMMETRIC,
    TRIANGULAR,
    VERTEX,
)
from theory.contraction.euler import certify_euler_step
from theory.contraction.exact_matrix import short
from theory.contraction.form import Form
from theory.contraction.network import Network, network
from theory.contraction.search.instability import unstable_slopes
from theory.contraction.search.polytope import contracting_polytope
from theory.contraction.search.switching import unstable_switching
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.threads import one_blas_thread
from theory.contraction.verdict import Attempt, Certification, Verdict

LARGEST_SEARCH = 512
"""Neurons up to which the multiplier LMI is searched; beyond, Theorems 1 to 4 are tried alone."""
SINGULAR_UP_TO = 32
"""Neurons up to which Theorem 5 is tried: the multiplier LMI contains it, and costs less beyond."""
FEW = 6
"""Neurons up to which all corners of the slopes are searched, and polytopes sought, as a matter of course."""
_SLACKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""What is given up of the best rate, as a fraction of it, so that a strict proof has room."""
_TIE = 5e-4
"""Rates that differ by less than this fraction, the tolerance of the parabola's search, are as good as each other."""
_BELOW = 1 - 2.0**-40
"""A rate that is asked for is refuted by a proof that excludes all rates above this part of it."""

ResultT = TypeVar("ResultT")
Parameters = ParamSpec("Parameters")


def attempted(
    search: Callable[Parameters, ResultT], *given: Parameters.args, **named: Parameters.kwargs
) -> ResultT | None:
    """What a search finds; None where floating point fails it, as it may at scales such as 1e200."""
    try:
        return search(*given, **named)
    except (ArithmeticError, ValueError, RuntimeError):  # the last from scipy, of geometry and of iterations
        return None


class BadQuestion(ValueError):
    """A rate or a step that cannot be asked about; the message says what can."""


def certify(
    weights: Shaped[np.ndarray, "..."],
    form: Form,
    slopes: float | Shaped[np.ndarray, "..."] = 1.0,
    time_constants: float | Shaped[np.ndarray, "..."] = 1.0,
    *,
    rate: float = 0.0,
    euler_step: float | None = None,
) -> Certification:
    """Decide about the network with these weights (n x n) and all nonlinearities of slopes 0 to `slopes`.

    Contracting means at `rate` at least, or at some positive rate where that is zero; rates are in units of one over
    that of the time constants. Slopes and time constants are one number or one a neuron. With `euler_step` (units of
    time), the step x -> x + h x' is certified too, in the best metric found for it. Nothing rests on floating point:
    every claim has been proved in rational arithmetic, and `certificate` writes it to a file that an independent
    program checks.

    Raises:
        NotANetwork: for weights, slopes or time constants that make no network.
        BadQuestion: for a rate below zero or not finite, or a step that is not positive and finite.

    >>> from theory.contraction import VOLTAGE
    >>> found = certify(np.array([[0.5, 0.25], [0.25, 0.5]]), VOLTAGE)
    >>> found.verdict.word, found.condition, round(found.rate, 4)
    ('contracting', 'theorem 1', 0.25)
    """
    if not (np.isfinite(rate) and rate >= 0):
        raise BadQuestion(f"the rate is {rate}; a finite number from 0 is needed")
    if euler_step is not None and not (np.isfinite(euler_step) and euler_step > 0):
        raise BadQuestion(f"the Euler step is {euler_step}; a finite number above 0 is needed")
    return certify_network(network(weights, form, slopes, time_constants), rate, euler_step)


@one_blas_thread
def certify_network(asked: Network, rate: float = 0.0, euler_step: float | None = None) -> Certification:
    """The same for a `Network`."""
    with np.errstate(all="ignore"):
        return _certified(asked, rate, euler_step)


def _certified(asked: Network, rate: float, euler_step: float | None) -> Certification:
    attempts: list[Attempt] = []
    proved = _quadratic(asked, rate, attempts)
    if proved is None:
        slower = _quadratic(asked, 0.0, []) if rate > 0 else None
        verdict, claims = _negative(asked, rate, attempts)
        non_quadratic = _non_quadratic(asked, rate, verdict, attempts)
        reached = None if slower is None else slower[1]
        euler = _euler(asked, reached, euler_step, attempts)
        return Certification(asked, verdict, rate, None, None, claims, non_quadratic, reached, euler, tuple(attempts))
    condition, claim = proved
    non_quadratic = _non_quadratic(asked, rate, Verdict.CONTRACTING, attempts)
    euler = _euler(asked, claim, euler_step, attempts)
    return Certification(
        asked,
        Verdict.CONTRACTING,
        rate,
        condition,
        float(claim.rate),
        (claim,),
        non_quadratic,
        None,
        euler,
        tuple(attempts),
    )


def _euler(asked: Network, flow: Claim | None, step: float | None, attempts: list[Attempt]) -> EulerStep | None:
    """The step's claim, in whatever metric; there is none where the flow contracts in no metric."""
    if step is None or flow is None:
        return None
    found = attempted(certify_euler_step, asked, step, as_multiplier(asked, flow))
    attempts.append(Attempt("Euler step", None, found is not None))
    return found


def as_multiplier(asked: Network, claim: Statement) -> Multiplier | None:
    """The claim by the multiplier LMI, where it is one or implies one; `module` needs such a claim.

    >>> from theory.contraction import VOLTAGE
    >>> found = certify(np.array([[0.5, 0.25], [0.25, 0.5]]), VOLTAGE)  # by Theorem 1
    >>> as_multiplier(found.network, found.claims[0]).holds(found.network.exact)
    True
    """
    if isinstance(claim, AbsoluteWeights):
        return claim.as_multiplier(asked.exact)
    return claim if isinstance(claim, Multiplier) else None


def applicable(asked: Network) -> tuple[Condition, ...]:
    """The conditions on constant quadratic metrics that are worth their cost, what asks for least first.

    Theorems 2 and 3 reach the best rate there is, so that no other is tried where one of them holds.
    """
    cheap = (TRIANGULAR, ABSOLUTE, SYMMETRIC, PRODUCT)
    if asked.size > LARGEST_SEARCH or any(attempted(best.supremum, asked) is not None for best in (SYMMETRIC, PRODUCT)):
        return cheap
    return (*cheap, SINGULAR, MULTIPLIER) if asked.size <= SINGULAR_UP_TO else (*cheap, MULTIPLIER)


def _quadratic(asked: Network, rate: float, attempts: list[Attempt]) -> tuple[str, Claim] | None:
    """The best rate that some condition proves, the simplest condition of those that reach it."""
    found: list[tuple[Condition, Supremum]] = []
    for condition in applicable(asked):
        supremum = attempted(condition.supremum, asked)
        hopeful = supremum is not None and supremum.rate > rate
        attempts.append(
            Attempt(condition.name, None if supremum is None else supremum.rate, None if hopeful else False)
        )
        if supremum is not None and hopeful:
            found.append((condition, supremum))
    best = max((supremum.rate for _, supremum in found), default=0.0)
    level = [pair for pair in found if pair[1].rate >= best * (1 - _TIE)]
    others = sorted((pair for pair in found if pair not in level), key=lambda pair: -pair[1].rate)
    for condition, supremum in (*level, *others):
        for claimed in _claimable(supremum.rate, rate):
            claim = attempted(condition.prove, asked, claimed)
            if claim is not None:
                _mark(attempts, condition.name, True)
                return condition.name, claim
        _mark(attempts, condition.name, False)
    if asked.size <= FEW and (claim := attempted(VERTEX.prove, asked, max(rate, 1e-3))) is not None:
        supremum = attempted(VERTEX.supremum, asked)
        attempts.append(Attempt(VERTEX.name, None if supremum is None else supremum.rate, True))
        better = () if supremum is None else _claimable(supremum.rate, rate)
        claims = (attempted(VERTEX.prove, asked, claimed) for claimed in better)
        return VERTEX.name, next((found for found in claims if found is not None), claim)
    return None


def _claimable(best: float, rate: float) -> Iterator[float]:
    """Rates below the best, the asked one last, as short numbers."""
    for slack in _SLACKS:
        claimed = short(best * (1 - slack), bits=30)
        if claimed >= rate and claimed > 0:
            yield claimed
    if rate > 0:
        yield rate


def _negative(asked: Network, rate: float, attempts: list[Attempt]) -> tuple[Verdict, tuple[Statement, ...]]:
    """That there is no metric, and that the network is unstable; the stronger is the verdict."""
    excluded = rate * _BELOW
    refuted = attempted(refute_quadratic, asked, excluded)
    attempts.append(Attempt("no quadratic metric", None, refuted is not None))
    unstable: Statement | None = attempted(unstable_slopes, asked, excluded)
    attempts.append(Attempt("unstable at fixed slopes", None, unstable is not None))
    if unstable is None and asked.size <= FEW:
        unstable = attempted(unstable_switching, asked, excluded)
        attempts.append(Attempt("unstable under switching", None, unstable is not None))
    if unstable is not None:
        return Verdict.NOT_CONTRACTING, (unstable,) if refuted is None else (unstable, refuted)
    if refuted is not None:
        return Verdict.NO_QUADRATIC_METRIC, (refuted,)
    return Verdict.UNDECIDED, ()


def _non_quadratic(asked: Network, rate: float, verdict: Verdict, attempts: list[Attempt]) -> Claim | None:
    """A proof by another norm, the best of those found."""
    if verdict is Verdict.NOT_CONTRACTING:
        return None
    suprema = [(condition, attempted(condition.supremum, asked)) for condition in NON_QUADRATIC]
    for condition, supremum in sorted(suprema, key=lambda pair: -(pair[1].rate if pair[1] else 0.0)):
        claim = None
        if supremum is not None and supremum.rate > rate:
            claims = (attempted(condition.prove, asked, claimed) for claimed in _claimable(supremum.rate, rate))
            claim = next((claim for claim in claims if claim is not None), None)
        attempts.append(Attempt(condition.name, None if supremum is None else supremum.rate, claim is not None))
        if claim is not None:
            return claim
    if verdict is not Verdict.CONTRACTING and asked.size <= 3:
        for claimed in (rate,) if rate > 0 else (0.1, 0.03, 0.01):
            polytope = attempted(contracting_polytope, asked, claimed)
            if polytope is not None:
                attempts.append(Attempt("polytope", claimed, True))
                return polytope
        attempts.append(Attempt("polytope", None, False))
    return None


def _mark(attempts: list[Attempt], name: str, proved: bool) -> None:
    attempts[:] = [replace(a, proved=proved) if a.name == name else a for a in attempts]
