"""The command line: options are read, and bad input is answered by one line on standard error.

Bad input ends with exit status 2, one line that names the option, what was wrong and what is accepted, no
traceback and nothing written. This module and what it imports are light, so that `--help` and refusals answer
at once.

Typer reads the words. The options are those that the settings declare (`validate.settings`); `validate.usage` prints
their help. What Typer lacks is here: lists separated by spaces, and errors in one line.
"""

import inspect
import io
import keyword
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, no_type_check

import typer

from simulate.atomic import OutputError
from validate.interruption import INTERRUPTED, UNREAD, stops_raised
from validate.options import Refusal, Switch
from validate.settings import Option
from validate.usage import Usage, tell_help


def read(usage: Usage, options: Sequence[Option], arguments: Sequence[str]) -> dict[str, object]:
    """The values of the options that were given, by the options' names.

    Where the help is asked for, prints it and leaves with status 0.

    Raises:
        Refusal: for an unknown option, and for a value that is missing or not accepted.
    """
    given: dict[str, object] = {}

    def take(**values: Any) -> bool:
        values.pop("help")
        for option, value in zip(options, values.values(), strict=True):
            if not (value is None or value is False or value == []):
                given[option.name] = _value(option, value)
        return True

    # A signature is how a function that is made from data tells its parameters.
    take.__signature__ = inspect.Signature([*map(_parameter, options), _help(usage, options)])  # type: ignore[attr-defined]
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(add_help_option=False)(take)
    try:
        words = spread_lists(arguments, [option.name for option in options if option.many])
        taken = app(args=words, prog_name=usage.program, standalone_mode=False)
    except typer.TyperException as error:
        raise _refusal(error, options) from None
    if taken is not True:
        sys.exit(0)
    return given


def leave(program: str, act: Callable[[], int]) -> NoReturn:
    """Do what was asked for and leave with the exit status that `act` returns.

    A refusal is one line and status 2. A run that was stopped leaves with 130 on Ctrl-C, with 143 on SIGTERM, with 141
    if what reads its output has left, as `head` does.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Greek letters is no reason to stop
    with stops_raised() as stops:
        try:
            status = act()
            sys.stdout.flush()
        except (Refusal, OutputError) as error:
            print(f"{program}: {one_line(str(error))}", file=sys.stderr)
            status = 2
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where the rest of the output goes
            print(f"{program}: what reads the output has left", file=sys.stderr)
            status = UNREAD
        except (KeyboardInterrupt, typer.Abort):
            status = INTERRUPTED
    sys.exit(stops.exit_status if status == INTERRUPTED else status)


def one_line(text: str) -> str:
    """The text without line ends, and without characters that a terminal would obey, out of names in a file."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))


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


def _is_option(argument: str) -> bool:
    if not argument.startswith("-") or argument == "-":
        return False
    try:
        float(argument)
    except ValueError:
        return True
    return False


def _parameter(option: Option) -> inspect.Parameter:
    """What Typer reads an option from; the value is None, False or [] where the option is not given."""
    if option.is_flag:
        return _keyword(option.name, typer.Option(False, option.name), bool)
    info = typer.Option([] if option.many else None, option.name, parser=option.kind)
    return _keyword(option.name, info, list[Any] if option.many else Any)


def _help(usage: Usage, options: Sequence[Option]) -> inspect.Parameter:
    @no_type_check  # what Typer passes is of the class that it keeps to itself, and it looks for this annotation
    def show(context: typer.Context, asked: bool) -> None:
        if asked:
            tell_help(usage, options)
            raise typer.Exit

    return _keyword("--help", typer.Option(False, "--help", is_eager=True, callback=show), bool)


def _keyword(name: str, info: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(_identifier(name), inspect.Parameter.KEYWORD_ONLY, default=info, annotation=annotation)


def _identifier(option: str) -> str:
    """A name for Python, which keeps some words to itself."""
    name = option.strip("-").replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _value(option: Option, value: Any) -> object:
    if isinstance(option.kind, Switch):
        return option.kind.value
    return tuple(value) if option.many else value


def _refusal(error: typer.TyperException, options: Sequence[Option]) -> Refusal:
    param = getattr(error, "param", None)
    if isinstance(error, typer.BadParameter) and param is not None:
        problem, _, accepted = error.message.rpartition("; accepted: ")
        return Refusal(param.opts[0], problem, accepted)
    accepted_by = {option.name: option.kind.accepted for option in options}
    named = str(getattr(error, "option_name", "arguments"))
    if named in accepted_by:  # its value is missing, or it takes none
        return Refusal(named, error.message.rstrip("."), accepted_by[named])
    return Refusal(named, error.format_message().rstrip("."), f"{' '.join(accepted_by)} --help")
