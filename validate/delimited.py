"""A matrix of numbers out of a text file, however a program or a spreadsheet wrote it.

Columns are separated by semicolons, tabs, commas or blanks, whichever of these the file has first in this order; `#`
begins a comment. Where commas do not separate they are decimal commas. A first line of names is left out, and so is a
first column of names, or one of row numbers under an empty name.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class NotAMatrix(ValueError):
    """Text that is no matrix of numbers; the message names the line."""


@dataclass(frozen=True)
class _Line:
    number: int
    fields: list[str]


def read_delimited(path: Path) -> Float[np.ndarray, "rows columns"]:
    """The matrix in a text file.

    Raises:
        NotAMatrix: if there are no numbers, lines differ in length, or a field is no number.
    """
    lines = _lines(_text(path.read_bytes()))
    if not lines:
        raise NotAMatrix("it is empty")
    header, rows = _apart(lines)
    if not rows:
        raise NotAMatrix(f"it has names, {', '.join(header or [])[:60]}, and no numbers below them")
    rows = [_Line(each.number, each.fields[_named(header, rows) :]) for each in rows]
    width = len(rows[0].fields)
    for each in rows:
        if len(each.fields) != width:
            raise NotAMatrix(
                f"line {each.number} has {len(each.fields)} columns, line {rows[0].number} has {width}: all need "
                "as many"
            )
    if width == 0:
        raise NotAMatrix("it has names and no numbers beside them")
    return np.array([[_number(field, each.number, k) for k, field in enumerate(each.fields)] for each in rows])


def column_names(path: Path) -> list[str] | None:
    """The names in the first line of a text file, if it has such a line: those above numbers."""
    lines = _lines(_text(path.read_bytes()))
    header, rows = _apart(lines) if lines else (None, [])
    if header is None or not rows:
        return None
    return header[len(header) - len(rows[0].fields[_named(header, rows) :]) :]


def _text(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # names with accents, out of an older spreadsheet
    if "\0" in text:
        raise NotAMatrix("it is no text")
    return text


def _lines(text: str) -> list[_Line]:
    kept = [(number, line.split("#")[0]) for number, line in enumerate(text.splitlines(), start=1)]
    kept = [(number, line) for number, line in kept if line.strip()]
    separator = next((mark for mark in ";\t," if any(mark in line for _, line in kept)), None)
    lines = [
        _Line(number, [field.strip().strip("\"'").strip() for field in line.split(separator)]) for number, line in kept
    ]
    while lines and all(len(each.fields) > 1 and not each.fields[-1] for each in lines):  # a separator ends every line
        for each in lines:
            each.fields.pop()
    return lines


def _apart(lines: list[_Line]) -> tuple[list[str] | None, list[_Line]]:
    """The names in the first line, if it is one of names, and the rest.

    A first line of numbers is one of names if its first field is empty: column numbers over row numbers.
    """
    first, *rest = lines
    words = [field for field in first.fields if field and not _is_missing(field)]
    if words and all(_value(field) is None for field in words):
        return first.fields, rest
    if len(first.fields) > 1 and not first.fields[0] and all(first.fields[1:]):
        return first.fields, rest
    return None, lines


def _named(header: list[str] | None, rows: list[_Line]) -> int:
    """How many columns of names or row numbers stand before the numbers."""
    if all(each.fields[0] and _value(each.fields[0]) is None and not _is_missing(each.fields[0]) for each in rows):
        return 1
    under_nothing = header is not None and (not header[0] or len(rows[0].fields) == len(header) + 1)
    return 1 if under_nothing else 0


def _is_missing(field: str) -> bool:
    return field.lower() in ("na", "n/a", "nan", "null", "none", "-", "inf", "-inf")


def _value(field: str) -> float | None:
    """The number in a field; None where it holds none."""
    if "_" in field:  # Python reads 1_000 as a number, and nobody else does
        return None
    try:
        return float(field)
    except ValueError:
        return float(field.replace(",", ".")) if _DECIMAL_COMMA.fullmatch(field) else None


def _number(field: str, line: int, column: int) -> float:
    value = _value(field)
    if value is None:
        what = f"holds {field[:30]!r}, which is no number" if field else "is empty"
        raise NotAMatrix(f"line {line}, column {column + 1} {what}")
    return value
