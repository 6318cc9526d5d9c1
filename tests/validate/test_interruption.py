"""Stopping a run from outside."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from validate.interruption import TERMINATED, Terminated, stops_raised


class Stopped:
    """Is sent a signal while it is being freed, where Python drops what is raised."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)


def free_and_wait(number: signal.Signals) -> None:
    freed = Stopped(number)
    del freed
    time.sleep(30)


@contextmanager
def heeded(number: signal.Signals) -> Iterator[None]:
    """Tests that a shell runs in the background were started to ignore Ctrl-C, and what is ignored stays so."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_that_is_lost_in_a_finaliser_comes_again(number: signal.Signals, raised: type[BaseException]) -> None:
    with heeded(number), stops_raised() as stops, pytest.raises(raised):
        free_and_wait(number)
    assert (stops.exit_status == TERMINATED) == (number is signal.SIGTERM)
