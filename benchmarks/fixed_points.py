"""Find the fixed points of trained 3-bit flip-flop networks beside fixed-point-finder, PyTorch version, its defaults.

    python benchmarks/fixed_points.py --train DIR                                  # with PyTorch: the networks
    python benchmarks/fixed_points.py DIR/*.pt --peer PATH --torch-python PATH      # both, on each of them

`--peer` is a clone of github.com/mattgolub/fixed-point-finder (1a30417), `--torch-python` a Python with PyTorch. Both
start from the same states that the task visits (`--starts`, 1,024), with Gaussian noise of 0.5 added, at input zero.
Ours goes on until its indices close. Points of the peer are told from one another by its own rule; one is `true` if
Newton's method, from it and in double precision, comes to one of ours within 1e-3, `double` if another came to the
same, and `false` otherwise. Times are seconds of processor: `seconds` with compilation, `again` without, as of a
second network of the size; `proofs` is what Krawczyk's test of all points takes. The peer knows no LSTM; without
`--peer` ours runs alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")

NOISE, PULSES = 0.5, 0.15
NETWORKS = (("RNN", 64, 0), ("RNN", 64, 1), ("RNN", 128, 0), ("GRU", 32, 0))

PEER = """
import json, sys, time
import numpy as np, torch
sys.path.insert(0, sys.argv[1])
from FixedPointFinderTorch import FixedPointFinderTorch
state = torch.load(sys.argv[2])
kind, units = sys.argv[4], state["rnn.weight_hh_l0"].shape[1]
layer = getattr(torch.nn, kind)(3, units, batch_first=True)
layer.load_state_dict({name.removeprefix("rnn."): each for name, each in state.items() if name.startswith("rnn.")})
starts = np.load(sys.argv[3]).astype(np.float32)
began = time.process_time()
finder = FixedPointFinderTorch(layer, verbose=False)
unique, every = finder.find_fixed_points(starts, np.zeros((1, 3), np.float32))
seconds = time.process_time() - began
print(json.dumps({"seconds": seconds, "points": unique.xstar.tolist(), "q": unique.qstar.tolist()}))
"""


def trials(random: np.random.Generator, count: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Pulses of three channels, and the last of each."""
    pulses = (random.random((count, steps, 3)) < PULSES) * random.choice([-1.0, 1.0], (count, steps, 3))
    pulses[:, 0] = random.choice([-1.0, 1.0], (count, 3))
    held = pulses.copy()
    for step in range(1, steps):
        held[:, step] = np.where(pulses[:, step] == 0, held[:, step - 1], pulses[:, step])
    return pulses, held


def train(directory: Path, updates: int) -> None:
    """Train the networks by Adam, down to a mean squared error of 2e-4 if it can be, and write their state dicts."""
    import torch

    torch.set_num_threads(1)
    directory.mkdir(exist_ok=True, parents=True)
    for kind, units, seed in NETWORKS:
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        layer, readout = getattr(torch.nn, kind)(3, units, batch_first=True), torch.nn.Linear(units, 3)
        parameters = [*layer.parameters(), *readout.parameters()]
        rule = torch.optim.Adam(parameters, 3e-3)
        schedule = torch.optim.lr_scheduler.ExponentialLR(rule, 0.9995)
        for _ in range(updates):
            inputs, targets = (torch.tensor(each, dtype=torch.float32) for each in trials(random, 128, 40))
            loss = ((readout(layer(inputs)[0]) - targets) ** 2).mean()
            rule.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            rule.step()
            schedule.step()
            if loss.item() < 2e-4:
                break
        print(f"{kind} {units} seed {seed}: loss {loss.item():.1e}", flush=True)
        tensors = {f"{part}.{name}": each for part, module in (("rnn", layer), ("readout", readout))
                   for name, each in module.state_dict().items()}  # fmt: skip
        torch.save(tensors, directory / f"{kind.lower()}{units}_{seed}.pt")


def timed(function: Callable[[], Result]) -> tuple[Result, float]:
    """What a function returns, and its seconds of processor."""
    began = time.process_time()
    return function(), round(time.process_time() - began, 2)


def compare(path: Path, peer: Path | None, torch_python: Path, *, count: int) -> dict[str, Any]:
    """Both on one network; the arrays of a PyTorch file are read by that Python."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    from simulate.cells import from_state_dict
    from simulate.fixed_points import search_points
    from simulate.measures import find_fixed_points, visited_states
    from simulate.tasks import Batch
    from theory.universality import gru, prove_point, vanilla

    with tempfile.TemporaryDirectory() as folder:
        arrays, starts_file = Path(folder) / "net.npz", Path(folder) / "starts.npy"
        convert = "import sys, torch, numpy as np; np.savez(sys.argv[2], **torch.load(sys.argv[1]))"
        subprocess.run([torch_python, "-c", convert, path, arrays], check=True)
        network = from_state_dict(dict(np.load(arrays)))
        pulses, held = trials(np.random.default_rng(0), 64, 40)
        batch = Batch(jnp.asarray(pulses), jnp.asarray(held), jnp.ones((64, 40)), dt=1.0)
        starts = visited_states(network, batch, count)
        starts += NOISE * np.random.default_rng(0).normal(size=starts.shape)
        search, seconds = timed(lambda: search_points(network, starts))
        _, again = timed(lambda: search_points(network, starts))
        kind = {"Vanilla": "RNN"}.get(type(network).__name__, type(network).__name__)
        W, b = np.asarray(network.W, float), np.asarray(network.b, float)
        step = vanilla(W, b) if kind == "RNN" else gru(W, b, inner=np.asarray(network.d, float))
        proved, proofs = timed(lambda: [prove_point(step, point) for point in search.found.points])
        ours = {
            "points": len(search.found.points),
            "proved": sum(each is not None for each in proved),
            "closed": search.closed,
            "seconds": seconds,
            "again": again,
            "proofs": proofs,
        }
        if peer is None:
            return {"network": path.name, "ours": ours}
        np.save(starts_file, starts)
        done = subprocess.run(
            [torch_python, "-c", PEER, peer, path, starts_file, kind], capture_output=True, text=True, check=True
        )
    theirs = json.loads(done.stdout.splitlines()[-1])
    points = np.array(theirs["points"]).reshape(-1, starts.shape[1])
    true = double = 0
    seen: set[int] = set()
    for point in points:
        ends = find_fixed_points(network, point[None]).points
        gaps = [np.linalg.norm(ends[0] - each) for each in search.found.points] if len(ends) else [np.inf]
        nearest = int(np.argmin(gaps))
        if gaps[nearest] < 1e-8 and np.linalg.norm(ends[0] - point) < 1e-3:
            double += nearest in seen
            true += nearest not in seen
            seen.add(nearest)
    return {
        "network": path.name,
        "ours": ours,
        "peer": {
            "points": len(points),
            "true": true,
            "double": double,
            "false": len(points) - true - double,
            "seconds": round(theirs["seconds"], 1),
        },
        "ratio": round(theirs["seconds"] / seconds, 1),
    }


def main() -> None:
    """Print a line a network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--updates", type=int, default=6000)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--starts", type=int, default=1024)
    parser.add_argument("--torch-python", type=Path, default=Path(sys.executable))
    asked = parser.parse_args()
    if asked.train:
        train(asked.train, asked.updates)
    for path in asked.networks:
        print(json.dumps(compare(path, asked.peer, asked.torch_python, count=asked.starts)), flush=True)


if __name__ == "__main__":
    main()
