"""Time the independent checker on every kind of certificate: to verify, to reject, to be kept busy by a forged file.

    python benchmarks/certificates.py [--sizes 8 16 32 64] [--only WORD] [--json FILE]

    verified    a certificate that holds, its entries doubles: the exit status, and seconds of the processor
    rejected    the same with a rate, a factor, a gain or slopes of which it proves nothing
    long        the first with fractions of 2048 digits over one denominator in the place of the claim's doubles
    distinct    the same, each with a denominator of its own: to be refused, as their sums have the digits of all

The power is that of n by which the slowest of the first three grows from the last but one to the last size. Networks
are random and contract by a wide margin, so that proofs are written down and not searched.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

CHECKER = Path(__file__).parents[1] / "validate" / "contraction" / "certificate_checker.py"
LONG = 2048
Certificate = dict[str, Any]
Make = Callable[[int], Certificate]


def exact(values: Any) -> Any:
    """Numbers as certificates write them."""
    if isinstance(values, np.ndarray):
        return exact(values.tolist())
    if isinstance(values, list | tuple):
        return [exact(each) for each in values]
    fraction = Fraction(values)
    return fraction.numerator if fraction.denominator == 1 else str(fraction)


def digest(rows: list[list[Any]]) -> str:
    """Of the canonical text."""
    text = "".join(" ".join(map(str, row)) + "\n" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def drawn(rows: int, columns: int, size: float = 0.2) -> Any:
    """A random matrix whose norm is twice `size` or so."""
    return np.random.default_rng(rows).normal(size=(rows, columns)) * size / np.sqrt(max(rows, columns))


def metric(size: int) -> Any:
    """Near the identity, no entry zero."""
    noise = drawn(size, size, 0.02)
    return np.eye(size) + noise + noise.T


def network(form: str, size: int, *claims: Certificate) -> Certificate:
    """A certificate about one network."""
    weights = exact(drawn(size, size, 0.6 / np.sqrt(size)))
    heading = {"format": "contraction certificate 1", "form": form, "weights": weights, "sha256": digest(weights)}
    return {**heading, "slopes": 1, "claims": [{key: tagged(value) for key, value in each.items()} for each in claims]}


def tagged(value: Any) -> Any:
    """Names stay; numbers are exact."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [{key: tagged(each) for key, each in entry.items()} for entry in value]
    return value if isinstance(value, str) else exact(value)


def flow(by: str | None = None, *, claim: str = "contracting", form: str = "voltage", **make: Any) -> Make:
    """Of a claim whose entries are numbers, or functions of the size."""

    def of(size: int) -> Certificate:
        entries = {key: value(size) if callable(value) else value for key, value in make.items()}
        return network(form, size, {"claim": claim, **({} if by is None else {"by": by}), **entries})

    return of


def ones(size: int) -> Any:
    """One a neuron, a little apart."""
    return 1 + np.linspace(0, 0.01, size)


def half(size: int) -> Any:
    """Of every slope."""
    return ones(size) / 4


def eighth(size: int) -> Any:
    """For the multipliers of a short step."""
    return ones(size) / 8


def unstable(size: int) -> Certificate:
    """Weights of 2 on the diagonal at slopes of one: it grows."""
    found = network("voltage", size)
    weights = exact(drawn(size, size) + 2 * np.eye(size))
    claim = {"claim": "not contracting", "by": "fixed slopes", "rate": 0, "slopes": [1] * size}
    claim |= {"X": exact(metric(size)), "vector": exact(ones(size))}
    return {**found, "weights": weights, "sha256": digest(weights), "claims": [claim]}


def no_metric(size: int) -> Certificate:
    """The same weights exclude any metric: as many vectors as neurons, at one set of slopes."""
    found = unstable(size)
    terms = [{"slopes": [1] * size, "vectors": exact(metric(size))}]
    return {**found, "claims": [{"claim": "no quadratic metric", "rate": 0, "terms": terms}]}


