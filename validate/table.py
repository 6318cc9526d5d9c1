"""A report on a terminal: one row a check, then the single-valued quantities, then the verdict."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from validate.report import Check, Report

WIDTH_OF_A_FILE = 170  # columns where the output is not a terminal: wide enough that no row wraps


def show(report: Report) -> None:
    """Print the checks, the quantities and the one-line verdict to standard output."""
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else WIDTH_OF_A_FILE, highlight=False)
    if report.checks:
        console.print(_checks(report))
    quantities = _quantities(report)
    if quantities.row_count:
        console.print(quantities)
    print(report.verdict)


def tell_section(report: Report, title: str, seconds: float) -> None:
    """Where nobody sees a progress bar, print at once how a section ended: its passes and its seconds."""
    if sys.stdout.isatty():
        return
    checks = report.sections[title]
    asserted = [check for check in checks if check.asserted]
    words = [f"{sum(check.passed is True for check in asserted)} of {len(asserted)} pass"] if asserted else []
    words += [f"{len(checks) - len(asserted)} reported"] if len(checks) > len(asserted) else []
    print(f"{title}: {', '.join([*words, f'{seconds:.1f} s'])}", flush=True)


def tell(line: str) -> None:
    """Where nobody sees a progress bar, print at once what is found while more is sought."""
    if not sys.stdout.isatty():
        print(line, flush=True)


def formatted(value: object, digits: int = 7) -> str:
    """A value as the table shows it; an absent one is a dash."""
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


def _checks(report: Report) -> Table:
    table = Table(title=f"{report.command}: predicted and measured", title_justify="left")
    table.add_column("check", overflow="fold")
    for name in ("predicted", "measured", "error", "tolerance"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("tolerance from", overflow="fold")
    table.add_column("outcome", overflow="fold")
    colours = {"pass": "green", "FAIL": "bold red"}
    for title, checks in report.sections.items():
        if title and checks:
            table.add_row(Text(title, style="bold"))
        for check in checks:
            word = outcome(check)
            table.add_row(
                Text(check.name),
                Text(formatted(check.predicted)),
                Text(formatted(check.measured)),
                formatted(check.error, 3),
                formatted(check.tolerance, 3),
                Text(check.tolerance_from),
                Text(word, style=colours.get(word, "yellow")),
            )
        table.add_section()
    return table


def _quantities(report: Report) -> Table:
    table = Table(title="quantities", title_justify="left")
    table.add_column("name")
    table.add_column("value", overflow="fold")
    for name, value in report.quantities.items():
        if value is None or isinstance(value, bool | int | float | str):
            table.add_row(Text(name), Text(formatted(value, 12)))
    return table
