"""An assembly and its rate as the JSON file of `docs/certificates.md`."""

from dataclasses import dataclass

import flint

from theory.contraction.assembly.assembly import Assembly, Member
from theory.contraction.certificate import fingerprint, json_bytes
from theory.contraction.claims.claim import Document, number, numbers, rows
from theory.contraction.exact_matrix import rational, short
from theory.contraction.threads import one_blas_thread


@dataclass(frozen=True)
class AssemblyCertificate:
    """That an assembly contracts at `rate`."""

    assembly: Assembly
    rate: flint.fmpq

    def holds(self) -> bool:
        """Whether rational arithmetic proves it."""
        return self.assembly.proves(self.rate)

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        return {
            "format": "assembly certificate 1",
            "rate": number(self.rate),
            "modules": [_member(member) for member in self.assembly.members],
            "links": [
                {"to": i, "from": j, "weights": rows(link)} for (i, j), link in sorted(self.assembly.links.items())
            ],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())


@one_blas_thread
def certify_assembly(assembly: Assembly) -> AssemblyCertificate | None:
    """The best rate that is proved, the members' own where the links cost nothing; None where none is."""
    uncoupled = min(member.claim.rate / member.time_constant for member in assembly.members)
    best = assembly.rate
    candidates = [uncoupled] if best >= float(uncoupled) * (1 - 1e-9) else []
    if best > 0:
        candidates += [rational(short(best * (1 - slack))) for slack in (1e-6, 1e-3)]
    for rate in candidates:
        if (certificate := AssemblyCertificate(assembly, rate)).holds():
            return certificate
    return None


def _member(member: Member) -> Document:
    slopes = numbers(member.network.slopes.diagonal_entries())
    return {
        "form": member.network.form.name,
        "weights": rows(member.network.weights),
        "sha256": fingerprint(member.network.weights),
        "slopes": slopes[0] if len(set(slopes)) == 1 else slopes,
        "time_constant": number(member.time_constant),
        "rate": number(member.claim.rate),
        "P": rows(member.claim.metric),
        "Q": numbers(member.claim.multiplier.diagonal_entries()),
        "floor": number(member.floor),
        "weight": number(member.weight),
    }
