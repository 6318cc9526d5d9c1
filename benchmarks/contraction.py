"""Time the contraction certificates: beside a semidefinite solver, alone beyond its reach, for networks of networks.

    python benchmarks/contraction.py [--only PART] [--repeats 3] [--quick] [--json FILE]

    solver      search and exact claim of the multiplier condition, beside cvxpy and Clarabel on the same LMI: one
                solve at 0.99 of the gain, one at 1.01. A solver has to bisect to find a gain: to 1 %, from a bracket
                of a factor of two, seven solves (stated, not run)
    maps        the same of h <- phi(W h + u): largest gain from both sides, beside cvxpy and Clarabel on the map's LMI
    reservoirs  echo state networks of 300 units, sparse, of spectral radius 0.9 and 1.1: verdict and largest gain
    alone       the same without the solver; an exactly proved gain, and one at which the condition is exactly refuted
    absolute    Theorem 1 at n = 1,000, its exact check included
    assembly    chains of modules of 32 with feedback between neighbours: links by equation (3) in floating point
    checker     the independent checker on such certificates, as a program of its own (`python -I -S`)

Dense Gaussian, sparse (four weights a neuron on average) and symmetric weights; voltage form, slopes in [0, 1]. Figures
are medians over `--repeats` matrices; one matrix where it is long, from 24 neurons with the solver, from 128 without.
Times are of the processor, so that other programs do not count. BLAS gets one thread, set before numpy is imported: on
a busy machine its threads wait for one another, and two take many times as long as one.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from theory.contraction import (
    DISCRETE,
    VOLTAGE,
    Certificate,
    Network,
    assembly,
    certify,
    certify_assembly,
    claims,
    conditions,
    exact_matrix,
    largest_gain,
    module,
    network,
    search,
)

Row = dict[str, Any]
CHECKER = Path(__file__).parents[1] / "validate" / "contraction" / "certificate_checker.py"
SLACKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""What is given up of the gain, so that a strict proof has room."""
AROUND = 0.01
"""Gains that count for the fraction decided: up to this far from the middle of the bracket, on a logarithmic scale."""
SOLVES = 7
"""Bisection of a factor of two to 1 %."""
SOLVER_LIMIT = 120.0
"""Seconds of a solve beyond which larger networks are left to the search alone."""
MODULE = 32


def dense(size: int, rng: np.random.Generator) -> np.ndarray:
    """Independent Gaussian weights of variance 1 / n."""
    return rng.normal(size=(size, size)) / np.sqrt(size)


