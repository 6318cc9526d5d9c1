"""Time the learning of a low-rank network: its overlaps alone, all its neurons in JAX, the usual loops in PyTorch.

    python benchmarks/overlaps.py [--neurons 500 512 4096 32768] [--epochs 2000] [--quick] [--json FILE]

The linear filter task of Ger & Barak, rank one, double precision, all sides from the same overlaps. Every time is the
median of an epoch; slow sides run fewer epochs. Beside it, how far their overlaps are from those of the plain network
in JAX over the same epochs. Then, for erf: which finite network errs as little as the infinite-width limit.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from simulate.runtime import configure

RATE = 5e-3
DENSE_LIMIT = 2**27
"""Entries of a dense weight matrix beyond which it is left out: it, its gradient and their copies fill 4 GB."""


def seconds_an_epoch(run: Callable[[int], Any], epochs: int, repeats: int) -> tuple[float, Any]:
    """The median over some trainings, compiled before, and what the last of them returned."""
    import jax

    jax.block_until_ready(run(epochs).loss)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        learning = run(epochs)
        jax.block_until_ready(learning.loss)
        times.append((time.perf_counter() - began) / epochs)
    return statistics.median(times), learning


def filter_rows(neurons: int, epochs: int, slow_epochs: int, repeats: int) -> Iterator[dict[str, Any]]:
    """One row for each way to train: seconds an epoch, and the distance to the plain network's overlaps."""
    import jax

    from simulate.cells import LINEAR, by_latent_state
    from simulate.overlaps import ReducedTheory, draw_exact, random_gram
    from simulate.tasks import filter_task
    from simulate.training import GradientDescent, train
    from theory.overlaps import Shape

    task, rule, shape = filter_task(), GradientDescent(RATE), Shape()
    network = draw_exact(jax.random.key(0), random_gram(500, shape.size, 0), shape.counts, neurons, LINEAR)
    theta, sigma = np.asarray(network.connectivity.theta), np.asarray(network.sigma())
    few = max(2, min(epochs, slow_epochs * 4096 // neurons))

    def learner_row(name: str, learner: Any, epochs: int, repeats: int) -> tuple[dict[str, Any], np.ndarray]:
        def run(epochs: int) -> Any:
            return train([learner], task, rule=rule, epochs=epochs, chunk=epochs)

        seconds, trained = seconds_an_epoch(run, epochs, repeats)
        return {"name": name, "neurons": neurons, "seconds": seconds, "epochs": epochs}, trained.observed[:, 0]

    plain, truth = learner_row("JAX, all neurons", network, few, 1)

    def beside(row: dict[str, Any], found: np.ndarray) -> dict[str, Any]:
        common = min(len(found), len(truth))
        return row | {"difference": float(np.abs(found[:common] - truth[:common]).max()), "compared": common - 1}

    yield beside(*learner_row("theory", ReducedTheory().start(sigma, shape, LINEAR), epochs, repeats))
    yield beside(*learner_row("JAX, latent state", by_latent_state(network), few, repeats))
    yield beside(plain, truth)
    yield from torch_rows(theta, task.batch, few, beside)


def torch_rows(theta: np.ndarray, batch: Any, epochs: int, beside: Callable[..., dict[str, Any]]) -> Iterator[Any]:
    """The two PyTorch loops, if PyTorch is there and the dense one fits."""
    from pytorch_low_rank import DenseLoop, LowRankLoop, train

    neurons = len(theta)
    inputs, targets = (np.array(a[0, :, 0]) for a in (batch.inputs, batch.targets))
    dense_epochs = max(1, min(epochs, 10 * 512**2 // neurons**2))
    for name, kind, count in (
        ("PyTorch, low rank", LowRankLoop, min(epochs, 10)),
        ("PyTorch, dense", DenseLoop, dense_epochs),
    ):
        row = {"name": name, "neurons": neurons, "epochs": count}
        if kind is DenseLoop and neurons**2 > DENSE_LIMIT:
            size = 8 * neurons**2 / 2**30
            yield row | {"skipped": f"its weights take {size:.0f} GB, their gradient and copies several times that"}
            continue
        sigma, seconds = train(kind(theta, lambda x: x), inputs, targets, dt=batch.dt, rate=RATE, epochs=count)
        warm = seconds[1:] if count > 1 else seconds
        yield beside(row | {"seconds": float(np.median(warm))}, sigma)


def infinite_width_rows(epochs: int, draws: int, repeats: int) -> Iterator[dict[str, Any]]:
    """erf: error and time of rules of nodes, and of networks; the network that errs as little, extrapolated as N^-1/2.

    Errors are those of the overlaps over the whole training, against tensor nodes of twelve points.
    """
    import jax

    from simulate.cells import ERF, by_latent_state
    from simulate.overlaps import SobolNodes, TensorNodes, draw_exact, infinite_width, random_gram
    from simulate.tasks import filter_task
    from simulate.training import GradientDescent, train

    task, rule, counts, sigma = filter_task(steps=100), GradientDescent(RATE), (1, 1, 1, 1), random_gram(500, 4, 0)

    def trained(network: Any, repeats: int = 1) -> tuple[float, np.ndarray]:
        learners = [by_latent_state(network)]
        seconds, found = seconds_an_epoch(lambda n: train(learners, task, rule=rule, epochs=n), epochs, repeats)
        return seconds, found.observed[:, 0]

    _, truth = trained(infinite_width(sigma, counts, ERF, TensorNodes(12)))
    finite = 1024
    drawn = [trained(draw_exact(jax.random.key(k), sigma, counts, finite, ERF)) for k in range(draws)]
    error = float(np.sqrt(np.mean([np.abs(found - truth).max() ** 2 for _, found in drawn])))
    cost = statistics.median(seconds for seconds, _ in drawn) / finite
    for nodes in (TensorNodes(4), TensorNodes(6), TensorNodes(8), SobolNodes(1024)):
        network = infinite_width(sigma, counts, ERF, nodes)
        seconds, found = trained(network, repeats)
        own = float(np.abs(found - truth).max())
        equal = finite * (error / own) ** 2
        yield {
            "nodes": repr(nodes),
            "count": len(network.share),
            "seconds": seconds,
            "error": own,
            "neurons_of_equal_error": equal,
            "ratio": cost * equal / seconds,
            "network_error": error,
            "network_neurons": finite,
        }


def show(filter_task: list[dict[str, Any]], limit: list[dict[str, Any]]) -> None:
    """Print both tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="an epoch of the linear filter task, float64")
    for heading in ("neurons", "way", "ms", "times theory", "epochs", "overlaps differ by", "over epochs"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for row in filter_task:
        if "skipped" in row:
            table.add_row(str(row["neurons"]), row["name"], row["skipped"])
            continue
        table.add_row(
            str(row["neurons"]),
            row["name"],
            f"{1e3 * row['seconds']:.4g}",
            f"{row['times_theory']:,.0f}",
            str(row["epochs"]),
            f"{row['difference']:.1e}",
            str(row["compared"]),
        )
    console.print(table)
    table = Table(title="erf: nodes of the infinite-width limit, and the network that errs as little (extrapolated)")
    for heading in ("rule", "nodes", "ms an epoch", "error", "neurons of equal error", "times as long"):
        table.add_column(heading, justify="right")
    for row in limit:
        table.add_row(
            row["nodes"],
            str(row["count"]),
            f"{1e3 * row['seconds']:.3g}",
            f"{row['error']:.1e}",
            f"{row['neurons_of_equal_error']:.2g}",
            f"{row['ratio']:.2g}",
        )
    console.print(table)


def main() -> None:
    """Read the options, measure, print, write."""
    parser = argparse.ArgumentParser(description="theory and training of low-rank networks, timed side by side")
    parser.add_argument("--neurons", type=int, nargs="+", default=[500, 512, 4096, 32768], help="sizes of networks")
    parser.add_argument("--epochs", type=int, default=2000, help="epochs of the theory (default 2000)")
    parser.add_argument("--slow-epochs", type=int, default=20, help="epochs of a network of 4096 (default 20)")
    parser.add_argument("--repeats", type=int, default=5, help="trainings whose median counts (default 5)")
    parser.add_argument("--quick", action="store_true", help="two sizes, few epochs: does it run?")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    if find_spec("torch") is None:
        sys.exit("PyTorch is not installed; `make bench` installs it into the project's environment")
    configure()
    sizes = [128, 500] if options.quick else options.neurons
    epochs, slow, repeats = (200, 1, 2) if options.quick else (options.epochs, options.slow_epochs, options.repeats)
    rows: list[dict[str, Any]] = []
    for neurons in sizes:
        here = list(filter_rows(neurons, epochs, slow, repeats))
        rows += [r | {"times_theory": r["seconds"] / here[0]["seconds"]} if "seconds" in r else r for r in here]
    limit = list(infinite_width_rows(*((10, 2, 1) if options.quick else (100, 8, 3))))
    show(rows, limit)
    line = json.dumps({"filter_task": rows, "infinite_width": limit})
    print(line)
    if options.json is not None:
        options.json.write_text(line + "\n")


if __name__ == "__main__":
    main()
