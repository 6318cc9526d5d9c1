"""Theorem 3: W = -P1 Q P2, with P1 and P2 positive and diagonal and Q positive definite."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.contraction.form import AnyForm, Form, Weights, known_form
from simulate.contraction.metric import Dense, Metric
from simulate.contraction.parametrise.contracting import Contracting, Seed, gram, positive


class Product(Contracting):
    """P_i = d_i^2 + eps, Q = E^T E + eps. Contracts at rate 1 for slopes of any size (RNNs of RNNs, Theorem 3).

    The metric is (P1 Q P1)^-1 in voltage form and P2 Q P2 in rate form: M J + J^T M = -2 M minus a positive diagonal
    in both (in rate form after multiplication by the slopes).
    """

    left_root: Float[Array, " units"]
    right_root: Float[Array, " units"]
    factor: Float[Array, "units units"]
    form: Form = eqx.field(static=True, converter=known_form)

    @override
    def weights(self) -> Weights:
        return -positive(self.left_root)[:, None] * gram(self.factor) * positive(self.right_root)

    @override
    def metric(self) -> Metric:
        return Dense(self.form.product_metric(positive(self.left_root), gram(self.factor), positive(self.right_root)))

    @override
    def rate(self) -> Float[Array, ""]:
        return jnp.ones((), self.factor.dtype)


def draw_product(seed: Seed, units: int, form: AnyForm) -> Product:
    """Gaussian parameters that give weights of order one."""
    random = np.random.default_rng(seed)
    left, right = 1 + 0.3 * random.standard_normal((2, units))
    factor = random.standard_normal((units, units)) / units**0.5
    return Product(jnp.asarray(left), jnp.asarray(right), jnp.asarray(factor), known_form(form))
