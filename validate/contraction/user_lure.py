"""One Lur'e system of the user's own, decided."""

from dataclasses import dataclass

from simulate.atomic import write_atomically
from theory.contraction.lure.decide import LureCertification, certify
from theory.contraction.lure.system import LureSystem
from validate.contraction.settings import LureConfig
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report


@dataclass(frozen=True, eq=False)
class OwnLure:
    """The system that is asked about."""

    system: LureSystem


def checks(own: OwnLure, config: LureConfig, report: Report, progress: Progress) -> LureCertification:
    """Certify, bracket the gain, write the certificate."""
    with progress.task("certifying"):
        found = certify(own.system, seed=config.seed)
    report.finding("verdict", found.verdict.word, "", found.sentence)
    report.quantity("meaning", found.sentence)
    report.finding("states", own.system.states)
    report.finding("channels", len(own.system.slopes), "", "of the nonlinearity")
    discrete, reached = own.system.discrete, found.reached
    factor = None if found.rate is None or not discrete else 1 - found.rate
    per_time = None if discrete else found.rate
    told = "at fixed slopes" + (", in floats" if reached is None or reached.claim is None else ", certified")
    numbers = (
        ("rate", per_time, "1 / time", "certified"),
        ("factor", factor, "of a distance, a step", "certified: every step multiplies distances by it, at most"),
        ("gain", found.gain, "outputs / inputs", "certified: outputs differ by no more, in the l2 norm over time"),
        ("gain_reached", None if reached is None else reached.gain, "outputs / inputs", told),
    )
    for name, value, unit, meaning in numbers:
        if value is None:
            report.quantity(name, None)
        else:
            report.finding(name, value, unit, meaning)
    slopes = None if reached is None else reached.fractions * own.system.slopes
    report.quantity("gain_reached_at", None if reached is None else {"slopes": slopes, "angle": reached.angle})
    certificate = found.certificate
    report.quantity(
        "claims", [] if certificate is None else [claim.document()["claim"] for claim in certificate.claims]
    )
    if config.certificate is None or certificate is None:
        report.quantity("certificate", None)
    else:
        write_atomically(config.certificate, certificate.json_bytes())
        report.finding("certificate", str(config.certificate), "file", "checked by --check")
    report.conclude(f"{found.verdict.word}: {found.sentence}")
    return found


def figures(config: LureConfig, results: LureCertification) -> tuple[Plot, ...]:
    """None: the answer is in numbers."""
    return ()
