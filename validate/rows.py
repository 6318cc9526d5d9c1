"""How a check, a quantity or a finding stands in a line or two of a given width.

Numbers are never broken and stand under one another; a name that is too long is cut and ends in an ellipsis. Where
there is no width, as in a file, a row is one line and nothing is cut.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from validate.report import Check, Finding
from validate.tolerance import Scalar

NARROWEST, USUAL = 60, 80
"""Columns of the narrowest rows, which a narrower terminal breaks; and of a terminal that nobody has widened."""
MARK = 6
"""Columns of `pass`, or of what stands in its place, and of the gap after it."""
NUMBERS = (13, 13, 8, 9)
"""Columns of two values of seven digits, as -3.227131e-42, and of an error and a tolerance of three."""
LEAST_ORIGIN, SHORTEST_ORIGIN = 22, 8
"""Columns in which it is said where a tolerance comes from before names may stand beside their numbers; and at all."""
LONGEST_BESIDE = 100
"""Columns of names in a file, beyond which the numbers of longer ones no longer stand under the others."""
LONGEST_WORDS = 20
"""Columns of words in the place of a value, where a row has the usual ones."""
LONGEST_NAME = 28
"""Columns of the names of findings; the values of longer ones no longer stand under the others."""
GAP, ELLIPSIS = "  ", "…"
STYLES = {"pass": "green", "FAIL": "bold red"}


def formatted(value: object, digits: int = 7) -> str:
    """A value as it is shown; an absent one is a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, tuple):
        return ", ".join(formatted(each, digits) for each in value)
    return str(value)


def outcome(check: Check) -> str:
    """`pass`, `FAIL`, or `reported` for what decides nothing (with its verdict where there is one)."""
    if check.asserted:
        return "pass" if check.passed else "FAIL"
    if check.passed is None:
        return "reported"
    return "reported: holds" if check.passed else "reported: does not hold"


def shortened(words: str, columns: int | None) -> str:
    """`words` in at most so many columns, with an ellipsis in the place of what is cut."""
    if columns is None or cell_len(words) <= columns:
        return words
    return set_cell_size(words, max(0, columns - 1)).rstrip() + ELLIPSIS


@dataclass(frozen=True)
class RowLayout:
    """Rows of `width` columns, or of as many as they need where it is None."""

    width: int | None

    @property
    def _room(self) -> int | None:
        """Columns after the mark."""
        return None if self.width is None else max(self.width, NARROWEST) - MARK

    def heading(self, title: str, words: str) -> Text:
        """A title, cut where it would not fit on one line with the words that follow."""
        room = None if self.width is None else self.width - cell_len(words) - len(": ")
        return Text(f"{shortened(title, room)}: {words}", style="bold")

    def sentence(self, words: str) -> Text:
        """Words in lines of the width, broken between them."""
        return Text(words if self.width is None else "\n".join(_wrapped(words, self.width, 0)))

    def of_checks(self, checks: Sequence[Check]) -> Iterator[Text]:
        """The names of the columns, then the checks: each name, and beside it or below it the numbers."""
        beside = self._beside(checks)
        yield Text(self._numbers("", "", ("predicted", "measured", "error", "tolerance"), "from", beside), style="dim")
        for check in checks:
            values = (self._value(check.predicted), self._value(check.measured))
            numbers = (*values, formatted(check.error, 3), formatted(check.tolerance, 3))
            mark, origin = _told(check)
            name = shortened(check.name, self._room)
            if self._room is None or cell_len(name) <= beside:
                lines = [self._numbers(mark, name, numbers, origin, beside)]
            else:
                lines = [f"{mark:<{MARK}}{name}", self._numbers("", "", numbers, origin, beside)]
            text = Text("\n".join(lines))
            text.stylize(STYLES.get(mark, "yellow"), 0, len(mark))
            yield text

    def _value(self, value: Scalar) -> str:
        if self.width is None or not isinstance(value, str):
            return formatted(value)
        return shortened(value, LONGEST_WORDS if self.width >= USUAL else NUMBERS[0])

    def _beside(self, checks: Sequence[Check]) -> int:
        """Columns of the names that stand on one line with their numbers: of all that fit, if they are the most."""
        columns = [cell_len(check.name) for check in checks]
        if self._room is None:
            return min(max(columns), LONGEST_BESIDE)
        left = self._room - len(_aligned(("",) * len(NUMBERS))) - 2 * len(GAP) - LEAST_ORIGIN
        fitting = [each for each in columns if each <= left]
        return max(fitting) if 2 * len(fitting) > len(columns) else 0

    def _numbers(self, mark: str, name: str, numbers: Iterable[str], origin: str, beside: int) -> str:
        named = f"{name}{' ' * (beside - cell_len(name))}{GAP}" if beside else ""
        line = f"{mark:<{MARK}}{named}{_aligned(numbers)}{GAP}"
        if self._room is not None:
            left = self._room + MARK - cell_len(line)
            origin = shortened(origin, left) if left >= SHORTEST_ORIGIN else ""
        return (line + origin).rstrip()

    def of_quantities(self, quantities: Iterable[tuple[str, object, str]]) -> Iterator[Text]:
        """Each quantity: its value, its name and what it means; one of many words or digits stands after its name."""
        for name, value, meaning in quantities:
            shown, columns, words = formatted(value), NUMBERS[0], name.replace("_", " ")
            if cell_len(shown) > columns:
                words, shown = f"{words} = {shown}", ""
            words = f"{words}: {meaning}" if meaning else words
            left = None if self._room is None else self._room - columns - len(GAP)
            yield Text(" " * MARK + f"{shown:>{columns}}{GAP}" + shortened(words, left))

    def of_findings(self, findings: Sequence[Finding]) -> Iterator[Text]:
        """Each finding: its name, value and unit, and what it means: beside them where there is room, else below."""
        names = [finding.name.replace("_", " ") for finding in findings]
        column = max(map(cell_len, names), default=0)
        column = column if self._room is None else min(column, LONGEST_NAME)
        for name, finding in zip(names, findings, strict=True):
            missing = finding.value is None or finding.value != finding.value  # NaN is not equal to itself
            value = "none" if missing else formatted(finding.value)
            first = f"{GAP}{name}{' ' * (column - cell_len(name))}{GAP}{value} {finding.unit}".rstrip()
            whole = f"{first}{GAP}{finding.meaning}".rstrip()
            if self.width is None or cell_len(whole) <= self.width:
                yield Text(whole)
            else:
                yield Text(
                    "\n".join((*_wrapped(first, self.width, column + 4), *_wrapped(finding.meaning, self.width)))
                )


def _told(check: Check) -> tuple[str, str]:
    """What stands before a check, and where its tolerance comes from."""
    if check.asserted:
        return outcome(check), check.tolerance_from
    if check.passed is None:
        return "", check.tolerance_from
    return "yes" if check.passed else "no", f"reported, {check.tolerance_from}"


def _aligned(numbers: Iterable[str]) -> str:
    return GAP.join(f"{each:>{columns}}" for each, columns in zip(numbers, NUMBERS, strict=True))


def _wrapped(words: str, width: int, indented: int = MARK) -> list[str]:
    """`words` in lines of at most so many columns, broken between words, all but a first one so far in."""
    start = "" if words.startswith(" ") else " " * indented
    columns = max(width, NARROWEST)
    return textwrap.wrap(
        words,
        columns,
        initial_indent=start,
        subsequent_indent=" " * indented,
        break_on_hyphens=False,
        break_long_words=False,
    )
