"""A mutation run: how many small falsifications of the code that decides what is true do its tests notice?

    make mutants                                   # every room, 60 mutants of each
    python benchmarks/mutants.py claims --sample 200 --seed 1
    python benchmarks/mutants.py claims --survivors    # those that survived last time, with today's tests

By hand, never in CI. Cosmic Ray changes one operator, number or condition at a time in a copy of the working tree, runs
the tests of the room against it, and stops at the first that fails. What survives is printed as a difference: it wants
a sharper test, or a line in docs/mutants.md that says why no test could tell. Needs `pip install -e '.[mutants]'`.
"""

import argparse
import contextlib
import difflib
import importlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult

ROOT = Path(__file__).parents[1]
RUNS = ROOT / ".cache" / "mutants"
EXPLAINED = ROOT / "docs" / "mutants.md"
OPERATORS = re.compile(
    r"core/(ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|FloorDiv_Mul|Mod_Mul|RShift_LShift|LShift_RShift"
    r"|BitAnd_BitOr)"
    r"|ReplaceComparisonOperator_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_GtE|LtE_Gt|Gt_LtE|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_(USub_UAdd|Delete_Not)|Replace(True|False|And|Or|Break|Continue)With\w+"
    r"|AddNot|NumberReplacer|ZeroIterationForLoop)"
)
"""One way to falsify each place; a type that is none any more, say, would be killed for nothing."""

SLOW_IMPORTS = ("cvxpy", "diffrax", "flint", "hypothesis", "jax", "optax", "scipy.integrate", "scipy.stats", "sympy")


@dataclass(frozen=True)
class Room:
    """Modules to falsify, and the tests that are to notice, the quickest first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def tests_of(folder: str, names: str) -> tuple[str, ...]:
    """Test files of one folder."""
    return tuple(f"tests/{folder}/test_{name}.py" for name in names.split())


ROOMS = {
    "definite": Room(
        ("theory/contraction/definite.py", "theory/contraction/exact_matrix.py"),
        tests_of("theory/contraction", "definite exact_matrix"),
    ),
    "claims": Room(
        ("theory/contraction/claims",),
        tests_of("theory/contraction", "claims weighted_norm absolute"),
    ),
    "checker": Room(
        ("validate/contraction/certificate_checker.py",), tests_of("validate/contraction", "certificate_checker")
    ),
    "tolerance": Room(("validate/tolerance.py",), tests_of("validate", "tolerance")),
    "descent": Room(
        tuple(f"theory/ghost/descent/{name}.py" for name in ("training_map", "plateau", "error_floor")),
        ("theory/ghost/descent/training_map.py", *tests_of("theory/ghost/descent", "training_map error_floor")),
    ),
    "passage": Room(("theory/ghost/circuit/passage.py",), tests_of("theory/ghost/circuit", "passage")),
    "gram": Room(
        ("theory/overlaps/equations/gram.py",),
        ("theory/overlaps/equations/gram.py", *tests_of("theory/overlaps/equations", "gram")),
    ),
    "training": Room(("simulate/training",), ("tests/simulate/training",)),
}


def copy_of_the_tree(folder: Path) -> None:
    """What git tracks, and what it would track, as it is now."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def modules(room: Room) -> list[Path]:
    """The room's files, those of its folders included."""
    paths = [Path(name) for name in room.modules]
    return [file for path in paths for file in ([path] if path.suffix else sorted(path.rglob("*.py")))]


def guards(spec: MutationSpec) -> bool:
    """Whether a flag is falsified that only refuses what nothing here does: tests/test_frozen.py, unequal lengths."""
    row, column = spec.start_pos
    return spec.module_path.read_text().splitlines()[row - 1][:column].endswith(("frozen=", "strict="))


def drawn(database: WorkDB, sample: int, seed: int) -> list[WorkItem]:
    """So many of the mutants, the same for the same seed."""
    items = {
        (str(spec.module_path), spec.operator_name, spec.occurrence): item
        for item in database.work_items
        for spec in item.mutations
        if OPERATORS.fullmatch(spec.operator_name) and not guards(spec)
    }
    ordered = [items[key] for key in sorted(items)]
    return random.Random(seed).sample(ordered, min(sample, len(ordered)))


