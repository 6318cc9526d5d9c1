"""Time the matrix of distances between networks' operators against dsa-metric, and compare what both find.

    python benchmarks/dsa.py [--rank 10] [--networks 50] [--peer-pairs 20] [--rounds 3] [--dsa-python PATH]

Random vanilla networks of 64 units that get pulses, g = 1.2: their activity is embedded with 10 delays. Ours is the
matrix of all pairs; dsa-metric (Ostrow et al., 500 iterations, rate 0.005) gets the same operators, and as many pairs
of them as asked for. It divides operators by their norms, so both are given them so divided. Times are seconds a pair,
of wall clock; ratios are taken within a round, medians printed. `excess` is by how much a side's distance exceeds the
lesser of both, largest over pairs. Both also compare operators with rotated copies, where the truth is zero.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from DSA.simdist import SimilarityTransformDist
stored = np.load(sys.argv[1])
values, began = [], time.perf_counter()
for A, B in zip(stored["one"], stored["other"]):
    distance = SimilarityTransformDist(iters=500, score_method="euclidean", lr=5e-3)
    values.append(float(distance.fit_score(A.copy(), B.copy())))
print(json.dumps({"seconds": time.perf_counter() - began, "values": values}))
"""


def activity(seed: int, units: int = 64, trials: int = 64, steps: int = 60) -> np.ndarray:
    """Trials x steps x units of a random network h' = tanh(W h + U x) with three channels of pulses."""
    rng = np.random.default_rng(seed)
    W = 1.2 * rng.normal(size=(units, units)) / np.sqrt(units)
    U = rng.normal(size=(units, 3))
    pulses = (rng.random((trials, steps, 3)) < 0.1) * rng.choice([-1, 1], (trials, steps, 3))
    state, states = np.zeros((trials, units)), []
    for t in range(steps):
        state = np.tanh(state @ W.T + pulses[:, t] @ U.T)
        states.append(state)
    return np.stack(states, axis=1)


def operators(count: int, rank: int) -> np.ndarray:
    """Of so many networks, each of norm one."""
    from simulate.measures import DSA

    found = np.stack([DSA(delays=10, rank=rank).fit_operator(activity(seed)).matrix for seed in range(count)])
    return found / np.linalg.norm(found, axis=(1, 2))[:, None, None]


def peer(python: str, one: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray] | None:
    """Seconds and distances of dsa-metric, or None where it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "pairs.npz", one=one, other=other)
        done = subprocess.run(
            [python, "-c", PEER, str(Path(folder) / "pairs.npz")], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print("dsa-metric is left out:", (done.stderr.strip().splitlines() or ["no reason given"])[-1], file=sys.stderr)
        return None
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], np.array(found["values"])


def main() -> None:
    """Read the options, run the rounds, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rank", type=int, default=10)
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--peer-pairs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dsa-python", default=sys.executable, help="a Python that has dsa-metric")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from simulate.measures import OperatorDistance, pairwise

    items = operators(asked.networks, asked.rank)
    first, second = np.triu_indices(asked.networks, 1)
    some = np.linspace(0, len(first) - 1, min(asked.peer_pairs, len(first))).astype(int)
    turns = np.linalg.qr(np.random.default_rng(0).normal(size=(5, asked.rank, asked.rank)))[0]
    copies = turns @ items[:5] @ turns.transpose(0, 2, 1)
    ours_s, peer_s, theirs = [], [], None
    for _ in range(asked.rounds):
        began = time.perf_counter()
        ours = pairwise(OperatorDistance(), items)
        ours_s.append((time.perf_counter() - began) / len(first))
        if found := peer(asked.dsa_python, items[first[some]], items[second[some]]):
            peer_s.append(found[0] / len(some))
            theirs = found[1]
    print(f"ours: {len(first)} pairs of rank {asked.rank} in {statistics.median(ours_s) * len(first):.2f} s,", end=" ")
    print(f"{1e3 * statistics.median(ours_s):.2f} ms a pair; mean {ours.each.mean():.4f}, bound", end=" ")
    print(f"{ours.lower[first, second].mean():.4f}")
    at_copies = [OperatorDistance()(A, B).value for A, B in zip(items[:5], copies, strict=True)]
    print(f"ours on rotated copies: {max(at_copies):.1e} at most")
    result = {"rank": asked.rank, "networks": asked.networks, "ours_s": ours_s, "peer_s": peer_s, "copies": at_copies}
    if theirs is not None:
        mine, best = ours.each[some], np.minimum(ours.each[some], theirs)
        ratio = statistics.median(b / a for a, b in zip(ours_s, peer_s, strict=True))
        print(f"dsa-metric: {1e3 * statistics.median(peer_s):.0f} ms a pair, {ratio:.0f} times as long")
        print(f"excess: ours {np.max(mine / best - 1):.1e}, dsa-metric {np.max(theirs / best - 1):.1e}", end=" ")
        print(
            f"(mean {np.mean(theirs / best - 1):.1e}; worse than ours in {np.sum(theirs > mine * (1 + 1e-4))} pairs",
            end=" ",
        )
        print(f"of {len(some)}, better in {np.sum(theirs < mine * (1 - 1e-4))})")
        _, of_copies = peer(asked.dsa_python, items[:5], copies) or (0.0, np.array([np.nan]))
        print(f"dsa-metric on rotated copies: {of_copies.min():.3f} to {of_copies.max():.3f}")
        result |= {"ratio": ratio, "ours": mine.tolist(), "theirs": theirs.tolist(), "their_copies": of_copies.tolist()}
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
