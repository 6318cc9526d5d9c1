"""Networks of any rank with a trained readout: the learners of the ghost paper's Fig. S2."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells.cell import Cell
from simulate.cells.symmetry import Monomial, Symmetry

State = Float[Array, " neurons"]


class RankR(Cell):
    """tau x' = -x + tanh(M N x + b) with M (`left`) N by R and N (`right`) R by N (Dinc et al., equations 3 and 19).

    Read as sigmoid(w.x + bias), weights and bias trained (equation 18 with the sigmoid of Fig. S2). There is no input;
    all neurons `start` at one activity. The N by N product is never formed: a step costs O(N R).

    >>> import jax.numpy as jnp
    >>> cell = RankR(jnp.ones((4, 2)), jnp.ones((2, 4)), jnp.zeros(4), jnp.ones(4), jnp.zeros(()))
    >>> cell.latent(jnp.ones(4)).tolist()
    [4.0, 4.0]
    """

    fixed: ClassVar[tuple[str, ...]] = ("start",)

    left: Float[Array, "*networks neurons rank"]
    right: Float[Array, "*networks rank neurons"]
    b: Float[Array, "*networks neurons"]
    weights: Float[Array, "*networks neurons"]
    bias: Float[Array, "*networks"]
    start: float | Float[Array, "*networks"] = -0.3

    def initial_state(self) -> State:
        """Every neuron at the same activity."""
        return jnp.full_like(self.b, self.start)

    def latent(self, state: State) -> Float[Array, " rank"]:
        """kappa = N x, all that the neurons tell one another."""
        return self.right @ state

    def step(self, state: State, inputs: Float[Array, " inputs"], dt: float) -> State:
        """x <- (1 - D) x + D tanh(M (N x) + b), with D = dt/tau."""
        return (1 - dt) * state + dt * jnp.tanh(self.left @ self.latent(state) + self.b)

    def read(self, state: State) -> Float[Array, " 1"]:
        """sigmoid(w.x + bias)."""
        return jax.nn.sigmoid(self.weights @ state + self.bias)[None]

    @property
    def symmetry(self) -> Symmetry:
        """Permutations alone: all neurons start at one activity. Latent variables may be mixed too."""
        return Symmetry(self.b.shape[-1], signs=False, scales=False)

    def transformed(self, element: Monomial) -> "RankR":
        """The network of transformed neurons."""
        left, right, b = element.rows(self.left), element.columns(self.right), element.rows(self.b)
        return RankR(left, right, b, element.columns(self.weights), self.bias, self.start)
