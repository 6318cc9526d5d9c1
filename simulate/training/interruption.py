"""SIGTERM, by which batch queues end a job, taken for Ctrl-C while networks train."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """While the block runs, let SIGTERM raise KeyboardInterrupt, as Ctrl-C does.

    Where the program has said what SIGTERM is to do, that is done; Python hears signals in its main thread alone.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
