"""A certificate for the Euler step of a whole assembly, links included."""

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from theory.contraction.assembly.assembly import Assembly
from theory.contraction.claims.euler_step import euler_blocks
from theory.contraction.definite import is_positive_definite
from theory.contraction.euler import best_multiplier_scale
from theory.contraction.exact_matrix import ExactMatrix, on_grid, rational
from theory.contraction.form import Form
from theory.contraction.threads import one_blas_thread


@dataclass(frozen=True)
class AssemblyEulerStep:
    """A step x -> x + h x' of the assembly shrinks distances in its metric by `factor` at least."""

    assembly: Assembly
    step: flint.fmpq
    factor: flint.fmpq
    multiplier: ExactMatrix

    def holds(self) -> bool:
        """Whether rational arithmetic proves it."""
        if not (self.step > 0 and 0 < self.factor < 1):
            return False
        metric = whole_metric(self.assembly)
        gained, keep, gain = whole_step(self.assembly, self.step)
        blocks = _blocks(self.assembly, gained, keep, gain, metric, self.multiplier, self.factor)
        return is_positive_definite(metric) and is_positive_definite(ExactMatrix.symmetric(*blocks))


def whole_metric(assembly: Assembly) -> ExactMatrix:
    """tau s P on the diagonal of the whole: what distances are measured by."""
    return ExactMatrix.block_diagonal([member.time_constant * member.metric for member in assembly.members])


def whole_step(assembly: Assembly, step: flint.fmpq) -> tuple[ExactMatrix, ExactMatrix, ExactMatrix]:
    """M of all members, I - h T^-1 (I - L), and h T^-1."""
    members = assembly.members
    gained = ExactMatrix.block_diagonal([member.network.gained for member in members])
    gain = ExactMatrix.diagonal(step / member.time_constant for member in members for _ in range(member.size))
    return gained, ExactMatrix.identity(assembly.size) - gain + gain @ assembly.whole_links(), gain


@one_blas_thread
def certify_assembly_step(assembly: Assembly, step: float) -> AssemblyEulerStep | None:
    """The smallest factor found for a step of this size (units of time); None where this metric shows none below one.

    All members are of one form, whose multipliers, scaled together by one number, serve.
    """
    exact_step = rational(step)
    metric = whole_metric(assembly).approximate()
    gained, keep, gain = (matrix.approximate() for matrix in whole_step(assembly, exact_step))
    multiplier = np.concatenate(
        [
            np.array([float(w) for w in (member.weight * member.claim.multiplier).diagonal_entries()])
            for member in assembly.members
        ]
    )

    def blocks(scale: float) -> tuple[Any, Any, Any]:
        return _blocks(assembly, gained, keep, gain, metric, scale * step * np.diag(multiplier), 0.0)

    found = best_multiplier_scale(metric, blocks)
    if found is None:
        return None
    scale, factor = found
    scaled = ExactMatrix.diagonal(on_grid(scale * step * multiplier, bits=40).tolist())
    for slack in (1e-6, 1e-4, 1e-2):
        claimed = factor + slack * (1 - factor)
        if claimed < 1:
            claim = AssemblyEulerStep(assembly, exact_step, rational(float(np.ceil(claimed * 2**40) / 2**40)), scaled)
            if claim.holds():
                return claim
    return None


def _blocks(
    assembly: Assembly, gained: Any, keep: Any, gain: Any, metric: Any, multiplier: Any, factor: Any
) -> tuple[Any, Any, Any]:
    return euler_blocks(_form(assembly), gained, keep, gain, metric, multiplier, factor)


def _form(assembly: Assembly) -> Form:
    forms = {member.network.form.name: member.network.form for member in assembly.members}
    if len(forms) > 1:
        raise ValueError("members of both forms: certify the step of each part, or write them in one form")
    return next(iter(forms.values()))