def no_multiplier(size: int) -> Certificate:
    """The same, by oscillations: at frequency zero M w is twice w."""
    found = unstable(size)
    weights = exact(2 * np.eye(size))
    term = {"cos": 1, "sin": 0, "real": exact(ones(size)), "imaginary": exact(half(size))}
    claim = {"claim": "no multiplier metric", "rate": 0, "terms": [term] * size}
    return {**found, "weights": weights, "sha256": digest(weights), "claims": [claim]}


def switching(size: int) -> Certificate:
    """Two legs, both unstable."""
    found = unstable(size)
    legs = [{"slopes": [1] * size, "time": 1}, {"slopes": exact(1 - half(size) / 4), "time": 1}]
    claim = {"claim": "not contracting", "by": "switching", "rate": 0, "legs": legs}
    return {**found, "claims": [{**claim, "X": exact(metric(size)), "vector": exact(ones(size))}]}


def sequence(size: int) -> Certificate:
    """One set of slopes of a map."""
    found = network("discrete-voltage", size)
    weights = exact(drawn(size, size) + 2 * np.eye(size))
    claim = {"claim": "not contracting", "by": "slope sequence", "factor": 1, "slopes": [[1] * size]}
    claim |= {"X": exact(metric(size)), "vector": exact(ones(size))}
    return {**found, "weights": weights, "sha256": digest(weights), "claims": [claim]}


def polytope(size: int) -> Certificate:
    """The cube's dual of a network without weights: J = -I at all corners."""
    found = network("voltage", size)
    weights = exact(np.zeros((size, size)))
    claim = {"claim": "contracting", "by": "polytope", "rate": exact(0.5), "vertices": exact(metric(size))}
    claim["combinations"] = [exact(-np.eye(size))] * 2**size
    return {**found, "weights": weights, "sha256": digest(weights), "claims": [claim]}


