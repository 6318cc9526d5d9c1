"""The command line: options are read, and bad input is answered by one line on standard error.

Bad input ends with exit status 2, one line that names the option, what was wrong and what is accepted, no
traceback and nothing written. This module and what it imports are light, so that `--help` and refusals answer
at once.
"""

import io
import sys
import typing
from collections.abc import Callable, Sequence
from typing import NoReturn

import typer
from typer.models import OptionInfo

from validate.output import OutputError


class Refusal(ValueError):
    """Bad input found after the options were read one by one, such as two that exclude each other."""

    def __init__(self, option: str, problem: str, accepted: str) -> None:
        super().__init__(f"{option}: {problem}; accepted: {accepted}")


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
