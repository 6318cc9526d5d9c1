"""What a trainer needs of whatever it trains: parameters, a loss with its gradient, a step."""

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree

from simulate.tasks.task import Batch
from simulate.training.rule import GradientDescent

LearnerT = TypeVar("LearnerT", bound="Learner")
ARRAYS = jax.Array | np.ndarray | np.generic
"""The last is what NumPy makes of a number that is taken out of the array of a population."""


class NoBlocks(TypeError):
    """Rates for the blocks m, u, v, z, given to something that has no such blocks."""


class PlainNumber(TypeError):
    """A field of a network that is a number and no array, of which it is not said whether it learns."""


class Measured(eqx.Module):
    """Loss and accuracy of one network on one batch; accuracy is NaN where the task knows no right and wrong."""

    loss: Float[Array, ""]
    accuracy: Float[Array, ""]


class Learner(eqx.Module):
    """Something that learns by gradient steps. Methods speak of one; a population has a leading axis on every array.

    `fixed` names the array fields that training leaves alone. `alone`: networks of a population are computed one after
    the other instead of side by side, which is quicker where each is made of large matrix products.

    >>> from simulate.cells import Cell, LowRank
    >>> issubclass(Cell, Learner), issubclass(LowRank, Cell)
    (True, True)
    """

    fixed: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[bool] = False

    @abstractmethod
    def loss_and_gradient(self, batch: Batch) -> tuple[Measured, PyTree]:
        """Loss and accuracy on a batch, and the gradient of the loss in whatever form the rule's step takes."""

    def learns(self) -> PyTree:
        """The same tree with True at each array that training moves."""
        return jax.tree_util.tree_map_with_path(lambda path, leaf: _is_real(leaf) and not self._fixes(path), self)

    @property
    def parameters(self) -> dict[str, Array | np.ndarray]:
        """What training moves, by name."""
        leaves = jax.tree_util.tree_leaves_with_path(eqx.filter(self, self.learns()))
        return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}

    def matrices(self, name: str) -> list[Array]:
        """What a parameter is made of: itself alone, unless it is a stack of matrices of several meanings."""
        return [jnp.asarray(self.parameters[name])]

    @property
    def dtype(self) -> jnp.dtype:
        """The precision it computes in: that of its parameters."""
        return jnp.result_type(*jax.tree.leaves(eqx.filter(self, self.learns())))

    def observe(self) -> PyTree:
        """What is recorded of it in every epoch, besides loss and accuracy: nothing."""
        return ()

    def still(self, rule: GradientDescent) -> PyTree:
        """The velocity of momentum before the first step; None without momentum."""
        return None if rule.momentum is None else jax.tree.map(jnp.zeros_like, eqx.filter(self, self.learns()))

    def descended(
        self: LearnerT, gradient: PyTree, rule: GradientDescent, velocity: PyTree, key: Key[Array, ""]
    ) -> tuple[LearnerT, PyTree]:
        """After a step of gradient descent, with the velocity that is left.

        Raises:
            NoBlocks: if the rule has rates for blocks.
        """
        if rule.block_rates is not None:
            raise NoBlocks(f"{type(self).__name__} has no blocks m, u, v, z: leave block_rates out")
        moving, fixed = eqx.partition(self, self.learns())
        velocity = descent_velocity(gradient, rule, velocity)
        moved = jax.tree.map(lambda theta, w: kept(theta, rule) + w, moving, velocity)
        if rule.noise is not None:
            leaves, structure = jax.tree.flatten(moved)
            keys = jax.random.split(key, len(leaves))
            blurred = [
                a + rule.noise * jax.random.normal(k, a.shape, a.dtype) for a, k in zip(leaves, keys, strict=True)
            ]
            moved = jax.tree.unflatten(structure, blurred)
        return eqx.combine(moved, fixed), None if rule.momentum is None else velocity

    def _fixes(self, path: tuple[Any, ...]) -> bool:
        return bool(path) and getattr(path[0], "name", None) in self.fixed


def descent_velocity(gradient: PyTree, rule: GradientDescent, velocity: PyTree) -> PyTree:
    """w <- momentum w - rate gradient; the step alone without momentum."""
    step = jax.tree.map(lambda g: -rule.rate * g, gradient)
    if rule.momentum is None:
        return step
    return jax.tree.map(lambda w, s: rule.momentum * w + s, velocity, step)


def kept(theta: Array, rule: GradientDescent) -> Array:
    """What weight decay leaves of some weights."""
    return theta if rule.weight_decay is None else (1 - rule.weight_decay) * theta


def require_arrays(learner: Learner) -> None:
    """Refuse numbers that a population would hold as arrays, and so train, though nobody said that they learn.

    Raises:
        PlainNumber: naming the field.
    """
    for path, leaf in jax.tree_util.tree_leaves_with_path(learner):
        if not (isinstance(leaf, ARRAYS) or learner._fixes(path)):
            name = jax.tree_util.keystr(path, simple=True, separator=".")
            raise PlainNumber(
                f"{type(learner).__name__} has {name} = {leaf!r}, which is no array: for a setting write "
                f"`{name}: {type(leaf).__name__} = eqx.field(static=True)`, for a number of each network name it in "
                "`fixed`, and for one that learns give an array"
            )


def _is_real(leaf: Any) -> bool:
    return isinstance(leaf, ARRAYS) and bool(jnp.issubdtype(leaf.dtype, jnp.inexact))
