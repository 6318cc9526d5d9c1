"""A network next to a state: the modes of its Jacobian, what drives each and what each shows."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.fixed_points.static_map import StaticMap

_WORST = 1e10
"""Condition of the eigenvectors beyond which they tell nothing in double precision."""


class DefectiveJacobian(ArithmeticError):
    """A Jacobian with fewer eigenvectors than directions: it has no modes that one could tell apart."""


@dataclass(frozen=True, eq=False)
class Linearisation:
    """Modes of the map at one state, the slowest to decay first.

    `right` has the directions in its columns, of length one; `left` what reads their amplitudes in its rows,
    left @ right = 1. `driven` (modes x inputs) is what each input adds to each amplitude in a step, left @ dF/dx:
    inputs are selected by left eigenvectors. `shown` (outputs x modes) is what each amplitude adds to each output.

    >>> import numpy as np
    >>> from simulate.fixed_points import Linearisation
    >>> one, turned = np.ones((1, 1), complex), np.array([0.5j])
    >>> modes = Linearisation(turned, one, one, one, one)
    >>> modes.time_constants.round(4).tolist(), modes.frequencies.tolist()  # in steps, and turns a step
    ([1.4427], [0.25])
    """

    eigenvalues: Complex[np.ndarray, " modes"]
    right: Complex[np.ndarray, "size modes"]
    left: Complex[np.ndarray, "modes size"]
    driven: Complex[np.ndarray, "modes inputs"]
    shown: Complex[np.ndarray, "outputs modes"]

    @property
    def time_constants(self) -> Float[np.ndarray, " modes"]:
        """Steps in which each mode falls to 1/e; negative where it grows, infinite where it does neither."""
        with np.errstate(divide="ignore"):
            return np.asarray(-1 / np.log(np.abs(self.eigenvalues)))

    @property
    def frequencies(self) -> Float[np.ndarray, " modes"]:
        """Turns a step, from -1/2 to 1/2."""
        return np.asarray(np.angle(self.eigenvalues) / (2 * np.pi))

    def response(self, *, steps: int, modes: int | None = None) -> Float[np.ndarray, "outputs inputs"]:
        """How a unit input changes each output so many steps later, by the first `modes` alone if so many are told.

        To first order: the sum of shown_k lambda_k^steps driven_k.
        """
        kept = slice(None, modes)
        powers = self.eigenvalues[kept] ** steps
        return np.real(self.shown[:, kept] @ (powers[:, None] * self.driven[kept]))


def linearise(found: FixedPoints, point: int) -> Linearisation:
    """The modes at the point of this number.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp, numpy as np
    >>> from simulate.cells import Vanilla
    >>> from simulate.measures import find_fixed_points
    >>> from simulate.fixed_points import linearise
    >>> W = jnp.array([[0.9, 1.0], [0.0, 0.5]])
    >>> network = Vanilla(W, jnp.ones((2, 1)), jnp.zeros(2), jnp.ones((1, 2)), jnp.zeros(1))
    >>> modes = linearise(find_fixed_points(network, [[0.0, 0.0]]), 0)
    >>> modes.eigenvalues.real.round(3).tolist(), np.allclose(modes.left @ modes.right, np.eye(2))
    ([0.9, 0.5], True)

    Raises:
        IndexError: if there is no such point.
        DefectiveJacobian: if eigenvectors are as good as parallel.
    """
    modes = linearised_at(found.step, found.points[point])
    if np.linalg.cond(modes.right) > _WORST:
        raise DefectiveJacobian(f"the Jacobian at point {point} has as good as parallel eigenvectors: look at another")
    return modes


def linearised_at(step: StaticMap, state: Float[np.ndarray, " size"]) -> Linearisation:
    """The modes at any state, a fixed point or a slow one.

    Where F' has no basis of eigenvectors, or nearly so, left ones are as large as rounding lets them be.
    """
    jacobian, driven, read = (np.asarray(each) for each in _derivatives(step, jnp.asarray(state)))
    values, right = np.linalg.eig(jacobian)
    order = np.argsort(-np.abs(values), kind="stable")
    values, right = values[order].astype(complex), right[:, order].astype(complex)
    left = np.linalg.pinv(right)
    return Linearisation(values, right, left, left @ driven, read @ right)


@eqx.filter_jit
def _derivatives(step: StaticMap, state: Float[Array, " size"]) -> tuple[Array, Array, Array]:
    by_input = jax.jacfwd(lambda inputs: StaticMap(step.network, inputs, step.dt)(state))(step.inputs)
    return step.jacobian(state), by_input, jax.jacfwd(step.read)(state)
