"""Time the Fig. 4 workload, 100 rank-one networks for 6,000 epochs, against a straightforward PyTorch loop.

    python benchmarks/fig4.py [--json FILE] [--repeats 3]

Ours runs whole. PyTorch runs fewer networks for fewer epochs and is scaled up: its cost is the same for every
network and epoch. Each side runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

NETWORKS, EPOCHS = 100, 6000
BASELINE_NETWORKS, BASELINE_EPOCHS = 5, 100


def initial_arrays(dtype: str, networks: int) -> tuple[Any, Any, Any]:
    """The m, n and b that both sides start from, as numpy arrays."""
    import jax.numpy as jnp
    import numpy as np

    from simulate.ghost import ZeroBias, draw_networks
    from simulate.runtime import configure

    configure()
    cell = draw_networks(ZeroBias(), networks, 0, jnp.dtype(dtype))
    return np.asarray(cell.m), np.asarray(cell.n), np.asarray(cell.b)


def ours(dtype: str, networks: int, neurons: int, epochs: int, repeats: int) -> dict[str, Any]:
    """Seconds to compile, then of each whole run; losses of the first epochs; peak memory of this process."""
    from simulate.runtime import configure

    configure()
    import jax

    from simulate.ghost import Experiment, ZeroBias, population

    jax.config.update("jax_enable_compilation_cache", False)

    def run(epochs: int) -> tuple[float, Any]:
        began = time.perf_counter()
        trained = population(Experiment(ZeroBias(neurons), networks=networks, epochs=epochs, dtype=dtype))
        return time.perf_counter() - began, trained

    first = run(1)[0]
    runs = [run(epochs) for _ in range(repeats)]
    probes = runs[0][1].result.history.probes
    return {
        "devices": jax.device_count(),
        "compile_seconds": first,
        "seconds": [seconds for seconds, _ in runs],
        "first_losses": probes.loss[:BASELINE_EPOCHS, :BASELINE_NETWORKS].T.tolist(),
        "peak_megabytes": peak_megabytes(),
    }


def baseline(dtype: str) -> dict[str, Any]:
    """Seconds a network and epoch of the PyTorch loop, one figure a network; losses; peak memory."""
    from pytorch_baseline import train_one_after_another

    start = initial_arrays(dtype, BASELINE_NETWORKS)
    train_one_after_another(*start, epochs=10)
    losses, seconds = train_one_after_another(*start, epochs=BASELINE_EPOCHS)
    return {
        "seconds_an_epoch": seconds.tolist(),
        "first_losses": losses.tolist(),
        "peak_megabytes": peak_megabytes(),
    }


def peak_megabytes() -> float:
    """Largest resident memory of this process so far (Linux counts in kilobytes, macOS in bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def in_own_process(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """What the function returns, run in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def compare(repeats: int) -> list[dict[str, Any]]:
    """The whole workload on both sides, in single and in double precision, with the ratio of their times."""
    rows = []
    for dtype in ("float32", "float64"):
        theirs = in_own_process(baseline, dtype)
        mine = in_own_process(ours, dtype, NETWORKS, 100, EPOCHS, repeats)
        per_epoch = statistics.median(theirs["seconds_an_epoch"])
        scaled, seconds = per_epoch * NETWORKS * EPOCHS, statistics.median(mine["seconds"])
        gap = max(
            abs(a - b)
            for mine_losses, their_losses in zip(mine["first_losses"], theirs["first_losses"], strict=True)
            for a, b in zip(mine_losses, their_losses, strict=True)
        )
        rows.append(
            {
                "dtype": dtype,
                "pytorch_seconds_scaled": scaled,
                "pytorch_milliseconds_a_network_epoch": 1e3 * per_epoch,
                "pytorch_peak_megabytes": theirs["peak_megabytes"],
                "seconds": seconds,
                "all_seconds": mine["seconds"],
                "compile_seconds": mine["compile_seconds"],
                "devices": mine["devices"],
                "peak_megabytes": mine["peak_megabytes"],
                "ratio": scaled / seconds,
                "largest_difference_of_losses": gap,
            }
        )
    return rows


def scaling() -> list[dict[str, Any]]:
    """Microseconds an epoch against the number of networks and of neurons, in single precision."""
    rows = []
    for networks, neurons in ((1, 100), (10, 100), (100, 100), (1000, 100), (100, 10), (100, 1000)):
        epochs = max(20, min(2000, 20_000_000 // (networks * neurons * 10)))
        times = in_own_process(ours, "float32", networks, neurons, epochs, 3)["seconds"]
        rows.append(
            {
                "networks": networks,
                "neurons": neurons,
                "microseconds_an_epoch": 1e6 * statistics.median(times) / epochs,
            }
        )
    return rows


def show(comparison: list[dict[str, Any]], sizes: list[dict[str, Any]]) -> None:
    """Print both tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    title = f"{NETWORKS} rank-one networks, {EPOCHS:,} epochs (PyTorch: {BASELINE_NETWORKS} networks,"
    table = Table(title=f"{title} {BASELINE_EPOCHS} epochs, scaled)")
    for heading in ("precision", "PyTorch, s", "ours, s", "ratio", "compile, s", "peak MB: PyTorch", "ours"):
        table.add_column(heading, justify="right")
    for row in comparison:
        table.add_row(
            row["dtype"],
            f"{row['pytorch_seconds_scaled']:,.0f}",
            f"{row['seconds']:.2f}",
            f"{row['ratio']:,.0f}",
            f"{row['compile_seconds']:.1f}",
            f"{row['pytorch_peak_megabytes']:.0f}",
            f"{row['peak_megabytes']:.0f}",
        )
    console.print(table)
    table = Table(title="time of an epoch, float32")
    for heading in ("networks", "neurons", "microseconds"):
        table.add_column(heading, justify="right")
    for row in sizes:
        table.add_row(str(row["networks"]), str(row["neurons"]), f"{row['microseconds_an_epoch']:,.0f}")
    console.print(table)


def main() -> None:
    """Read the options, measure, print, write."""
    parser = argparse.ArgumentParser(description="Fig. 4 workload against a PyTorch loop")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--repeats", type=int, default=3, help="runs of ours; the median counts (default 3)")
    options = parser.parse_args()
    if find_spec("torch") is None:
        sys.exit("PyTorch is not installed; `make bench` installs it into the project's environment")
    comparison, sizes = compare(options.repeats), scaling()
    show(comparison, sizes)
    if options.json is not None:
        options.json.write_text(json.dumps({"comparison": comparison, "scaling": sizes}, indent=2) + "\n")


if __name__ == "__main__":
    main()
