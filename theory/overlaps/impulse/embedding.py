"""Gram matrices with given visible overlaps: the network that is the target, and networks of less effective rank."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse.clock import Clock, Euler
from theory.overlaps.impulse.gramian import Target

Matrix = NDArray[np.float64]


class NormTooSmall(ValueError):
    """Vectors this short cannot have overlaps this large."""


@dataclass(frozen=True)
class Visible:
    """The overlaps a linear network's function is made of: zm (outputs x inputs), zu (outputs x R), vm, vu (R x R)."""

    zm: Matrix
    zu: Matrix
    vm: Matrix
    vu: Matrix

    def gram_matrix(self, norm: float) -> Matrix:
        """Sigma (d x d) with these and with all mm, uu, vv, zz equal to norm times the identity, mu = zv = 0.

        Raises:
            NormTooSmall: if that is no Gram matrix; the message gives the smallest norm.
        """
        rows = np.block([[self.vm, self.vu], [self.zm, self.zu]])  # of (v, z) on (m, u)
        smallest = float(np.linalg.norm(rows, 2))
        if norm < smallest:
            raise NormTooSmall(f"norm {norm:.6g}: these overlaps need at least {smallest:.6g}")
        first, last = norm * np.eye(rows.shape[1]), norm * np.eye(rows.shape[0])
        return np.block([[first, rows.T], [rows, last]])

    def beside(self, modes: Matrix) -> "Visible":
        """One of higher rank with this one's function: the `modes`, a block of vu, get no input and are not read."""
        k, extra = len(self.vu), len(modes)
        return Visible(
            self.zm,
            np.hstack([self.zu, np.zeros((len(self.zu), extra))]),
            np.vstack([self.vm, np.zeros((extra, self.vm.shape[1]))]),
            np.block([[self.vu, np.zeros((k, extra))], [np.zeros((extra, k)), modes]]),
        )


def realisation(target: Target, clock: Clock) -> Visible:
    """A network of the target's order that has exactly its response: vu = V, vm = b, zu = c V, zm = c b.

    V is 1 + a in the flow; Euler's scheme, whose mode is 1 + dt (V - 1), needs V = 1 + (exp(a dt) - 1) / dt. Every
    other one of this rank follows by u -> u g, v -> v g^-T. With zm = c b the leak cancels: c (1 + V / (s + 1 - V)) b
    = (s + 1) c (s + 1 - V)^-1 b. Derived here; tests/theory/overlaps/impulse/test_gramian.py finds a loss of zero.
    """
    one = np.eye(len(target.a))
    v = one + target.a
    if isinstance(clock, Euler):
        dt = float(clock.dt)
        v = one + (scipy.linalg.expm(dt * target.a) - one) / dt
    return Visible(target.c @ target.b, target.c @ v, target.b, v)


def rank_zero(shape: Shape, zm: Matrix, modes: Matrix) -> Visible:
    """No recurrent loop: zu = vm = 0, whatever vu (the `modes`, R x R) is."""
    return Visible(zm, np.zeros((shape.outputs, shape.rank)), np.zeros((shape.rank, shape.inputs)), modes)
