"""What an option accepts. Strings become numbers, paths and objects here, once, at the command line.

This module and what it imports are light, so that refusals answer at once.
"""

import math
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import typer


class Refusal(ValueError):
    """Bad input: the option, what was wrong with it and what is accepted. It becomes one line and exit status 2."""

    def __init__(self, option: str, problem: str, accepted: str) -> None:
        super().__init__(f"{option}: {problem}; accepted: {accepted}")


def one_of(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> one_of((".npy", ".csv", ".txt"))
    '.npy, .csv or .txt'
    """
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def listed(words: Iterable[str], most: int = 6) -> str:
    """Words as a list in a sentence; of many, the first.

    >>> listed(["a", "b"]), listed("abcdefgh", most=2)
    ('a, b', 'a, b and 6 more')
    """
    every = list(words)
    rest = len(every) - most
    return ", ".join(every) if rest <= 0 else f"{', '.join(every[:most])} and {rest} more"


class Kind(ABC):
    """What an option's value may be.

    Called with the text, it returns the value or raises `typer.BadParameter`. `metavar` is the value's placeholder in
    the help text; `unit` what the help says of the unit where the setting itself says nothing.
    """

    metavar: ClassVar[str]
    unit: ClassVar[str] = ""

    @property
    @abstractmethod
    def accepted(self) -> str:
        """What is accepted, as the end of a sentence."""

    @abstractmethod
    def __call__(self, text: object) -> object:
        """Read the value."""

    @property
    def formats(self) -> str:
        """The formats of a file that is read, by the endings of their names; nothing of other values."""
        return ""

    def files(self, value: object) -> tuple[Path, ...]:
        """The files that a run with this value reads or writes: no two options may share one."""
        return ()

    def _bad(self, text: object, problem: str) -> typer.BadParameter:
        return typer.BadParameter(f"{str(text)!r} {problem}; accepted: {self.accepted}")


@dataclass(frozen=True)
class Real(Kind):
    """A finite number, `low <= value <= high` or `low < value` where `above` is set."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    note: str = ""
    metavar = "NUMBER"

    @property
    def accepted(self) -> str:
        """The range in words."""
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"a finite number {low} to {self.high:g}{self.note}"
        if math.isfinite(self.high):
            return f"a finite number up to {self.high:g}{self.note}"
        return f"a finite number {low if math.isfinite(self.low) else ''}".rstrip() + self.note

    def __call__(self, text: object) -> float:
        """Read a number in the range."""
        try:
            value = float(str(text))
        except ValueError:
            raise self._bad(text, "is not a number") from None
        if not math.isfinite(value):
            raise self._bad(text, "is not finite")
        if value < self.low or (self.above and value == self.low):
            raise self._bad(text, "is too small")
        if value > self.high:
            raise self._bad(text, "is too large")
        return value


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number, `low <= value <= high`."""

    low: int
    high: int
    metavar = "COUNT"
    unit = "a count"

    @property
    def accepted(self) -> str:
        """The range in words."""
        return f"a whole number from {self.low} to {self.high}"

    def __call__(self, text: object) -> int:
        """Read a whole number in the range."""
        try:
            value = int(str(text))
        except ValueError:
            raise self._bad(text, "is not a whole number") from None
        if not self.low <= value <= self.high:
            raise self._bad(text, "is too small" if value < self.low else "is too large")
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One word of several, such as a level of description."""

    words: tuple[str, ...]
    metavar = "WORD"

    @property
    def accepted(self) -> str:
        """The words."""
        return f"one of {', '.join(self.words)}"

    def __call__(self, text: object) -> str:
        """Take one of the words."""
        if text not in self.words:
            raise self._bad(text, "is unknown")
        return str(text)


@dataclass(frozen=True)
class NameOf(Kind):
    """A name that is looked up later, in a file for instance; `of` says what it names."""

    of: str
    metavar = "NAME"

    @property
    def accepted(self) -> str:
        """What is named."""
        return f"the name of {self.of}"

    def __call__(self, text: object) -> str:
        """The name as it is."""
        if not text:
            raise self._bad(text, "is no name")
        return str(text)


@dataclass(frozen=True)
class Switch(Kind):
    """Nothing follows the option: giving it chooses `value`."""

    value: object
    metavar = ""
    accepted: ClassVar[str] = "no value, the option alone"

    def __call__(self, text: object) -> object:
        """The value that the option chooses."""
        return self.value


@dataclass(frozen=True)
class InputFile(Kind):
    """An ordinary file that exists, can be read and whose name ends in one of `suffixes`."""

    suffixes: tuple[str, ...]
    metavar = "FILE"

    @property
    def accepted(self) -> str:
        """The suffixes in words."""
        return f"a file that exists and whose name ends in {self.formats}"

    @property
    def formats(self) -> str:
        """The suffixes in words."""
        return one_of(self.suffixes)

    def __call__(self, text: object) -> Path:
        """The path of a file that can be read."""
        path = Path(str(text))
        if not text or not _exists(path, text, self.accepted):
            raise self._bad(text, "does not exist")
        if not path.is_file():
            raise self._bad(text, "is a directory" if path.is_dir() else "is not an ordinary file")
        if path.suffix not in self.suffixes:
            raise self._bad(text, "has another suffix")
        if not os.access(path, os.R_OK):
            raise self._bad(text, "cannot be read")
        return path

    def files(self, value: object) -> tuple[Path, ...]:
        """The file itself."""
        return (Path(str(value)),)


@dataclass(frozen=True)
class InputDirectory(Kind):
    """A directory that exists and can be read."""

    metavar = "DIR"
    accepted: ClassVar[str] = "a directory that exists"

    def __call__(self, text: object) -> Path:
        """The path of a directory that can be read."""
        path = Path(str(text))
        if not text or not _exists(path, text, self.accepted):
            raise self._bad(text, "does not exist")
        if not path.is_dir():
            raise self._bad(text, "is not a directory")
        if not os.access(path, os.R_OK | os.X_OK):
            raise self._bad(text, "cannot be read")
        return path


@dataclass(frozen=True)
class Address(Kind):
    """Where a scheduler of Dask listens.

    >>> Address()("tcp://10.0.0.1:8786")
    'tcp://10.0.0.1:8786'
    """

    metavar = "ADDRESS"
    accepted: ClassVar[str] = "the address that a scheduler of Dask prints, as tcp://10.0.0.1:8786"

    def __call__(self, text: object) -> str:
        """The address as it is."""
        address = str(text)
        if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://.+:\d{1,5}", address):
            raise self._bad(text, "is no address")
        return address


@dataclass(frozen=True)
class NewFile(Kind):
    """A file that can be written.

    Its directory exists and is writable, and the name is not taken by a directory.
    """

    metavar = "FILE"
    accepted: ClassVar[str] = "a file name in a directory that exists and can be written into"

    def __call__(self, text: object) -> Path:
        """The path of a file that can be written."""
        if not text:
            raise self._bad(text, "is no name")
        path = Path(str(text))
        if _exists(path, text, self.accepted):
            if path.is_dir():
                raise self._bad(text, "is a directory")
            if not path.is_file():
                raise self._bad(text, "is not an ordinary file")
            if not os.access(path, os.W_OK):
                raise self._bad(text, "cannot be written")
        _require_writable(path.parent, text, self.accepted)
        return path

    def files(self, value: object) -> tuple[Path, ...]:
        """The file itself."""
        return (Path(str(value)),)


@dataclass(frozen=True)
class Directory(Kind):
    """A directory that can be written into, or made."""

    metavar = "DIR"
    accepted: ClassVar[str] = "a directory that can be written into or made"

    def __call__(self, text: object) -> Path:
        """The path of a directory that can be written into."""
        if not text:  # as from an unset variable: never meant for the current directory
            raise self._bad(text, "is no name")
        path = Path(str(text))
        nearest = path
        while not _exists(nearest, text, self.accepted) and nearest != nearest.parent:
            nearest = nearest.parent
        _require_writable(nearest, text, self.accepted)
        return path


def _exists(path: Path, text: object, accepted: str) -> bool:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:  # a name too long, a loop of links, a parent that cannot be read
        reason = getattr(error, "strerror", None) or error
        raise typer.BadParameter(f"{str(text)!r}: {reason}; accepted: {accepted}") from None
    return True


def _require_writable(directory: Path, text: object, accepted: str) -> None:
    try:
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        reason = f"cannot write into {str(directory)!r}: {error.strerror or error}"
        raise typer.BadParameter(f"{str(text)!r}: {reason}; accepted: {accepted}") from None
