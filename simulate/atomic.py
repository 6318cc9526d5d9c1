"""A file reaches the disk whole or not at all: written beside its place under another name, flushed, then renamed."""

import contextlib
import os
import tempfile
from pathlib import Path


class OutputError(OSError):
    """A result could not be written; the message names the file and the reason."""


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Put `content` at `path`: a reader finds the old file or the new one, never a part of it.

    Raises `OutputError` where the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
        _flush_directory(target.parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def _flush_directory(directory: Path) -> None:
    """Let the new name outlast a loss of power, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
