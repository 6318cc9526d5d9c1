"""The loss as an explicit function of the overlaps: the activity's recursion, unrolled step by step.

For a few steps: the expressions grow with every one of them. The same recursion in numbers, for tasks of any length,
is what simulations run; this is what they are checked against.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from theory.overlaps.equations.activity import ActivityEquations, activity_equations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import Nonlinearity


class NoClosedForm(ValueError):
    """A nonlinearity whose gain is no explicit function of the variance."""


@dataclass(frozen=True)
class Trial:
    """One trial of a task, in numbers or symbols: rows are time steps, columns inputs or outputs.

    `mask` has one entry a step, which multiplies the squared error there.
    """

    inputs: sp.ImmutableMatrix
    targets: sp.ImmutableMatrix
    mask: tuple[sp.Expr, ...] | None = None


def outputs(shape: Shape, phi: Nonlinearity, inputs: sp.MatrixBase, dt: sp.Expr) -> sp.ImmutableMatrix:
    """The outputs (steps x n_out) as explicit expressions in the overlaps, for inputs (steps x n_in) from x_0 = 0.

    The recursion unrolled: x_{k+1} from x_k and s_k by `ActivityEquations.step`, and y_k = <z phi(x_{k+1})>. The size
    grows with every step: meant for a few.

    Raises:
        NoClosedForm: if the gain of phi has none.
    """
    equations = activity_equations(shape)
    step, read = sp.Matrix(equations.step(dt)), sp.Matrix(equations.readout) * equations.gain
    state = [sp.S.Zero] * len(equations.latents)
    rows = []
    for k in range(inputs.rows):
        given = dict(zip(equations.inputs, inputs.row(k), strict=True))
        state = list(step.xreplace(given | _values(equations, phi, state)))
        rows.append(read.xreplace(_values(equations, phi, state)).T)
    return sp.ImmutableMatrix.vstack(*map(sp.ImmutableMatrix, rows))


def loss(shape: Shape, phi: Nonlinearity, trials: Sequence[Trial], dt: sp.Expr) -> sp.Expr:
    """The loss as an explicit function of the overlaps: mean over trials of sum_k dt mask_k |y_k - y*_k|^2.

    >>> from theory.overlaps import LINEAR
    >>> impulse = Trial(sp.ImmutableMatrix([1, 0]), sp.ImmutableMatrix([1, 0]))
    >>> loss(Shape(), LINEAR, [impulse], sp.S.One)
    vm**2*zu**2 + (zm - 1)**2
    """
    total = sp.S.Zero
    for trial in trials:
        error = outputs(shape, phi, trial.inputs, dt) - trial.targets
        weights = trial.mask or (sp.S.One,) * error.rows
        total += sum(weight * entry**2 for k, weight in enumerate(weights) for entry in error.row(k))
    return dt * total / len(trials)


def _values(equations: ActivityEquations, phi: Nonlinearity, state: Sequence[sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """Numbers or expressions for the latents, and for the gain that belongs to them."""
    latents = dict(zip(equations.latents, state, strict=True))
    gain = phi.gain(equations.variance.xreplace(latents))
    if gain is None:
        raise NoClosedForm(f"{phi.name} has no gain in closed form: its reduced theory is for numbers, not symbols")
    return latents | {equations.gain: gain}
