"""A report as it is made, on a terminal or in a file: each section when it ends, at last its failures and the verdict.

A section of the built-in checks shows predictions beside measurements. A run on a user's own files predicts nothing and
asserts nothing: its section shows the answer, then what was found with units and meaning, and the run ends in the
answer.
"""

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from validate.report import Report
from validate.rows import RowLayout


def tell_section(report: Report, title: str, seconds: float) -> None:
    """Print how a section ended: its passes and its seconds, then its rows; or how far it had come, interrupted."""
    rows, checks, findings = _rows(), report.sections[title], report.findings[title]
    asserted = [check for check in checks if check.asserted]
    words = [f"{sum(check.passed is True for check in asserted)} of {len(asserted)} pass"] if asserted else []
    words += [f"{len(checks) - len(asserted)} reported"] if len(checks) > len(asserted) else []
    words += [f"interrupted after {seconds:.1f} s" if report.interrupted else f"{seconds:.1f} s"]
    lines = [rows.heading(title, ", ".join(words))]
    if title in report.conclusions:
        lines.append(rows.sentence(f"{report.command}: {report.conclusions[title]}"))
    lines += rows.of_checks(checks) if checks else ()
    lines += rows.of_findings(findings)
    lines += rows.of_quantities(
        (name, report.quantities[name], report.meanings.get(name, ""))
        for name in report.recorded[title]
        if not findings and _is_single(report.quantities[name])
    )
    _print([*lines, Text("")])


def tell_end(report: Report) -> None:
    """Print the failures again, and the verdict, which is the last line."""
    if report.failures:
        _print([Text("Failed:", style="bold"), *_rows().of_checks(report.failures)])
    print(report.verdict)


def tell(line: str) -> None:
    """Print at once what is found while more is sought."""
    print(line, flush=True)


def _is_single(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _rows() -> RowLayout:
    return RowLayout(Console(file=sys.stdout).width if sys.stdout.isatty() else None)


def _print(lines: Iterable[Text]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    for line in lines:
        console.print(line, soft_wrap=True)
    sys.stdout.flush()
