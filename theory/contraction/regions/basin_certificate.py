"""Basins of one network as the JSON file of `docs/certificates.md`."""

from dataclasses import dataclass

from theory.contraction.certificate import digest, json_bytes
from theory.contraction.claims.claim import Document, numbers, rows
from theory.contraction.regions.autonomous import ExactAutonomous
from theory.contraction.regions.basin import Basin


@dataclass(frozen=True)
class BasinCertificate:
    """Basins of one network; `holds` proves them anew.

    >>> import numpy as np
    >>> from theory.contraction import DISCRETE, regions
    >>> switch = regions.autonomous.autonomous(np.array([[2.0]]), DISCRETE, regions.activation.TANH)
    >>> found = regions.certify_basin.certify_basin(switch, np.array([1.0]))
    >>> BasinCertificate(switch.exact, (found.basin,)).document()["format"]
    'basin certificate 1'
    """

    system: ExactAutonomous
    basins: tuple[Basin, ...]

    def holds(self) -> bool:
        """Whether rational arithmetic proves every basin."""
        return bool(self.basins) and all(basin.proved(self.system) for basin in self.basins)

    def document(self) -> Document:
        """The certificate as JSON knows it."""
        network, discrete = self.system.network, self.system.form.discrete
        leaks = network.leaks.diagonal_entries()
        name, paces = ("leaks", leaks) if discrete else ("time_constants", [1 / leak for leak in leaks])
        return {
            "format": "basin certificate 1",
            "form": self.system.form.name,
            "weights": rows(network.weights),
            "sha256": digest(network.weights),
            "nonlinearity": self.system.activation.name,
            "inputs": numbers(self.system.inputs),
            **({} if set(paces) == {1} else {name: numbers(paces)}),
            "basins": [basin.document(discrete=discrete) for basin in self.basins],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())
