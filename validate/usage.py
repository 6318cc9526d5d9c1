"""What `--help` prints: every option in its group, with its unit and default where there is one to tell."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from validate.settings import RUN, Option

NOTHING = ("none", "not written")
"""Defaults by which nothing is done, which go without saying."""
DIMENSIONLESS = "no unit"
MARGIN, GAP = 2, 2


@dataclass(frozen=True)
class Usage:
    """What `--help` says around the options: how the program is called, what it does, and one example."""

    program: str
    summary: str
    example: str


def tell_help(usage: Usage, options: Sequence[Option]) -> None:
    """Print the help as wide as the terminal is."""
    console = Console(highlight=False, soft_wrap=True)
    for line in help_lines(usage, options, console.width):
        console.print(line)


def help_lines(usage: Usage, options: Sequence[Option], width: int) -> Iterator[Text]:
    """The lines of the help: groups in the order of their first options, that of every run last."""
    for line in textwrap.wrap(usage.summary, width):
        yield Text(line)
    listed = sorted(options, key=lambda option: option.group == RUN)  # sorting keeps the order otherwise
    told = told_formats(listed)
    column = MARGIN + max(len(_called(option)) for option in listed) + GAP
    for group in dict.fromkeys(option.group for option in listed):
        yield Text("")
        yield Text(group, style="bold")
        for option in (each for each in listed if each.group == group):
            first, *more = textwrap.wrap(_said(option, told), width - column, break_on_hyphens=False)
            yield Text.assemble(" " * MARGIN, (_called(option).ljust(column - MARGIN), "cyan"), first)
            yield from (Text(" " * column + line) for line in more)
        if group == RUN:
            yield Text.assemble(" " * MARGIN, ("--help".ljust(column - MARGIN), "cyan"), "Show this message and exit.")
    yield Text("")
    for line in textwrap.wrap(f"Example: {usage.example}", width, break_on_hyphens=False, subsequent_indent="  "):
        yield Text(line)


def told_formats(listed: Sequence[Option]) -> Mapping[str, str]:
    """By formats of files, the first option that takes such: they are told there, and later by its name."""
    first: dict[str, str] = {}
    for option in listed:
        if option.kind.formats.startswith("."):  # else another option is named already
            first.setdefault(option.kind.formats, option.name)
    return first


def _called(option: Option) -> str:
    if option.is_flag:
        return option.name
    return f"{option.name} {option.kind.metavar}{' ...' if option.many else ''}"


def _said(option: Option, told: Mapping[str, str]) -> str:
    """The sentence, the unit unless its placeholder says it, the formats of its file and its default."""
    facts = [] if option.unit in (option.kind.unit, DIMENSIONLESS) else [option.unit]
    if option.kind.formats:
        first = told.get(option.kind.formats, option.name)
        facts.append(option.kind.formats if first == option.name else f"a file as {first}")
    if option.default and option.default not in NOTHING:
        facts.append(f"default: {option.default}")
    return f"{option.help} [{'; '.join(facts)}]" if facts else option.help
