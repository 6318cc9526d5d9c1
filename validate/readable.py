"""Values as a page shows them: numbers that a reader takes in at a glance, lists and tables in a few words."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from markupsafe import Markup, escape

DIGITS = 6
FEW = 8
"""Values of a list that are all shown; of a longer one, how many and from where to where."""
LONG = 40
"""Letters of one word that fit a line of a narrow page; of a longer word, its beginning."""
SHORT = 12
"""Letters of a fraction that is read at a glance; a longer one is shown as a number."""
_EXACT = re.compile(r"-?\d{1,300}/\d{1,300}")
_NAMES = "alpha beta gamma delta epsilon eta theta kappa lambda mu rho sigma tau phi omega Sigma"
_GREEK = dict(zip(_NAMES.split(), "αβγδεηθκλμρστφωΣ", strict=True))
_LETTER = "|".join(_GREEK)
_SYMBOL = re.compile(rf"\b({_LETTER}|[A-Za-z])_(\w+)\b|\b({_LETTER})\b|(?<=[\w)\]|])\^(-?[\w.]+(?:/\d+)?|\([^()]*\))")
_NAME = re.compile(r"(?<=[a-z])_(?=[a-z])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Entry:
    """A value under its name; one of several parts has these as entries of their own."""

    name: str
    text: str
    parts: tuple["Entry", ...] = ()
    is_number: bool = False
    meaning: str = ""


def readable(value: object, digits: int = DIGITS) -> str:
    """A value in words and figures.

    >>> readable(-2.4671e-7), readable(0.25), readable(True), readable(None), readable([1, 2])
    ('−2.4671×10⁻⁷', '0.25', 'yes', '–', '1, 2')
    >>> readable("1/3"), readable("932275579/4294967296")
    ('1/3', '≈\u202f0.217062')
    """
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}".replace(",", "\u202f").replace("-", "−")
        case float():
            return _number(value, digits)
        case list() | tuple():
            return _list(value, digits)
        case _:
            return " ".join(_word(word) for word in str(value).split(" "))


def marked_up(text: str) -> Markup:
    """Words with their symbols set as such, as HTML; all else in them is escaped.

    >>> marked_up("rho_0 < r_opt, N^-1/2, gaussian_closure")
    Markup('ρ<sub>0</sub> &lt; r<sub>opt</sub>, N<sup>−1/2</sup>, gaussian closure')
    """
    return Markup(_NAME.sub(" ", _SYMBOL.sub(_set, str(escape(text)))))


def _set(found: re.Match[str]) -> str:
    letter, below, alone, raised = found.groups()
    if raised is not None:
        return f"<sup>{raised.strip('()').replace('-', '−')}</sup>"
    if alone is not None:
        return _GREEK[alone]
    return f"{_GREEK.get(letter, letter)}<sub>{below.replace('_', ' ')}</sub>"


def is_number(value: object) -> bool:
    """Whether a value is shown as one number, which no line may break."""
    return value is None or isinstance(value, int | float)


def named(name: str) -> str:
    """A name as words.

    >>> named("optimal_r")
    'optimal r'
    """
    return name.replace("_", " ")


def entries(values: Mapping[str, object], meanings: Mapping[str, str] | None = None) -> tuple[Entry, ...]:
    """The values of a JSON object, the parts of a part among them; an infinite one is shown as such."""
    told = meanings or {}
    shown = []
    for name, value in values.items():
        if name.endswith("_unbounded") and name.removesuffix("_unbounded") in values:
            continue
        unbounded = value is None and values.get(f"{name}_unbounded") is True
        shown.append(replace(_entry(name, math.inf if unbounded else value), meaning=told.get(name, "")))
    return tuple(shown)


def _entry(name: str, value: object) -> Entry:
    if isinstance(value, Mapping):
        return Entry(named(name), _count(len(value), "value"), entries(value))
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        return Entry(named(name), _count(len(value), "row"), tuple(_row(n, each) for n, each in enumerate(value, 1)))
    return Entry(named(name), readable(value), is_number=is_number(value))


def _row(number: int, row: Mapping[str, object]) -> Entry:
    """A row of a table, told in a line."""
    cells = (f"{each.name} {each.text}" for each in entries(row) if each.text)
    return Entry(str(row.get("name", number)), "; ".join(cells))


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


def _word(word: str) -> str:
    if len(word) > SHORT and _EXACT.fullmatch(word):
        return f"≈\u202f{_number(float(Fraction(word)), DIGITS)}"
    return word if len(word) <= LONG else f"{word[: LONG // 2]}… ({len(word)} letters)"


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, _, exponent = f"{value:.{digits}g}".replace("-", "−", 1 if value < 0 else 0).partition("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_RAISED)}" if exponent else mantissa


def _list(values: list[object] | tuple[object, ...], digits: int) -> str:
    if not values:
        return "none"
    if len(values) <= FEW and not any(isinstance(each, list | tuple | Mapping) for each in values):
        return ", ".join(readable(each, digits) for each in values)
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) == len(values):
        return f"{len(values)} numbers from {readable(min(numbers), 4)} to {readable(max(numbers), 4)}"
    return f"a list of {len(values)}"
