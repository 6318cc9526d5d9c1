"""Theorem 5: g^2 W^T P W < P with P diagonal, by singular values below 1."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.contraction.form import Weights
from simulate.contraction.metric import Diagonal
from simulate.contraction.parametrise.contracting import Contracting, Seed
from simulate.contraction.parametrise.orthogonal import CAYLEY, OrthogonalMap


class Singular(Contracting):
    """W = P^-1/2 U S V^T P^1/2 / g. Contracts in P at rate 1 - max S, in both forms (RNNs of RNNs, Theorem 5).

    U and V are orthogonal, S = `largest` times a sigmoid, P = exp(`log_metric`), which learns only if `metric_trained`.
    """

    left: Float[Array, "units units"]
    right: Float[Array, "units units"]
    raw: Float[Array, " units"]
    log_metric: Float[Array, " units"]
    largest: float = eqx.field(static=True)
    slope: float = eqx.field(static=True)
    orthogonal: OrthogonalMap = eqx.field(static=True, default=CAYLEY)
    metric_trained: bool = eqx.field(static=True, default=True)

    def singular_values(self) -> Float[Array, " units"]:
        """S, of g P^1/2 W P^-1/2."""
        return self.largest * jax.nn.sigmoid(self.raw)

    @override
    def weights(self) -> Weights:
        core = (self.orthogonal(self.left) * self.singular_values()) @ self.orthogonal(self.right).T
        root = jnp.sqrt(self.metric().entries)
        return core / root[:, None] * root / self.slope

    @override
    def metric(self) -> Diagonal:
        kept = self.log_metric if self.metric_trained else jax.lax.stop_gradient(self.log_metric)
        return Diagonal(jnp.exp(kept))

    @override
    def rate(self) -> Float[Array, ""]:
        return 1 - jnp.max(self.singular_values())


def draw_singular(
    seed: Seed,
    units: int,
    *,
    largest: float = 0.99,
    slope: float = 1.0,
    orthogonal: OrthogonalMap = CAYLEY,
    size: float = 1.0,
) -> Singular:
    """Gaussian parameters; `size` is that of the skew matrices' entries times sqrt(units); metric 1 to start with."""
    random = np.random.default_rng(seed)
    left, right = size * random.standard_normal((2, units, units)) / units**0.5
    raw = jnp.asarray(random.standard_normal(units))
    return Singular(jnp.asarray(left), jnp.asarray(right), raw, jnp.zeros(units), largest, slope, orthogonal)
