"""The multiplier inequality, parametrised exactly: all its solutions and nothing else."""

import equinox as eqx
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from simulate.contraction.form import AnyForm, Form, Weights, known_form
from simulate.contraction.metric import Dense, Metric
from simulate.contraction.parametrise.contracting import FLOOR, BadParameters, Contracting, Seed, gram, positive

Positive = Float[Array, " units"]


class MultiplierWeights(Contracting):
    """With A = g W, k = 1 - rate, P > 0 and a diagonal Q > 0 this class of weights fulfils

        voltage form: [[2kP, -(P A + Q)], [., 2Q]] > 0,    rate form: [[2kP, -(P + A^T Q)], [., 2Q]] > 0,

    which makes x' = J(D) x contract in P at the rate 1 - k at least, for slopes in [0, g]. By a Schur complement both
    say that the upper right block is 2 sqrt(k) C F Q^1/2 with P = C C^T and a strict contraction F, |F| < 1, which is
    solved for A. F comes from a free Y by `strict_contraction`, P and Q as in `contracting`: every weight matrix for
    which the inequality has a solution is reached, as P and Q may be scaled together (`containing` is the way back).
    """

    factor: Float[Array, "units units"]
    multiplier_root: Positive
    free: Float[Array, "units units"]
    form: Form = eqx.field(static=True, converter=known_form)
    least_rate: float = eqx.field(static=True)
    slope: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse rates that no network has.

        Raises:
            BadParameters: naming the range.
        """
        if not 0 <= self.least_rate < 1:
            raise BadParameters(f"rate {self.least_rate}: give one from 0, below 1")

    @override
    def weights(self) -> Weights:
        p, q, k = gram(self.factor), positive(self.multiplier_root), 1 - self.least_rate
        block = 2 * k**0.5 * jnp.linalg.cholesky(p) @ strict_contraction(self.free) * jnp.sqrt(q)
        return self.form.weights_of(block, p, q) / self.slope

    def multiplier(self) -> Positive:
        """The diagonal of Q."""
        return positive(self.multiplier_root)

    @override
    def metric(self) -> Metric:
        return Dense(gram(self.factor))

    @override
    def rate(self) -> Float[Array, ""]:
        return jnp.asarray(self.least_rate, self.factor.dtype)


def strict_contraction(free: Weights) -> Weights:
    """F = R^-1 Y with R the Cholesky factor of 1 + Y Y^T: 1 - F F^T = (R^T R)^-1 > 0. Onto, and smooth everywhere."""
    root = jnp.linalg.cholesky(jnp.eye(len(free), dtype=free.dtype) + free @ free.T)
    return jsp.linalg.solve_triangular(root, free, lower=True)


def containing(
    weights: Weights, metric: Weights, multiplier: Positive, *, form: Form, least_rate: float, slope: float
) -> MultiplierWeights:
    """The parameters that give these weights, from any solution P, Q of their inequality; P and Q come out scaled.

    Raises:
        BadParameters: if P and Q do not solve the inequality strictly.
    """
    scale = 1 / jnp.minimum(jnp.linalg.eigvalsh(metric)[0], jnp.min(multiplier))
    p, q, k = scale * metric, scale * multiplier, 1 - least_rate
    form = known_form(form)
    block = form.upper_block(p, q, slope * weights)
    root = jnp.linalg.cholesky(p)
    contraction = jsp.linalg.solve_triangular(root, block / jnp.sqrt(q), lower=True) / (2 * k**0.5)
    rest = jnp.linalg.cholesky(jnp.eye(len(p), dtype=p.dtype) - contraction @ contraction.T)
    if not (scale > 0 and jnp.all(jnp.isfinite(rest))):
        raise BadParameters(
            "metric and multiplier do not solve the inequality strictly for these weights and this rate"
        )
    return MultiplierWeights(
        factor=jnp.linalg.cholesky(p - FLOOR * jnp.eye(len(p), dtype=p.dtype)).T,
        multiplier_root=jnp.sqrt(q - FLOOR),
        free=jsp.linalg.solve_triangular(rest, contraction, lower=True),
        form=form,
        least_rate=least_rate,
        slope=slope,
    )


def draw_multiplier(
    seed: Seed,
    units: int,
    form: AnyForm,
    *,
    least_rate: float = 0.01,
    slope: float = 1.0,
    size: float = 1.0,
) -> MultiplierWeights:
    """Gaussian parameters near P = Q = 1; `size` is that of the entries of Y times sqrt(units)."""
    random = np.random.default_rng(seed)
    factor = np.eye(units) + 0.1 * random.standard_normal((units, units)) / units**0.5
    root = 1 + 0.1 * random.standard_normal(units)
    free = size * random.standard_normal((units, units)) / units**0.5
    return MultiplierWeights(
        jnp.asarray(factor), jnp.asarray(root), jnp.asarray(free), known_form(form), least_rate, slope
    )
