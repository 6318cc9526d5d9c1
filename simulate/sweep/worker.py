"""What a worker process of Dask does with a job: JAX is set up, then the job is unpacked and computed.

Nothing here imports JAX, or what imports it, before it is set up.
"""

import functools
import os
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

import cloudpickle
from distributed import get_worker

from simulate.runtime import configure, request_one_thread

if TYPE_CHECKING:
    from simulate.sweep.attempt import Ending

TELL_EVERY = 1.0
"""Seconds between two words of one job."""


@functools.cache
def set_up() -> None:
    """One device and one thread for JAX, as there is a worker a core; of an accelerator, the memory that it needs."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    request_one_thread()
    configure(max_devices=1)


def packed(job: object, store: object) -> bytes:
    """A job and its store, to be unpacked by `work`: Dask would unpack them itself, and so start JAX."""
    return cloudpickle.dumps((job, store))


def work(parcel: bytes, name: str, topic: str) -> "Ending":
    """Compute the job of this name, unless it is there; tell the topic how far it is."""
    set_up()
    from simulate.sweep.attempt import Failure, attempt

    try:
        job, store = cloudpickle.loads(parcel)
        if job.name != name:
            raise RuntimeError(f"here it is {job.name}: workers need the versions of Python and packages of who asks")
        store.require()
    except Exception as error:
        return Failure(name, f"{type(error).__name__} on a worker: {error}", traceback.format_exc())
    return attempt(job, store, _teller(name, topic))


def _teller(name: str, topic: str) -> Callable[[int, int, str], None]:
    worker, told = get_worker(), -TELL_EVERY

    def tell(done: int, of: int, unit: str) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            worker.log_event(topic, (name, int(done), int(of), unit))

    return tell
