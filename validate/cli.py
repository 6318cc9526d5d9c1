"""The command line: what an option accepts, and one line on standard error for what it does not.

Bad input ends with exit status 2, one line that names the option, what was wrong and what is accepted, no
traceback and nothing written. This module and what it imports are light, so that `--help` and refusals answer
at once.
"""

import io
import math
import os
import sys
import tempfile
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import typer
from typer.models import OptionInfo

from validate.output import OutputError


class Refusal(ValueError):
    """Bad input found after the options were read one by one, such as two that exclude each other."""

    def __init__(self, option: str, problem: str, accepted: str) -> None:
        super().__init__(f"{option}: {problem}; accepted: {accepted}")


class Kind(typing.Protocol):
    """What an option's value may be.

    Called with the text, it returns the value or raises `typer.BadParameter`.
    """

    @property
    def metavar(self) -> str:
        """The value's placeholder in the help text."""

    @property
    def accepted(self) -> str:
        """What is accepted, as the end of a sentence."""

    def __call__(self, text: object) -> object:
        """Read the value."""


@dataclass(frozen=True)
class Real:
    """A finite number, `low <= value <= high` or `low < value` where `above` is set."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    note: str = ""

    @property
    def metavar(self) -> str:
        """See `Kind`."""
        return "NUMBER"

    @property
    def accepted(self) -> str:
        """See `Kind`."""
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"a finite number {low} to {self.high:g}{self.note}"
        if math.isfinite(self.high):
            return f"a finite number up to {self.high:g}{self.note}"
        return f"a finite number {low if math.isfinite(self.low) else ''}".rstrip() + self.note

    def __call__(self, text: object) -> float:
        """See `Kind`."""
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

    def _bad(self, text: object, problem: str) -> typer.BadParameter:
        return typer.BadParameter(f"{str(text)!r} {problem}; accepted: {self.accepted}")


@dataclass(frozen=True)
class Whole:
    """A whole number, `low <= value <= high`."""

    low: int
    high: int

    @property
    def metavar(self) -> str:
        """See `Kind`."""
        return "COUNT"

    @property
    def accepted(self) -> str:
        """See `Kind`."""
        return f"a whole number from {self.low} to {self.high}"

    def __call__(self, text: object) -> int:
        """See `Kind`."""
        try:
            value = int(str(text))
        except ValueError:
            raise self._bad(text, "is not a whole number") from None
        if not self.low <= value <= self.high:
            raise self._bad(text, "is too small" if value < self.low else "is too large")
        return value

    def _bad(self, text: object, problem: str) -> typer.BadParameter:
        return typer.BadParameter(f"{str(text)!r} {problem}; accepted: {self.accepted}")


@dataclass(frozen=True)
class Choice:
    """One word of several, such as a level of description."""

    words: tuple[str, ...]

    @property
    def metavar(self) -> str:
        """See `Kind`."""
        return "|".join(self.words)

    @property
    def accepted(self) -> str:
        """See `Kind`."""
        return f"one of {', '.join(self.words)}"

    def __call__(self, text: object) -> str:
        """See `Kind`."""
        if text not in self.words:
            raise typer.BadParameter(f"{str(text)!r} is unknown; accepted: {self.accepted}")
        return str(text)


@dataclass(frozen=True)
class NewFile:
    """A file that can be written.

    Its directory exists and is writable, and the name is not taken by a directory.
    """

    metavar: str = "FILE"
    accepted: str = "a file name in a directory that exists and can be written into"

    def __call__(self, text: object) -> Path:
        """See `Kind`."""
        path = Path(str(text))
        if path.is_dir():
            raise typer.BadParameter(f"{str(text)!r} is a directory; accepted: {self.accepted}")
        if path.exists() and not path.is_file():
            raise typer.BadParameter(f"{str(text)!r} is not an ordinary file; accepted: {self.accepted}")
        if path.exists() and not os.access(path, os.W_OK):
            raise typer.BadParameter(f"{str(text)!r} cannot be written; accepted: {self.accepted}")
        _require_writable(path.parent, text, self.accepted)
        return path


@dataclass(frozen=True)
class Directory:
    """A directory that can be written into, or made."""

    metavar: str = "DIR"
    accepted: str = "a directory that can be written into or made"

    def __call__(self, text: object) -> Path:
        """See `Kind`."""
        path = Path(str(text))
        nearest = path
        while not os.path.lexists(nearest) and nearest != nearest.parent:
            nearest = nearest.parent
        _require_writable(nearest, text, self.accepted)
        return path


def option(name: str, kind: Kind, help: str, *, default: str | None = None) -> OptionInfo:
    """A typer option of one `kind`.

    The help text gives the unit; `default` is shown where the value is None.
    """
    shown: str | bool = default if default is not None else True
    return typer.Option(name, parser=kind, metavar=kind.metavar, help=help, show_default=shown)


def flag(name: str, help: str) -> OptionInfo:
    """An option that is given or not."""
    return typer.Option(name, help=help, metavar="", show_default=False)


SEED = option("--seed", Whole(0, 2**32 - 1), "Seed of every random number (a whole number, no unit).")
JSON = option("--json", NewFile(), "Write the report to FILE as JSON.", default="not written")
OUT = option(
    "--out",
    Directory(),
    "Write figures, the data behind them and the report into DIR.",
    default="not written",
)


def spread_lists(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """Let `--levels map network` be read as `--levels map --levels network`, for each option in `names`.

    A list ends at the next option; a negative number is a value.
    """
    spread: list[str] = []
    current: str | None = None  # the list option whose values are being read
    fresh = False  # whether that option still waits for its first value
    for argument in arguments:
        if _is_option(argument):
            name, equals, _ = argument.partition("=")
            current, fresh = (name if name in names else None), not equals
            spread.append(argument)
        elif current is not None and not fresh:
            spread += [current, argument]
        else:
            fresh = False
            spread.append(argument)
    return spread


def run(main: Callable[..., int], program: str, lists: Sequence[str] = ()) -> NoReturn:
    """Read the options, call `main` with them and leave with the exit status it returns.

    `program` is how the command was called; `lists` names the options that take several values.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Greek letters is no reason to stop
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    try:
        status = app(args=spread_lists(sys.argv[1:], lists), prog_name=program, standalone_mode=False)
    except typer.TyperException as error:
        refuse(program, _one_line(error, _options_of(main)))
    except (Refusal, OutputError) as error:
        refuse(program, str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    sys.exit(status)


def refuse(program: str, message: str) -> NoReturn:
    """Print one line on standard error and leave with status 2."""
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _one_line(error: typer.TyperException, options: dict[str, str]) -> str:
    param = getattr(error, "param", None)
    if isinstance(error, typer.BadParameter) and param is not None:
        return f"{param.opts[0]}: {error.message}"
    named = getattr(error, "option_name", None)
    if named in options:  # its value is missing, or it takes none
        return f"{named}: {error.message.rstrip('.')}; accepted: {options[named]}"
    return f"{error.format_message().rstrip('.')}; accepted: {' '.join(options)} --help"


def _options_of(main: Callable[..., int]) -> dict[str, str]:
    options: dict[str, str] = {}
    for hint in typing.get_type_hints(main, include_extras=True).values():
        for info in getattr(hint, "__metadata__", ()):
            if isinstance(info, OptionInfo):
                accepted = getattr(info.parser, "accepted", "no value, the option alone")
                # typer keeps the first name of an annotated option where a default value would stand
                names = (info.default, *(info.param_decls or ()))
                options |= {name: accepted for name in names if isinstance(name, str)}
    return options


def _is_option(argument: str) -> bool:
    if not argument.startswith("-") or argument == "-":
        return False
    try:
        float(argument)
    except ValueError:
        return True
    return False


def _require_writable(directory: Path, text: object, accepted: str) -> None:
    try:
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        reason = f"cannot write into {str(directory)!r}: {error.strerror or error}"
        raise typer.BadParameter(f"{str(text)!r}: {reason}; accepted: {accepted}") from None
