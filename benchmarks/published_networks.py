"""Find the fixed points of low-rank networks that others trained and published, beside what they say of them.

    python benchmarks/published_networks.py --populations PATH --inference PATH --timing PATH [--write DIR]

Each is a clone of a repository on github.com, of which any may be left out:

    --populations  adrian-valente/populations_paper_code (1bb6256): Dubreuil et al., Nature Neuroscience 25, 783 (2022)
    --inference    adrian-valente/lowrank_inference (14bef71): Valente et al., NeurIPS 35 (2022)
    --timing       emebeiran/parametric_manifolds (96949cb): Beiran et al., Neuron 111, 739 (2023)

All are tanh rate networks, x' = -x + m n^T tanh(x) + U u, in the first two with m n^T / units, trained in Euler steps
and with noise; points are those of the flow without noise. `--write` keeps each as FILE.npz (M, N, U, b, V) with
FILE.csv, its inputs, for `python -m validate.universality --network FILE.npz --cell rate --input FILE.csv`.

Printed is a line a network and input: `points` by unstable directions (of the flow; `steps_agree` if in their Euler
steps as well), `complete` as proved. Two routes know nothing of that proof: `roots` are those that MINPACK's hybrid
method finds from a grid of latent starts, and `runs` says where all units, simulated from 32 states, end: at which
stable point, or nowhere (`moving`, with the median time between turns of the first latent variable). `strangers` are
roots and ends that are none of the points; there should be none. `published` are the points that a file of the
repository lists: how many of them are ours, by kind, and which of ours it lacks.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import root

ROOT = Path(__file__).parents[1]
CONVERT = """
import sys, pathlib, numpy as np
from validate.state_dict import read_state_dict
np.savez(sys.argv[2], **read_state_dict(pathlib.Path(sys.argv[1])))
"""
COMMITS = {"populations": "1bb6256", "inference": "14bef71", "timing": "96949cb"}
SAME = 1e-4
"""Distance, of kappa relative to the largest of the points, at which two are one."""
STARTS, RUNS, TIME = 300, 32, 300.0
"""Latent starts at least, simulated states, and for how many time constants."""
STILL = 1e-7
"""Speed of kappa, relative to the largest of the points, below which a simulation has come to rest."""


@dataclass(frozen=True)
class Published:
    """A file of weights, its inputs by name, and files of points that are listed for some of them."""

    source: str
    path: str
    inputs: dict[str, tuple[float, ...]]
    alpha: float = 0.2
    points: dict[str, str] = field(default_factory=dict)


SAMPLES = {"rest": (0.0, 0.0), "A": (1.0, 0.0), "B": (0.0, 1.0)}


def contexts(size: float) -> dict[str, tuple[float, ...]]:
    """No context, and either of two."""
    return {"rest": (0.0,) * 4, "context A": (0.0, 0.0, size, 0.0), "context B": (0.0, 0.0, 0.0, size)}


NETWORKS = (
    Published("populations", "models/rdm_lr_fig2.pt", {"rest": (0.0,), "strongest": (0.4,)}),
    Published("populations", "models/mante_rank1_4096.pt", contexts(0.5)),
    Published("populations", "models/romo_rank2_500.pt", {"rest": (0.0,)}),
    Published("populations", "models/dms_rank2_4096.pt", SAMPLES),
    Published(
        "populations",
        "models/dms_rank2_500.pt",
        SAMPLES,
        points={each: f"data/dms2_fp{k}.npz" for k, each in enumerate(SAMPLES, start=1)},
    ),
    Published("inference", "models/dms_rank2_512.pt", SAMPLES),
    Published("inference", "models/romo_rank2_512.pt", {"rest": (0.0,)}),
    Published("inference", "models/mante_monkeyA_subspace_rank2_22.pt", contexts(1.0)),
    Published("inference", "models/mante_monkeyA_subspace_rank3_22.pt", contexts(1.0)),
    Published("inference", "models/mante_monkeyF_subspace_rank3_5.pt", contexts(1.0)),
    Published(
        "timing",
        "TrainedNets/CSG3_rank2_prog_4_rep_0_2int_gener_LRvsHR.pt",
        {"rest": (0.0, 0.0), "tonic 0.25": (0.25, 0.0)},
        alpha=0.1,
    ),
    Published("timing", "TrainedNets/MWG_rank3_rep_10_2int_trainall_June.pt", {"rest": (0.0,) * 3}, alpha=0.1),
    Published("timing", "TrainedNets/MWGCtxt2_rank3_rep_1_2int_traininpall.pt", {"rest": (0.0,) * 4}, alpha=0.1),
)


def read(clone: Path, commit: str, path: str) -> dict[str, np.ndarray]:
    """The arrays in a file of a clone, bare or not, at this commit; nothing in it is run."""
    done = subprocess.run(["git", "-C", clone, "show", f"{commit}:{path}"], capture_output=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        file, arrays = Path(folder) / Path(path).name, Path(folder) / "arrays.npz"
        file.write_bytes(done.stdout)
        if file.suffix != ".npz":
            subprocess.run([sys.executable, "-c", CONVERT, file, arrays], cwd=ROOT, check=True)
        with np.load(file if file.suffix == ".npz" else arrays) as found:
            return {name: np.asarray(found[name], dtype=float) for name in found.files}


def converted(arrays: dict[str, np.ndarray], *, by_units: bool) -> dict[str, np.ndarray]:
    """M, N, U, b and V; columns of M and N of the same length and orthogonal, as their figures have them."""
    units = len(arrays["m"])
    scale = units if by_units else 1
    left, values, right = np.linalg.svd(arrays["m"] @ arrays["n"].T, full_matrices=False)
    rank = arrays["m"].shape[1]
    M, N = left[:, :rank] * np.sqrt(values[:rank]), right[:rank].T * np.sqrt(values[:rank])
    U, V = arrays["wi"].T * arrays["si"], (arrays["wo"] * arrays["so"]).T
    return {"M": M, "N": N / scale, "U": U, "b": arrays.get("b", np.zeros(units)), "V": V / scale}


def gap(one: np.ndarray, others: np.ndarray) -> tuple[float, int]:
    """The distance to the nearest, and which it is."""
    if not len(others):
        return np.inf, -1
    gaps = np.linalg.norm(others - one, axis=1)
    return float(gaps.min()), int(gaps.argmin())


def by_roots(M: np.ndarray, N: np.ndarray, drive: np.ndarray) -> list[np.ndarray]:
    """What MINPACK finds, once each."""
    bound, rank = np.abs(N).sum(axis=0), M.shape[1]
    per_axis = int(np.ceil(STARTS ** (1 / rank)))
    found: list[np.ndarray] = []
    for start in product(*(np.linspace(-each, each, per_axis) for each in bound)):
        end = root(lambda kappa: N.T @ np.tanh(M @ kappa + drive) - kappa, start, tol=1e-12)
        speed = np.abs(N.T @ np.tanh(M @ end.x + drive) - end.x).max()
        if speed < 1e-10 * bound.max() and gap(end.x, np.array(found))[0] > SAME * bound.max():
            found.append(end.x)
    return found


def by_simulation(
    M: np.ndarray, N: np.ndarray, drive: np.ndarray, alpha: float, *, time: float
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Kappa at the ends of runs, its speed there, and the mean time between turns of each, late."""
    random, rank = np.random.default_rng(0), M.shape[1]
    bound = np.abs(N).sum(axis=0)
    states = random.uniform(-bound, bound, (RUNS, rank)) @ M.T + drive + random.normal(size=(RUNS, len(M)))
    steps = int(time / alpha)
    path = np.zeros((steps, RUNS, rank))
    for step in range(steps):
        path[step] = np.tanh(states) @ N
        states += alpha * (path[step] @ M.T + drive - states)
    late = path[steps // 2 :, :, 0] - path[steps // 2 :, :, 0].mean(axis=0)
    turns = [np.flatnonzero((each[1:] >= 0) & (each[:-1] < 0)) for each in late.T]
    times = [float(np.diff(each).mean() * alpha) for each in turns if len(each) > 1]
    return path[-1], np.abs(path[-1] - path[-2]).max(axis=1) / alpha, times


def beside_listed(
    listed: dict[str, np.ndarray], kappa: np.ndarray, unstable: np.ndarray, M: np.ndarray, drive: np.ndarray
) -> dict[str, Any]:
    """Points of their file beside ours; they have x . m / units, m up to signs, stable ones, saddles and sources."""
    kinds = [np.unique(listed[f"arr_{k}"].reshape(-1, 2).round(4), axis=0) for k in range(3)]
    ours = (kappa @ M.T + drive) @ M / len(M)
    signs = max(
        (np.array(each) for each in product((1, -1), repeat=2)),
        key=lambda sign: sum(gap(point * sign, ours)[0] < 1e-3 for kind in kinds for point in kind),
    )
    met: set[int] = set()
    agree = 0
    for k, kind in enumerate(kinds):
        for point in kind:
            distance, nearest = gap(point * signs, ours)
            if distance < 1e-3:
                met.add(nearest)
                agree += int(unstable[nearest] == k)
    missing = [unstable[k].item() for k in range(len(ours)) if k not in met]
    return {
        "listed": [len(kind) for kind in kinds],
        "ours": len(met),
        "of_their_kind": agree,
        "lacks_with_unstable": missing,
    }


def compare(network: Published, clone: Path, write: Path | None, *, time: float) -> None:
    """Print a line an input."""
    from theory.universality import Factored, LatentFlow

    arrays = read(clone, COMMITS[network.source], network.path)
    weights = converted(arrays, by_units=network.source != "timing")
    name = Path(network.path).stem
    if write is not None:
        write.mkdir(exist_ok=True, parents=True)
        np.savez(write / f"{name}.npz", **weights)
        np.savetxt(write / f"{name}.csv", np.array(list(network.inputs.values())), delimiter=",", fmt="%g")
    M, N = weights["M"], weights["N"]
    for label, inputs in network.inputs.items():
        drive = weights["U"] @ np.array(inputs) + weights["b"]
        flow = LatentFlow(Factored(M, N), drive)
        proved = flow.fixed_points()
        kappa = np.array([each.state for each in proved.points]).reshape(-1, flow.rank)
        unstable, eigenvalues = flow.unstable_dimensions(kappa), flow.eigenvalues(kappa)
        in_steps = (np.abs(1 + network.alpha * eigenvalues) > 1).sum(axis=1)
        near = SAME * float(np.abs(N).sum(axis=0).max())
        roots = by_roots(M, N, drive)
        ends, speeds, times = by_simulation(M, N, drive, network.alpha, time=time)
        rests = speeds < STILL * float(np.abs(N).sum(axis=0).max())
        at = [gap(end, kappa[unstable == 0]) for end in ends[rests]]
        told: dict[str, Any] = {
            "network": name,
            "units": len(M),
            "rank": flow.rank,
            "input": label,
            "complete": proved.complete,
            "boxes": proved.boxes,
            "points": np.bincount(unstable, minlength=flow.rank + 1).tolist(),
            "steps_agree": bool((in_steps == unstable).all()),
            "leading": [str(each.round(3)) for each in eigenvalues[:, 0]],
            "roots": len(roots),
            "runs": [sum(where == k for _, where in at) for k in range(int((unstable == 0).sum()))],
            "moving": int((~rests).sum()),
            "strangers": sum(gap(each, kappa)[0] > near for each in roots) + sum(each > near for each, _ in at),
        }
        if not rests.all():
            told["turn"] = float(np.median(times).round(2)) if times else None
        if label in network.points:
            listed = read(clone, COMMITS[network.source], network.points[label])
            told["published"] = beside_listed(listed, kappa, unstable, M, drive)
        print(json.dumps(told), flush=True)


def main() -> None:
    """Compare those whose clones are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for source in COMMITS:
        parser.add_argument(f"--{source}", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--only", default="", help="networks whose names have this")
    parser.add_argument("--time", type=float, default=TIME, help="of simulations, in time constants")
    asked = parser.parse_args()
    for network in NETWORKS:
        clone = getattr(asked, network.source)
        if clone is not None and asked.only in network.path:
            compare(network, clone, asked.write, time=asked.time)


if __name__ == "__main__":
    main()
