"""Certificates that `certify` makes, verified by the independent checker; altered, cut and exchanged ones refused."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import Float

from theory.contraction.certificate import Certificate
from theory.contraction.certify import certify
from theory.contraction.claims.claim import Document
from theory.contraction.conditions.registry import SYMMETRIC
from theory.contraction.form import RATE, VOLTAGE
from theory.contraction.network import network
from validate.contraction import certificate_checker
from validate.contraction.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, legend_below, mark_values, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Exact

SIZES = (8, 16, 32, 64)
_ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])


@dataclass(frozen=True)
class CertificateResults:
    """Seconds that the checker takes for a multiplier certificate of n neurons, without its start; reported."""

    sizes: tuple[int, ...]
    seconds: Float[np.ndarray, " sizes"]


def checks(config: Config, report: Report, progress: Progress) -> CertificateResults:
    """Exit statuses of the checker, run by itself with the standard library alone."""
    with tempfile.TemporaryDirectory() as folder, progress.task("certificates"):
        made = _certificates()
        for name, certificate in made.items():
            file = Path(folder) / "certificate.json"
            file.write_bytes(certificate.json_bytes())
            _expect(f"{name}: verified", 0, file, report)
            for alteration, altered in _altered(certificate):
                file.write_text(json.dumps(altered))
                _expect(f"{name}: with {alteration}, rejected", 1, file, report)
            file.write_bytes(certificate.json_bytes()[:-20])
            _expect(f"{name}: truncated, malformed", 2, file, report)
        file.write_bytes(next(iter(made.values())).json_bytes())
        other = Path(folder) / "other.npy"
        np.save(other, _ROTATION * 1.25)
        _expect("held against another matrix", 2, file, report, "--weights", str(other))
        return _timed(Path(folder), config, report)


def _altered(certificate: Certificate) -> Iterator[tuple[str, Document]]:
    """The file with another weight, with and without the digest of that, and with a rate that nothing can prove."""
    document = certificate.document()
    weights, claims = document["weights"], document["claims"]
    assert isinstance(weights, list)
    assert isinstance(claims, list)
    excited = any(claim["claim"] == "contracting" for claim in claims)  # or, against claims of growth, inhibited
    weights[0][0] = "1000/7" if excited else "-1000/7"
    yield "one weight altered", document
    yield "one weight and the digest altered", {**document, "sha256": certificate_checker.digest(_exact(weights))}
    claims[0]["rate"] = -1
    yield "a negative rate", {**certificate.document(), "claims": claims}


def _certificates() -> dict[str, Certificate]:
    """One of most kinds of claim."""
    asked = {
        "theorem 1": certify(np.array([[0.0, 0.5], [0.25, -3.0]]), VOLTAGE),
        "theorem 2, Euler step": certify(np.array([[-0.5, 0.25], [0.25, 0.5]]), RATE, euler_step=0.25),
        "multiplier": certify(1.5 * _ROTATION, VOLTAGE),
        "no quadratic metric": certify(2.0 * _ROTATION, VOLTAGE),
        "no quadratic metric, norm 1": certify(np.array([[-4.0, 4.75], [-4.75, -4.0]]), VOLTAGE),
        "no quadratic metric, polytope": certify(2.25 * _ROTATION, VOLTAGE),
        "switching law": certify(3.0 * _ROTATION, VOLTAGE),
        "fixed slopes": certify(np.array([[2.0]]), RATE),
    }
    found = {}
    for name, answer in asked.items():
        assert answer.certificate is not None, name
        found[name] = answer.certificate
    return found


def _exact(weights: list[list[int | str]]) -> list[list[Fraction]]:
    return [[Fraction(entry) for entry in row] for row in weights]


def _expect(name: str, status: int, file: Path, report: Report, *more: str) -> None:
    report.check(f"checker: {name}", predicted=status, measured=_status(file, *more), tolerance=Exact())


def _status(file: Path, *more: str) -> int:
    script = str(certificate_checker.__file__)
    done = subprocess.run([sys.executable, "-I", "-S", script, str(file), *more], capture_output=True, check=False)
    return done.returncode


def _timed(folder: Path, config: Config, report: Report) -> CertificateResults:
    """How the cost grows with the number of neurons."""
    rng = np.random.default_rng(config.seed)
    seconds = []
    for size in SIZES:
        weights = rng.normal(size=(size, size)) / np.sqrt(size)
        weights = (weights + weights.T) / 2
        asked = network(0.5 * weights / np.linalg.eigvalsh(weights)[-1], VOLTAGE)
        claim = SYMMETRIC.prove(asked, 0.4)
        assert claim is not None
        file = folder / f"{size}.json"
        file.write_bytes(Certificate(asked.exact, (claim,)).json_bytes())
        report.check(f"checker: {size} neurons, verified", predicted=0, measured=_status(file), tolerance=Exact())
        began = time.process_time()
        certificate_checker.read_certificate(str(file)).verify()
        seconds.append(time.process_time() - began)
    return CertificateResults(SIZES, np.array(seconds))


def figures(config: Config, results: CertificateResults) -> tuple[Plot, ...]:
    """Seconds of the checker against the number of neurons."""
    sizes = np.array(results.sizes)
    with style():
        figure, axes = new_figure(4.8, 3.8)
        axes.loglog(sizes, results.seconds, label="measured, one run", **MEASURED)
        axes.loglog(sizes, results.seconds[-1] * (sizes / sizes[-1]) ** 3, label="$n^3$, through the last", **GUIDE)
        mark_values(axes, results.sizes)
        axes.set(xlabel="neurons $n$", ylabel="processor time (s)")
        legend_below(figure, 2)
    caption = (
        "Verifying a multiplier certificate with Python's standard library alone, the interpreter's start apart: one "
        "run a size. Dotted: what grows as the n^3 products of an elimination; with few neurons the rest weighs more."
    )
    return (plot("checker_cost", caption, figure, {"sizes": sizes, "seconds": results.seconds}),)
