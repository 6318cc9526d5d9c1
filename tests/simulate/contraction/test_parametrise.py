"""Parametrisations contract for whatever parameters, and the exact one reaches every solution of its inequality."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.contraction.form import RATE, VOLTAGE
from simulate.contraction.parametrise.contracting import BadParameters
from simulate.contraction.parametrise.multiplier import (
    MultiplierWeights,
    containing,
    draw_multiplier,
    strict_contraction,
)
from simulate.contraction.parametrise.orthogonal import CAYLEY, MATRIX_EXPONENTIAL
from simulate.contraction.parametrise.product import draw_product
from simulate.contraction.parametrise.singular import Singular, draw_singular
from simulate.contraction.parametrise.sparse import NoStableDraw, SparseModules, majorant, with_perron_metric

SIZES = (1, 3, 12)
FORMS = {"voltage": VOLTAGE, "rate": RATE}


@eqx.filter_jit
def _parts(module):
    return module.weights(), module.metric().dense(), module.rate()


def parts(module):
    """Weights, metric and rate, as numpy sees them."""
    weights, metric, rate = _parts(module)
    return np.asarray(weights), np.asarray(metric), float(rate)


def scrambled(module, seed, size=2.0):
    """The same parametrisation at other, large parameters."""
    leaves, structure = jax.tree.flatten(module)
    random = np.random.default_rng(seed)
    return jax.tree.unflatten(structure, [jnp.asarray(size * random.standard_normal(leaf.shape)) for leaf in leaves])


def inequality(p, q, weights, k, form):
    """[[2kP, -(PW + Q)], [., 2Q]] or its like in rate form."""
    block = p @ weights + np.diag(q) if form is VOLTAGE else p + weights.T @ np.diag(q)
    return np.block([[2 * k * p, -block], [-block.T, 2 * np.diag(q)]])


def smallest_scaled(matrix):
    """The smallest eigenvalue once the diagonal is scaled to 1: its sign is that of the matrix."""
    root = np.sqrt(np.diag(matrix))
    return np.linalg.eigvalsh(matrix / np.outer(root, root))[0]


def worst_rate(weights, metric, slope, form, corners=200):
    """Minus the largest logarithmic norm over random corners of the slopes and the two extreme ones."""
    n, factor = len(weights), np.linalg.cholesky(metric).T
    bits = np.random.default_rng(0).integers(0, 2, (corners, n))
    worst = -np.inf
    for d in slope * np.concatenate([bits, np.zeros((1, n)), np.ones((1, n))]):
        jacobian = (weights * d if form is VOLTAGE else d[:, None] * weights) - np.eye(n)
        moved = factor @ jacobian @ np.linalg.inv(factor)
        worst = max(worst, np.linalg.eigvalsh((moved + moved.T) / 2)[-1])
    return -worst


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_product_contracts_at_rate_one_for_slopes_of_any_size(units, form):
    module = scrambled(draw_product(0, units, form), units, 1.0)
    weights, metric, _ = parts(module)
    # Rounding: the metric's condition number times 1e-16.
    assert worst_rate(weights, metric, 3.0, form) > 1 - 1e-14 * np.linalg.cond(metric)


def test_the_metric_of_the_product_is_the_stated_one():
    for form, power in ((VOLTAGE, -1), (RATE, 1)):
        module = scrambled(draw_product(0, 4, form), 3)
        side = np.diag((module.left_root if form is VOLTAGE else module.right_root) ** 2 + 1e-6)
        q = np.asarray(module.factor.T @ module.factor) + 1e-6 * np.eye(4)
        expected = np.linalg.matrix_power(side @ q @ side, power)
        np.testing.assert_allclose(parts(module)[1], expected, rtol=1e-6)


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("orthogonal", [CAYLEY, MATRIX_EXPONENTIAL], ids=["cayley", "exponential"])
@pytest.mark.sampled(2)
def test_singular_values_give_theorem_5_and_its_rate(units, orthogonal):
    slope = 1.7
    module = scrambled(draw_singular(0, units, largest=0.9, slope=slope, orthogonal=orthogonal), units)
    weights, p, rate = parts(module)
    most = 1 - rate
    assert most < 0.9
    gap = most**2 * p - slope**2 * weights.T @ p @ weights
    root = np.sqrt(np.diag(p))
    assert np.linalg.eigvalsh(gap / np.outer(root, root))[0] > -1e-12
    for form in FORMS.values():
        assert worst_rate(weights, p, slope, form) > rate - 1e-10


@pytest.mark.parametrize("orthogonal", [CAYLEY, MATRIX_EXPONENTIAL], ids=["cayley", "exponential"])
def test_orthogonal_maps_are_orthogonal(orthogonal):
    free = jnp.asarray(np.random.default_rng(0).standard_normal((6, 6)))
    q = np.asarray(jax.jit(orthogonal)(free))
    np.testing.assert_allclose(q.T @ q, np.eye(6), atol=1e-13)
    assert np.linalg.det(q) == pytest.approx(1)


def test_a_metric_that_is_not_trained_has_no_gradient():
    module = draw_singular(0, 3)
    kept = Singular(module.left, module.right, module.raw, module.log_metric, 0.9, 1.0, CAYLEY, metric_trained=False)
    for one, moves in ((module, True), (kept, False)):
        gradient = eqx.filter_jit(jax.grad(lambda m: jnp.sum(m.weights() ** 2 * np.arange(9.0).reshape(3, 3))))(one)
        assert bool(jnp.any(gradient.log_metric != 0)) == moves


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_multiplier_class_solves_its_inequality(units, form):
    rate, slope = 0.2, 1.5
    module = scrambled(draw_multiplier(0, units, form, least_rate=rate, slope=slope), units, 1.0)
    (weights, p, _), q = parts(module), np.asarray(module.multiplier())
    assert smallest_scaled(inequality(p, q, slope * weights, 1 - rate, form)) > 0
    assert worst_rate(weights, p, slope, form) > rate - 1e-13 * np.linalg.cond(p)


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.sampled(2)
def test_the_multiplier_class_is_onto(units, form):
    """Solutions found another way, W drawn and shrunk until P = 1, Q = 1 or scaled ones just solve, all come back."""
    random, rate, slope = np.random.default_rng(units), 0.3, 1.3
    root = random.standard_normal((units, units))
    p, q = root @ root.T + 0.1 * np.eye(units), random.uniform(0.2, 3, units)
    centre = -np.linalg.solve(p, np.diag(q)) if form is VOLTAGE else -p / q[:, None]  # makes the block vanish
    towards = random.standard_normal((units, units))
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        good = np.linalg.eigvalsh(inequality(p, q, centre + middle * towards, 1 - rate, form))[0] > 0
        low, high = (middle, high) if good else (low, middle)
    for share in (0.0, 0.5, 0.999):
        weights = (centre + share * low * towards) / slope
        module = containing(
            jnp.asarray(weights), jnp.asarray(p), jnp.asarray(q), form=form, least_rate=rate, slope=slope
        )
        again, metric, _ = parts(module)
        np.testing.assert_allclose(again, weights, rtol=1e-9, atol=1e-9 * np.abs(weights).max())
        ratio = metric / p
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
        np.testing.assert_allclose(module.multiplier() / q, ratio[0, 0], rtol=1e-9)
    with pytest.raises(BadParameters, match="strict"):
        containing(
            jnp.asarray((centre + 1.01 * low * towards) / slope),
            jnp.asarray(p),
            jnp.asarray(q),
            form=form,
            least_rate=rate,
            slope=slope,
        )


def test_parameters_come_back_from_the_weights_they_give():
    module = draw_multiplier(3, 6, VOLTAGE, least_rate=0.1)
    scale = 5.0
    again = containing(
        module.weights(),
        scale * module.metric().dense(),
        scale * module.multiplier(),
        form=VOLTAGE,
        least_rate=0.1,
        slope=1.0,
    )
    np.testing.assert_allclose(again.weights(), module.weights(), rtol=1e-10, atol=1e-12)
    contraction = jax.jit(strict_contraction)
    np.testing.assert_allclose(contraction(again.free), contraction(module.free), atol=1e-10)


def test_the_rate_form_is_the_dual_of_the_voltage_form():
    """rate(W) contracts in P as voltage(W^T) does in P^-1."""
    module = draw_multiplier(1, 5, RATE, least_rate=0.25)
    weights, p, _ = parts(module)
    assert worst_rate(weights.T, np.linalg.inv(p), 1.0, VOLTAGE) == pytest.approx(
        worst_rate(weights, p, 1.0, RATE), rel=1e-9
    )


def test_it_holds_weights_that_no_singular_value_bound_holds():
    """W = -10 contracts, with rate 1, and |g W| < 1 fails by far."""
    module = containing(
        jnp.array([[-10.0]]), jnp.ones((1, 1)), jnp.array([10.0]), form=VOLTAGE, least_rate=0.5, slope=1.0
    )
    assert parts(module)[0][0, 0] == pytest.approx(-10)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(BadParameters, match="below 1"):
        MultiplierWeights(jnp.eye(2), jnp.ones(2), jnp.eye(2), VOLTAGE, rate, 1.0)


MODULES = {
    "product": lambda: draw_product(0, 3, VOLTAGE),
    "singular": lambda: draw_singular(0, 3),
    "exponential": lambda: draw_singular(0, 3, orthogonal=MATRIX_EXPONENTIAL),
    "multiplier": lambda: draw_multiplier(0, 3, RATE),
}


@pytest.mark.parametrize("draw", MODULES.values(), ids=MODULES)
@pytest.mark.sampled(2)
def test_gradients_agree_with_finite_differences(draw):
    module, probe = draw(), np.random.default_rng(9).standard_normal((3, 3))

    @jax.jit
    def value(m):
        return jnp.sum(probe * m.weights()) + jnp.sum(probe * m.metric().dense())

    gradient = jax.jit(jax.grad(value))(module)
    for seed in range(3):
        way = scrambled(module, seed)

        def at(h, way=way):
            return float(value(jax.tree.map(lambda leaf, to: np.asarray(leaf) + h * np.asarray(to), module, way)))

        def slope(h, at=at):
            return (at(h) - at(-h)) / (2 * h)

        expected = (4 * slope(5e-5) - slope(1e-4)) / 3  # error of the fourth order
        directional = sum(np.vdot(a, b) for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(way), strict=True))
        assert float(directional) == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("units", [1, 8, 32])
def test_sparse_modules_fulfil_theorem_1_in_their_metric(units):
    draw = SparseModules(units, density=0.05, magnitude=2.0, slope=1.2)
    for seed in range(3):
        module = draw.draw(seed)
        weights, p, rate = parts(module)
        bound = majorant(weights, 1.2)
        assert np.abs(np.linalg.eigvals(bound)).max() < 1
        gap = p @ (bound - np.eye(units))
        assert np.linalg.eigvalsh(gap + gap.T)[-1] < 0
        assert 0 < rate <= 1 + 1e-12
        for form in FORMS.values():
            assert worst_rate(weights, p, 1.2, form) >= rate - 1e-9
    np.testing.assert_array_equal(draw.draw(2).weights(), draw.draw(2).weights())


def test_reducible_weights_have_a_metric_too():
    module = with_perron_metric(np.array([[-5.0, 10.0], [0.0, 0.0]]), 1.0)
    np.testing.assert_allclose(module.metric().dense(), np.diag([1 / 11, 11]), rtol=1e-14)
    assert module.rate() > 0


def test_draws_that_cannot_be_stable_are_reported():
    with pytest.raises(NoStableDraw, match="lower"):
        SparseModules(8, density=1.0, magnitude=10.0, draws=3).draw(0)
    with pytest.raises(NoStableDraw, match="scale"):
        with_perron_metric(np.ones((2, 2)), 1.0)
    with pytest.raises(BadParameters, match="density"):
        SparseModules(8, density=1.5)
