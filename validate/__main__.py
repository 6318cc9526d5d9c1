"""Run every command and write one page: `python -m validate`.

A command is added by naming it in `COMMANDS`.
"""

from pathlib import Path
from typing import Annotated, Any

from validate import cli
from validate.command import Command, Destination, Run, execute
from validate.contraction import __main__ as contraction
from validate.ghost import __main__ as ghost
from validate.options import SEED, Directory, flag, option
from validate.output import OutputDirectory
from validate.overlaps import __main__ as overlaps

COMMANDS: tuple[Command[Any], ...] = (ghost.COMMAND, overlaps.COMMAND, contraction.COMMAND)


def main(
    quick: Annotated[bool, flag("--quick", "The same checks on smaller populations.")] = False,
    seed: Annotated[int, SEED] = 0,
    out: Annotated[
        Path,
        option("--out", Directory(), "Directory of index.html, and of one directory a command."),
    ] = Path("results"),
) -> int:
    """Run all commands and write index.html: every check, figure and setting on one self-contained page."""
    directory = OutputDirectory(out)
    runs: list[Run] = []
    for command in COMMANDS:
        config = command.quick(seed) if quick else command.usual(seed)
        runs.append(execute(command, config, Destination(out=out / command.name), draw=True))
        if runs[-1].report.interrupted:
            break
    from validate.page import render

    directory.write("index.html", render(runs))
    print(f"{out / 'index.html'}: {len(runs)} of {len(COMMANDS)} commands")
    return max(run.report.exit_code for run in runs)


if __name__ == "__main__":
    cli.run(main, "python -m validate")
