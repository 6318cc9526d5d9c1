"""How a command runs: section after section, what is finished is kept, nothing is left half written."""

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from simulate import runtime
from simulate.atomic import OutputError, write_atomically
from simulate.lock import InUse, held
from validate import cli
from validate.interruption import uninterrupted
from validate.options import Refusal
from validate.output import OutputDirectory, Plot
from validate.progress import Progress
from validate.report import Report, Unfinished
from validate.settings import Destination, Option, Settings, build, options_of, require_consistent, written_files
from validate.table import tell_end, tell_section
from validate.usage import Usage


@dataclass(frozen=True)
class Section:
    """A part of a run: its title and the module in which it stands, which is imported when the run starts.

    The module has `checks(config, report, progress)`, which measures, compares and returns its results. If they are
    there, `figures(config, results)` draws them; `for_figures(config, results, progress)` adds to the results what
    takes long and figures alone need; `files(config, results)` gives what else is written into the directory of
    results, by name. Where `given` is not None it is the first argument of `checks`: what was read from the user's
    files. A section that is interrupted and has results worth keeping sets `report.interrupted` and returns them;
    otherwise it lets KeyboardInterrupt pass. What is told `at_once` needs no set-up and imports little: it runs before
    the other sections are imported.
    """

    title: str
    module: str
    given: object = None
    at_once: bool = False

    def load(self) -> "LoadedSection":
        """Import the module."""
        module = importlib.import_module(self.module)
        checks = module.checks if self.given is None else partial(module.checks, self.given)
        return LoadedSection(
            self.title,
            self.at_once,
            checks,
            getattr(module, "for_figures", lambda config, results, progress: results),
            getattr(module, "figures", lambda config, results: ()),
            getattr(module, "files", lambda config, results: {}),
        )


@dataclass(frozen=True)
class LoadedSection:
    """A section, ready to run."""

    title: str
    at_once: bool
    checks: Callable[[Any, Report, Progress], Any]
    for_figures: Callable[[Any, Any, Progress], Any]
    figures: Callable[[Any, Any], tuple[Plot, ...]]
    files: Callable[[Any, Any], Mapping[str, bytes]]


def use_jax() -> None:
    """Set JAX up; it is imported here."""
    runtime.configure()


def use_jax_briefly() -> None:
    """As `use_jax`, for a run whose programs take longer to compile than to run."""
    runtime.request_quick_compilation()
    use_jax()


@dataclass(frozen=True)
class Plan:
    """A run that is about to start: its settings, its sections, and what is set up before they are imported."""

    config: Settings
    sections: tuple[Section, ...]
    set_up: Callable[[], None] = use_jax


@dataclass(frozen=True)
class Mode:
    """One kind of run of a command: the built-in checks, or a run on files of the user's own.

    `plan` makes the run from the settings; files are read there, and it may raise `Refusal`. The mode is taken where an
    option of `chosen_by` is given; the built-in checks have none.
    """

    settings: type[Settings]
    plan: Callable[[Any], Plan]
    chosen_by: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        """The options that say something in this mode."""
        return options_of(self.settings)


def built_in(settings: type[Settings], sections: Sequence[Section], set_up: Callable[[], None] = use_jax) -> Mode:
    """The mode of a command's built-in checks."""
    return Mode(settings, lambda config: Plan(config, tuple(sections), set_up))


@dataclass(frozen=True)
class Command:
    """A claim that can be checked, `python -m validate.NAME`. The first of its modes are the built-in checks.

    `summary` and `example` stand in the help, and so do the options in `elsewhere`, which are acted on before this.
    """

    name: str
    title: str
    summary: str
    example: str
    modes: tuple[Mode, ...]
    elsewhere: tuple[Option, ...] = ()

    @property
    def program(self) -> str:
        """How the command is called."""
        return f"python -m validate.{self.name}"

    @property
    def options(self) -> tuple[Option, ...]:
        """Every option, each once."""
        return (*options_of(*(mode.settings for mode in self.modes), Destination), *self.elsewhere)

    def read(self, arguments: Sequence[str]) -> tuple[Plan, Destination]:
        """The run that the arguments ask for, and where its results go.

        Raises:
            Refusal: for bad input.
        """
        mode, given = self._asked(arguments)
        return self._planned(mode, given)

    def _planned(self, mode: Mode, given: Mapping[str, object]) -> tuple[Plan, Destination]:
        config, destination = build(mode.settings, given), build(Destination, given)
        return mode.plan(config), destination

    def _asked(self, arguments: Sequence[str]) -> tuple[Mode, Mapping[str, object]]:
        """The mode and the options that are given; no file is read, and no default derived."""
        options = self.options
        given = cli.read(Usage(self.program, self.summary, self.example), options, arguments)
        mode = self._mode(given)
        require_consistent(options, given)
        return mode, given

    def _mode(self, given: Mapping[str, object]) -> Mode:
        """The mode that the options choose; an option that would play no part in it is refused."""
        first, *others = self.modes
        asked = [(mode, name) for mode in others for name in mode.chosen_by if name in given]
        for mode, name in asked[1:]:
            if mode is not asked[0][0]:
                raise Refusal(name, f"given together with {asked[0][1]}", "one of the two")
        mode = asked[0][0] if asked else first
        known = options_of(first.settings, mode.settings, Destination)
        for other in others:
            for option in other.options:
                if option.name in given and option not in known:
                    needed = " or ".join(option.needs or other.chosen_by)
                    raise Refusal(option.name, f"given without {needed}", f"together with {needed}")
        return mode

    def run(self) -> NoReturn:
        """Do what the command line asks for and leave with its exit status."""
        cli.leave(self.program, self._act)

    def _act(self) -> int:
        mode, given = self._asked(sys.argv[1:])
        runtime.keep_freed_memory()  # begins anew: before defaults are derived and files read (pipes give but once)
        return execute(self, *self._planned(mode, given)).exit_code


