"""Time the training of networks against the matrix products that it consists of, and against PyTorch.

    python benchmarks/training.py [--cell vanilla] [--json FILE] [--rounds 5] [--sides ours products ...]
                                  [--torch-python PATH] [--vary networks|units|trials|steps NUMBER ...]

128 units, 3 inputs, 3 outputs, 256 trials of 100 steps, Adam, float32; `--vary` goes through other sizes. Every side
runs in processes of its own, one round after another, and is reported in milliseconds a network-step: the time in which
all cores together bring one network one update further. Beside it stands the processor time, which tells more where
others use the machine (but not of PyTorch on several threads, which wait for one another in a loop: run that on an idle
machine or not at all). Ratios are taken within a round; their medians are printed. Sides that cannot run here are left
out.

Where JAX has a graphics card, `--sides ours products-jax --networks 64` times the same program there.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

INPUTS, OUTPUTS, RATE = 3, 3, 1e-3
Measured = dict[str, float]


@dataclass(frozen=True)
class Cell:
    """What a cell is called here and in PyTorch, and how many blocks of rows its recurrent weights have."""

    ours: str
    torch: str
    blocks: int


CELLS = {"vanilla": Cell("Vanilla", "RNN", 1), "gru": Cell("GRU", "GRU", 3), "lstm": Cell("LSTM", "LSTM", 4)}


@dataclass(frozen=True)
class Workload:
    """What one process times: networks of a cell, so many at once, on batches of so many trials, for so long."""

    cell: Cell
    seconds: float
    networks: int
    units: int
    trials: int
    steps: int

    @property
    def rows(self) -> int:
        """Of the recurrent weights."""
        return self.cell.blocks * self.units


SIZES = {"networks": 4, "units": 128, "trials": 256, "steps": 100}


def repeated(update: Callable[[], object], seconds: float) -> Measured:
    """Updates a second, and milliseconds of processor time an update, over so many seconds after three of warming."""
    for _ in range(3):
        update()
    began, busy, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        update()
        count += 1
    return {
        "updates_a_second": count / (time.perf_counter() - began),
        "cpu_ms": 1e3 * (time.process_time() - busy) / count,
    }


def products(work: Workload) -> Measured:
    """The products of one update by NumPy's BLAS on one thread: forward, back, and one for the recurrent weights."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    rng, trials = np.random.default_rng(0), work.trials
    W = rng.normal(size=(work.rows, work.units)).astype(np.float32)
    states, costates = (rng.normal(size=(work.steps * trials, n)).astype(np.float32) for n in (work.units, work.rows))
    h, of_h = states[:trials], np.empty((trials, work.units), np.float32)
    a, of_a = costates[:trials], np.empty((trials, work.rows), np.float32)

    def update() -> None:
        for _ in range(work.steps):
            np.dot(h, W.T, out=of_a)
        for _ in range(work.steps):
            np.dot(a, W, out=of_h)
        np.dot(costates.T, states)

    with threadpool_limits(1):
        return repeated(update, work.seconds)


