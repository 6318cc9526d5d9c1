"""Whole-process time of the quick ghost command against a bare import of jax and diffrax.

    python benchmarks/cold_start.py [--repeats 5]

Both start from nothing but the files on disk; the command finds the compiled programs of an earlier run.
"""

import argparse
import statistics
import subprocess
import sys
import time

COMMAND = [sys.executable, "-m", "validate.ghost", "--T", "100", "--quick"]
IMPORT = [sys.executable, "-c", "import jax, diffrax"]


def seconds(command: list[str]) -> float:
    """Wall time of one process; an exit status of one, a failed check, is a finding and not an error here."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with status {done.returncode}: {done.stderr.decode()[-300:]}")
    return time.perf_counter() - began


def main() -> None:
    """Run each in turn, print medians and their ratio."""
    parser = argparse.ArgumentParser(description="cold start of the quick command")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each; medians count (default 5)")
    repeats = parser.parse_args().repeats
    first = seconds(COMMAND)
    pairs = [(seconds(COMMAND), seconds(IMPORT)) for _ in range(repeats)]
    command, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"first run {first:.1f} s; then {command:.1f} s, median of {repeats}; import of jax and diffrax {bare:.1f} s")
    print(f"ratio {command / bare:.1f}")


if __name__ == "__main__":
    main()
