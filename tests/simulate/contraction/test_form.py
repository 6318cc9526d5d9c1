"""The two forms: each method against the velocity, and the formulas of the two parametrisations against Jacobians."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import SOFTPLUS, TANH
from simulate.contraction.form import FORMS, RATE, VOLTAGE

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
ROUNDING = {"rtol": 1e-12, "atol": 1e-12}


def gaussian(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def a_metric(seed):
    root = gaussian(seed, 4, 4)
    return root @ root.T + jnp.eye(4)


def test_velocities_are_the_two_equations():
    w, x, u = gaussian(0, 4, 4), gaussian(1, 5, 4), gaussian(2, 4)
    rows = np.asarray(x)
    voltage = [-row + w @ np.tanh(row) + u for row in rows]
    rate = [-row + np.tanh(w @ row + u) for row in rows]
    np.testing.assert_allclose(VOLTAGE.velocity(w, TANH, x, u), voltage, **ROUNDING)
    np.testing.assert_allclose(RATE.velocity(w, TANH, x, u), rate, **ROUNDING)


@BOTH
def test_the_jacobian_is_taken_at_the_slopes_of_the_argument(form):
    w, x, u = gaussian(0, 4, 4), gaussian(1, 4), gaussian(2, 4)
    slopes = jax.vmap(jax.grad(SOFTPLUS))(form.argument(w, x, u))
    derivative = jax.jacfwd(lambda x: form.velocity(w, SOFTPLUS, x, u))(x)
    np.testing.assert_allclose(form.jacobian(w, slopes), derivative, **ROUNDING)
    np.testing.assert_allclose(form.tangent(w, slopes, x), derivative @ x, **ROUNDING)


@BOTH
def test_euler_scales_make_an_euler_step(form):
    w, x, u, step = gaussian(0, 4, 4), gaussian(1, 4), gaussian(2, 4), 0.3
    inside, outside = form.euler_scales(step)
    assert {inside, outside} == {step, 1.0}
    moved = (1 - step) * x + outside * form.response(lambda y: inside * w @ y, TANH, x, inside * u)
    np.testing.assert_allclose(moved, x + step * form.velocity(w, TANH, x, u), **ROUNDING)


@BOTH
def test_the_upper_block_is_that_of_the_multiplier_inequality(form):
    """-x^T (P J + J^T P) x = 2 x^T P x - 2 x^T B w + 2 w^T Q w + 2 w^T Q (y - w), w = D y, y = x or W x."""
    w, x, p = gaussian(0, 4, 4), gaussian(1, 4), a_metric(2)
    q, slopes = jnp.exp(gaussian(3, 4)), jnp.asarray(np.random.default_rng(4).uniform(size=4))
    block, jacobian = form.upper_block(p, q, w), form.jacobian(w, slopes)
    y = form.argument(w, x, jnp.zeros(4))
    out = slopes * y
    decay = -2 * x @ p @ jacobian @ x
    said = 2 * x @ p @ x - 2 * x @ block @ out + 2 * out @ (q * out) + 2 * out @ (q * (y - out))
    assert float(decay) == pytest.approx(float(said), rel=1e-12)
    np.testing.assert_allclose(form.weights_of(block, p, q), w, **ROUNDING)


@BOTH
def test_products_contract_at_rate_one_in_their_metric(form):
    """M J + J^T M + 2 M has no positive eigenvalue, at 100 random slopes of up to 50."""
    left, right = jnp.exp(gaussian(0, 2, 4))
    middle, random = a_metric(1), np.random.default_rng(2)
    weights, metric = -left[:, None] * middle * right, form.product_metric(left, middle, right)
    assert np.linalg.eigvalsh(metric)[0] > 0
    for slopes in random.uniform(0, 50, size=(100, 4)):
        growth = np.asarray(metric @ form.jacobian(weights, jnp.asarray(slopes)) + metric)
        total = growth + growth.T
        assert np.linalg.eigvalsh(total)[-1] <= 1e-10 * np.abs(total).max()