def execute(command: Command, plan: Plan, destination: Destination) -> Report:
    """Run every section and print what it found, write what was asked for, print the verdict and return the report.

    The rows of each section are printed when it ends. Figures are drawn where `destination.out` is given, and
    written as soon as their section is done; the run's time ends with its last section. A section that cannot be
    finished (`Unfinished`) fails, and the others go on. So they do where one is refused after another has ended, as by
    a damaged file or a full disk. Ctrl-C ends the run early: the report says so and holds what was finished.

    Raises:
        Refusal: where another run writes to the same places, before the first section starts; what that section raises.
        OutputError: where they cannot be written.
    """
    with claimed(destination, plan.config) as directory:
        return _execute(command, plan, destination, directory)


@contextmanager
def claimed(destination: Destination, config: Settings | None = None) -> Iterator[OutputDirectory | None]:
    """Keep other runs from all that this one writes while the block runs: the destination, and files of the settings.

    Gives the directory, made if it was missing.

    Raises:
        Refusal: where another run writes there.
        OutputError: where it cannot be written.
    """
    with ExitStack() as locks:
        for settings in (destination, config):
            for option, file in () if settings is None else written_files(settings):
                place = Path(os.path.realpath(file))
                locks.enter_context(_claim(option, place.with_name(f".{place.name}.lock"), "a file of its own"))
        directory = None if destination.out is None else OutputDirectory(destination.out)
        if directory is not None:
            locks.enter_context(_claim("--out", directory.path / ".lock", "a directory of its own"))
        yield directory


@contextmanager
def _claim(option: str, path: Path, accepted: str) -> Iterator[None]:
    with ExitStack() as lock:
        try:
            lock.enter_context(held(path))
        except InUse as error:
            raise Refusal(option, f"{error}", f"{accepted}, or to wait") from None
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        yield


def _execute(command: Command, plan: Plan, destination: Destination, directory: OutputDirectory | None) -> Report:
    config = plan.config
    report = Report(command.name, config)
    first = True
    try:
        with Progress() as progress:
            for number, section in enumerate(_loaded(plan, progress), start=1):
                with _told(report, section.title, progress, f"{number} of {len(plan.sections)}"):
                    try:
                        _end(section, report, progress, directory)
                    except (Unfinished, Refusal, OutputError) as error:
                        if first and not isinstance(error, Unfinished):
                            raise  # bad input, and nothing is lost
                        why = error if isinstance(error, Unfinished) else Unfinished(cli.one_line(str(error)))
                        print(f"{section.title}: {why}", file=sys.stderr)
                        report.unfinished(section.title, why)
                if report.interrupted:
                    break
                first = first and section.at_once
    except KeyboardInterrupt:
        report.interrupted = True
    report.finish()
    with uninterrupted():
        try:
            content = report.json_bytes()
            if directory is not None:
                directory.write(f"{command.name}.json", content)
            if destination.json is not None:
                write_atomically(destination.json, content)
        finally:
            tell_end(report)
    return report


def _loaded(plan: Plan, progress: Progress) -> Iterator[LoadedSection]:
    """The sections, ready to run: those told at once, before any other is imported, then the others together."""
    for section in plan.sections:
        if section.at_once:
            yield section.load()
    with progress.task("getting ready"):
        plan.set_up()
        others = [section.load() for section in plan.sections if not section.at_once]
    yield from others


@contextmanager
def _told(report: Report, title: str, progress: Progress, place: str) -> Iterator[None]:
    """Let what the block records stand under `title`, and print it when the block ends or is interrupted.

    A bar shows the title meanwhile, and its `place` among all.
    """
    started = time.perf_counter()
    report.section(title)
    try:
        with progress.task(f"{place}: {title}" if place != "1 of 1" else title):
            yield
    except KeyboardInterrupt:
        report.interrupted = True
    with progress.hidden():
        tell_section(report, title, time.perf_counter() - started)


def _end(section: LoadedSection, report: Report, progress: Progress, directory: OutputDirectory | None) -> None:
    """Run a section to its end; where there is a directory, draw its figures and write them, and its files."""
    config: Any = report.config
    results = section.checks(config, report, progress)
    if directory is not None:
        for plot in section.figures(config, section.for_figures(config, results, progress)):
            plot.save(directory)
            report.drawn(plot.name, plot.caption)
        for name, content in section.files(config, results).items():
            directory.write(name, content)
