"""Sweeps in processes of their own, which may be told when to die: for tests of what a kill leaves.

    python -m tests.simulate.sweep.sweeping PLACE JOBS SECONDS MOMENT ...

A process a moment, all at once, in the folder of the moment's name: `never`, `computing`, `writing` (some of the file
is there), `flushed` (all of it is, but not by its name) or `renamed`, of the third job. They are forked before JAX
starts, which is imported once. Alone, `workers` sweeps in two local processes, and `alone` here.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def path_of(argument: object) -> str:
    return os.readlink(f"/proc/self/fd/{argument}") if isinstance(argument, int) else str(argument)


def dying_before(function: Callable[..., Any], target: str) -> Callable[..., Any]:
    """The function; but where an argument is the target's file, die instead."""

    def called(*arguments: Any) -> Any:
        if any(target in path_of(each) for each in arguments):
            die()
        return function(*arguments)

    return called


def dying_after(function: Callable[..., Any], target: str) -> Callable[..., Any]:
    """The function; but where an argument is the target's file, die when it was called."""

    def called(*arguments: Any) -> None:
        function(*arguments)
        if any(target in path_of(each) for each in arguments):
            die()

    return called


def run(place: Path, jobs: int, seconds: float, moment: str) -> None:
    from simulate.sweep import HERE, LocalProcesses, Standing, Store, sweep
    from tests.simulate.sweep.fake_jobs import counted

    todo = counted(place / "count", jobs, seconds)
    third = todo[2].name

    def hear(standing: Standing) -> None:
        if moment == "computing" and third in standing.running and standing.running[third].done == 5:
            die()

    match moment:
        case "writing":
            os.fsync = dying_before(os.fsync, third)
        case "flushed":
            os.replace = dying_before(os.replace, third)
        case "renamed":
            os.replace = dying_after(os.replace, third)
    sweep(todo, Store(place / "store"), spread=LocalProcesses(2) if moment == "workers" else HERE, progress=hear)


def main(place: Path, jobs: int, seconds: float, moments: list[str]) -> None:
    import simulate.sweep.sweep  # noqa: F401  # once for all
    from simulate.runtime import configure

    configure()
    if len(moments) == 1:
        run(place / moments[0], jobs, seconds, moments[0])
        return
    children = []
    for moment in moments:
        if child := os.fork():
            children.append(child)
        else:
            try:
                run(place / moment, jobs, seconds, moment)
                os._exit(0)
            finally:
                os._exit(1)
    print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
