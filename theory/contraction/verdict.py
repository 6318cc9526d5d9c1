"""What can be said of a network, and with which proof."""

from dataclasses import dataclass
from enum import Enum

from theory.contraction.certificate import Certificate
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.claims.euler_step import EulerStep
from theory.contraction.network import Network


class Verdict(Enum):
    """Four answers to whether a network forgets its initial state; all but the last are proofs.

    `sentence` says it of a flow, `of_map` of a map.

    >>> Verdict.UNDECIDED.word, Verdict.UNDECIDED.sentence
    ('undecided', 'nothing was proved: see what was tried, and how close it came')
    """

    CONTRACTING = (
        "contracting",
        "a constant quadratic metric contracts at the rate, whatever the slopes do",
        "every step shrinks distances by the factor in a constant quadratic metric, whatever inputs and biases are",
    )
    NO_QUADRATIC_METRIC = (
        "no_quadratic_metric",
        "no constant quadratic metric contracts, or none as fast as was asked; another norm may",
        "no constant quadratic metric shrinks at every step, or none as much as was asked; another norm may",
    )
    NOT_CONTRACTING = (
        "not_contracting",
        "at fixed slopes, or along a switching law, a displacement does not die out, or not as fast as was asked",
        "at fixed slopes, or at some in sequence, a displacement does not die out, or not as fast as was asked",
    )
    UNDECIDED = (
        "undecided",
        "nothing was proved: see what was tried, and how close it came",
        "nothing was proved: see what was tried, and how close it came",
    )

    def __init__(self, word: str, sentence: str, of_map: str) -> None:
        self.word = word
        self.sentence = sentence
        self.of_map = of_map


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

    At `low` it is proved. At `high` another statement is proved: that the condition or every quadratic metric fails,
    or that the network is unstable; None where none was found. `unbounded` where contraction is proved for every gain.
    """

    low: float | None
    low_claim: Claim | None
    high: float | None
    high_claim: Statement | None
    unbounded: bool

    def certificates(self, asked: Network) -> tuple[Certificate | None, Certificate | None]:
        """The proofs at `low` and at `high` as files: about the same weights, with the slopes multiplied."""
        low, high = (
            None if factor is None or claim is None else Certificate(asked.with_gain(factor).exact, (claim,))
            for factor, claim in ((self.low, self.low_claim), (self.high, self.high_claim))
        )
        return low, high


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
        """What the verdict says, of a flow or of a map."""
        return self.verdict.of_map if self.network.form.discrete else self.verdict.sentence

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
