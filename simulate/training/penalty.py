"""What weights cost beside the task: nuclear norm, absolute values, squares."""

from abc import abstractmethod
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from simulate.training.rule import Real, Rule, as_rule

LearnerT = TypeVar("LearnerT")


class NoSuchParameter(LookupError):
    """A penalty on parameters that the network does not have."""


class NoMatrix(ValueError):
    """A nuclear norm of something that is no matrix."""


class Penalty(eqx.Module):
    """`weight` times the sum of a cost over the parameters named in `on`.

    Names are those of `network.parameters`; of dotted ones the last part will do. The usual W is the recurrent weights
    of all cells of dense weights (J of a rate network in Huang et al.); where gates stack their rows in it, the cost is
    that of each gate's matrix, summed. Of a network of another parametrisation the raw weights are meant, which learn.
    `weight` may have an axis of networks.

    Raises:
        NoSuchParameter: if the network has none of that name.

    >>> import jax.numpy as jnp
    >>> from simulate.cells import Vanilla
    >>> W, U, V = jnp.diag(jnp.array([2.0, -1.0])), jnp.ones((2, 1)), jnp.ones((1, 2))
    >>> network = Vanilla(W, U, jnp.ones(2), V, jnp.ones(1))
    >>> [float(cost(0.5)(network)) for cost in (NuclearNorm, AbsoluteValues, Squares)]
    [1.5, 1.5, 2.5]
    >>> float(Squares(0.5, on=("U", "V"))(network))
    2.0
    """

    weight: Real
    on: tuple[str, ...] = eqx.field(static=True, default=("W",))

    @abstractmethod
    def cost(self, weights: Float[Array, "*shape"]) -> Float[Array, ""]:
        """What one matrix costs, with a finite subgradient everywhere."""

    def __call__(self, network: Any) -> Float[Array, ""]:
        """What the network pays."""
        named = [name for each in self.on for name in _named(each, network)]
        costs = [self.cost(matrix) for name in named for matrix in network.matrices(name)]
        return self.weight * jnp.sum(jnp.stack(costs))

    def gradient(self, network: Any) -> PyTree:
        """The (sub)gradient, in the form of the gradient of a loss."""
        moving, fixed = eqx.partition(network, network.learns())
        return jax.grad(lambda moving: self(eqx.combine(moving, fixed)))(moving)


class NuclearNorm(Penalty):
    """The sum of the singular values, which favours matrices of low rank.

    The gradient of U S V^T is U V^T. The subgradient taken where singular values vanish is that of least norm (zero in
    their directions; Watson 1992, *Characterization of the subdifferential of some matrix norms*), so that a matrix of
    zeros stays where it is. It is finite for equal singular values too, where that of the decomposition is not.

    Raises:
        NoMatrix: on a parameter that is a vector or a number.

    >>> import jax, jax.numpy as jnp
    >>> jax.grad(NuclearNorm(1.0).cost)(jnp.array([[2.0, 0.0], [0.0, 0.0]])).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """

    def cost(self, weights: Float[Array, "*shape"]) -> Float[Array, ""]:
        """The sum of the singular values."""
        if weights.ndim != 2:
            raise NoMatrix(f"the nuclear norm of an array of shape {weights.shape}: name parameters that are matrices")
        return nuclear_norm(weights)


class AbsoluteValues(Penalty):
    """The sum of absolute values (L1), which favours zeros; the subgradient at zero is zero.

    >>> import jax, jax.numpy as jnp
    >>> jax.grad(AbsoluteValues(1.0).cost)(jnp.array([2.0, 0.0, -1.0])).tolist()
    [1.0, 0.0, -1.0]
    """

    def cost(self, weights: Float[Array, "*shape"]) -> Float[Array, ""]:
        """sum |w|, written so that its slope at zero is not that of one side, as JAX has it for |w|."""
        return jnp.sum(jax.lax.stop_gradient(jnp.sign(weights)) * weights)


class Squares(Penalty):
    """The sum of squares (L2), without a factor of one half: its gradient is 2 w.

    >>> import jax, jax.numpy as jnp
    >>> jax.grad(Squares(1.0).cost)(jnp.array([2.0, 0.0, -1.0])).tolist()
    [4.0, 0.0, -2.0]
    """

    def cost(self, weights: Float[Array, "*shape"]) -> Float[Array, ""]:
        """sum w^2."""
        return jnp.sum(weights**2)


class Penalised(Rule):
    """A rule whose steps follow the gradient of the task's loss plus a penalty.

        L = task + weight sum sigma_i,  L = task + weight sum |w|

    (Huang et al., 2025, section 3.4). Loss, gradient norm, stopping and selection remain those of the task alone. For
    two penalties put one around the other.

    >>> import optax
    >>> from simulate.training import GradientDescent
    >>> Penalised(optax.adam(1e-3), NuclearNorm(1e-4)).penalty.on
    ('W',)
    >>> both = Penalised(Penalised(GradientDescent(0.1), AbsoluteValues(1e-4)), Squares(1e-4, on=("U", "V")))
    """

    rule: Rule = eqx.field(converter=as_rule)
    penalty: Penalty

    def init(self, learner: Any) -> PyTree:
        """What the inner rule keeps."""
        return self.rule.init(learner)

    def step(
        self, learner: LearnerT, gradient: PyTree, state: PyTree, *, loss: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[LearnerT, PyTree]:
        """The inner rule's step on the sum of both gradients."""
        whole = jax.tree.map(jnp.add, gradient, self.penalty.gradient(learner))
        return self.rule.step(learner, whole, state, loss=loss, key=key)

    def slowed(self, factor: Real) -> "Penalised":
        """With the inner rule at `factor` times its rate."""
        return Penalised(self.rule.slowed(factor), self.penalty)


@jax.custom_jvp
def nuclear_norm(matrix: Float[Array, "rows columns"]) -> Float[Array, ""]:
    """The sum of the singular values."""
    return jnp.sum(jnp.linalg.svd(matrix, compute_uv=False))


@nuclear_norm.defjvp
def _along(
    at: tuple[Float[Array, "rows columns"]], towards: tuple[Float[Array, "rows columns"]]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The value, and tr((U V^T)^T dW) over the singular values that are not zero to rounding."""
    (matrix,), (tangent,) = at, towards
    left, values, right = jnp.linalg.svd(matrix, full_matrices=False)
    zero = jnp.finfo(matrix.dtype).eps * max(matrix.shape) * values[0]
    direction = jnp.where(values > zero, left, 0.0) @ right
    return jnp.sum(values), jnp.sum(direction * tangent)


def _named(name: str, network: Any) -> list[str]:
    """The parameters that a name means."""
    found = [each for each in network.parameters if each == name or each.endswith(f".{name}")]
    if not found:
        raise NoSuchParameter(
            f"{type(network).__name__} has no parameter {name}: penalise some of {', '.join(network.parameters)}"
        )
    return found