def sparse(size: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian weights, each there with probability 4 / n."""
    return rng.normal(size=(size, size)) * (rng.random((size, size)) < 4 / size) / 2


def symmetric(size: int, rng: np.random.Generator) -> np.ndarray:
    """The mean of Gaussian weights and their transpose."""
    weights = dense(size, rng)
    return (weights + weights.T) / 2


KINDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "dense": dense,
    "sparse": sparse,
    "symmetric": symmetric,
}


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, programs started included, and what was returned."""
    began = _used()
    result = run()
    return _used() - began, result


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@dataclass(frozen=True)
class Found:
    """The search, and the largest gain that was proved with its claim."""

    best: search.smallest_conic.ConicSearch
    gain: float | None
    claim: claims.multiplier.Multiplier | None


def at_gain(best: search.smallest_conic.ConicSearch, gain: float) -> search.smallest_conic.ConicSearch:
    """The search for all slopes multiplied by `gain`."""
    return replace(best, value=gain * best.value, lower=gain * best.lower)


def certified(asked: Network) -> Found:
    """Search, and prove as large a gain as can be."""
    best = search.smallest_conic.smallest_conic(asked.gained)
    for slack in SLACKS:
        gain = exact_matrix.short((1 - slack) / best.value, bits=30)
        claim = search.scaled_multiplier.propose_multiplier(asked.with_gain(gain), 0.5 * slack, at_gain(best, gain))
        if claim is not None:
            return Found(best, gain, claim)
    return Found(best, None, None)


def refuted(asked: Network, best: search.smallest_conic.ConicSearch) -> float | None:
    """The least gain found at which it is proved that no multiplier exists."""
    for slack in SLACKS if best.lower > 0 else ():
        gain = exact_matrix.short((1 + slack) / best.lower, bits=30)
        if search.frequency_dual.refute_multiplier(asked.with_gain(gain), 0.0, at_gain(best, gain)) is not None:
            return gain
    return None


def medians(rows: list[Row]) -> Row:
    """One row from those of several matrices: medians of numbers, fractions of what is true or false."""
    merged: Row = {}
    for key, first in rows[0].items():
        values = [row[key] for row in rows if row[key] is not None]
        if isinstance(first, str):
            merged[key] = first
        elif values and isinstance(values[0], bool):
            merged[key] = sum(values) / len(values)
        else:
            merged[key] = statistics.median(values) if values else None
    return merged


def over_matrices(kind: str, size: int, repeats: int, measure: Callable[[Network], Row]) -> Row:
    """The medians of `measure` over matrices of this kind."""
    rows = []
    for seed in range(repeats):
        asked = network(KINDS[kind](size, np.random.default_rng(seed)), VOLTAGE)
        rows.append({"weights": kind, "neurons": size} | measure(asked))
    return medians(rows)


def beside_solver(asked: Network) -> Row:
    """Seconds of both sides, and whether the solver finds a solution 1 % below and 1 % above the certified gain."""
    seconds, found = timed(lambda: certified(asked))
    if found.gain is None:
        return dict.fromkeys(("seconds", "gain", "solver_seconds", "ratio", "below", "above", "bisection_ratio"))
    solver, below = timed(lambda: search.multiplier_lmi.solve_multiplier_lmi(asked.with_gain(0.99 * found.gain), 0.0))
    above = search.multiplier_lmi.solve_multiplier_lmi(asked.with_gain(1.01 * found.gain), 0.0)
    return {
        "seconds": seconds,
        "gain": found.gain,
        "solver_seconds": solver,
        "ratio": solver / seconds,
        "below": below is not None,
        "above": above is not None,
        "bisection_ratio": SOLVES * solver / seconds,
    }


def solver_rows(sizes: list[int], repeats: int) -> Iterator[Row]:
    """Our search beside Clarabel, until a solve takes too long."""
    search.multiplier_lmi.solve_multiplier_lmi(network(np.zeros((2, 2)), VOLTAGE), 0.0)  # imports cvxpy
    for kind in KINDS:
        seconds, before = 0.0, 1
        for size in sizes:
            if seconds * (size / before) ** 4 > SOLVER_LIMIT:
                yield {"weights": kind, "neurons": size, "skipped": f"a solve would take over {SOLVER_LIMIT:g} s"}
                break
            row = over_matrices(kind, size, repeats if size < 24 else 1, beside_solver)
            yield row
            seconds, before = row["solver_seconds"] or 0.0, size


def map_beside_solver(size: int, rng: np.random.Generator, kind: str, solved: bool) -> Row:
    """Seconds of our largest gain of a map, and whether the solver finds a solution 1 % below and 1 % above."""
    asked = network(KINDS[kind](size, rng), DISCRETE)
    seconds, gain = timed(lambda: largest_gain(asked))
    row: Row = {"weights": kind, "neurons": size, "seconds": seconds, "gain": gain.low}
    row["tightness"] = None if gain.low is None or gain.high is None else gain.low / gain.high
    if not solved or gain.low is None:
        return row | dict.fromkeys(("solver_seconds", "ratio", "below", "above", "bisection_ratio"))
    low, high = (search.euler_lmi.StepProgram(asked.with_gain(part * gain.low), 1.0) for part in (0.99, 1.01))
    solver, below = timed(lambda: low.solve(1.0))
    return row | {
        "solver_seconds": solver,
        "ratio": solver / seconds,
        "below": below is not None,
        "above": high.solve(1.0) is not None,
        "bisection_ratio": SOLVES * solver / seconds,
    }


def map_rows(sizes: list[int], repeats: int) -> Iterator[Row]:
    """Maps beside Clarabel up to 32 neurons, alone beyond."""
    search.euler_lmi.StepProgram(network(np.zeros((2, 2)), DISCRETE), 1.0).solve(1.0)  # imports cvxpy
    for kind in KINDS:
        for size in sizes:
            seeds = range(repeats if size < 24 else 1)
            yield medians([map_beside_solver(size, np.random.default_rng(seed), kind, size <= 32) for seed in seeds])


def reservoir(size: int, radius: float, seed: int) -> np.ndarray:
    """Uniform weights, one in twenty, of this spectral radius."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < 0.05)
    return weights * radius / np.abs(np.linalg.eigvals(weights)).max()


def reservoir_rows(size: int) -> Iterator[Row]:
    """Verdict and largest gain; leak 1."""
    for radius in (0.9, 1.1):
        weights = reservoir(size, radius, 0)
        seconds, found = timed(lambda weights=weights: certify(weights, DISCRETE))
        gain_seconds, gain = timed(lambda found=found: largest_gain(found.network))
        yield {
            "weights": f"radius {radius:g}",
            "neurons": size,
            "norm": float(np.linalg.norm(weights, 2)),
            "verdict": found.verdict.word,
            "seconds": seconds,
            "gain": gain.low,
            "excluded": gain.high,
            "gain_seconds": gain_seconds,
        }


def without_solver(asked: Network) -> Row:
    """Seconds of search, claim and refutation; the proved gain over the refuted one; the gains decided around both."""
    seconds, found = timed(lambda: certified(asked))
    refutation, high = timed(lambda: refuted(asked, found.best))
    gap = np.inf if found.gain is None or high is None else np.log(high / found.gain)
    return {
        "seconds": seconds,
        "refutation_seconds": refutation,
        "steps": found.best.evaluations,
        "tightness": None if found.gain is None or high is None else found.gain / high,
        "decided": float(max(0.0, 1 - gap / (2 * np.log1p(AROUND)))),
    }


def alone_rows(sizes: list[int], repeats: int) -> Iterator[Row]:
    """Our search where no solver goes."""
    for size in sizes:
        for kind in KINDS:
            yield over_matrices(kind, size, repeats if size < 128 else 1, without_solver)


def absolute_rows(size: int, repeats: int) -> Iterator[Row]:
    """Theorem 1, |W| of spectral radius 0.9, at 0.99 of the best rate."""
    for kind in ("dense", "sparse"):
        rows = []
        for seed in range(repeats):
            weights = KINDS[kind](size, np.random.default_rng(seed))
            weights *= 0.9 / np.abs(np.linalg.eigvals(np.abs(weights))).max()
            asked = network(weights, VOLTAGE)
            seconds, claim = timed(
                lambda asked=asked: conditions.registry.ABSOLUTE.prove(asked, exact_matrix.short(0.099))
            )
            check = timed(lambda asked=asked, claim=claim: claim.holds(asked.exact))[0] if claim else None
            rows.append(
                {
                    "weights": kind,
                    "neurons": size,
                    "seconds": seconds,
                    "check_seconds": check,
                    "proved": claim is not None,
                }
            )
        yield medians(rows)


def modules_of(kind: str, count: int) -> list[assembly.assembly.ExactAssembly]:
    """Modules proved by Theorem 1 (sparse: a diagonal metric) or by the multiplier LMI (dense: a full one)."""
    made = []
    for seed in range(count):
        weights = KINDS[kind](MODULE, np.random.default_rng(seed))
        if kind == "sparse":
            weights *= 0.8 / np.abs(np.linalg.eigvals(np.abs(weights))).max()
            asked = network(weights, VOLTAGE)
            claim = conditions.registry.ABSOLUTE.prove(asked, exact_matrix.short(0.15))
            made.append(module(asked, claim.as_multiplier(asked.exact)))
        else:
            asked = network(weights, VOLTAGE)
            found = certified(asked)
            slowed = asked.with_gain(0.8 * found.gain)
            scaled = at_gain(found.best, 0.8 * found.gain)
            made.append(module(slowed, search.scaled_multiplier.propose_multiplier(slowed, 0.15, scaled)))
    return made


def floating_chain(parts: list[assembly.assembly.ExactAssembly]) -> dict[tuple[int, int], exact_matrix.ExactMatrix]:
    """Links between neighbours that are negative feedback of one another up to rounding."""
    rng = np.random.default_rng(0)
    metrics = [part.members[0].claim.metric.approximate() for part in parts]
    links = {}
    for i in range(1, len(parts)):
        forward = rng.normal(size=(MODULE, MODULE)) / np.sqrt(MODULE)
        links[i, i - 1] = exact_matrix.ExactMatrix.of(forward)
        links[i - 1, i] = exact_matrix.ExactMatrix.of(-np.linalg.solve(metrics[i - 1], forward.T @ metrics[i]))
    return links


def assembly_rows(counts: list[int]) -> Iterator[Row]:
    """Chains of modules: the modules' own claims, and everything that the certificate of the whole adds to them."""
    for kind in ("sparse", "dense"):
        made_in, parts = timed(lambda kind=kind: modules_of(kind, max(counts)))
        for count in counts:
            chain = parts[:count]
            linked, links = timed(lambda chain=chain: floating_chain(chain))
            seconds, proved = timed(
                lambda chain=chain, links=links: certify_assembly(assembly.assembly.linked(chain, links))
            )
            slowest = float(min(part.members[0].claim.rate for part in chain))
            yield {
                "weights": kind,
                "modules": count,
                "neurons": count * MODULE,
                "module_seconds": made_in / max(counts),
                "link_seconds": linked / count,
                "seconds": seconds,
                "seconds_a_module": seconds / count,
                "rate_kept": None if proved is None else float(proved.rate) / slowest,
            }


def checker_rows(sizes: list[int], repeats: int) -> Iterator[Row]:
    """The independent checker on multiplier certificates of dense networks, the start of Python included."""
    for size in sizes:
        rows = []
        for seed in range(repeats):
            asked = network(dense(size, np.random.default_rng(seed)), VOLTAGE)
            found = certified(asked)
            if found.gain is None or found.claim is None:
                continue
            written = Certificate(asked.with_gain(found.gain).exact, (found.claim,)).json_bytes()
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "certificate.json"
                file.write_bytes(written)
                command = [sys.executable, "-I", "-S", str(CHECKER), str(file)]
                seconds, ended = timed(
                    lambda command=command: subprocess.run(command, capture_output=True, check=False)
                )
            rows.append(
                {
                    "neurons": size,
                    "kilobytes": len(written) / 1e3,
                    "seconds": seconds,
                    "verified": ended.returncode == 0,
                }
            )
        yield medians(rows)


@dataclass(frozen=True)
class Column:
    """A heading, the entry of a row below it, and how it is written."""

    heading: str
    key: str
    form: str = "s"


@dataclass(frozen=True)
class Part:
    """One table: its rows at full size and at a glance."""

    title: str
    columns: tuple[Column, ...]
    rows: Callable[[int, int], Iterator[Row]]
    quick: Callable[[], Iterator[Row]]


def up_to(largest: int, *sizes: int) -> list[int]:
    """The sizes that are not larger."""
    return [size for size in sizes if size <= largest]


WEIGHTS, NEURONS = Column("weights", "weights"), Column("neurons", "neurons", ",.0f")
PARTS = {
    "solver": Part(
        "the multiplier condition: our search and exact claim, and one solve by Clarabel",
        (
            WEIGHTS,
            NEURONS,
            Column("ours, s", "seconds", ".3g"),
            Column("solver, s", "solver_seconds", ".3g"),
            Column("ratio", "ratio", ".3g"),
            Column("ratio to a bisection", "bisection_ratio", ".3g"),
            Column("feasible at 0.99", "below", ".2f"),
            Column("feasible at 1.01", "above", ".2f"),
        ),
        lambda repeats, largest: solver_rows(up_to(largest, 8, 16, 24, 32, 48), repeats),
        lambda: solver_rows([8], 1),
    ),
    "maps": Part(
        "maps h <- phi(W h + u): our largest gain, proved and refuted, and one solve by Clarabel",
        (
            WEIGHTS,
            NEURONS,
            Column("ours, s", "seconds", ".3g"),
            Column("gain", "gain", ".4f"),
            Column("proved / refuted", "tightness", ".6f"),
            Column("solver, s", "solver_seconds", ".3g"),
            Column("ratio", "ratio", ".3g"),
            Column("ratio to a bisection", "bisection_ratio", ".3g"),
            Column("feasible at 0.99", "below", ".2f"),
            Column("feasible at 1.01", "above", ".2f"),
        ),
        lambda repeats, largest: map_rows(up_to(largest, 8, 16, 24, 32, 64, 128, 256), repeats),
        lambda: map_rows([8], 1),
    ),
    "reservoirs": Part(
        "echo state networks, h <- tanh(W h + u)",
        (
            WEIGHTS,
            NEURONS,
            Column("norm", "norm", ".3f"),
            Column("verdict", "verdict"),
            Column("s", "seconds", ".3g"),
            Column("proved to slope", "gain", ".4f"),
            Column("no multiplier from", "excluded", ".4f"),
            Column("s", "gain_seconds", ".3g"),
        ),
        lambda repeats, largest: reservoir_rows(min(largest, 300)),
        lambda: reservoir_rows(40),
    ),
    "alone": Part(
        "the multiplier condition, ours alone: proved gain over exactly refuted gain",
        (
            WEIGHTS,
            NEURONS,
            Column("search and claim, s", "seconds", ".3g"),
            Column("refutation, s", "refutation_seconds", ".3g"),
            Column("Newton steps", "steps", ".0f"),
            Column("proved / refuted", "tightness", ".6f"),
            Column("decided within 1 %", "decided", ".4f"),
        ),
        lambda repeats, largest: alone_rows(up_to(largest, 64, 128, 256, 512), repeats),
        lambda: alone_rows([32], 1),
    ),
    "absolute": Part(
        "Theorem 1, exact check included",
        (
            WEIGHTS,
            NEURONS,
            Column("s", "seconds", ".3g"),
            Column("of it the check", "check_seconds", ".3g"),
            Column("proved", "proved", ".2f"),
        ),
        lambda repeats, largest: absolute_rows(1000, repeats),
        lambda: absolute_rows(100, 1),
    ),
    "assembly": Part(
        f"chains of modules of {MODULE}, feedback between neighbours",
        (
            WEIGHTS,
            Column("modules", "modules", ".0f"),
            NEURONS,
            Column("claim of a module, s", "module_seconds", ".3g"),
            Column("its links, s", "link_seconds", ".3g"),
            Column("certificate of the whole, s", "seconds", ".3g"),
            Column("a module, s", "seconds_a_module", ".3g"),
            Column("rate kept", "rate_kept", ".6f"),
        ),
        lambda repeats, largest: assembly_rows([5, 20, 50, 100]),
        lambda: assembly_rows([2, 4]),
    ),
    "checker": Part(
        "the independent checker, standard library alone",
        (
            NEURONS,
            Column("certificate, kB", "kilobytes", ".0f"),
            Column("s", "seconds", ".3g"),
            Column("verified", "verified", ".2f"),
        ),
        lambda repeats, largest: checker_rows(up_to(largest, 16, 24, 32, 48, 64), repeats),
        lambda: checker_rows([16], 1),
    ),
}


def written(row: Row, column: Column) -> str:
    """An entry of the table."""
    value = row.get(column.key)
    return "-" if value is None else format(value, column.form)


def show(part: Part, rows: list[Row]) -> None:
    """Print one table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=part.title)
    for column in part.columns:
        table.add_column(column.heading, justify="left" if column.form == "s" else "right")
    for row in rows:
        cells = [written(row, column) for column in part.columns]
        table.add_row(*([*cells[:2], row["skipped"]] if "skipped" in row else cells))
    Console().print(table)


def main() -> None:
    """Read the options, measure, print, write."""
    parser = argparse.ArgumentParser(description="contraction certificates, timed", allow_abbrev=False)
    parser.add_argument("--only", choices=tuple(PARTS), action="append", help="one part (may be repeated)")
    parser.add_argument("--repeats", type=int, default=3, help="small matrices whose median counts (default 3)")
    parser.add_argument("--largest", type=int, default=512, help="neurons of single networks, Theorem 1's apart")
    parser.add_argument("--quick", action="store_true", help="small sizes, one matrix: does it run?")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    print(f"one thread for BLAS; load of this machine at the start {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    found: dict[str, list[Row]] = {}
    for name in options.only or PARTS:
        part = PARTS[name]
        found[name] = []
        for row in part.quick() if options.quick else part.rows(options.repeats, options.largest):
            print(json.dumps({name: row}), file=sys.stderr, flush=True)  # a long run tells what it has
            found[name].append(row)
        show(part, found[name])
    line = json.dumps(found)
    print(line)
    if options.json is not None:
        options.json.write_text(line + "\n")


if __name__ == "__main__":
    main()
