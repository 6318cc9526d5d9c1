"""Under which constant inputs a network of the user's own contracts."""

from dataclasses import dataclass, replace

import numpy as np

from simulate.atomic import write_atomically
from theory.contraction.form import FORMS, MAPS
from theory.contraction.gain import largest_gain
from theory.contraction.regions.activation import ACTIVATIONS
from theory.contraction.regions.autonomous import AutonomousNetwork, autonomous
from theory.contraction.regions.constant_inputs import (
    Amplitudes,
    DecidedInput,
    InputGain,
    InputOutcome,
    amplitudes,
    decide,
    largest_gain_under,
    outcome_of,
)
from theory.contraction.regions.input_certificate import InputCase, InputCertificate
from theory.contraction.verdict import Gain
from validate.contraction.input_figure import amplitude_plot, input_plane
from validate.contraction.settings import MatrixConfig
from validate.contraction.user_run import OwnInputs
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

TOLD = 16
"""Inputs that are told on the terminal; the report has all."""
GAINED = 8
"""Inputs up to which the largest gain under each is sought."""


@dataclass(frozen=True)
class InputResults:
    """What was found: under each input, along the direction, and at which gains."""

    system: AutonomousNetwork
    decided: list[DecidedInput]
    gains: list[InputGain]
    everywhere: Gain
    along: Amplitudes | None
    direction: np.ndarray | None

    @property
    def cases(self) -> tuple[InputCase, ...]:
        """All that is proved."""
        under = [found.case for found in self.decided if found.case is not None]
        gained = [case for found in self.gains for case in found.cases]
        return (*under, *gained, *(() if self.along is None else self.along.cases))


def checks(own: OwnInputs, config: MatrixConfig, report: Report, progress: Progress) -> InputResults:
    """Decide under every input, along the direction, and write the certificate."""
    network = own.network
    (form,) = (form for form in (*FORMS, *MAPS) if form.name == config.form)
    (activation,) = (each for each in ACTIVATIONS if each.name == config.nonlinearity)
    system = autonomous(
        network.weights.matrix,
        form,
        activation,
        own.bias.values,
        time_constants=network.time_constants,
        leak=network.leak,
    )
    under = [replace(system, inputs=own.bias.values + row) for row in own.rows]
    with progress.task("inputs", len(under)) as advance:
        decided = []
        for done, each in enumerate(under, 1):
            decided.append(decide(each, seed=config.seed))
            advance(done)
    with progress.task("gains"):
        gains = [largest_gain_under(each, seed=config.seed) for each in (under if len(under) <= GAINED else [])]
        everywhere = largest_gain(system.network)
    with progress.task("amplitudes"):
        along = None if own.along is None else amplitudes(system, own.along, seed=config.seed)
    results = InputResults(system, decided, gains, everywhere, along, own.along)
    _report(own, results, config, report)
    return results


def _report(own: OwnInputs, results: InputResults, config: MatrixConfig, report: Report) -> None:
    weights = own.network.weights
    if weights.key is not None:
        report.finding("matrix", weights.key, "", weights.words)
    report.finding("neurons", results.system.network.size)
    report.finding("bias", float(np.linalg.norm(own.bias.values)), "Euclidean norm", own.bias.words)
    report.finding("certificate", _written(results, config), "file", "checked by --check")
    gain = results.everywhere
    proved = "any" if gain.unbounded else max((g for g in (gain.low, gain.other) if g is not None), default=None)
    report.finding(
        "gain_everywhere", proved, "times W", "contracts under all inputs, constant or not: slopes from zero, certified"
    )
    for k, found in enumerate(results.decided[:TOLD]):
        _tell(f"input {k}", found, results.gains[k] if results.gains else None, report)
    report.quantity("inputs", [_entry(found) for found in results.decided])
    if results.along is not None:
        unit = "of --along, added to the bias"
        low, high = results.along.low, results.along.high
        report.finding("amplitude", low, unit, "contracts at it and all above, certified")
        report.finding("amplitude_excluded", high, unit, _why_not(results.along.witness))
        report.quantity("amplitude_pieces", len(results.along.pieces))
    report.conclude(_conclusion(results))


def _tell(name: str, found: DecidedInput, gain: InputGain | None, report: Report) -> None:
    """The rows of one input."""
    report.finding(name, found.outcome.name.lower(), "", found.outcome.sentence)
    if found.rate is not None:
        pace, value, bound = "rate", found.rate, "at least"
        if found.system.discrete:
            pace, value, bound = "factor", 1 - found.rate, "at most"
        report.finding(f"{name} {pace}", value, "", f"certified {bound}, in the end, at all states that are come to")
        least, most = min(float(s.lower) for s in found.slopes), max(float(s.upper) for s in found.slopes)
        report.finding(f"{name} slopes", f"{least:.3g} to {most:.3g}", "", "of phi, at these states")
    if gain is not None:
        report.finding(f"{name} gain", gain.low, "times W", "the largest found at which it contracts, certified")
        report.finding(f"{name} excluded", gain.high, "times W", _why_not(gain.high_case))


def _why_not(case: InputCase | None) -> str:
    """What proves that it does not contract."""
    if case is None:
        return "no proof that it does not contract was found"
    return f"does not contract: {outcome_of(case).sentence.partition(':')[0]}, certified"


def _entry(found: DecidedInput) -> dict[str, object]:
    return {"input": found.system.inputs.tolist(), "outcome": found.outcome.name.lower(), "rate": found.rate}


def _written(results: InputResults, config: MatrixConfig) -> str | None:
    """The file that was written; None where there is nothing to write, or nowhere."""
    if config.certificate is None or not results.cases:
        return None
    write_atomically(config.certificate, InputCertificate(results.system.exact, results.cases).json_bytes())
    return str(config.certificate)


def _conclusion(results: InputResults) -> str:
    parts = []
    if results.decided:
        outcomes = [found.outcome for found in results.decided]
        parts.append(
            f"of {len(outcomes)} constant inputs the network contracts under "
            f"{outcomes.count(InputOutcome.CONTRACTING)}, does not under {sum(each.refuted for each in outcomes)}, "
            f"{outcomes.count(InputOutcome.UNDECIDED)} undecided"
        )
    if results.along is not None:
        low, high = results.along.low, results.along.high
        if low is None:
            said = "no amplitude was found from which on it contracts: some neurons may not be held by that direction"
        elif low == 0:
            said = "it contracts at all amplitudes"
        else:
            said = f"it contracts from amplitude {low:.5g} on"
        parts.append(said + ("" if high is None else f", and does not at {high:.5g}"))
    return "; ".join(parts)


def figures(config: MatrixConfig, results: InputResults) -> tuple[Plot, ...]:
    """Of two neurons the plane of inputs; else fixed points by the amplitude."""
    if results.system.network.size == 2:
        return (input_plane("inputs", results.system, [f.system.inputs for f in results.decided], results.direction),)
    if results.along is None or results.direction is None:
        return ()
    return (amplitude_plot("amplitudes", results.system, results.direction, results.along),)
