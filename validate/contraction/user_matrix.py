"""One matrix of the user's own, decided."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from theory.contraction.candidates import attempted
from theory.contraction.certificate import Certificate
from theory.contraction.certify import certify
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.form import FORMS
from theory.contraction.gain import largest_gain
from theory.contraction.verdict import Certification, Gain, Verdict
from validate.contraction.ranges import Ranges, range_plot, ranges_of
from validate.contraction.settings import MatrixConfig, besides
from validate.output import Plot, write_atomically
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Reported

_FINDING = Reported("a finding about your matrix; each is proved in rational arithmetic")
_NOT_PROVED = Reported("in floating point: what could be hoped for, and was not proved")

DRAWN = 64


@dataclass(frozen=True)
class MatrixResults:
    """What was found."""

    certification: Certification
    gain: Gain
    ranges: Ranges | None
    """None for time constants that differ, and for more than `DRAWN` neurons."""


def checks(
    weights: Float[np.ndarray, "n n"], config: MatrixConfig, report: Report, progress: Progress
) -> MatrixResults:
    """Certify, bracket the gain, write the certificate."""
    (form,) = (form for form in FORMS if form.name == config.form)
    with progress.task("certifying"):
        found = certify(weights, form, config.slope, rate=config.rate, euler_step=config.euler_step)
    with progress.task("largest gain"):
        gain = largest_gain(found.network, config.rate)
    low, high = gain.certificates(found.network)
    names = ("certificate", "gain_certificate", "gain_excluded_certificate")
    paths = (None,) * 3 if config.certificate is None else (config.certificate, *besides(config.certificate))
    proofs = (found.certificate, low, high)
    written = {name: _written(path, proof) for name, path, proof in zip(names, paths, proofs, strict=True)}
    _quantities(found, gain, written, config, report)
    _rows(found, gain, config, report)
    drawn = found.network.uniform and found.network.size <= DRAWN
    return MatrixResults(found, gain, attempted(ranges_of, found.network, 1 - config.rate) if drawn else None)


def _written(path: Path | None, certificate: Certificate | None) -> str | None:
    """The file that was written; None where there is nothing to write, or nowhere."""
    if path is None or certificate is None:
        return None
    write_atomically(path, certificate.json_bytes())
    return str(path)


def _quantities(
    found: Certification, gain: Gain, written: dict[str, str | None], config: MatrixConfig, report: Report
) -> None:
    report.quantity("verdict", found.verdict.word)
    report.quantity("meaning", found.verdict.sentence)
    report.quantity("condition", found.condition)
    report.quantity("rate", found.rate)
    report.quantity("lower_rate", None if found.slower is None else float(found.slower.rate))
    report.quantity("non_quadratic", _by(found.non_quadratic))
    report.quantity("largest_gain", _times(gain.low, config.slope))
    report.quantity("gain_unbounded", gain.unbounded)
    report.quantity("gain_excluded_from", _times(gain.high, config.slope))
    report.quantity("gain_excluded_by", None if gain.high_claim is None else gain.high_claim.document()["claim"])
    for name, path in written.items():
        report.quantity(name, path)
    report.quantity("claims", [] if found.certificate is None else [_words(c) for c in found.certificate.claims])
    if config.euler_step is not None:
        report.quantity("euler_factor", None if found.euler is None else float(found.euler.factor))
    report.quantity("neurons", found.network.size)
    report.quantity("tried", [{"name": a.name, "rate_at_best": a.rate, "proved": a.proved} for a in found.attempts])


def _rows(found: Certification, gain: Gain, config: MatrixConfig, report: Report) -> None:
    """The findings as rows of the table."""
    report.check("verdict", predicted=None, measured=found.verdict.word, tolerance=_FINDING)
    if found.condition is not None:
        report.check("condition that proves it", predicted=None, measured=found.condition, tolerance=_FINDING)
        report.check("certified rate, per unit of tau", predicted=None, measured=found.rate, tolerance=_FINDING)
    if found.slower is not None:
        slower = float(found.slower.rate)
        report.check("certified at a lower rate than was asked", predicted=None, measured=slower, tolerance=_FINDING)
    if found.non_quadratic is not None:
        by = _by(found.non_quadratic)
        report.check("proof by another norm", predicted=None, measured=by, tolerance=_FINDING)
    if gain.unbounded:
        report.check("largest slope", predicted=None, measured="any: unbounded", tolerance=_FINDING)
    elif gain.low is not None:
        low = _times(gain.low, config.slope)
        report.check("largest slope certified", predicted=None, measured=low, tolerance=_FINDING)
    if gain.high_claim is not None:
        name = f"slope from which it is excluded ({gain.high_claim.document()['claim']})"
        report.check(name, predicted=None, measured=_times(gain.high, config.slope), tolerance=_FINDING)
    if config.euler_step is not None:
        if found.euler is not None:
            measured: float | str = float(found.euler.factor)
        elif found.verdict is Verdict.CONTRACTING or found.slower is not None:
            measured = "not certified in any metric that was tried"
        else:
            measured = "not certified: no metric was found for the flow, which the step would need"
        report.check("factor of an Euler step", predicted=None, measured=measured, tolerance=_FINDING)
    if found.certificate is None:
        for attempt in found.attempts:
            name = f"tried: {attempt.name}, rate at best"
            report.check(name, predicted=None, measured=attempt.rate, tolerance=_NOT_PROVED)


def _by(claim: Claim | None) -> str | None:
    return None if claim is None else str(claim.document()["by"])


def _words(statement: Statement) -> str:
    document = statement.document()
    return " by ".join(str(document[key]) for key in ("claim", "by") if key in document)


def _times(factor: float | None, slope: float) -> float | None:
    return None if factor is None else factor * slope


def figures(config: MatrixConfig, results: MatrixResults) -> tuple[Plot, ...]:
    """One figure: where the range stands, before and after scaling the neurons."""
    return () if results.ranges is None else (range_plot("numerical_range", results.ranges),)
