"""Whether a Lur'e system forgets its initial state, how fast, and its incremental gain from inputs to outputs."""

from dataclasses import dataclass, replace

import numpy as np

from theory.contraction.certificate import json_bytes
from theory.contraction.claims.claim import Document, alike, rows
from theory.contraction.lure.reached import ReachedGain, reached_gain
from theory.contraction.lure.search import prove_contraction, prove_gain, prove_unstable
from theory.contraction.lure.statements import LureContraction, LureGain, LureStatement, LureUnstable
from theory.contraction.lure.system import ExactLure, LureSystem
from theory.contraction.lure.units import BalancedLure
from theory.contraction.threads import one_blas_thread
from theory.contraction.verdict import Verdict

FORMAT = "lure certificate 1"
_SENTENCES = {
    Verdict.CONTRACTING: "a constant quadratic metric contracts at the rate, whatever the slopes and inputs do",
    Verdict.NOT_CONTRACTING: "at fixed slopes a displacement does not die out",
    Verdict.UNDECIDED: "nothing was proved: no multiplier and no unstable slopes were found",
}


@dataclass(frozen=True, eq=False)
class LureCertificate:
    """Statements about one Lur'e system; `holds` proves them anew."""

    system: LureSystem
    claims: tuple[LureStatement, ...]

    def holds(self) -> bool:
        """Whether rational arithmetic proves every statement."""
        return bool(self.claims) and all(claim.holds(self.system) for claim in self.claims)

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        exact = ExactLure.of(self.system)
        ends = {"E": exact.E, "F": exact.F}
        return {
            "format": FORMAT,
            "time": self.system.name,
            "A": rows(exact.A),
            "B": rows(exact.B),
            "C": rows(exact.C),
            **{name: rows(each) for name, each in ends.items() if each is not None},
            "slopes": alike(exact.slopes.diagonal_entries()),
            **({} if self.system.separate else {"group": self.system.group.tolist()}),
            "claims": [claim.document() for claim in self.claims],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())


@dataclass(frozen=True, eq=False)
class LureCertification:
    """The answer about one system: the verdict with its claim, the gain that is proved and one that is reached.

    `gain` is None without inputs or outputs, or where none is proved; `reached` is a gain at fixed slopes, which no
    proof can go below, with a proof of its own.
    """

    system: LureSystem
    verdict: Verdict
    claim: LureContraction | LureUnstable | None
    gain_claim: LureGain | None
    reached: ReachedGain | None

    @property
    def sentence(self) -> str:
        """What the verdict says."""
        return _SENTENCES[self.verdict]

    @property
    def rate(self) -> float | None:
        """Certified: a step of a map multiplies distances by one minus it, at most; of a flow per unit of time."""
        return float(self.claim.rate) if isinstance(self.claim, LureContraction) else None

    @property
    def gain(self) -> float | None:
        """Certified: outputs differ by at most so many times what inputs do, in the l2 norm."""
        return None if self.gain_claim is None else float(self.gain_claim.gain)

    @property
    def certificate(self) -> LureCertificate | None:
        """All that was proved, as a file; None where nothing was."""
        reached = None if self.reached is None else self.reached.claim
        claims = tuple(each for each in (self.claim, self.gain_claim, reached) if each is not None)
        return LureCertificate(self.system, claims) if claims else None


@one_blas_thread
def certify(system: LureSystem, *, seed: int = 0) -> LureCertification:
    """Decide about a Lur'e system with any nonlinearities of slopes 0 to `slopes`, and bracket its incremental gain.

    Nothing rests on floating point: `certificate` writes what was proved to a file that an independent program checks.

    >>> from theory.contraction import lure
    >>> A, B, C = np.array([[0.5]]), np.array([[0.25]]), np.array([[1.0]])
    >>> found = lure.decide.certify(lure.system.lure(A, B, C, E=np.eye(1), F=np.eye(1), discrete=True))
    >>> found.verdict.word, round(1 - found.rate, 3), round(found.gain, 3), round(found.reached.gain, 3)
    ('contracting', 0.75, 4.0, 4.0)
    """
    with np.errstate(all="ignore"):
        units = BalancedLure.of(system)
        return _in_given_units(units, _certified(units.balanced, seed))


def _certified(system: LureSystem, seed: int) -> LureCertification:
    """The answer about a system in balanced units."""
    claim: LureContraction | LureUnstable | None = prove_contraction(system)
    verdict = Verdict.UNDECIDED if claim is None else Verdict.CONTRACTING
    if claim is None:
        claim = prove_unstable(system, seed)
        verdict = Verdict.UNDECIDED if claim is None else Verdict.NOT_CONTRACTING
    if verdict is Verdict.NOT_CONTRACTING:
        return LureCertification(system, verdict, claim, None, None)
    return LureCertification(system, verdict, claim, prove_gain(system), reached_gain(system, seed))


def _in_given_units(units: BalancedLure, found: LureCertification) -> LureCertification:
    """The same, said of the system as it was given."""
    reached = found.reached
    if reached is not None:
        claim = None if reached.claim is None else units.returned(reached.claim)
        reached = replace(reached, gain=reached.gain * units.amplified, claim=claim)
    return replace(
        found,
        system=units.given,
        claim=None if found.claim is None else units.returned(found.claim),
        gain_claim=None if found.gain_claim is None else units.returned(found.gain_claim),
        reached=reached,
    )
