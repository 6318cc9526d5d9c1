"""A trained network of networks, certified again as it runs: weights and links in floats, and its Euler step."""

from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import ArrayLike

from simulate.contraction.combo import ComboNet
from simulate.contraction.parametrise.contracting import Contracting, positive
from simulate.contraction.parametrise.multiplier import MultiplierWeights
from simulate.contraction.parametrise.product import Product as ProductModule
from simulate.contraction.parametrise.singular import Singular
from simulate.contraction.parametrise.sparse import Fixed
from theory.contraction.assembly.assembly import ExactAssembly, linked, module
from theory.contraction.assembly.certificate import AssemblyCertificate, certify_assembly
from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.conditions.registry import ABSOLUTE, SINGULAR
from theory.contraction.exact_matrix import ExactMatrix, rational, short
from theory.contraction.form import FORMS
from theory.contraction.network import Matrix, Network, Vector, network


@dataclass(frozen=True)
class Recertified:
    """The modules with the links that run; a certificate of the flow and of the step, None where none was found."""

    assembly: ExactAssembly
    certificate: AssemblyCertificate | None

    @property
    def rate(self) -> float:
        """The certified rate, per unit of tau; zero where there is none."""
        return 0.0 if self.certificate is None else float(self.certificate.rate)

    @property
    def factor(self) -> float | None:
        """The certified factor of a step."""
        if self.certificate is None or self.certificate.euler is None:
            return None
        return float(self.certificate.euler.factor)


class NotCertified(RuntimeError):
    """A module of a trained network is not proved contracting in the metric its links were made in."""


def recertified(trained: ComboNet, *, step: bool = True) -> Recertified:
    """Prove anew, from the numbers that run, what the parametrisation promises.

    Raises:
        NotCertified: if a module fails; the remedy is to train with a larger margin.
    """
    assembly = linked(modules_of(trained), link_blocks(trained))
    return Recertified(assembly, certify_assembly(assembly, trained.euler_step if step else None))


def modules_of(trained: ComboNet) -> list[ExactAssembly]:
    """Every module, with the weights that run, and a claim in the metric that its links were made in."""
    parts = []
    running = trained.assembly().modules
    for number, each in enumerate(running):
        own: Contracting = jax.tree.map(lambda leaf: leaf[number].astype(float), trained.modules)  # noqa: B023
        form = next(form for form in FORMS if form.name == each.form.name)
        asked = network(np.asarray(each.weights), form)
        claim = _claim(asked, own)
        if claim is None:
            raise NotCertified(f"module {number} of {len(running)} is not proved contracting; train with more margin")
        parts.append(module(asked, claim))
    return parts


def link_blocks(trained: ComboNet) -> dict[tuple[int, int], ExactMatrix]:
    """L as it runs, a block for each pair of modules that are linked."""
    running = trained.assembly()
    links, count = np.asarray(running.links), len(running.modules)
    size = len(links) // count
    split = links.reshape(count, size, count, size).swapaxes(1, 2)
    return {(i, j): ExactMatrix.of(split[i, j]) for i in range(count) for j in range(count) if split[i, j].any()}


def _claim(asked: Network, own: Contracting) -> Multiplier | None:
    """The claim of the theorem that the module was made by."""
    if isinstance(own, Fixed):
        first = ABSOLUTE.prove_from(asked)
        return None if first is None else _in_metric_that_runs(asked, first, np.asarray(own.entries))
    claims = (_at_rate(asked, own, short(float(own.rate()) * (1 - slack))) for slack in (1e-6, 1e-4, 1e-2))
    return next((claim for claim in claims if claim is not None), None)  # single precision needs more than the first


def _at_rate(asked: Network, own: Contracting, rate: float) -> Multiplier | None:
    metric = np.asarray(own.metric().dense())
    match own:
        case Singular():
            return SINGULAR.prove_in(asked, np.diag(metric), rate)
        case ProductModule():
            return _proved(asked, metric, positive(own.right_root) / positive(own.left_root), rate)
        case MultiplierWeights():
            return _proved(asked, metric, own.multiplier(), rate)
    raise NotCertified(f"{type(own).__name__} promises contraction by no theorem that is known here: add its claim")


def _in_metric_that_runs(asked: Network, first: AbsoluteWeights, entries: Vector) -> Multiplier | None:
    """Theorem 1's claim in the metric as rounded when the links were made, which may be in single precision."""
    exact = first.as_multiplier(asked.exact)
    if exact is None:
        return None
    turned = np.diag(exact.multiplier.approximate()) * entries / np.diag(exact.metric.approximate())
    return _proved(asked, np.diag(entries), turned, short(float(first.rate) * (1 - 1e-3)))


def _proved(asked: Network, metric: Matrix, multiplier: ArrayLike, rate: float) -> Multiplier | None:
    claim = Multiplier(
        rational(rate), ExactMatrix.of((metric + metric.T) / 2), ExactMatrix.diagonal(np.asarray(multiplier).tolist())
    )
    return claim if claim.holds(asked.exact) else None
