"""The section on invariants: its pieces on few runs, and laws that must fail where they should."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from validate.overlaps import broken_laws as laws
from validate.overlaps.level_set import invariants_of, task
from validate.overlaps.weight_paths import follow, follow_adam


def test_following_keeps_every_epoch() -> None:
    """The path of a rule is what single steps give, its start and its end included."""
    network = laws.normal_network(jax.random.key(0), Shape(), LINEAR, neurons=5)
    rule = GradientDescent(rate=1e-2, momentum=0.5)
    path = follow(network, task(), GradientDescent(rate=1.0, momentum=0.5), jnp.array([1e-2]), 3)
    now, velocity = network, rule.init(network)
    for epoch in range(4):
        np.testing.assert_allclose(path.u[0, epoch], now.connectivity.u, rtol=1e-12)
        measured, gradient = now.loss_and_gradient(task().batch)
        now, velocity = rule.step(now, gradient, velocity, loss=measured.loss, key=jax.random.key(0))


def test_adam_takes_steps_of_the_rate() -> None:
    """Adam's first step is the rate, in the gradient's sign, for every weight."""
    network = laws.normal_network(jax.random.key(1), Shape(), LINEAR, neurons=5)
    path = follow_adam(network, task(), jnp.asarray(1e-3), 2)
    step = np.asarray(path.m[1] - path.m[0])
    _, gradient = network.loss_and_gradient(task().batch)
    np.testing.assert_allclose(step, -1e-3 * np.sign(np.asarray(gradient.connectivity.m)), rtol=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_law_of_a_step_holds_for_its_own_matrix_only(momentum: float) -> None:
    """To rounding with A / Lambda, not with A, not for another momentum."""
    rates = (0.5, 2.0, 1.0, 1.5)
    network = laws.normal_network(jax.random.key(2), Shape(), LINEAR)
    runs = laws.train_at_every_rate(network, GradientDescent(1.0, momentum, 0.5, None, rates))

    def residual(momentum: float, decay: float, block_rates: tuple[float, float, float, float]) -> float:
        return laws.law_residual(runs, Shape(), GradientDescent(1.0, momentum, decay, None, block_rates))

    assert residual(momentum, 0.5, rates) < 1e-12
    assert residual(momentum, 0.5, (1.0,) * 4) > 1e-6
    assert residual(momentum + 0.1, 0.5, rates) > 1e-9
    assert residual(momentum, 0.4, rates) > 1e-6


def test_invariants_of_overlaps() -> None:
    theta = np.random.default_rng(0).normal(size=(9, 4))
    sigma = theta.T @ theta
    values = np.linalg.eigvals(np.diag([1, 1, -1, -1]) @ sigma)
    expected = [*((values**k).sum().real for k in (1, 2, 3, 4)), sigma[1, 1] - sigma[2, 2]]
    np.testing.assert_allclose(invariants_of(sigma[None])[0], expected, rtol=1e-10)


def test_order_is_the_exponent() -> None:
    np.testing.assert_allclose(laws.order(np.stack([3 * laws.RATES, 5 * laws.RATES**2])), [1, 2], rtol=1e-12)