def survivors(database: WorkDB) -> list[WorkItem]:
    """Those that the last run's tests did not notice."""
    return [item for item, result in database.completed_work_items if result.test_outcome == TestOutcome.SURVIVED]


def explained(module: str, difference: str) -> bool:
    """Whether docs/mutants.md quotes the falsified line, or that and the line before it, below the module's name."""
    _, _, section = EXPLAINED.read_text().partition(f"## {module}\n")
    quoted = section.partition("\n## ")[0]
    lines = [line for line in difference.splitlines() if not line.startswith(("---", "+++", "@@"))]
    added = next((i for i, line in enumerate(lines) if line.startswith("+")), 0)
    before = [line[1:].strip() for line in lines[:added] if line.startswith(" ")][-1:]
    after = lines[added][1:].strip()
    return f"`{after}`" in quoted or f"`{' '.join([*before, after])}`" in quoted


def passes(arguments: list[str], limit: float) -> bool:
    """Whether the tests pass in a fork of this process, which has imported what takes long and nothing of ours."""
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.alarm(int(limit))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os._exit(pytest.main(arguments))
    status = os.waitpid(child, 0)[1]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # programs that the tests started
    return status == 0


def difference(spec: MutationSpec, before: str, after: str) -> str:
    """What was falsified, as a unified difference."""
    name = str(spec.module_path)
    return "\n".join(difflib.unified_diff(before.split("\n"), after.split("\n"), name, name, lineterm="", n=1))


def run(name: str, room: Room, sample: int, seed: int, again: bool) -> str:
    """Test the room's mutants, print those that survive, and return a line of counts."""
    tree, session = RUNS / name / "tree", RUNS / name / "session.sqlite"
    session.parent.mkdir(parents=True, exist_ok=True)
    copy_of_the_tree(tree)
    os.chdir(tree)
    sys.path[0] = os.environ["PYTHONPATH"] = str(tree)
    sys.pycache_prefix = str(session.parent / "bytecode")
    arguments = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *room.tests]
    start = time.monotonic()
    sys.dont_write_bytecode = False
    if not passes(arguments, 3600):
        sys.exit(f"{name}: its tests fail before anything is falsified: {room.tests}")
    sys.dont_write_bytecode = True  # of what is falsified
    limit = 30 + 5 * (time.monotonic() - start)

    with use_db(session) as database:
        if not again:
            init(modules(room), database, {})
        items = survivors(database) if again else drawn(database, sample, seed)
        alive = argued = 0
        for number, item in enumerate(items, 1):
            (spec,) = item.mutations
            with use_mutation(spec.module_path, get_operator(spec.operator_name)(), spec.occurrence) as (before, after):
                survived = passes(arguments, limit)
            outcome = TestOutcome.SURVIVED if survived else TestOutcome.KILLED
            changed = difference(spec, before, after)
            database.set_result(item.job_id, WorkResult(WorkerOutcome.NORMAL, None, outcome, changed))
            if survived:
                alive += 1
                argued += explained(str(spec.module_path), changed)
                print(f"\n{name} {number}/{len(items)} survives\n{changed}", flush=True)
        return (
            f"{name}: {len(items)} mutants of {database.num_work_items}, {len(items) - alive} killed, {alive} alive, "
            f"{argued} of them argued in docs/mutants.md; {time.monotonic() - start:.0f} s"
        )


def main() -> None:
    """Read the options and run the rooms that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", choices=[[], *ROOMS], help="all of them, where none is named")
    parser.add_argument("--sample", type=int, default=60, help="mutants of each room, at most (60)")
    parser.add_argument("--seed", type=int, default=0, help="which of them (0)")
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last run")
    options = parser.parse_args()
    for slow in SLOW_IMPORTS:
        importlib.import_module(slow)
    chosen = options.rooms or list(ROOMS)
    print("\n".join(run(name, ROOMS[name], options.sample, options.seed, options.survivors) for name in chosen))


if __name__ == "__main__":
    main()