def products_jax(work: Workload) -> Measured:
    """The same products by XLA on JAX's first device, one network after another."""
    import jax
    import jax.numpy as jnp

    n, steps = work.units, work.steps
    W, h = (jax.random.normal(jax.random.key(0), (rows, n), jnp.float32) / n for rows in (work.rows, work.trials))

    @jax.jit
    def update(W: jax.Array, h: jax.Array) -> tuple[jax.Array, ...]:
        def ahead(h: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            sent = h @ W.T
            return sent[:, :n], (h, sent)

        _, (states, sent) = jax.lax.scan(ahead, h, length=steps)
        back, _ = jax.lax.scan(lambda a, _: (jnp.tile(a @ W, work.cell.blocks), None), sent[-1], length=steps)
        return back, sent.reshape(-1, work.rows).T @ states.reshape(-1, n)

    return repeated(lambda: jax.block_until_ready(update(W, h)), work.seconds)


def ours(work: Workload) -> Measured:
    """`train` on several networks at once, on all of JAX's devices; between the first chunk of epochs and the last."""
    from simulate.runtime import available_cores, configure

    configure(available_cores())
    import jax
    import jax.numpy as jnp
    import optax

    from simulate import cells
    from simulate.tasks import Batch, FixedTask
    from simulate.training import train

    kind, networks = jnp.dtype("float32"), work.networks
    keys = jax.random.split(jax.random.key(0), networks + 2)
    start = cells.UniformWeights(work.units, INPUTS, OUTPUTS, cell=getattr(cells, work.cell.ours))
    population = jax.vmap(lambda key: start.draw(key, kind))(keys[2:])
    inputs, targets = (
        jax.random.normal(key, (work.trials, work.steps, n)).astype(kind)
        for key, n in zip(keys[:2], (INPUTS, OUTPUTS), strict=True)
    )
    mask = jnp.full((work.trials, work.steps), 1 / (OUTPUTS * work.steps), kind)
    batch = Batch(inputs, targets, mask, dt=1.0)
    marks: list[tuple[float, float, int]] = []

    class Enough(Exception):
        pass

    def progress(epochs: int) -> None:
        marks.append((time.perf_counter(), time.process_time(), epochs))
        if marks[-1][0] - marks[0][0] > work.seconds and len(marks) > 2:
            raise Enough

    with contextlib.suppress(Enough):
        train(population, FixedTask(batch), rule=optax.adam(RATE), epochs=10**6, chunk=10, progress=progress)
    (began, busy, first), (ended, still_busy, last) = marks[0], marks[-1]
    updates = networks * (last - first)
    return {"updates_a_second": updates / (ended - began), "cpu_ms": 1e3 * (still_busy - busy) / updates}


def pytorch(work: Workload) -> Measured:
    """One network after another by PyTorch's own cell, with its own number of threads."""
    import torch

    recurrent = getattr(torch.nn, work.cell.torch)(INPUTS, work.units, batch_first=True)
    readout = torch.nn.Linear(work.units, OUTPUTS)
    inputs, targets = (torch.randn(work.trials, work.steps, n) for n in (INPUTS, OUTPUTS))
    optimiser = torch.optim.Adam([*recurrent.parameters(), *readout.parameters()], lr=RATE)

    def update() -> None:
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(readout(recurrent(inputs)[0]), targets)
        loss.backward()
        optimiser.step()

    return repeated(update, work.seconds)


def pytorch_on_one_thread(work: Workload) -> Measured:
    """The same on one thread, for one process a core."""
    import torch

    torch.set_num_threads(1)
    return pytorch(work)


WORK = {
    "products": products,
    "products-jax": products_jax,
    "ours": ours,
    "pytorch": pytorch,
    "pytorch-a-core": pytorch_on_one_thread,
    "pytorch-kept": pytorch,
    "pytorch-a-core-kept": pytorch_on_one_thread,
}
A_PROCESS_A_CORE = ("products", "pytorch-a-core", "pytorch-a-core-kept")
WITH_FREED_MEMORY_KEPT = ("ours", "products", "products-jax", "pytorch-kept", "pytorch-a-core-kept")


def side(name: str, asked: argparse.Namespace) -> Measured:
    """One side in fresh processes: milliseconds a network-step of all cores together, and of processor time."""
    from simulate.runtime import KEEPING_FREED_MEMORY

    count = len(os.sched_getaffinity(0)) if name in A_PROCESS_A_CORE else 1
    kept = {key: value for key, value in os.environ.items() if key not in KEEPING_FREED_MEMORY}
    environment = kept | (KEEPING_FREED_MEMORY if name in WITH_FREED_MEMORY_KEPT else {})
    command = [asked.torch_python if name.startswith("pytorch") else sys.executable, __file__, "--worker", name]
    command += [f"--{option}={getattr(asked, option)}" for option in ("cell", "seconds", *SIZES)]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    found = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    return {
        "ms": 1e3 / sum(each["updates_a_second"] for each in found),
        "cpu_ms": statistics.fmean(each["cpu_ms"] for each in found),
    }


def main() -> None:
    """Read the options, and go through the sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", choices=CELLS, default="vanilla")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="time of one side in one round, without its start")
    parser.add_argument("--networks", type=int, default=SIZES["networks"], help="networks that ours trains at once")
    for name in ("units", "trials", "steps"):
        parser.add_argument(f"--{name}", type=int, default=SIZES[name])
    parser.add_argument("--vary", nargs="+", metavar=("SIZE", "NUMBER"), help="a size, and numbers to go through")
    parser.add_argument("--sides", nargs="+", choices=WORK, default=[name for name in WORK if name != "products-jax"])
    parser.add_argument("--torch-python", default=sys.executable, help="a Python that has PyTorch")
    parser.add_argument("--worker", choices=WORK, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        work = Workload(CELLS[asked.cell], asked.seconds, *(getattr(asked, name) for name in SIZES))
        print(json.dumps(WORK[asked.worker](work)))
        return
    name, *numbers = asked.vary or ["units", asked.units]
    if name not in SIZES or not numbers:
        parser.error(f"--vary {name}: give one of {', '.join(SIZES)} and numbers to go through")
    results = {}
    for number in map(int, numbers):
        setattr(asked, name, number)
        if asked.vary:
            print(f"{name} {number}")
        results[number] = compare(asked)
    if asked.json:
        sizes = {size: getattr(asked, size) for size in SIZES if size != name}
        asked.json.write_text(json.dumps({"cell": asked.cell, "vary": name, "rounds": results} | sizes, indent=1))


def compare(asked: argparse.Namespace) -> list[dict[str, Measured]]:
    """Run the rounds of one workload; print medians and ratios."""
    torch = asked.torch_python != sys.executable or find_spec("torch") is not None
    sides = [name for name in asked.sides if torch or not name.startswith("pytorch")]
    rounds: list[dict[str, Measured]] = []
    for _ in range(asked.rounds):
        rounds.append({name: side(name, asked) for name in sides})
        print("load", *(f"{load:.1f}" for load in os.getloadavg()), file=sys.stderr)
    for name in sides:
        values = {key: statistics.median(each[name][key] for each in rounds) for key in ("ms", "cpu_ms")}
        line = f"{name:20} {values['ms']:7.2f} ms, {values['cpu_ms']:7.2f} ms of processor time"
        if "ours" in sides and name != "ours":
            ratio, cpu = (
                statistics.median(each[name][key] / each["ours"][key] for each in rounds) for key in ("ms", "cpu_ms")
            )
            line += f"; over ours {ratio:.2f}, by processor time {cpu:.2f}"
        print(line)
    return rounds


if __name__ == "__main__":
    main()
