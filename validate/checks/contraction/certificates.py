"""Certificates of every kind, verified by the independent checker; altered, truncated and exchanged ones refused."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from theory.contraction.certificate import Certificate
from theory.contraction.certify import certify
from theory.contraction.conditions.symmetric import SymmetricCondition
from theory.contraction.form import RATE, VOLTAGE
from theory.contraction.network import network
from validate import certificate_checker
from validate.checks.contraction.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Exact

SIZES = (8, 16, 32, 64)
_ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])


@dataclass(frozen=True)
class CertificateResults:
    """Seconds that the checker takes, start included, for a multiplier certificate of n neurons; reported."""

    sizes: tuple[int, ...]
    seconds: Float[np.ndarray, " sizes"]


def checks(config: Config, report: Report, progress: Progress) -> CertificateResults:
    """Exit statuses of the checker, run by itself with the standard library alone."""
    with tempfile.TemporaryDirectory() as folder, progress.task("certificates"):
        for name, certificate in _certificates().items():
            file = Path(folder) / "certificate.json"
            file.write_bytes(certificate.json_bytes())
            _expect(f"{name}: verified", 0, file, report)
            document = certificate.document()
            weights = document["weights"]
            assert isinstance(weights, list)
            weights[0][0] = "1/3"
            file.write_text(json.dumps(document))
            _expect(f"{name}: with one weight altered, rejected", 1, file, report)
            claim = certificate.document()
            claims = claim["claims"]
            assert isinstance(claims, list)
            claims[0]["rate"] = -1
            file.write_text(json.dumps(claim))
            _expect(f"{name}: with a negative rate, rejected", 1, file, report)
            file.write_bytes(certificate.json_bytes()[:-20])
            _expect(f"{name}: truncated, malformed", 2, file, report)
        file.write_bytes(next(iter(_certificates().values())).json_bytes())
        other = Path(folder) / "other.npy"
        np.save(other, _ROTATION * 1.25)
        _expect("held against another matrix", 2, file, report, "--weights", str(other))
        return _timed(Path(folder), config, report)


def _certificates() -> dict[str, Certificate]:
    """One of every kind of claim that `certify` makes."""
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
    found = {name: answer.certificate for name, answer in asked.items()}
    return {name: certificate for name, certificate in found.items() if certificate is not None}


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
        claim = SymmetricCondition().prove(asked, 0.4)
        assert claim is not None
        file = folder / f"{size}.json"
        file.write_bytes(Certificate(asked.exact, (claim,)).json_bytes())
        began = time.perf_counter()
        status = _status(file)
        seconds.append(time.perf_counter() - began)
        report.check(f"checker: {size} neurons, verified", predicted=0, measured=status, tolerance=Exact())
    return CertificateResults(SIZES, np.array(seconds))
