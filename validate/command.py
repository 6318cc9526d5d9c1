"""How a command runs: section after section, what is finished is kept, nothing is left half written."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from validate.output import OutputDirectory, Plot, write_atomically
from validate.progress import Progress
from validate.report import Report
from validate.table import show

ConfigT = TypeVar("ConfigT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Section(Generic[ConfigT, ResultT]):
    """A part of a command: `checks` measures, compares and returns its results; `figures` draws them.

    `files` gives what else is written into the directory of results, by name. A section that is interrupted and has
    results worth keeping sets `report.interrupted` and returns them; otherwise it lets KeyboardInterrupt pass.
    """

    title: str
    checks: Callable[[ConfigT, Report, Progress], ResultT]
    figures: Callable[[ConfigT, ResultT], tuple[Plot, ...]]
    files: Callable[[ConfigT, ResultT], Mapping[str, bytes]] = lambda config, results: {}


@dataclass(frozen=True)
class Command(Generic[ConfigT]):
    """A claim that can be checked. `usual` and `quick` make the settings of a plain run from a seed.

    `load` imports what the checks need and returns them in order; it is called after all settings are
    checked.
    """

    name: str
    title: str
    usual: Callable[[int], ConfigT]
    quick: Callable[[int], ConfigT]
    load: Callable[[], tuple[Section[ConfigT, Any], ...]]


@dataclass(frozen=True)
class Destination:
    """Where results go: a JSON file, a directory for everything, both or neither."""

    json: Path | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Run:
    """What a command found. `plots` is empty unless figures were asked for."""

    title: str
    report: Report
    plots: tuple[Plot, ...]


def execute(command: Command[ConfigT], config: ConfigT, destination: Destination, *, draw: bool) -> Run:
    """Run every section, write what was asked for, print the report and return it.

    Figures are drawn where `draw` is set or `destination.out` is given, and written as soon as their section
    is done. Ctrl-C ends the run early: the report says so and holds what was finished. Raises `OutputError`
    where the destination cannot be written; that is found before the first section starts.
    """
    directory = OutputDirectory(destination.out) if destination.out is not None else None
    report = Report(command.name, config)
    plots: list[Plot] = []
    try:
        with Progress() as progress:
            for section in command.load():
                report.section(section.title)
                results = section.checks(config, report, progress)
                if draw or directory is not None:
                    for plot in section.figures(config, results):
                        plots.append(plot)
                        if directory is not None:
                            plot.save(directory)
                if directory is not None:
                    for name, content in section.files(config, results).items():
                        directory.write(name, content)
                if report.interrupted:
                    break
    except KeyboardInterrupt:
        report.interrupted = True
    with _uninterrupted():
        try:
            content = report.json_bytes()
            if directory is not None:
                directory.write(f"{command.name}.json", content)
            if destination.json is not None:
                write_atomically(destination.json, content)
        finally:
            show(report)
    return Run(command.title, report, tuple(plots))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait until the finished results are on the disk."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
