"""What a paper states, where it stands there, and what was found of it: one object a claim."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

HOLDS, IN_PART, CONTRADICTED, FAILED = "holds", "holds in part", "contradicted", "a check failed"
NOT_DECIDED = "not decided"
"""Where no check of a run says anything of a claim."""


@runtime_checkable
class SeenCheck(Protocol):
    """Of a check, as far as a claim needs it; `passed` is None where there is no bound."""

    @property
    def predicted(self) -> object:
        """What theory says."""

    @property
    def measured(self) -> object:
        """What was found."""

    @property
    def asserted(self) -> bool:
        """Whether the run fails with it."""

    @property
    def passed(self) -> bool | None:
        """Whether they agree."""


@dataclass(frozen=True)
class PaperClaim:
    """A statement of a paper. Given to `Report.check`, the check speaks of it.

    `source` is where the paper has it: a section, a figure, an equation. `criterion` is what here counts as having seen
    it, chosen beforehand. `figure` names the figure that shows it ("" where none does).
    """

    name: str
    statement: str
    source: str
    criterion: str
    figure: str = field(default="", kw_only=True)

    def found(self, values: Sequence[tuple[object, object]]) -> str:
        """What holds, in words: here how many of its checks measured which verdict, "" of a single one."""
        if len(values) == 1:
            return ""
        counts = Counter(str(measured).split(":")[0] for _, measured in values)
        return ", ".join(f"{verdict}: {count} of {len(values)}" for verdict, count in counts.most_common())

    def stands(self, values: Sequence[tuple[object, object]]) -> str:
        """The verdict of a run, from what its checks predicted and measured: here each measured that of a part."""
        verdicts = {str(measured).split(":")[0] for _, measured in values}
        return verdicts.pop() if len(verdicts) == 1 else IN_PART

    def judged(self, checks: Sequence[SeenCheck]) -> str:
        """The verdict of a run: that a check failed, or what the others say."""
        if any(check.asserted and check.passed is not True for check in checks):
            return FAILED
        return self.stands([(check.predicted, check.measured) for check in checks])

    def rests_on(self, checks: Sequence[SeenCheck]) -> str:
        """Why the verdict is what it is, in words; "" where the checks measured it."""
        return ""


@dataclass(frozen=True)
class SettledClaim(PaperClaim):
    """A claim that a derivation settles: `settled` is its verdict as long as checks are asserted of it, and all pass.

    `holds_instead` says what is true, in words.
    """

    settled: str = field(kw_only=True)
    holds_instead: str = field(default="", kw_only=True)

    def found(self, values: Sequence[tuple[object, object]]) -> str:
        """What holds, in words."""
        return self.holds_instead

    def stands(self, values: Sequence[tuple[object, object]]) -> str:
        """The verdict that the checks bear out."""
        return self.settled

    def judged(self, checks: Sequence[SeenCheck]) -> str:
        """The settled one, unless a check failed or none was asserted."""
        return super().judged(checks) if any(check.asserted for check in checks) else NOT_DECIDED

    def rests_on(self, checks: Sequence[SeenCheck]) -> str:
        """How many checks would change the verdict."""
        asserted = sum(check.asserted for check in checks)
        if not asserted:
            return "Nothing was asserted of it in this run."
        which = "the one asserted check passes" if asserted == 1 else f"all {asserted} asserted checks pass"
        return f"Settled by derivation, as long as {which}."


@dataclass(frozen=True)
class ComparedClaim(PaperClaim):
    """A claim of numbers: its checks hold the paper's against those measured, and have bounds that nothing asserts.

    `beside` says what else is known, in words.
    """

    beside: str = field(default="", kw_only=True)

    def found(self, values: Sequence[tuple[object, object]]) -> str:
        """What else is known."""
        return self.beside

    def judged(self, checks: Sequence[SeenCheck]) -> str:
        """It holds where all numbers agree within their bounds, in part where some do; unless a check failed."""
        if any(check.asserted and check.passed is not True for check in checks):
            return FAILED
        agree = [check.passed for check in checks if check.passed is not None]
        return NOT_DECIDED if not agree else HOLDS if all(agree) else IN_PART if any(agree) else CONTRADICTED

    def rests_on(self, checks: Sequence[SeenCheck]) -> str:
        """How many numbers agree."""
        agree = [check.passed for check in checks if check.passed is not None]
        return f"{sum(agree)} of {len(agree)} numbers agree within their bounds." if agree else "No number has a bound."


@dataclass(frozen=True)
class CountedClaim(PaperClaim):
    """A claim that something is so in every case: its checks predict the number of cases and measure that of those."""

    def found(self, values: Sequence[tuple[object, object]]) -> str:
        """In how many cases it is so."""
        return "; ".join(f"So it is in {measured} of {predicted} cases." for predicted, measured in values)

    def stands(self, values: Sequence[tuple[object, object]]) -> str:
        """It holds if no case is missing."""
        return HOLDS if all(predicted == measured for predicted, measured in values) else CONTRADICTED
