"""What can be said of a network, and with which proof."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal
from enum import Enum
from fractions import Fraction

from theory.contraction.certificate import Certificate
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.claims.euler_step import EulerStep
from theory.contraction.exact_matrix import as_fraction
from theory.contraction.network import Network


class Verdict(Enum):
    """Four answers to whether a network forgets its initial state; all but the last are proofs.

    >>> Verdict.UNDECIDED.word
    'undecided'
    """

    CONTRACTING = "contracting"
    NO_QUADRATIC_METRIC = "no_quadratic_metric"
    NOT_CONTRACTING = "not_contracting"
    UNDECIDED = "undecided"

    @property
    def word(self) -> str:
        """What it is called."""
        return str(self.value)


@dataclass(frozen=True)
class Attempt:
    """Something that was tried: what it could give at best, in floating point, and whether it was proved.

    None where no proof was sought, another condition having served as well.
    """

    name: str
    rate: float | None
    proved: bool | None


@dataclass(frozen=True)
class Gain:
    """The largest factor that all slopes can be multiplied by while contraction at the asked rate is certified.

    At `low` it is proved, in a constant quadratic metric. At `high` another statement is proved: that the condition or
    every quadratic metric fails, or that the network is unstable; None where none was found. At `other`, where that is
    more than `low`, it is proved by another norm. `unbounded` where contraction is proved for every gain.
    """

    low: float | None
    low_claim: Claim | None
    high: float | None
    high_claim: Statement | None
    unbounded: bool
    other: float | None = None
    other_claim: Claim | None = None

    def certificates(self, asked: Network) -> tuple[Certificate | None, Certificate | None, Certificate | None]:
        """The proofs at `low`, `high` and `other` as files: about the same weights, with the slopes multiplied."""
        low, high, other = (
            None if factor is None or claim is None else Certificate(asked.with_gain(factor).exact, (claim,))
            for factor, claim in (
                (self.low, self.low_claim),
                (self.high, self.high_claim),
                (self.other, self.other_claim),
            )
        )
        return low, high, other


@dataclass(frozen=True)
class Certification:
    """The answer about one network.

    `rate` is certified, in units of one over that of the time constants, or a step; `condition` proved it. `claims`
    prove the verdict, `non_quadratic` is a proof by another norm, `slower` one of a lower rate than was asked, `euler`
    one for the step that was asked about, in a metric of its own.
    """

    network: Network
    verdict: Verdict
    asked_rate: float
    condition: str | None
    rate: float | None
    claims: tuple[Statement, ...]
    non_quadratic: Claim | None
    slower: Claim | None
    euler: EulerStep | None
    attempts: tuple[Attempt, ...]

    @property
    def sentence(self) -> str:
        """All that is proved of a flow or of a map, by which norm and at which rate.

        >>> import numpy as np
        >>> from theory.contraction import VOLTAGE, certify
        >>> certify(np.array([[-4.0, 4.75], [-4.75, -4.0]]), VOLTAGE).sentence
        'no constant quadratic metric contracts; a weighted 1-norm contracts at rate 0.24999, whatever the slopes do'
        """
        discrete, parts = self.network.form.discrete, list[str]()
        if self.verdict is Verdict.CONTRACTING:
            parts.append(f"a constant quadratic metric {_shrinks(self.claims[0], discrete)}")
        elif self.verdict is Verdict.UNDECIDED:
            fast = " that contracts as fast as was asked" if self.asked_rate > 0 else ""
            parts.append(f"no constant quadratic metric{fast} was found, and none is excluded")
        else:
            parts.append(_refutation(self.claims[0], discrete))
        if self.slower is not None:
            parts.append(f"a constant quadratic metric {_shrinks(self.slower, discrete)}: slower than was asked")
        if self.non_quadratic is not None:
            parts.append(f"{_norm(self.non_quadratic)} {_shrinks(self.non_quadratic, discrete)}")
        elif self.verdict is Verdict.NO_QUADRATIC_METRIC:
            parts.append("another norm may")
        elif self.verdict is Verdict.UNDECIDED:
            parts.append("see what was tried, and how close it came")
        return "; ".join(parts)

    @property
    def factor(self) -> float | None:
        """What every step of a map multiplies distances by, at most, in the metric of the proof; None of a flow."""
        return None if self.rate is None or not self.network.form.discrete else 1 - self.rate

    @property
    def certificate(self) -> Certificate | None:
        """All that was proved, as a file; None where nothing was."""
        others = tuple(claim for claim in (self.non_quadratic, self.slower, self.euler) if claim is not None)
        claims = (*self.claims, *others)
        return Certificate(self.network.exact, claims) if claims else None


_NORMS = {"norm 1": "a weighted 1-norm", "norm inf": "a weighted maximum norm"}
_UNSTABLE = {
    "fixed slopes": "at fixed slopes",
    "switching": "along a switching law",
    "slope sequence": "at slopes in sequence",
}


def _norm(claim: Claim) -> str:
    """The norm of a claim that is not about a quadratic metric."""
    by = str(claim.document()["by"])
    return _NORMS.get(by, f"the norm of a {by}")


def _shrinks(claim: Statement, discrete: bool) -> str:
    """How fast a norm falls at least: in five digits that claim no more than is proved."""
    rate = as_fraction(claim.rate) if isinstance(claim, Claim) else Fraction(0)
    if discrete:
        factor = _rounded(1 - rate, ROUND_UP)
        return f"shrinks by the factor {factor} at every step, whatever inputs and biases are"
    return f"contracts at rate {_rounded(rate, ROUND_DOWN)}, whatever the slopes do"


def _rounded(value: Fraction, rounding: str) -> Decimal:
    """In five digits, from the exact number: rounded once."""
    return Context(prec=5, rounding=rounding).divide(Decimal(value.numerator), Decimal(value.denominator))


def _refutation(claim: Statement, discrete: bool) -> str:
    """What a proof excludes, in five digits that exclude no more."""
    document, rate = claim.document(), as_fraction(claim.rate) if isinstance(claim, Claim) else Fraction(0)
    if discrete:
        faster = f"by a factor below {_rounded(1 - rate, ROUND_DOWN)}"
    else:
        faster = f"faster than at rate {_rounded(rate, ROUND_UP)}"
    if document["claim"] == "no quadratic metric":
        shrinks = "shrinks at every step" if discrete else "contracts"
        return f"no constant quadratic metric {shrinks}{f' {faster}' if rate > 0 else ''}"
    falls = "fall" if discrete else "decay"
    ends = f"does not {falls} {faster}{' a step' if discrete else ''}" if rate > 0 else "does not die out"
    return f"{_UNSTABLE[str(document['by'])]} a displacement {ends}"
