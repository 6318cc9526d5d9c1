"""What a paper states, where it stands there, and what was found of it: one object a claim."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

HOLDS, IN_PART, CONTRADICTED, FAILED = "holds", "holds in part", "contradicted", "a check failed"


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
        verdicts = {str(measured) for _, measured in values}
        return verdicts.pop() if len(verdicts) == 1 else IN_PART


@dataclass(frozen=True)
class SettledClaim(PaperClaim):
    """A claim on which derivation and measurement agree: `settled` is its verdict as long as its checks hold.

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


@dataclass(frozen=True)
class CountedClaim(PaperClaim):
    """A claim that something is so in every case: its checks predict the number of cases and measure that of those."""

    def found(self, values: Sequence[tuple[object, object]]) -> str:
        """In how many cases it is so."""
        return "; ".join(f"So it is in {measured} of {predicted} cases." for predicted, measured in values)

    def stands(self, values: Sequence[tuple[object, object]]) -> str:
        """It holds if no case is missing."""
        return HOLDS if all(predicted == measured for predicted, measured in values) else CONTRADICTED
