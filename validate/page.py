"""One self-contained page of every check, figure and setting of several runs."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from validate.command import Run
from validate.report import Report
from validate.rows import formatted, outcome


@dataclass(frozen=True)
class _Figure:
    caption: str
    png: str


@dataclass(frozen=True)
class _Entry:
    title: str
    report: Report
    document: dict[str, object]
    figures: tuple[_Figure, ...]


def render(runs: Sequence[Run]) -> bytes:
    """The page as UTF-8 HTML that refers to nothing outside itself; all text from the runs is escaped."""
    environment = Environment(
        loader=PackageLoader("validate"), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    environment.filters["number"] = formatted
    environment.filters["outcome"] = outcome
    return environment.get_template("page.html").render(runs=[_entry(run) for run in runs]).encode()


def _entry(run: Run) -> _Entry:
    figures = (_Figure(plot.caption, base64.b64encode(plot.png).decode()) for plot in run.plots)
    return _Entry(run.title, run.report, run.report.document(), tuple(figures))
