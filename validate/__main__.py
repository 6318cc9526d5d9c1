"""Run every command and write one page: `python -m validate`.

A command is added by naming it in `COMMANDS`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from simulate import runtime
from validate import cli
from validate.changes import changes, show_changes
from validate.command import Command, claimed, execute
from validate.contraction.__main__ import COMMAND as CONTRACTION
from validate.degeneracy.__main__ import COMMAND as DEGENERACY
from validate.document import DocumentError, read_document
from validate.ghost.__main__ import COMMAND as GHOST
from validate.options import Directory, InputDirectory, InputFile, Refusal
from validate.output import OutputDirectory
from validate.overlaps.__main__ import COMMAND as OVERLAPS
from validate.report import DISTRIBUTION, library_versions
from validate.settings import (
    Destination,
    Settings,
    build,
    chosen,
    flag,
    options_of,
    require_consistent,
    setting,
)
from validate.universality.__main__ import COMMAND as UNIVERSALITY
from validate.usage import Usage

COMMANDS: tuple[Command, ...] = (GHOST, OVERLAPS, CONTRACTION, DEGENERACY, UNIVERSALITY)
USAGE = Usage(
    "python -m validate",
    "Run all commands and write index.html: claims, checks, figures and settings on one self-contained page.",
    "python -m validate --quick --out results",
)


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of a run of all commands, or of a look at what some runs have left."""

    quick: bool = chosen(False, flag("--quick", True, "The same checks on smaller populations."))
    out: Path = setting(
        "--out",
        Directory(),
        "Directory of index.html (changes.html), and of one directory a command.",
        default=Path("results"),
    )
    kept: Path | None = setting(
        "--from",
        InputDirectory(),
        "Run nothing: write DIR/index.html anew, from what runs have left in DIR.",
        default=None,
        shown="every command is run",
        excludes=dict.fromkeys(("--quick", "--seed", "--out", "--compare"), ""),
    )
    compared: tuple[Path, ...] = setting(
        "--compare",
        InputFile((".json",)),
        "Run nothing: say what changed between the reports of two runs of a command, and write changes.html.",
        default=(),
        shown="every command is run",
        many=True,
        excludes=dict.fromkeys(("--quick", "--seed"), ""),
    )
    version: bool = chosen(False, flag("--version", True, "Print the version and exit."))


def run_all(config: Config) -> int:
    """Run the commands one after another and write the page; the exit status is the worst of theirs."""
    with claimed(Destination(out=config.out)) as directory:
        assert directory is not None
        words = ["--seed", str(config.seed), *(["--quick"] if config.quick else [])]
        statuses: list[int] = []
        run: list[Command] = []
        for command in COMMANDS:
            plan, _ = command.read(words)
            report = execute(command, plan, Destination(out=config.out / command.name))
            statuses.append(report.exit_code)
            run.append(command)
            if report.interrupted:
                break
        _write_page(directory, run)
        return max(statuses)


def show_kept(folder: Path) -> int:
    """Write the page of what runs have left in a folder; the exit status tells whether all that is there passes."""
    there = [command for command in COMMANDS if _report_of(folder, command).exists()]
    if not there:
        wanted = " or ".join(f"{command.name}/{command.name}.json" for command in COMMANDS)
        raise Refusal("--from", f"{folder} holds no report of a command", f"a directory with {wanted}")
    with claimed(Destination(out=folder)) as directory:
        assert directory is not None
        return 0 if _write_page(directory, there) else 1


def compare(paths: Sequence[Path], out: Path) -> int:
    """Say what changed from one report to another, and write it as a page; the exit status is 1 if for the worse."""
    if len(paths) != 2:
        raise Refusal("--compare", f"{len(paths)} given", "the reports of two runs, the earlier one first")
    try:
        before, after = (read_document(path) for path in paths)
    except DocumentError as error:
        raise Refusal("--compare", f"{error}", "JSON that a command wrote") from None
    if before.command != after.command:
        raise Refusal("--compare", f"reports of {before.command} and of {after.command}", "two runs of one command")
    from validate.page import page

    found = changes(before, after)
    with claimed(Destination(out=out)) as directory:
        assert directory is not None
        directory.write("changes.html", page("changes.html", paths=paths, before=before, after=after, changes=found))
    show_changes(found)
    print(f"{out / 'changes.html'}: {after.command}, {len(found)} changes in {len(after.checks)} checks")
    return 1 if any(change.is_worse for change in found) else 0


def _write_page(directory: OutputDirectory, commands: Sequence[Command]) -> bool:
    """The page of what commands have left in a directory; whether all their asserted checks pass."""
    from validate.page import render, results

    try:
        found = [results(command.title, directory.path / command.name, command.name) for command in commands]
    except DocumentError as error:
        raise Refusal("--from", f"{error}", "a directory that this version has written") from None
    directory.write("index.html", render(found))
    print(f"{directory.path / 'index.html'}: {len(found)} of {len(COMMANDS)} commands")
    return all(each.document.passed for each in found)


def _report_of(folder: Path, command: Command) -> Path:
    return folder / command.name / f"{command.name}.json"


def main() -> int:
    """Do what the command line asks for; the exit status."""
    options = options_of(Config)
    given = cli.read(USAGE, options, sys.argv[1:])
    require_consistent(options, given)
    config = build(Config, given)
    if config.version:
        print(f"{DISTRIBUTION} {library_versions()[DISTRIBUTION]}")
        return 0
    if config.kept is not None:
        return show_kept(config.kept)
    if config.compared:
        return compare(config.compared, config.out)
    runtime.keep_freed_memory()
    return run_all(config)


if __name__ == "__main__":
    cli.leave(USAGE.program, main)
