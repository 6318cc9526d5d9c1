"""A trained network of networks, certified again as it runs: weights and links in floats, and its Euler step."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.assembly.combo import ComboNet
from simulate.assembly.metric import Diagonal
from simulate.assembly.parametrise.sparse import Fixed
from theory.contraction.assembly.assembly import Assembly, joined, module
from theory.contraction.assembly.certificate import AssemblyCertificate, certify_assembly
from theory.contraction.assembly.euler import AssemblyEulerStep, certify_assembly_step
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.conditions.registry import ABSOLUTE, SINGULAR
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import VOLTAGE
from theory.contraction.network import Network, network


@dataclass(frozen=True)
class Recertified:
    """The modules with the links that run; certificates of the flow and of the step, None where none was found."""

    assembly: Assembly
    certificate: AssemblyCertificate | None
    step: AssemblyEulerStep | None

    @property
    def rate(self) -> float:
        """The certified rate, per unit of tau; zero where there is none."""
        return 0.0 if self.certificate is None else float(self.certificate.rate)

    @property
    def factor(self) -> float | None:
        """The certified factor of a step."""
        return None if self.step is None else float(self.step.factor)


class NotCertified(RuntimeError):
    """A module of a trained network is not proved contracting in the metric its links were made in."""


def recertified(trained: ComboNet, *, step: bool = True) -> Recertified:
    """Prove anew, from the numbers that run, what the parametrisation promises.

    Raises:
        NotCertified: if a module fails; the remedy is to train with a larger margin.
    """
    weights, metrics = np.asarray(trained.weights(), np.float64), trained.metric().blocks
    sparse = isinstance(trained.modules, Fixed)
    rates = np.asarray(trained.rates(), np.float64)
    parts = []
    for number, (own, metric, rate) in enumerate(zip(weights, metrics, rates, strict=True)):
        asked = network(own, VOLTAGE)
        claim = _claim(asked, metric, float(rate), sparse=sparse)
        if claim is None:
            raise NotCertified(f"module {number} of {len(weights)} is not proved contracting; train with more margin")
        parts.append(module(asked, claim))
    assembly = joined(parts, _blocks(np.asarray(trained.links(), np.float64), len(weights)))
    certificate = certify_assembly(assembly)
    stepped = certify_assembly_step(assembly, trained.step) if step and certificate is not None else None
    return Recertified(assembly, certificate, stepped)


def _claim(asked: Network, metric: object, rate: float, *, sparse: bool) -> Multiplier | None:
    """In the metric that the links were made in: Theorem 1's or Theorem 5's."""
    if sparse:
        first = ABSOLUTE.prove_from(asked)
        return None if first is None else first.as_multiplier(asked.exact)
    if isinstance(metric, Diagonal):
        for slack in (1e-6, 1e-4, 1e-2):
            found = SINGULAR.prove_in(asked, np.asarray(metric.entries, np.float64), rate * (1 - slack))
            if found is not None:
                return found
    return None


def _blocks(links: Float[np.ndarray, "n n"], count: int) -> dict[tuple[int, int], ExactMatrix]:
    size = len(links) // count
    split = links.reshape(count, size, count, size).swapaxes(1, 2)
    return {(i, j): ExactMatrix.of(split[i, j]) for i in range(count) for j in range(count) if split[i, j].any()}
