"""One GRU or LSTM of the user's own, decided."""

from dataclasses import dataclass
from pathlib import Path

from simulate.atomic import write_atomically
from theory.contraction.gated.apart import Apart
from theory.contraction.gated.decide import GatedCertification, RecurrentScale, certify, largest_recurrence
from theory.contraction.gated.document import GatedCertificate
from theory.contraction.gated.layer import GatedLayer
from theory.contraction.gated.statements import Contracting
from validate.contraction.settings import GatedConfig, besides
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report


@dataclass(frozen=True, eq=False)
class OwnLayer:
    """The layer that is asked about, and what it is in words."""

    layer: GatedLayer
    words: str


@dataclass(frozen=True, eq=False)
class GatedResults:
    """What was found."""

    certification: GatedCertification
    scale: RecurrentScale


def checks(own: OwnLayer, config: GatedConfig, report: Report, progress: Progress) -> GatedResults:
    """Certify, bracket the scale of the recurrent weights, write the certificates."""
    with progress.task("certifying"):
        found = certify(own.layer, seed=config.seed)
    with progress.task("largest recurrence"):
        scale = largest_recurrence(own.layer, seed=config.seed)
    report.finding("layer", own.layer.name, "", own.words)
    report.finding("verdict", found.verdict.word, "", found.sentence)
    report.quantity("meaning", found.sentence)
    report.finding("units", own.layer.units)
    report.finding("inputs", len(own.layer.inputs.low), "", f"each |x_j| at most {config.input_box:g}")
    _tell_proof(found, report)
    _tell_scale(scale, report)
    _write(config.certificate, found, scale, report)
    for attempt in found.attempts:
        meaning = "below 1 it contracts" if attempt.proved is not None else "below 1 it contracts; in floating point"
        report.finding(f"tried {attempt.name}", attempt.rate, "of a distance, a step", meaning)
    report.quantity(
        "tried", [{"name": each.name, "factor": each.rate, "proved": each.proved} for each in found.attempts]
    )
    _tell_apart(found.apart, report)
    report.conclude(f"{found.verdict.word}: {found.sentence}")
    return GatedResults(found, scale)


def _tell_proof(found: GatedCertification, report: Report) -> None:
    claim = found.claim if isinstance(found.claim, Contracting) else None
    if claim is None:
        for name in ("factor", "gain", "smallest_weight", "widest_state"):
            report.quantity(name, None)
        return
    report.finding("factor", found.factor, "of a distance, a step", f"certified, in {claim.norm}")
    report.finding("gain", found.gain, "states / inputs", "certified: inputs that differ by 1 end no farther apart")
    report.finding("smallest_weight", float(min(claim.weights)), "no unit", "of the norm; the largest is 1")
    report.finding("widest_state", float(max(claim.box.size)), "no unit", "the box of states is no wider, from 0")


def _tell_scale(scale: RecurrentScale, report: Report) -> None:
    for name, value, meaning in (
        ("largest_recurrence", scale.low, "of all recurrent weights: the largest that is certified"),
        ("recurrence_excluded_from", scale.high, "at it two trajectories are proved to stay apart"),
    ):
        if value is None:
            report.quantity(name, None)
        else:
            report.finding(name, value, "times", meaning)


def _write(path: Path | None, found: GatedCertification, scale: RecurrentScale, report: Report) -> None:
    """The certificate, and those of both ends of the scale beside it."""
    layer = found.layer
    ends = [
        None if factor is None or claim is None else GatedCertificate(layer.with_recurrence(factor), (claim,))
        for factor, claim in ((scale.low, scale.low_claim), (scale.high, scale.high_claim))
    ]
    names = ("certificate", "recurrence_certificate", "recurrence_excluded_certificate")
    paths = (None,) * 3 if path is None else (path, *besides(path)[:2])
    for name, file, proof in zip(names, paths, (found.certificate, *ends), strict=True):
        if file is None or proof is None:
            report.quantity(name, None)
            continue
        write_atomically(file, proof.json_bytes())
        report.finding(name, str(file), "file", "checked by --check")


def _tell_apart(apart: Apart | None, report: Report) -> None:
    if apart is None:
        report.quantity("apart", None)
        return
    how = "simulated" if apart.claim is None else "simulated, and proved"
    meaning = f"after {apart.steps} steps under one input, in the unit that differs most: {how}"
    report.finding("distance_kept", apart.distance, "states", meaning)
    report.quantity(
        "apart",
        {"input": apart.input, "first": apart.first, "second": apart.second, "steps": apart.steps},
    )


def figures(config: GatedConfig, results: GatedResults) -> tuple[Plot, ...]:
    """None: the answer is in numbers."""
    return ()
