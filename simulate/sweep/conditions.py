"""The conditions of a sweep, as a table in a file has them."""

import csv
import re
from pathlib import Path
from typing import TypeAlias

Entry: TypeAlias = bool | int | float | str | None
"""What stands in a cell of a table."""

_WHOLE = re.compile(r"[+-]?\d+")
_WORDS: dict[str, Entry] = {"": None, "true": True, "false": False}


class BadTable(ValueError):
    """A file that is no table of conditions; the message names the line and the remedy.

    >>> from simulate.sweep import BadTable, read_conditions
    >>> try:
    ...     read_conditions("nowhere.csv")
    ... except BadTable as error:
    ...     print(str(error)[:26])
    nowhere.csv cannot be read
    """


def read_conditions(path: Path | str) -> list[dict[str, Entry]]:
    """The rows of a table, by the names of its columns: a condition each, of which jobs are made.

    The file is text in UTF-8, as spreadsheets write it: names in the first line, and a condition in each line after
    it, separated by commas, semicolons or tabs, whichever stands in the first line. Entries that are numbers become
    numbers (`3` whole, `3.0` not), `true` and `false` become truth values, nothing becomes None, and the rest is text.
    Blank lines, and what follows a `#` at the beginning of a line, are left out.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from simulate.sweep import read_conditions
    >>> table = Path(tempfile.mkdtemp()) / "conditions.csv"
    >>> _ = table.write_text("task,units,penalty\\nflip-flop,64,\\nflip-flop,128,1e-3\\n")
    >>> read_conditions(table)[1]
    {'task': 'flip-flop', 'units': 128, 'penalty': 0.001}

    Raises:
        BadTable: if the file cannot be read or has no conditions, a column has no name or that of another, or a line
            has more or fewer entries than there are names.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(f"{path} cannot be read ({error}): give a table as text in UTF-8") from error
    numbered = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(numbered) < 2:
        raise BadTable(f"{path} has no conditions: give names in the first line, and a condition in each after it")
    separator = max(",;\t", key=numbered[0][1].count)
    lines = [
        [entry.strip() for entry in row] for row in csv.reader((line for _, line in numbered), delimiter=separator)
    ]
    names, rows = lines[0], lines[1:]
    if len(lines) < len(numbered):
        raise BadTable(f"{path} has an entry in quotes that does not end in its line: give each condition one line")
    if not all(names) or len(set(names)) < len(names):
        raise BadTable(f"{path} has columns {', '.join(names)}: give each a name of its own")
    for (number, _), row in zip(numbered[1:], rows, strict=True):
        if len(row) != len(names):
            raise BadTable(f"line {number} of {path} has {len(row)} entries for {len(names)} names: give one of each")
    return [dict(zip(names, map(_entry, row), strict=True)) for row in rows]


def _entry(text: str) -> Entry:
    """A number, a truth value, nothing, or the text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
