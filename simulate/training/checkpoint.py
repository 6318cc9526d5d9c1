"""Long runs can be killed: arrays on disk from which a run goes on, bit for bit."""

import contextlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulate.atomic import write_atomically

_MARK = "fingerprint"
Arrays = dict[str, np.ndarray]


class CheckpointMismatch(ValueError):
    """A checkpoint was written by a run with other settings."""


@dataclass(frozen=True)
class Checkpoint:
    """A file (npz) that a run continues from if it is there, and writes every `seconds` and at its end.

    It is written under a temporary name and renamed, so a kill at any moment leaves the older one whole.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Checkpoint(Path(folder) / "run.npz", seconds=60.0)
    ...     file.save("these settings", {"weights": np.ones(3)})
    ...     file.load("these settings")["weights"].tolist()
    [1.0, 1.0, 1.0]
    """

    path: Path
    seconds: float = 30.0

    def save(self, fingerprint: str, arrays: Arrays) -> None:
        """Replace the file by these arrays, marked with what identifies the run.

        Raises:
            OutputError: if it cannot be written; the older one is left whole.
        """
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays, **{_MARK: np.asarray(fingerprint)})
        write_atomically(self.path, content.getbuffer())

    def load(self, fingerprint: str) -> Arrays | None:
        """The arrays saved last, or None if there is no file yet.

        Raises:
            CheckpointMismatch: if another run wrote the file, or something that is no run.
            FileNotFoundError: if there is no folder for it, before anything is computed.
        """
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"{self.path.parent} does not exist: make the folder of the checkpoint first")
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (ValueError, OSError, zipfile.BadZipFile, AttributeError) as error:
            raise CheckpointMismatch(f"{self.path} is no checkpoint; name another file") from error
        if str(arrays.pop(_MARK, None)) != fingerprint:
            raise CheckpointMismatch(
                f"{self.path} belongs to a run with other settings; remove it or name another file"
            )
        return arrays


class Spare(Checkpoint):
    """A checkpoint that is a convenience: where it cannot be written or read, the training does without."""

    def save(self, fingerprint: str, arrays: Arrays) -> None:
        """Replace the file, unless the disk is full or the like."""
        with contextlib.suppress(OSError):
            super().save(fingerprint, arrays)

    def load(self, fingerprint: str) -> Arrays | None:
        """The arrays saved last; None where there are none of this training that can be read."""
        try:
            return super().load(fingerprint) if zipfile.is_zipfile(self.path) else None
        except (OSError, ValueError, KeyError):
            return None
