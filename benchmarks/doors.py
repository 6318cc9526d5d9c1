"""How long it takes to open a front door, and to ask it for one name, beside a bare `import sympy`.

    python benchmarks/doors.py [--repeats 9]

Each import runs in a fresh interpreter. Seconds of processor time of the import alone, medians.
"""

import argparse
import statistics
import subprocess
import sys

IMPORTS = (
    "import sympy",
    "import theory.ghost",
    "import theory.overlaps",
    "import theory.contraction",
    "from theory.ghost import plateau_length",
    "from theory.overlaps import Shape",
    "from theory.contraction import certify",
)
TIMED = "import time; start = time.process_time(); {}; print(time.process_time() - start)"


def seconds(statement: str) -> float:
    """Processor time of one statement in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", TIMED.format(statement)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(repeats: int) -> None:
    """Print a row of a table for each import."""
    print("| Import | seconds of processor time |\n|---|---|")
    for statement in IMPORTS:
        print(f"| `{statement}` | {statistics.median(seconds(statement) for _ in range(repeats)):.4f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9, help="fresh interpreters a row (default 9)")
    main(parser.parse_args().repeats)
