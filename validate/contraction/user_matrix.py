"""One matrix of the user's own, decided."""

from dataclasses import dataclass
from pathlib import Path

from simulate.atomic import write_atomically
from theory.contraction.candidates import attempted
from theory.contraction.certificate import Certificate
from theory.contraction.certify import certify
from theory.contraction.claims.claim import Claim, Statement
from theory.contraction.form import FORMS, MAPS
from theory.contraction.gain import largest_gain
from theory.contraction.network import LeakyMap, Network
from theory.contraction.slope_range import SlopeRange
from theory.contraction.verdict import Certification, Gain, Verdict
from validate.contraction.ranges import Ranges, range_plot, ranges_of, ranges_of_map
from validate.contraction.settings import MatrixConfig, besides
from validate.contraction.user_run import OwnNetwork
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.table import tell
from validate.tolerance import Scalar

DRAWN = 64


@dataclass(frozen=True)
class MatrixResults:
    """What was found."""

    certification: Certification
    gain: Gain
    ranges: Ranges | None
    """None for time constants or leaks that differ, and for more than `DRAWN` neurons."""


def checks(own: OwnNetwork, config: MatrixConfig, report: Report, progress: Progress) -> MatrixResults:
    """Certify, bracket the gain, write the certificate."""
    (form,) = (form for form in (*FORMS, *MAPS) if form.name == config.form)
    with progress.task("certifying"):
        found = certify(
            own.weights.matrix,
            form,
            SlopeRange(own.lowest_slopes, own.slopes),
            own.time_constants,
            rate=config.rate,
            euler_step=config.euler_step,
            leak=own.leak,
        )
    tell(f"{found.verdict.word}: {found.sentence}; how steep slopes may be is next")
    with progress.task("largest gain"):
        gain = largest_gain(found.network, config.rate)
    names = ("certificate", "gain_certificate", "gain_excluded_certificate", "gain_norm_certificate")
    paths = (None,) * 4 if config.certificate is None else (config.certificate, *besides(config.certificate)[:3])
    proofs = (found.certificate, *gain.certificates(found.network))
    written = {name: _written(path, proof) for name, path, proof in zip(names, paths, proofs, strict=True)}
    _tell(report, "matrix", own.weights.key, "", own.weights.words)
    _report(found, gain, written, config, report)
    drawn = found.network.from_zero and found.network.uniform and found.network.size <= DRAWN
    return MatrixResults(found, gain, attempted(_ranges, found.network, config.rate) if drawn else None)


def _ranges(asked: Network, rate: float) -> Ranges:
    return ranges_of_map(asked, rate) if isinstance(asked, LeakyMap) else ranges_of(asked, 1 - rate)


def _written(path: Path | None, certificate: Certificate | None) -> str | None:
    """The file that was written; None where there is nothing to write, or nowhere."""
    if path is None or certificate is None:
        return None
    write_atomically(path, certificate.json_bytes())
    return str(path)


def _report(
    found: Certification, gain: Gain, written: dict[str, str | None], config: MatrixConfig, report: Report
) -> None:
    """Each number with its unit and what it means; what there is none of stands in the report as null alone."""
    report.finding("verdict", found.verdict.word, "", found.sentence)
    report.quantity("meaning", found.sentence)
    report.finding("neurons", found.network.size)
    lower = None if found.slower is None else float(found.slower.rate)
    discrete = found.network.form.discrete
    per_time = "a step" if discrete else "1 / tau" if config.time_constants is None else "1 / time"
    shrunk = "of a distance, a step"
    pace: tuple[tuple[str, Scalar, str, str], ...] = (
        ("rate", found.rate, per_time, "certified"),
        ("lower_rate", lower, per_time, "certified, lower than was asked"),
    )
    if discrete:
        larger = None if lower is None else 1 - lower
        pace = (
            ("factor", found.factor, shrunk, "certified: every step multiplies distances by it, at most"),
            ("larger_factor", larger, shrunk, "certified, larger than was asked"),
        )
    slopes, times = ("slope of phi", config.slope) if isinstance(config.slope, float) else ("times the slopes", 1.0)
    norm = _by(found.non_quadratic)
    in_norm = None if found.non_quadratic is None else float(found.non_quadratic.rate)
    own: tuple[str, Scalar, str, str] = ("non_quadratic_rate", in_norm, per_time, f"certified, by {norm}")
    if discrete:
        factor = None if in_norm is None else 1 - in_norm
        own = ("non_quadratic_factor", factor, shrunk, f"certified, by {norm}")
    excluded_by = None if gain.high_claim is None else gain.high_claim.document()["claim"]
    at_rate = " at the rate asked for" if config.rate else ""
    for name, value, unit, meaning in (
        ("condition", found.condition, "", "what proves it"),
        *pace,
        ("non_quadratic", norm, "", "a proof by another norm"),
        own,
        ("largest_gain", _times(gain.low, times), slopes, f"the largest certified{at_rate}, in a quadratic metric"),
        ("largest_gain_by_norm", _times(gain.other, times), slopes, f"certified{at_rate}, by {_by(gain.other_claim)}"),
        ("gain_excluded_from", _times(gain.high, times), slopes, f"excluded{at_rate} from here: {excluded_by}"),
        *((name, path, "file", "checked by --check") for name, path in written.items()),
    ):
        _tell(report, name, value, unit, meaning)
    report.quantity("gain_unbounded", gain.unbounded)
    if gain.unbounded:
        report.finding("largest_slope", "any", slopes, "certified, without a bound")
    report.quantity("gain_excluded_by", excluded_by)
    report.quantity("claims", [] if found.certificate is None else [_words(c) for c in found.certificate.claims])
    if config.euler_step is not None:
        factor = None if found.euler is None else float(found.euler.factor)
        _tell(report, "euler_factor", factor, "of a distance, a step", f"a step of {config.euler_step:g} multiplies it")
        if factor is None:
            report.finding("euler_step", "not certified", "", _why_no_step(found))
    report.quantity("tried", [{"name": a.name, "rate_at_best": a.rate, "proved": a.proved} for a in found.attempts])
    if found.certificate is None:
        for attempt in found.attempts:
            report.finding(
                f"tried {attempt.name}", attempt.rate, per_time, "rate at best in floating point, not proved"
            )
    report.conclude(f"{found.verdict.word}: {found.sentence}")


def _tell(report: Report, name: str, value: Scalar, unit: str, meaning: str) -> None:
    if value is None:
        report.quantity(name, None)
    else:
        report.finding(name, value, unit, meaning)


def _why_no_step(found: Certification) -> str:
    if found.verdict is Verdict.CONTRACTING or found.slower is not None:
        return "in any metric that was tried"
    return "no metric was found for the flow, which the step would need"


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
