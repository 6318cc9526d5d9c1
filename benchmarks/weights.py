"""Time distances of weights up to permutations beside SciPy's FAQ with ten random starts, pair by pair.

    python benchmarks/weights.py [--networks 50] [--units 128] [--pairs 12 | --all] [--weights FILE.npy] [--json FILE]

Random networks, or those of a file (an array of networks x units x units, say of trained ones). Both compare the same
pairs by turns in one process, on one thread of BLAS. Printed: by how much our distance is less than SciPy's (in
percent; the worst pair first), seconds a pair, and their ratio. Ours has a bound and what it prepares of each network
counted in; of signed permutations, which SciPy does not know, the time alone.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import quadratic_assignment
from threadpoolctl import threadpool_limits

STARTS = 10


def by_scipy(A: np.ndarray, B: np.ndarray) -> float:
    """The least distance from ten random starts of FAQ."""
    options = [{"maximize": True, "P0": "randomized", "rng": np.random.default_rng(k)} for k in range(STARTS)]
    common = max(quadratic_assignment(A, B, method="faq", options=each).fun for each in options)
    return float(np.sqrt((A**2).sum() + (B**2).sum() - 2 * common))


def compared(weights: np.ndarray, pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """Values and seconds of all three, pair by pair."""
    from simulate.cells import Symmetry
    from simulate.measures import WeightsUpTo

    units = weights.shape[-1]
    plain, signed = (WeightsUpTo(Symmetry(units, signs=signs, scales=False)) for signs in (False, True))
    seconds: dict[str, list[float]] = {"SciPy": [], "permutations": [], "signed permutations": []}
    gains = []
    began = time.perf_counter()
    prepared = [plain.prepare(each) for each in weights]
    preparing = (time.perf_counter() - began) / max(1, len(weights) * (len(weights) - 1) // 2)
    prepared_signed = [signed.prepare(each) for each in weights]
    for i, j in pairs:
        marks = [time.perf_counter()]
        theirs = by_scipy(weights[i], weights[j])
        marks.append(time.perf_counter())
        (ours,) = plain.between([prepared[i]], [prepared[j]])
        marks.append(time.perf_counter())
        signed.between([prepared_signed[i]], [prepared_signed[j]])
        marks.append(time.perf_counter())
        for name, spent in zip(seconds, np.diff(marks), strict=True):
            seconds[name].append(float(spent))
        gains.append(100 * (theirs - ours.value) / theirs)
    median = {name: float(np.median(each)) for name, each in seconds.items()}
    median["permutations"] += preparing
    return {
        "networks": len(weights),
        "units": units,
        "pairs": len(pairs),
        "worse": int(np.sum(np.array(gains) < 0)),
        "percent_less": [round(gain, 3) for gain in sorted(gains)],
        "seconds": median,
        "ratio": median["SciPy"] / median["permutations"],
    }


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    shape = options.networks, options.units, options.units
    weights = np.load(options.weights).astype(float) if options.weights else rng.uniform(-1, 1, shape)
    first, second = np.triu_indices(len(weights), 1)
    chosen = range(len(first)) if options.all else rng.permutation(len(first))[: options.pairs]
    with threadpool_limits(1):
        found = compared(weights, [(int(first[k]), int(second[k])) for k in chosen])
    less = found["percent_less"]
    print(f"{found['networks']} networks of {found['units']} units, {found['pairs']} pairs")
    print(
        f"less than SciPy by {less[0]} % to {less[-1]} %, mean {np.mean(less):.3f} %; greater in {found['worse']} pairs"
    )
    for name, spent in found["seconds"].items():
        print(f"{name:>20}: {1000 * spent:8.1f} ms a pair")
    print(f"SciPy takes {found['ratio']:.1f} times as long")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
