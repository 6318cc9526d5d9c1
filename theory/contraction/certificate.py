"""A network and what is proved of it, as the JSON file of `docs/certificates.md`."""

import hashlib
import json
from dataclasses import dataclass

from theory.contraction.claims.claim import Document, Statement, alike, numbers, rows
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork


@dataclass(frozen=True)
class Certificate:
    """Statements about one network; `holds` proves them anew.

    >>> import numpy as np
    >>> from theory.contraction import VOLTAGE, certify
    >>> certificate = certify(np.array([[0.5, 0.25], [0.25, 0.5]]), VOLTAGE).certificate
    >>> certificate.holds(), certificate.document()["format"]
    (True, 'contraction certificate 1')
    """

    network: ExactNetwork
    claims: tuple[Statement, ...]

    def holds(self) -> bool:
        """Whether rational arithmetic proves every statement."""
        return bool(self.claims) and all(claim.holds(self.network) for claim in self.claims)

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        return {
            "format": "contraction certificate 1",
            **heading(self.network),
            "slopes": alike(self.network.slopes.diagonal_entries()),
            **_lowest(self.network),
            "claims": [claim.document() for claim in self.claims],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())


def heading(network: ExactNetwork) -> Document:
    """What all certificates about one network say of it: form, weights, and how slow neurons are."""
    leaks = network.leaks.diagonal_entries()
    discrete = network.form.discrete
    name, paces = ("leaks", leaks) if discrete else ("time_constants", [1 / leak for leak in leaks])
    return {
        "form": network.form.name,
        "weights": rows(network.weights),
        "sha256": digest(network.weights),
        **({} if set(paces) == {1} else {name: numbers(paces)}),
    }


def _lowest(network: ExactNetwork) -> Document:
    return {} if network.lowest is None else {"lowest_slopes": alike(network.lowest.diagonal_entries())}


def digest(weights: ExactMatrix) -> str:
    """SHA-256 of the canonical text of a matrix: a line a row, entries as integers or p/q, separated by one space.

    >>> digest(ExactMatrix.of([[1]])) == hashlib.sha256(b"1\\n").hexdigest()
    True
    """
    text = "".join(" ".join(str(entry) for entry in row) + "\n" for row in rows(weights))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def json_bytes(document: Document) -> bytes:
    """A document as readable text: a row of a matrix to a line."""
    return (_pretty(document, 0) + "\n").encode("ascii")


def _pretty(value: object, depth: int) -> str:
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_pretty(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{outer}}}"
    if isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        return "[\n" + ",\n".join(inner + _pretty(item, depth + 1) for item in value) + f"\n{outer}]"
    return json.dumps(value)
