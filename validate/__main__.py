"""Run every command and write one page: `python -m validate`.

A command is added by naming it in `COMMANDS`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from simulate import runtime
from validate import cli
from validate.command import Command, Run, claimed, execute
from validate.contraction.__main__ import COMMAND as CONTRACTION
from validate.degeneracy.__main__ import COMMAND as DEGENERACY
from validate.ghost.__main__ import COMMAND as GHOST
from validate.options import Directory
from validate.output import OutputDirectory
from validate.overlaps.__main__ import COMMAND as OVERLAPS
from validate.settings import Destination, Settings, build, chosen, flag, options_of, setting
from validate.universality.__main__ import COMMAND as UNIVERSALITY

COMMANDS: tuple[Command, ...] = (GHOST, OVERLAPS, CONTRACTION, DEGENERACY, UNIVERSALITY)
USAGE = cli.Usage(
    "python -m validate",
    "Run all commands and write index.html: every check, figure and setting on one self-contained page.",
    "python -m validate --quick --out results",
)


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of a run of all commands."""

    quick: bool = chosen(False, flag("--quick", True, "The same checks on smaller populations."))
    out: Path = setting(
        "--out", Directory(), "Directory of index.html, and of one directory a command.", default=Path("results")
    )


def run_all(config: Config) -> int:
    """Run the commands one after another and write the page; the exit status is the worst of theirs."""
    with claimed(Destination(out=config.out)) as directory:
        assert directory is not None
        return _run_all(config, directory)


def _run_all(config: Config, directory: OutputDirectory) -> int:
    words = ["--seed", str(config.seed), *(["--quick"] if config.quick else [])]
    runs: list[Run] = []
    for command in COMMANDS:
        plan, _ = command.read(words)
        runs.append(execute(command, plan, Destination(out=config.out / command.name), draw=True))
        if runs[-1].report.interrupted:
            break
    from validate.page import render

    directory.write("index.html", render(runs))
    print(f"{config.out / 'index.html'}: {len(runs)} of {len(COMMANDS)} commands")
    return max(run.report.exit_code for run in runs)


def main() -> int:
    """Do what the command line asks for; the exit status."""
    config = build(Config, cli.read(USAGE, options_of(Config), sys.argv[1:]))
    runtime.keep_freed_memory()
    return run_all(config)


if __name__ == "__main__":
    cli.leave(USAGE.program, main)
