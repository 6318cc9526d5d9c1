"""An assembly and its rate as the JSON file of `docs/certificates.md`."""

from dataclasses import dataclass, replace

import flint

from theory.contraction.assembly.assembly import ExactAssembly, Member, spans
from theory.contraction.assembly.euler import AssemblyEulerStep, certify_assembly_step
from theory.contraction.certificate import digest, json_bytes
from theory.contraction.claims.claim import Document, alike, number, numbers, rows
from theory.contraction.exact_matrix import rational, short
from theory.contraction.threads import one_blas_thread


@dataclass(frozen=True)
class AssemblyCertificate:
    """That an assembly contracts at `rate`, and its Euler step by `euler` if there is one."""

    assembly: ExactAssembly
    rate: flint.fmpq
    euler: AssemblyEulerStep | None = None

    def holds(self) -> bool:
        """Whether rational arithmetic proves it."""
        return self.assembly.proves(self.rate) and (self.euler is None or self.euler.holds(self.assembly))

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        return {
            "format": "assembly certificate 1",
            "rate": number(self.rate),
            "modules": [_member(member) for member in self.assembly.members],
            "links": [
                {"to": i, "from": j, "weights": rows(link)} for (i, j), link in sorted(self.assembly.links.items())
            ],
            **({} if self.euler is None else {"Euler step": _euler(self.euler, self.assembly)}),
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())


@one_blas_thread
def certify_assembly(assembly: ExactAssembly, euler_step: float | None = None) -> AssemblyCertificate | None:
    """The best rate that is proved, the members' own where the links cost nothing; None where none is.

    With `euler_step` (units of time) the step is certified too, where the metric of the whole shows it.

    >>> import numpy as np
    >>> from theory.contraction import VOLTAGE, certify, module
    >>> found = certify(np.array([[0.0, -1.5], [1.5, -1.0]]), VOLTAGE)
    >>> certificate = certify_assembly(module(found.network, found.claims[0]))
    >>> certificate.holds(), certificate.rate == found.claims[0].rate
    (True, True)
    """
    uncoupled = min(member.claim.rate / member.time_constant for member in assembly.members)
    best = assembly.rate
    candidates = [uncoupled] if best >= float(uncoupled) * (1 - 1e-9) else []
    if best > 0:
        candidates += [rational(short(best * (1 - slack))) for slack in (1e-6, 1e-3)]
    for rate in candidates:
        if (certificate := AssemblyCertificate(assembly, rate)).holds():
            euler = None if euler_step is None else certify_assembly_step(assembly, euler_step)
            return replace(certificate, euler=euler)
    return None


def _euler(claim: AssemblyEulerStep, assembly: ExactAssembly) -> Document:
    multipliers = claim.multiplier.diagonal_entries()
    each = [numbers(multipliers[own]) for _, own in spans(assembly)]
    return {"step": number(claim.step), "factor": number(claim.factor), "Q": each}


def _member(member: Member) -> Document:
    return {
        "form": member.network.form.name,
        "weights": rows(member.network.weights),
        "sha256": digest(member.network.weights),
        "slopes": alike(member.network.slopes.diagonal_entries()),
        "time_constant": number(member.time_constant),
        "rate": number(member.claim.rate),
        "P": rows(member.claim.metric),
        "Q": numbers(member.claim.multiplier.diagonal_entries()),
        "scales": numbers(member.scales),
        "weight": number(member.weight),
    }
