"""The numbers of docs/fixed-point-sets.md and docs/fixed-points.md: what searches miss, what complete sets cost.

    python benchmarks/complete_sets.py sets --bits 3 --units 64 --check    # a row of the table, and the checker's time
    python benchmarks/complete_sets.py relu --units 20 30                  # random ReLU networks
    python benchmarks/complete_sets.py rounds                              # what a second round of a search adds

`sets` trains a flip-flop network by Adam at 2e-3, which falls to zero as a cosine, for `--updates` of 64 trials of 60
steps, with 1e-5 times the squares of W, U and V. Seconds are those of the processor, compilation included;
`points_alone` are those of Krawczyk's test of all points.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from simulate.cells import GRU, RELU, UGRNN, UniformWeights, Vanilla
from simulate.fixed_points import search_points
from simulate.tasks import NBitFlipFlop
from simulate.training import Penalised, Squares, train
from theory.universality import fixed_point_set, prove_point

EPOCHS, RATE, PENALTY = 2500, 2e-3, 1e-5
STRENGTH, UNITS, STARTS = 4.0, 24, 512
"""Of the random networks of `rounds`: weights of standard deviation STRENGTH / sqrt(UNITS)."""


def told(**row: object) -> None:
    """A line."""
    print(json.dumps(row), flush=True)


def timed(function: Callable[[], object]) -> tuple[object, float]:
    """What a function returns, and its seconds of processor."""
    began = time.process_time()
    return function(), round(time.process_time() - began, 1)


def sets(asked: argparse.Namespace) -> None:
    """Train a flip-flop network, and prove all of its points."""
    task = NBitFlipFlop(jax.random.key(asked.seed + 100), trials=64, bits=asked.bits, steps=60, probability=0.15)
    start = UniformWeights(asked.units, asked.bits, asked.bits).draw(jax.random.key(asked.seed), jnp.dtype("float32"))
    rule = Penalised(optax.adam(optax.cosine_decay_schedule(RATE, asked.updates)), Squares(PENALTY, ("W", "U", "V")))
    network = train([start], task, rule=rule, epochs=asked.updates, record_every=asked.updates).network(0)
    found, seconds = timed(lambda: fixed_point_set(np.asarray(network.W, float), np.asarray(network.b, float)))
    _, points_alone = timed(lambda: [prove_point(found.step, point.state) for point in found.points])
    kinds = Counter(found.unstable_dimensions)
    told(
        bits=asked.bits,
        units=asked.units,
        outcome=found.outcome.value,
        points=len(found.points),
        by_unstable_dimensions={str(kind): kinds[kind] for kind in sorted(kinds)},
        boxes=found.boxes,
        seconds=seconds,
        points_alone=points_alone,
    )
    if asked.check and found.certificate is not None:
        with tempfile.TemporaryDirectory() as folder:
            (file := Path(folder) / "set.json").write_bytes(found.certificate)
            before = os.times()
            done = subprocess.run(
                [sys.executable, "-m", "validate.universality.set_checker", file],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        told(checker=done.stdout.splitlines()[-1], megabytes=len(found.certificate) / 1e6, seconds=round(spent, 1))


def relu(asked: argparse.Namespace) -> None:
    """Random ReLU networks: weights of standard deviation 1.2 n^-1/2, drives of one."""
    for units in asked.units:
        random = np.random.default_rng(asked.seed)
        W, drive = 1.2 / np.sqrt(units) * random.normal(size=(units, units)), random.normal(size=units)
        found, seconds = timed(lambda W=W, drive=drive: fixed_point_set(W, drive, RELU))
        told(units=units, outcome=found.outcome.value, points=len(found.points), how=found.tried[0], seconds=seconds)


def rounds(asked: argparse.Namespace) -> None:
    """Random networks with strong weights: points and index sums after the first round, and after the last."""
    for cell in (Vanilla, UGRNN, GRU):
        for seed in range(asked.seed, asked.seed + asked.networks):
            random, blank = np.random.default_rng(seed), cell.blank(UNITS, 1, 1)
            W = jnp.asarray(STRENGTH / np.sqrt(UNITS) * random.normal(size=blank.W.shape))
            network = eqx.tree_at(lambda each: each.W, blank, W)
            search, seconds = timed(lambda n=network, r=random: search_points(n, r.uniform(-1, 1, (STARTS, UNITS))))
            told(
                cell=cell.__name__,
                seed=seed,
                first={"points": search.rounds[0].new, "index_sum": search.rounds[0].index_sum},
                last={"points": len(search.found.points), "index_sum": search.found.index_sum},
                rounds=len(search.rounds),
                seconds=seconds,
            )


def main() -> None:
    """Print a line a network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for run in (sets, relu, rounds):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--seed", type=int, default=1 if run is sets else 0)
        if run is sets:
            command.add_argument("--bits", type=int, default=3)
            command.add_argument("--units", type=int, default=64)
            command.add_argument("--updates", type=int, default=EPOCHS)
            command.add_argument("--check", action="store_true")
        if run is rounds:
            command.add_argument("--networks", type=int, default=5)
        if run is relu:
            command.add_argument("--units", type=int, nargs="+", default=[20, 30])
    jax.config.update("jax_enable_x64", True)
    asked = parser.parse_args()
    asked.run(asked)


if __name__ == "__main__":
    main()
