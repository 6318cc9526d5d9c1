"""Time the training of a whole population to its threshold, end to end, against the same in PyTorch.

    python benchmarks/population.py [--networks 50] [--units 128] [--rounds 1] [--json FILE] [--torch-python PATH]

The 3-bit flip-flop in trials of `--steps` steps, batches of `--trials`, Adam, float32. Each network stops by itself
once the mean loss of 16 updates was at most the threshold three times on end. Ours is `train_population`, one process:
imports, compiling, drawing of trials and training are all in its time (a second run finds its programs compiled). The
other side is the usual loop of PyTorch, one network after another, in one process a core, each with its share of the
networks and their trials drawn by PyTorch. Both start from PyTorch's own distribution of weights.

Printed are seconds by the clock and of all cores together, how many networks converged, and after how many updates:
the sides do the same work only where these agree.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

BITS, PULSES, RATE, EVERY, PATIENCE = 3, 0.3, 1e-3, 16, 3


@dataclass(frozen=True)
class Population:
    """What is trained, and how."""

    networks: int
    units: int
    steps: int
    trials: int
    updates: int
    threshold: float


def ours(population: Population) -> list[int]:
    """The updates of each network that converged."""
    from simulate.runtime import available_cores, configure

    configure(available_cores())
    import jax
    import optax

    from simulate.cells import UniformWeights
    from simulate.populations import TrainingCondition, train_population
    from simulate.tasks import NBitFlipFlop

    task = NBitFlipFlop(
        jax.random.key(0),
        bits=BITS,
        steps=population.steps,
        trials=population.trials,
        probability=PULSES,
        threshold=population.threshold,
    )
    start = UniformWeights(population.units, inputs=BITS, outputs=BITS)
    condition = TrainingCondition(
        task,
        start,
        optax.adam(RATE),
        networks=population.networks,
        updates=population.updates,
        every=EVERY,
        patience=PATIENCE,
    )
    trained = train_population(condition)
    return [int(updates) for updates in trained.updates[trained.converged]]


def pytorch(population: Population, seed: int) -> list[int]:
    """The same, one network after another on one thread."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    steps = torch.arange(population.steps)[:, None]

    def trials() -> tuple[torch.Tensor, torch.Tensor]:
        shape = (population.trials, population.steps, BITS)
        pulsed = torch.rand(shape) < PULSES
        pulsed[:, 0] = True
        inputs = torch.where(pulsed, 2.0 * torch.randint(0, 2, shape) - 1.0, torch.zeros(()))
        last = torch.cummax(torch.where(pulsed, steps, 0), dim=1)[0]
        return inputs, torch.gather(inputs, 1, last)

    converged = []
    for _ in range(population.networks):
        recurrent, readout = (
            torch.nn.RNN(BITS, population.units, batch_first=True),
            torch.nn.Linear(population.units, BITS),
        )
        optimiser = torch.optim.Adam([*recurrent.parameters(), *readout.parameters()], lr=RATE)
        total, below = 0.0, 0
        for update in range(1, population.updates + 1):
            inputs, targets = trials()
            optimiser.zero_grad()
            loss = torch.nn.functional.mse_loss(readout(recurrent(inputs)[0]), targets)
            loss.backward()
            optimiser.step()
            total += loss.item()
            if update % EVERY == 0:
                below = below + 1 if total / EVERY <= population.threshold else 0
                total = 0.0
                if below == PATIENCE:
                    converged.append(update)
                    break
    return converged


def side(name: str, asked: argparse.Namespace) -> dict[str, float]:
    """One side in fresh processes: seconds, seconds of processor time, networks that converged, their mean updates."""
    from simulate.runtime import KEEPING_FREED_MEMORY

    count = 1 if name == "ours" else min(len(os.sched_getaffinity(0)), asked.networks)
    shares = [asked.networks // count + (i < asked.networks % count) for i in range(count)]
    kept = {key: value for key, value in os.environ.items() if key not in KEEPING_FREED_MEMORY}
    environment = kept if name == "pytorch" else kept | KEEPING_FREED_MEMORY
    program = sys.executable if name == "ours" else asked.torch_python
    options = [
        f"--{option}={getattr(asked, option)}" for option in ("units", "steps", "trials", "updates", "threshold")
    ]
    began = time.perf_counter()
    running = [
        subprocess.Popen(
            [program, __file__, "--worker", name, f"--seed={i}", f"--networks={share}", *options],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i, share in enumerate(shares)
    ]
    found = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    updates = [update for each in found for update in each["updates"]]
    return {
        "seconds": time.perf_counter() - began,
        "cpu": sum(each["cpu"] for each in found),
        "converged": len(updates),
        "mean_updates": statistics.fmean(updates) if updates else 0.0,
    }


def main() -> None:
    """Read the options, run the rounds, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--trials", type=int, default=256)
    parser.add_argument("--updates", type=int, default=20_000, help="the most a network may have")
    parser.add_argument("--threshold", type=float, default=0.001)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--torch-python", default=sys.executable, help="a Python that has PyTorch")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        population = Population(asked.networks, asked.units, asked.steps, asked.trials, asked.updates, asked.threshold)
        updates = ours(population) if asked.worker == "ours" else pytorch(population, asked.seed)
        print(json.dumps({"updates": updates, "cpu": time.process_time()}))
        return
    torch = asked.torch_python != sys.executable or find_spec("torch") is not None
    sides = ["ours", "pytorch", "pytorch-kept"] if torch else ["ours"]
    rounds = [{name: side(name, asked) for name in sides} for _ in range(asked.rounds)]
    for name in sides:
        values = {key: statistics.median(each[name][key] for each in rounds) for key in rounds[0][name]}
        line = (
            f"{name:13} {values['seconds']:8.1f} s, {values['cpu']:8.1f} s of processor time; "
            f"{values['converged']:.0f} of {asked.networks} converged after {values['mean_updates']:.0f} updates"
        )
        if name != "ours":
            ratios = {
                key: statistics.median(each[name][key] / each["ours"][key] for each in rounds)
                for key in ("seconds", "cpu")
            }
            line += f"; over ours {ratios['seconds']:.2f}, by processor time {ratios['cpu']:.2f}"
        print(line)
    if asked.json:
        asked.json.write_text(json.dumps({"rounds": rounds}, indent=1))


if __name__ == "__main__":
    main()
