"""A progress bar on a terminal, silence elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

Tell: TypeAlias = Callable[[str, float | int, float | int | None], None]


class _Words(TextColumn):
    """Words on one line, which give way to the other columns: they are cut where the terminal is narrow."""

    def render(self, task: Task) -> Text:
        """The words."""
        text = super().render(task)
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


class _Done(MofNCompleteColumn):
    """The work done and the work in all, where that is known."""

    def render(self, task: Task) -> Text:
        """Nothing where it is not."""
        return Text() if task.total is None else super().render(task)


class Progress:
    """Shows what a run is busy with, on standard error; use as a context manager around the whole run."""

    def __init__(self) -> None:
        self._bars = Bars(
            _Words("{task.description}", markup=False, table_column=Column()),
            BarColumn(bar_width=16),
            _Done(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """No bars while the block runs, in which something is printed that stays."""
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()

    @contextmanager
    def task(self, description: str, total: float | int | None = None) -> Iterator[Callable[[float], None]]:
        """A bar while the block runs; call what it yields with the work done so far.

        `total` is the work in all, None where it is not known.
        """
        with self.told_task(description, total) as tell:
            yield lambda done: tell("", done, total)

    @contextmanager
    def told_task(self, description: str, total: float | int | None = None) -> Iterator[Tell]:
        """A bar as well; call what it yields with some words, the work done so far and the work in all."""
        task = self._bars.add_task(description, total=total)

        def tell(words: str, done: float | int, of: float | int | None) -> None:
            told = f"{description}: {words}" if words else description
            self._bars.update(task, description=told, completed=done, total=of)

        try:
            yield tell
        finally:
            self._bars.remove_task(task)
