"""What a detour of training leaves behind: task A, then a task B close by, then A again, in a linear rank-one network.

The loss depends on the function f = (zm, vu, zu vm) alone. Near the solution f* of the task that is trained it is
(f - f*)^T M (f - f*) / 2, and a step is the congruence of Sigma by 1 - 2 eta H, H = sum_j (M (f - f*))_j H_j(Sigma),
H_j being the gradient of f_j in Sigma. So f - f* shrinks by 1 - eta C a step, C = J M and J_ij = 4 tr(H_i Sigma H_j).

To first order in the distance f_B - f_A the way back undoes the way out. At second order the function returns to f_A
and the overlaps do not. Two things add up, both even in the distance:

- the way there and the way back enclose an area, and horizontal lifts of a closed loop do not close (holonomy): this
  stays when eta tends to 0, and moves no invariant;
- each step adds 4 eta^2 H Sigma H, which does move the invariants: in all, O(eta).

What the sums leave along the H_j is what further training takes away, so the result is projected along those
directions on to equal function. Derived here; tests/theory/overlaps/memory/test_loop.py proves it against the map.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.lowering import lower_numpy
from theory.overlaps.impulse.filter import euler_response, p, vu, zm
from theory.overlaps.memory.rank_one import Function, Gram, at_equal_function, function_gradients, move


class NotAsymptotic(ValueError):
    """The learning rate is above the one at which training near a solution converges."""


@dataclass(frozen=True)
class Filter:
    """Answer a unit impulse with exp(-decay t), in `steps` Euler steps of `dt` (units of the time constant)."""

    decay: float
    dt: float = 0.05
    steps: int = 400

    @property
    def solution(self) -> Function:
        """The function (zm, vu, zu vm) that answers exactly: the pole at exp(-decay dt) has all the weight."""
        vu = 1 - (1 - np.exp(-self.decay * self.dt)) / self.dt
        return np.array([1.0, vu, vu])

    @property
    def curvature(self) -> Float[np.ndarray, "3 3"]:
        """M, the second derivative of the loss in the function, at the solution."""
        zm, vu, product = self.solution
        jacobian = _response_slopes()(np.arange(self.steps), self.dt, zm, vu, product)
        return np.asarray(2 * self.dt * jacobian @ jacobian.T)


@dataclass(frozen=True)
class Detour:
    """The overlaps after training A-B-A minus those before, at equal function, to second order in f_B - f_A.

    `holonomy` is what remains as the learning rate tends to 0, `displacement` what the given rate leaves.
    """

    holonomy: Gram
    displacement: Gram


def detour(sigma: Gram, task: Filter, other: Filter, rate: float) -> Detour:
    """What is left of training `other` to its end, and `task` to its end again, from a solution of `task`.

    `sigma` are the overlaps (order m, u, v, z) of that solution. The error is of third order in the difference of the
    two decays.

    Raises:
        NotAsymptotic: if at this rate training near the solution does not converge.
    """
    shift = task.solution - other.solution
    return Detour(_left_over(sigma, task.curvature, shift, 0.0), _left_over(sigma, task.curvature, shift, rate))


def _left_over(sigma: Gram, curvature: Float[np.ndarray, "3 3"], shift: Function, rate: float) -> Gram:
    slopes = function_gradients(sigma)
    metric = 4 * np.einsum("iab,bc,jca->ij", slopes, sigma, slopes)
    speeds, modes = np.linalg.eig(metric @ curvature)  # a product of two positive matrices: real and positive
    speeds, modes = np.real(speeds), np.real(modes)
    if rate * speeds.max() >= 2:
        raise NotAsymptotic(f"rate {rate:g}: below {2 / speeds.max():g} training near this solution converges")
    pulls = curvature @ (modes * np.linalg.solve(modes, shift))  # M e, one column a mode
    total = np.zeros_like(sigma)
    for c, pull in zip(speeds, pulls.T, strict=True):
        for c_other, pull_other in zip(speeds, pulls.T, strict=True):
            both = c + c_other - rate * c * c_other
            moved = move(sigma, pull_other)
            total += (2 * (1 / c - 1 / both) - 1 / c) / c_other * _move_along(sigma, pull, moved)
            h, h_other = (np.tensordot(each, slopes, 1) for each in (pull, pull_other))
            total += 8 * rate / both * h @ sigma @ h_other
    return at_equal_function(total, sigma)


def _move_along(sigma: Gram, pull: Function, direction: Gram) -> Gram:
    """The derivative of `move` in Sigma along a direction; exact, since `move` is quadratic in Sigma."""
    return (move(sigma + direction, pull) - move(sigma - direction, pull)) / 2


@cache
def _response_slopes() -> Callable[..., Float[np.ndarray, "3 steps"]]:
    step, dt = sp.symbols("n dt", real=True)
    response = euler_response(dt, step).rewrite(sp.Pow)
    return lower_numpy((step, dt, zm, vu, p), sp.Tuple(*(response.diff(each) for each in (zm, vu, p))))
