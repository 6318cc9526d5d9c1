"""What is proved of one network under constant inputs, as the JSON file of `docs/certificates.md`."""

from dataclasses import dataclass, replace

import flint

from theory.contraction.certificate import heading, json_bytes
from theory.contraction.claims.claim import Document, number
from theory.contraction.exact_matrix import exact_vector
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.contraction.regions.box import Driven, IntervalBox
from theory.contraction.regions.box_claim import BoxContraction, pairs
from theory.contraction.regions.refutation import Refutation
from theory.contraction.regions.two_basins import TwoBasins

ONE = flint.fmpq(1)


@dataclass(frozen=True)
class InputCase:
    """A claim under inputs in a box, all weights being multiplied by `gain`."""

    inputs: IntervalBox
    claim: BoxContraction | Refutation
    gain: flint.fmpq = ONE

    def proved(self, system: ExactAutonomous) -> bool:
        """Whether rational arithmetic proves it of this network, whose own constant input plays no part."""
        if self.gain <= 0 or len(self.inputs.lower) != system.size or not self.inputs.ordered:
            return False
        scaled = with_gain(system, self.gain)
        if isinstance(self.claim, BoxContraction):
            return self.claim.proved(Driven(scaled, self.inputs))
        if self.inputs.lower != self.inputs.upper or None in self.inputs.lower:
            return False
        constant = exact_vector(end for end in self.inputs.lower if end is not None)
        return self.claim.proved(replace(scaled, inputs=constant))

    def document(self, *, discrete: bool) -> Document:
        """The case as JSON knows it."""
        claim = self.claim
        said = claim.document(discrete=discrete) if isinstance(claim, TwoBasins) else claim.document()
        gain = {} if self.gain == 1 else {"gain": number(self.gain)}
        return {**gain, "inputs": pairs(self.inputs), "claim": said}


def with_gain(system: ExactAutonomous, gain: flint.fmpq) -> ExactAutonomous:
    """The system with all weights multiplied."""
    return replace(system, network=replace(system.network, weights=gain * system.network.weights))


@dataclass(frozen=True)
class InputCertificate:
    """Cases of one network; `holds` proves them anew.

    >>> import numpy as np
    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH, inputs=2.0)
    >>> found = regions.constant_inputs.decide(switch)
    >>> certificate = InputCertificate(switch.exact, (found.case,))
    >>> certificate.holds(), certificate.document()["format"]
    (True, 'input certificate 1')
    """

    system: ExactAutonomous
    cases: tuple[InputCase, ...]

    def holds(self) -> bool:
        """Whether rational arithmetic proves every case."""
        return bool(self.cases) and all(case.proved(self.system) for case in self.cases)

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        discrete = self.system.form.discrete
        return {
            "format": "input certificate 1",
            **heading(self.system.network),
            "nonlinearity": self.system.activation.name,
            "cases": [case.document(discrete=discrete) for case in self.cases],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())
