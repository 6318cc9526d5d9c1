"""How a run is stopped from outside: Ctrl-C and SIGTERM, by which batch queues end a job, are one thing.

Both raise KeyboardInterrupt, on which finished results are kept. The exit status tells them apart.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from types import FrameType
from typing import Any

INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143
"""Exit statuses: 128 plus the number of the signal, as shells have it."""


_LATER = 0.1
"""Seconds after which a signal that was lost is sent again."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


def stop_without_a_word() -> None:
    """Let Ctrl-C end the process at once, with no traceback; for the time in which Python still imports."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


class Stops:
    """What has come so far."""

    def __init__(self) -> None:
        self.terminated = False

    @property
    def exit_status(self) -> int:
        """That of a run which was stopped."""
        return TERMINATED if self.terminated else INTERRUPTED


@contextmanager
def stops_raised() -> Iterator[Stops]:
    """While the block runs, let SIGINT raise KeyboardInterrupt and SIGTERM `Terminated`. For the main thread.

    A signal that the process was started to ignore, as by `nohup` or for a shell's background jobs, stays ignored. One
    that comes while a finaliser or a library's callback runs is lost there, and sent again.
    """
    stops = Stops()

    def terminate(number: int, frame: FrameType | None) -> None:
        stops.terminated = True
        raise Terminated

    with _lost_ones_sent_again(), _handled({signal.SIGINT: signal.default_int_handler, signal.SIGTERM: terminate}):
        yield stops


@contextmanager
def _lost_ones_sent_again() -> Iterator[None]:
    """Python tells `sys.unraisablehook` of what it had to drop."""
    before = sys.unraisablehook

    def hear(lost: "sys.UnraisableHookArgs") -> None:
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            return before(lost)
        number = signal.SIGTERM if isinstance(lost.exc_value, Terminated) else signal.SIGINT
        Timer(_LATER, os.kill, (os.getpid(), number)).start()

    sys.unraisablehook = hear
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a second signal wait until the finished results are on the disk."""
    with _handled(dict.fromkeys((signal.SIGINT, signal.SIGTERM), signal.SIG_IGN)):
        yield


@contextmanager
def _handled(handlers: Mapping[signal.Signals, Any]) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in handlers}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, handlers[number])
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])
