"""The activity of a low-rank network in a few latent variables, derived from the equations of its neurons.

The network is tau x' = -x + u kappa + m s with kappa = v^T phi(x) / N and y = z^T phi(x) / N. Activity that starts in
the span of m and u stays there, x = m k_m + u k_u; comparing the coefficients of m and u gives

    tau k_m' = -k_m + s,    tau k_u' = -k_u + kappa.

The averages over neurons close in overlaps. If phi is linear, <v phi(x)> = <v x> whatever the rows are. If the rows
are Gaussian with zero mean, Stein's lemma gives <v phi(x)> = <phi'(x)> <v x>, the gain <phi'(x)> being a function of
the variance <x^2> alone. So with gain 1 for the first case, in both

    kappa = gain * drive,    y = gain * readout,    drive = <v x>,  readout = <z x>,  gain at variance = <x^2>.

Derived here; proved in tests/theory/overlaps/equations/test_activity.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import sympy as sp

from theory.overlaps.equations.row import average, row
from theory.overlaps.equations.shape import Shape


@dataclass(frozen=True)
class ActivityEquations:
    """The latent equations of one shape, all of them expressions in `overlaps`, `latents`, `inputs` and `gain`.

    For numbers, lower `(variance, *drive, *readout)` with the arguments `arguments`: the d (d + 1) / 2 overlaps in the
    order of `shape.pairs`, then the latents. Values of the overlaps are `sigma[a, b] for a, b in shape.pairs`; the
    gain is computed from the variance by whatever means the nonlinearity allows, and multiplies drive and readout.
    """

    shape: Shape
    overlaps: tuple[sp.Symbol, ...]
    latents: tuple[sp.Symbol, ...]
    """k_m, one an input, then k_u, one a rank."""
    inputs: tuple[sp.Symbol, ...]
    """s, one an input."""
    gain: sp.Symbol
    """Stands for <phi'(x)> at `variance`."""
    variance: sp.Expr
    """<x^2>, a quadratic form in the latents."""
    drive: tuple[sp.Expr, ...]
    """<v x>, one a rank; kappa = gain * drive."""
    readout: tuple[sp.Expr, ...]
    """<z x>, one an output; y = gain * readout."""
    velocity: tuple[sp.Expr, ...]
    """tau times the time derivative of each latent."""

    @property
    def arguments(self) -> tuple[sp.Symbol, ...]:
        """What variance, drive and readout depend on: the overlaps, then the latents."""
        return (*self.overlaps, *self.latents)

    def step(self, dt: sp.Expr) -> tuple[sp.Expr, ...]:
        """The latents one Euler step later (time in units of tau): x_{k+1} = x_k + dt (-x_k + u kappa_k + m s_k)."""
        return tuple(k + dt * v for k, v in zip(self.latents, self.velocity, strict=True))


@cache
def activity_equations(shape: Shape) -> ActivityEquations:
    """Derive the latent equations: put x = m k_m + u k_u into the network and average over neurons.

    >>> equations = activity_equations(Shape())
    >>> equations.velocity
    (-k_m + s, gain*(k_m*vm + k_u*vu) - k_u)
    >>> equations.variance
    k_m**2*mm + 2*k_m*k_u*mu + k_u**2*uu
    """
    entries = row(shape)
    m, u, v, z = ([entries[column] for column in shape.columns(block)] for block in "muvz")
    k_m, k_u, s = _symbols("k_m", shape.inputs), _symbols("k_u", shape.rank), _symbols("s", shape.inputs)
    gain = sp.Symbol("gain", real=True)
    x = _dot(m, k_m) + _dot(u, k_u)
    drive = tuple(average(shape, entry * x) for entry in v)
    kappa = [gain * each for each in drive]
    neuron = sp.expand(-x + _dot(u, kappa) + _dot(m, s))  # tau x' of this neuron = m.(tau k_m') + u.(tau k_u')
    return ActivityEquations(
        shape=shape,
        overlaps=tuple(shape.overlap(a, b) for a, b in shape.pairs),
        latents=(*k_m, *k_u),
        inputs=s,
        gain=gain,
        variance=average(shape, x**2),
        drive=drive,
        readout=tuple(average(shape, entry * x) for entry in z),
        velocity=tuple(sp.collect(neuron.coeff(entry), gain) for entry in (*m, *u)),
    )


def _symbols(name: str, count: int) -> tuple[sp.Symbol, ...]:
    names = [name] if count == 1 else [f"{name}{k + 1}" for k in range(count)]
    return tuple(sp.Symbol(each, real=True) for each in names)


def _dot(left: Sequence[sp.Expr], right: Sequence[sp.Expr]) -> sp.Expr:
    return sum((a * b for a, b in zip(left, right, strict=True)), sp.S.Zero)
