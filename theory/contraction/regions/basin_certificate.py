"""Basins of one network as the JSON file of `docs/certificates.md`."""

from dataclasses import dataclass

from theory.contraction.certificate import heading, json_bytes
from theory.contraction.claims.claim import Document, numbers
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
        return {
            "format": "basin certificate 1",
            **heading(self.system.network),
            "nonlinearity": self.system.activation.name,
            "inputs": numbers(self.system.inputs),
            "basins": [basin.document(discrete=self.system.form.discrete) for basin in self.basins],
        }

    def json_bytes(self) -> bytes:
        """The file's content."""
        return json_bytes(self.document())
