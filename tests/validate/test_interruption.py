"""Stopping a run from outside."""

import os
import signal
import time

import pytest

from validate.interruption import TERMINATED, Terminated, stops_raised


class Stopped:
    """Is sent a signal while it is being freed, where Python drops what is raised."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_that_is_lost_in_a_finaliser_comes_again(number: signal.Signals, raised: type[BaseException]) -> None:
    with stops_raised() as stops, pytest.raises(raised):  # noqa: PT012
        freed = Stopped(number)
        del freed
        time.sleep(30)
    assert (stops.exit_status == TERMINATED) == (number is signal.SIGTERM)