def assembly(size: int) -> Certificate:
    """Modules of eight, every one linked to the next."""
    weights = exact(drawn(8, 8))
    each = {"form": "voltage", "weights": weights, "sha256": digest(weights), "slopes": 1, "time_constant": 1}
    each |= {"rate": exact(0.125), "P": exact(metric(8)), "Q": exact(ones(8)), "scales": exact(half(8)), "weight": 1}
    count = max(size // 8, 1)
    links = [{"to": i + 1, "from": i, "weights": exact(drawn(8, 8) / 2**14)} for i in range(count - 1)]
    return {"format": "assembly certificate 1", "rate": exact(0.0625), "modules": [each] * count, "links": links}


def gated(cell: str, blocks: tuple[str, ...], biases: tuple[str, ...], states: int) -> Make:
    """Small weights: a box of all states."""

    def of(size: int) -> Certificate:
        recurrent = {name: exact(drawn(size, size) / size) for name in blocks}
        rows = [row for name in blocks for row in recurrent[name]]
        claim = {"claim": "contracting", "by": "rows in a box", "factor": exact(0.9375), "gain": 64, "pieces": 8}
        claim |= {"box": [[-2, 2]] * (states * size), "weights": [1] * (states * size)}
        return {
            "format": "gated certificate 1",
            "cell": cell,
            "recurrent": recurrent,
            "sha256": digest(rows),
            "driven": {name: exact(drawn(size, 4) / 4) for name in blocks},
            "bias": {name: exact(drawn(1, size)[0]) for name in biases},
            "inputs": [[-1, 1]] * 4,
            "claims": [claim],
        }

    return of


def basin(size: int) -> Certificate:
    """Around the fixed point at zero of tanh, its slopes bounded by 0 and 1."""
    weights = exact(drawn(size, size))
    each = {"point": [0] * size, "X": exact(metric(size)), "rate": exact(0.25), "S": exact(ones(size))}
    each |= {"core_S": exact(ones(size)), "secants": [[0, 1]] * size, "slopes": [[0, 1]] * size}
    each |= {"core": 1, "residual": exact(2.0**-40)}
    heading = {"format": "basin certificate 1", "form": "voltage", "weights": weights, "sha256": digest(weights)}
    return {**heading, "nonlinearity": "tanh", "inputs": [0] * size, "basins": [each]}


def inputs(size: int) -> Certificate:
    """Everywhere, by multipliers."""
    weights = exact(drawn(size, size))
    proof = {"claim": "contracting", "by": "multiplier", "rate": exact(0.125), "P": exact(metric(size))}
    claim = {"claim": "contracting", "by": "slopes in a box", "from": "everywhere", "boxes": [[[-4, 4]] * size] * 4}
    claim |= {"slopes": [[0, 1]] * size, "proof": {**proof, "Q": exact(ones(size))}}
    heading = {"format": "input certificate 1", "form": "rate", "weights": weights, "sha256": digest(weights)}
    return {**heading, "nonlinearity": "tanh", "cases": [{"inputs": [[-1, 1]] * size, "claim": claim}]}


def lure(size: int) -> Certificate:
    """As many channels as states, and one input and output; a gain of 64."""
    claim = {"claim": "gain", "by": "multiplier", "gain": 64, "P": exact(metric(size)), "Q": exact(ones(size))}
    matrices = {"A": drawn(size, size) - np.eye(size), "B": drawn(size, size), "C": drawn(size + 1, size)[:size]}
    ends = {"E": drawn(size, 1), "F": drawn(1, size)}
    written = {name: exact(each) for name, each in {**matrices, **ends}.items()}
    return {"format": "lure certificate 1", "time": "continuous", **written, "slopes": 1, "claims": [claim]}


GRU = ("reset", "update", "candidate")
KINDS: dict[str, tuple[Make, int]] = {
    "multiplier": (flow("multiplier", rate=0.125, P=metric, Q=ones), 1024),
    "Euler step": (flow(claim="Euler step", step=0.125, factor=0.9921875, P=metric, Q=eighth), 1024),
    "absolute weights": (flow("absolute weights", rate=2.0**-6, left=ones, right=ones), 4096),
    "norm 1": (flow("norm 1", rate=2.0**-6, weights=ones), 4096),
    "norm inf": (flow("norm inf", rate=2.0**-6, weights=ones), 4096),
    "vertices": (flow("vertices", rate=0.125, P=metric), 10),
    "polytope": (polytope, 10),
    "no quadratic metric": (no_metric, 64),
    "no multiplier metric": (no_multiplier, 1024),
    "fixed slopes": (unstable, 1024),
    "switching": (switching, 6),
    "multiplier, map": (flow("multiplier", form="discrete", factor=0.875, P=metric, Q=ones), 1024),
    "absolute weights, map": (flow("absolute weights", form="discrete", factor=0.9921875, left=ones, right=ones), 4096),
    "vertices, map": (flow("vertices", form="discrete", factor=0.875, P=metric), 10),
    "slope sequence": (sequence, 1024),
    "assembly": (assembly, 1024),
    "gru": (gated("gru, reset after", GRU, (*GRU, "inner"), 1), 1024),
    "lstm": (
        gated("lstm", ("input", "forget", "candidate", "output"), ("input", "forget", "candidate", "output"), 2),
        1024,
    ),
    "basin": (basin, 1024),
    "inputs in a box": (inputs, 1024),
    "Lur'e": (lure, 64),
}
BETTER = {"rate": 2, "factor": "1/1024", "gain": "1/1024"}
"""Rates, factors and gains that nothing here proves."""
MATRICES = (
    "P",
    "X",
    "Q",
    "S",
    "core_S",
    "left",
    "right",
    "weights",
    "vertices",
    "vectors",
    "real",
    "imaginary",
    "vector",
)


def rejected(value: Any, *, grows: bool = False) -> Any:
    """With better numbers; of a claim that something grows, at slopes of zero, or in a direction where nothing does."""
    if isinstance(value, dict):
        grows = grows or value.get("claim") in ("not contracting", "no quadratic metric", "no multiplier metric")
        if grows:
            zeros = {"slopes": nothing(value["slopes"])} if "slopes" in value else {}
            better = {**zeros, **({"cos": -1} if "cos" in value else {})}
        else:
            better = BETTER
        return {key: better.get(key, rejected(each, grows=grows)) for key, each in value.items()}
    return [rejected(each, grows=grows) for each in value] if isinstance(value, list) else value


def nothing(value: Any) -> Any:
    """Zeros in the same places."""
    return [nothing(each) for each in value] if isinstance(value, list) else 0


class Fractions:
    """Long fractions near given numbers."""

    def __init__(self, distinct: bool) -> None:
        """With one denominator, or each with its own."""
        self.distinct, self.random, self.below = distinct, np.random.default_rng(0), 0

    def near(self, value: Any) -> str:
        """A number whose denominator is odd."""
        if self.distinct or not self.below:
            self.below = int.from_bytes(self.random.bytes(LONG // 8), "big") | 1 | 1 << (LONG - 1)
        return str(Fraction(round(Fraction(value) * self.below * 2**20) * 2 + 1, self.below * 2**21))

    def put(self, value: Any, *, long: bool = False) -> Any:
        """The same with such numbers in the matrices of claims; matrices stay symmetric."""
        if isinstance(value, dict):
            known = [] if "sha256" in value else MATRICES  # weights with a digest stay
            return {key: self.put(each, long=key in known or key in ("P", "Q")) for key, each in value.items()}
        if not isinstance(value, list):
            return self.near(value) if long else value
        if long and not self.distinct and not isinstance(value[0], list):
            return [self.near(value[0])] * len(value)
        if long and len(value) > 1 and all(isinstance(row, list) and len(row) == len(value) for row in value):
            half = [[self.near(x) for x in row[: i + 1]] for i, row in enumerate(value)]
            return [[half[max(i, j)][min(i, j)] for j in range(len(value))] for i in range(len(value))]
        return [self.put(each, long=long) for each in value]


def seconds(checker: Any, certificate: Certificate) -> tuple[int, float]:
    """The exit status, and the processor's time."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "certificate.json")
        file.write_text(json.dumps(certificate))
        said = io.StringIO()
        begun = time.process_time()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = checker.main([str(file)])
        return status, time.process_time() - begun


def measured(checker: Any, make: Make, size: int) -> dict[str, tuple[int, float]]:
    """All four."""
    holds = make(size)
    proofs = {key: holds[key] for key in ("claims", "basins", "cases", "modules") if key in holds}
    worse = {key: rejected(each) for key, each in proofs.items() if key != "modules"} | (
        {"rate": BETTER["rate"]} if "modules" in holds else {}
    )
    files = {"verified": holds, "rejected": {**holds, **worse}}
    for name, distinct in (("long", False), ("distinct", True)):
        files[name] = {**holds, **Fractions(distinct).put(proofs)}
    return {name: seconds(checker, file) for name, file in files.items()}


def main() -> None:
    """Print a line a kind and a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("certificate_checker", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    checker = importlib.util.module_from_spec(spec)
    sys.modules["certificate_checker"] = checker
    spec.loader.exec_module(checker)
    rows = []
    print(f"{'kind':24}{'n':>5}{'verified':>16}{'rejected':>16}{'long':>16}{'distinct':>16}  power")
    for name, (make, most) in KINDS.items():
        if options.only not in name:
            continue
        slowest: list[tuple[int, float]] = []
        for size in sorted({min(each, most) for each in options.sizes}):
            found = measured(checker, make, size)
            rows.append({"kind": name, "n": size, **found})
            slowest = [*slowest[-1:], (size, max(taken for status, taken in list(found.values())[:3]))]
            power = (
                f"{np.log(slowest[1][1] / slowest[0][1]) / np.log(size / slowest[0][0]):7.1f}" if slowest[1:] else ""
            )
            times = "".join(f"{taken:12.3f} ({status})" for status, taken in found.values())
            print(f"{name:24}{size:5}{times}{power}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
