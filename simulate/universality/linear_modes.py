"""A network near one state: the modes of its linearisation, what input excites them, what is read of them."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from simulate.measures.fixed_points.static_map import StaticMap


@dataclass(frozen=True, eq=False)
class LinearModes:
    """The eigenvectors of F' at one state, those of the largest eigenvalues first, and what they have to do with tasks.

    With F' = sum_k lambda_k r_k l_k^T and l_j^T r_k = delta_jk, an input x at one step excites mode k by
    l_k^T (dF/dx) x, and the mode is read as (dy/dh) r_k. So t steps after it the output has changed by
    sum_k read_k lambda_k^t excited_k, to first order.

    `right` has the r_k as columns, `left` the l_k as rows, `excited` a column an input, `read` a row an output.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> from simulate.cells import LINEAR, Vanilla
    >>> W, ones = jnp.diag(jnp.array([0.5, 1.0])), jnp.ones((1, 2))
    >>> network = Vanilla(W, jnp.eye(2), jnp.zeros(2), ones, jnp.ones(1), LINEAR)
    >>> modes = linear_modes(StaticMap.of(network), jnp.zeros(2))
    >>> modes.eigenvalues.real.tolist(), modes.response(steps=3).tolist(), modes.response(steps=3, modes=1).tolist()
    ([1.0, 0.5], [[0.125, 1.0]], [[0.0, 1.0]])
    """

    eigenvalues: Complex[np.ndarray, " modes"]
    right: Complex[np.ndarray, "size modes"]
    left: Complex[np.ndarray, "modes size"]
    excited: Complex[np.ndarray, "modes inputs"]
    read: Complex[np.ndarray, "outputs modes"]

    def response(self, *, steps: int, modes: int | None = None) -> Float[np.ndarray, "outputs inputs"]:
        """How a unit input changes each output so many steps later; of the first `modes` alone, if so many are told."""
        kept = slice(None, modes)
        powers = self.eigenvalues[kept] ** steps
        return np.real(self.read[:, kept] @ (powers[:, None] * self.excited[kept]))

    @property
    def angles(self) -> Float[np.ndarray, " modes"]:
        """How far each mode turns a step, in radians from 0 to pi."""
        return np.abs(np.angle(self.eigenvalues))


def linear_modes(step: StaticMap, state: Float[Array, " size"] | Float[np.ndarray, " size"]) -> LinearModes:
    """The modes at a state; it need not be a fixed point, but what is slow there is what it says.

    Where F' has no basis of eigenvectors, or nearly so, left ones are as large as rounding lets them be.
    """
    jacobian, driven, read = (np.asarray(each) for each in _linearised(step, jnp.asarray(state)))
    values, right = np.linalg.eig(jacobian)
    values, right = values.astype(complex), right.astype(complex)
    order = np.argsort(-np.abs(values), kind="stable")
    right = right[:, order]
    left = np.linalg.pinv(right)
    return LinearModes(values[order], right, left, left @ driven, read @ right)


@eqx.filter_jit
def _linearised(step: StaticMap, state: Float[Array, " size"]) -> tuple[Array, Array, Array]:
    def driven(inputs: Array) -> Array:
        return StaticMap(step.network, inputs, step.dt)(state)

    return step.jacobian(state), jax.jacfwd(driven)(step.inputs), jax.jacfwd(step.read)(state)
