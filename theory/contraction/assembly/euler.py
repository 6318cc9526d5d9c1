"""A certificate for the Euler step of a whole assembly, links included."""

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from theory.contraction.assembly.assembly import ExactAssembly, spans, whole_metric
from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.definite import is_positive_definite
from theory.contraction.euler import best_multiplier_scale, claimable_factors
from theory.contraction.exact_matrix import ExactMatrix, rational, to_digits
from theory.contraction.threads import one_blas_thread


@dataclass(frozen=True)
class AssemblyEulerStep:
    """A step x -> x + h x' of an assembly shrinks distances in its metric by `factor` at least."""

    step: flint.fmpq
    factor: flint.fmpq
    multiplier: ExactMatrix

    def holds(self, assembly: ExactAssembly) -> bool:
        """Whether rational arithmetic proves it of this one."""
        if not (self.step > 0 and 0 < self.factor < 1 and self.multiplier.is_diagonal(assembly.size)):
            return False
        metric = whole_metric(assembly)
        keep, through = whole_step(assembly, self.step)
        blocks = euler_blocks(
            keep,
            through,
            _read(assembly, self.multiplier),
            metric=metric,
            multiplier=self.multiplier,
            factor=self.factor,
        )
        return is_positive_definite(metric) and is_positive_definite(ExactMatrix.symmetric(*blocks))


def whole_step(assembly: ExactAssembly, step: flint.fmpq) -> tuple[ExactMatrix, ExactMatrix]:
    """I - h T^-1 (I - L), and what carries the nonlinearities' outputs into the step: h T^-1 M, or h T^-1."""
    members = assembly.members
    strides = [(step / member.time_constant) * ExactMatrix.identity(member.size) for member in members]
    stride = ExactMatrix.block_diagonal(strides)
    through = ExactMatrix.block_diagonal(
        [member.network.form.driven(own, member.network.gained) for member, own in zip(members, strides, strict=True)]
    )
    return ExactMatrix.identity(assembly.size) - stride + stride @ assembly.whole_links(), through


@one_blas_thread
def certify_assembly_step(assembly: ExactAssembly, step: float) -> AssemblyEulerStep | None:
    """The smallest factor found for a step of this size (units of time); None where this metric shows none below one.

    The members' multipliers serve, scaled together by one number.
    """
    exact_step = rational(step)
    metric = whole_metric(assembly).approximate()
    keep, through = (matrix.approximate() for matrix in whole_step(assembly, exact_step))
    members = assembly.members
    multiplier = ExactMatrix.block_diagonal([member.weight * member.claim.multiplier for member in members])
    turned, read = multiplier.approximate(), _read(assembly, multiplier).approximate()

    def blocks(scale: float) -> tuple[Any, Any, Any]:
        return euler_blocks(
            keep, through, scale * step * read, metric=metric, multiplier=scale * step * turned, factor=0.0
        )

    found = best_multiplier_scale(metric, blocks)
    if found is None:
        return None
    scale, factor = found
    scaled = ExactMatrix.diagonal(to_digits(scale * step * np.diag(turned), bits=40).tolist())
    for claimed in claimable_factors(factor):
        claim = AssemblyEulerStep(exact_step, rational(claimed), scaled)
        if claim.holds(assembly):
            return claim
    return None


def _read(assembly: ExactAssembly, multiplier: ExactMatrix) -> ExactMatrix:
    """C^T Q of `euler_blocks`, member by member."""
    return ExactMatrix.block_diagonal(
        [
            member.network.form.sensed(member.network.gained, multiplier.block(own, own))
            for member, (_, own) in zip(assembly.members, spans(assembly), strict=True)
        ]
    )
