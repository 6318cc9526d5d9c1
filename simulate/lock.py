"""One run at a time writes to one place; a second is refused at once.

The lock is the operating system's (`flock` on a small file beside the results), held by the open file and not by the
file's presence: it ends with the process, however that ends. A killed run leaves the file behind, which locks nothing;
the next run takes it over and removes it. Where the system has no such lock (Windows), or the file system none (some
network file systems), runs are not kept apart.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]


class InUse(OSError):
    """Another run holds the place; the message says which. The remedy is another place, or to wait."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock that is the file at `path` while the block runs.

    Raises:
        InUse: where another run holds it.
        OSError: where the file cannot be made.
    """
    if fcntl is None:  # pragma: no cover
        yield
        return
    descriptor = _locked(path)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is still locked: who opened it before finds another file there
        os.close(descriptor)


def _locked(path: Path) -> int:
    """The file's descriptor, locked, the file being the one that stands at `path`."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 300).decode(errors="replace")
            os.close(descriptor)
            raise InUse(f"another run writes there ({holder or 'a process that has just started'})") from None
        except OSError:
            return descriptor  # a file system without locks
        if _stands_at(path, descriptor):
            return descriptor
        os.close(descriptor)  # its holder has removed it in the meantime


def _stands_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
