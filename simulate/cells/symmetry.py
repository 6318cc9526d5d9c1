"""What may be done to the units of a network without changing what it answers: permutations, signs, rescalings."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key


class UnknownSymmetry(NotImplementedError):
    """A cell that does not say what may be done to its units."""


class Monomial(eqx.Module):
    """h -> (factor_k h_order(k))_k: unit k of the new network is unit order(k) of the old one, times factor_k.

    An element of a group: `a @ b` does b first, `a.inverse` undoes a. The matrix of it has one entry in each row and
    column.

    >>> import jax.numpy as jnp
    >>> swap = Monomial(order=jnp.array([1, 0]), factor=jnp.array([1.0, -1.0]))
    >>> swap(jnp.array([3.0, 5.0])).tolist()
    [5.0, -3.0]
    >>> (swap @ swap.inverse)(jnp.array([3.0, 5.0])).tolist()
    [3.0, 5.0]
    """

    order: Int[Array, "*networks units"]
    factor: Float[Array, "*networks units"]

    def __call__(self, states: Float[Array, "*shape units"]) -> Float[Array, "*shape units"]:
        """States of the new network, units last, out of states of the old one."""
        return states[..., self.order] * self.factor.astype(states.dtype)

    def rows(self, weights: Float[Array, "units ..."]) -> Float[Array, "units ..."]:
        """Weights onto the units, units first: they change as the state does."""
        return jnp.moveaxis(self(jnp.moveaxis(weights, 0, -1)), -1, 0)

    def columns(self, weights: Float[Array, "*shape units"]) -> Float[Array, "*shape units"]:
        """Weights from the units, units last: they undo what happens to the state."""
        return weights[..., self.order] / self.factor.astype(weights.dtype)

    def __matmul__(self, first: "Monomial") -> "Monomial":
        """This one after another."""
        return Monomial(first.order[self.order], self.factor * first.factor[self.order])

    @property
    def inverse(self) -> "Monomial":
        """What undoes it."""
        back = jnp.argsort(self.order)
        return Monomial(back, 1 / self.factor[back])


@dataclass(frozen=True)
class Symmetry:
    """A group of transformations of N units: all permutations; signs, and positive rescalings, where they are allowed.

    A cell's own, `cell.symmetry`, leaves what it answers alone: `cell.transformed(element)` computes the same. Units
    with an odd phi may be flipped, those with phi(s x) = s phi(x) for s > 0 rescaled. For networks of tanh units in
    general position there is nothing else (Albertini and Sontag, 1993); linear units may be mixed besides.

    >>> import jax
    >>> from simulate.cells import GRU, RELU
    >>> GRU.blank(units=4, inputs=1, outputs=1, phi=RELU).symmetry
    Symmetry(units=4, signs=False, scales=True)
    >>> permutations = Symmetry(units=4, signs=False, scales=False)
    >>> permutations.draw(jax.random.key(0)).factor.tolist()
    [1.0, 1.0, 1.0, 1.0]
    """

    units: int
    signs: bool
    scales: bool

    @property
    def identity(self) -> Monomial:
        """It leaves every unit where it is."""
        return Monomial(jnp.arange(self.units), jnp.ones(self.units))

    def draw(self, key: Key[Array, ""]) -> Monomial:
        """A random element: a uniform permutation, fair signs, factors whose logarithms are standard normal."""
        of_order, of_signs, of_scales = jax.random.split(key, 3)
        factor = jnp.ones(self.units)
        if self.signs:
            factor = factor * jax.random.rademacher(of_signs, (self.units,), factor.dtype)
        if self.scales:
            factor = factor * jnp.exp(jax.random.normal(of_scales, (self.units,)))
        return Monomial(jax.random.permutation(of_order, self.units), factor)

    def __contains__(self, element: Monomial) -> bool:
        """Whether the element is one of the group."""
        order, factor = np.asarray(element.order), np.asarray(element.factor)
        allowed: Bool[np.ndarray, " units"] = np.isfinite(factor) & (factor != 0)
        if not self.signs:
            allowed &= factor > 0
        if not self.scales:
            allowed &= np.abs(factor) == 1
        return bool(np.array_equal(np.sort(order), np.arange(self.units)) and allowed.all())
