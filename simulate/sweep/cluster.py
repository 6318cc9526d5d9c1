"""Jobs on the workers of a scheduler of Dask that is there already, on this machine or on a cluster."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from distributed import Client, Security
from distributed.comm.core import connect

from simulate.sweep.spread import Spread, Tell, Workers
from simulate.sweep.store import Store
from simulate.sweep.submitted import SchedulerLost, submitting


@dataclass(frozen=True)
class Cluster(Spread):
    """On the workers of the scheduler at `address`, as `tcp://10.0.0.1:8786`.

    Workers write into the store themselves: its directory has to be one that they share, by the same path. They need
    the versions of Python and of packages of the process that sweeps, and should be given one thread each
    (`dask worker --nthreads 1`).

    `patience`: so many seconds the scheduler has to answer.

    >>> Cluster("tcp://10.0.0.1:8786").patience
    5.0

    Raises:
        SchedulerLost: by `sweep`, if there is no scheduler at the address, or not any more.
    """

    address: str
    patience: float = 5.0

    @contextmanager
    def workers(self, store: Store, tell: Tell) -> Iterator[Workers]:
        """Those that the scheduler has, and will have."""
        with self._connected() as client, submitting(client, store, tell) as workers:
            yield workers

    def _connected(self) -> Client:
        with ThreadPoolExecutor(1) as elsewhere:  # in a notebook, this thread has an event loop that is running
            try:
                elsewhere.submit(asyncio.run, self._answer()).result()
            except Exception as error:  # whatever it is that answers there, it may answer whatever it likes
                said = str(error) or f"nothing came in {self.patience:g} s"
                raise SchedulerLost(
                    f"no scheduler answers at {self.address!r} ({said}): start one by `dask scheduler`, "
                    "and give the address that it prints"
                ) from error
        return Client(self.address, timeout=self.patience, set_as_default=False)

    async def _answer(self) -> None:
        """Ask whether it is there. A client that found none would be left half made, and complain when it is freed."""
        async with asyncio.timeout(self.patience):
            arguments = Security().get_connection_args("client")
            comm = await connect(self.address, timeout=self.patience, **arguments)
            try:
                await comm.write({"op": "identity", "reply": True})
                await comm.read()
            finally:
                comm.abort()
