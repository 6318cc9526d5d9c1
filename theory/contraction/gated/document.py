"""A gated layer and what is proved of it, as the JSON file of `docs/certificates.md`."""

import hashlib
from dataclasses import dataclass

from theory.contraction.certificate import json_bytes
from theory.contraction.claims.claim import Document
from theory.contraction.gated.bounds import Numbers
from theory.contraction.gated.layer import Blocks, GatedLayer
from theory.contraction.gated.statements import GatedStatement, fractions, pairs

FORMAT = "gated certificate 1"


@dataclass(frozen=True, eq=False)
class GatedCertificate:
    """Statements about one gated layer; `holds` proves them anew."""

    layer: GatedLayer
    claims: tuple[GatedStatement, ...]

    def holds(self) -> bool:
        """Whether rational arithmetic proves every statement."""
        return bool(self.claims) and all(claim.holds(self.layer) for claim in self.claims)

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        exact = self.layer.exact
        return {
            "format": FORMAT,
            "cell": exact.name,
            "recurrent": {name: _rows(exact.recurrent[name]) for name in exact.blocks},
            "sha256": digest(exact.recurrent, exact.blocks),
            "driven": {name: _rows(exact.driven[name]) for name in exact.blocks},
            "bias": {name: fractions(exact.bias[name]) for name in exact.biases},
            "inputs": pairs(exact.inputs),
            "claims": [claim.document() for claim in self.claims],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())


def digest(recurrent: Blocks, blocks: tuple[str, ...]) -> str:
    """SHA-256 of the canonical text of the recurrent weights: a line a row, block after block."""
    rows = [row for name in blocks for row in _rows(recurrent[name])]
    return hashlib.sha256("".join(" ".join(map(str, row)) + "\n" for row in rows).encode("ascii")).hexdigest()


def _rows(matrix: Numbers) -> list[list[int | str]]:
    return [fractions(row) for row in matrix]
