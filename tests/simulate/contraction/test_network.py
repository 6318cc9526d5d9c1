"""Networks and assemblies: velocities by loops, Jacobians by differentiation, a flow in closed form."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from simulate.cells.nonlinearity import LINEAR, RELU, SOFTPLUS, TANH, Softplus, steepened
from simulate.contraction.form import RATE, VOLTAGE
from simulate.contraction.inputs import Constant, RandomSinusoids
from simulate.contraction.metric import BlockDiagonal, Dense, Diagonal, euclidean
from simulate.contraction.network import Assembly, BadAssembly, RecurrentNetwork
from simulate.integrate import FlowOutcome, Method, solve_flow

TSITOURAS = Method(  # quicker to compile than the default
    diffrax.Tsit5(), diffrax.PIDController(rtol=1e-11, atol=1e-13), 0.01, diffrax.ForwardMode(), 2**14
)


def gaussian(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def an_assembly():
    """Three modules that differ in everything."""
    modules = (
        RecurrentNetwork(gaussian(0, 3, 3), VOLTAGE, TANH, 0.7),
        RecurrentNetwork(gaussian(1, 2, 2), RATE, SOFTPLUS, 1.3),
        RecurrentNetwork(gaussian(2, 4, 4), VOLTAGE, steepened(TANH, 2.0)),
    )
    return Assembly(modules, gaussian(3, 9, 9))


@pytest.mark.parametrize("activation", [RELU, TANH, SOFTPLUS, Softplus(5.0), LINEAR, steepened(TANH, 3.0)])
def test_slopes_stay_between_zero_and_the_largest(activation):
    slopes = jax.vmap(jax.grad(activation))(jnp.linspace(-20, 20, 2001))
    assert slopes.min() >= 0
    assert slopes.max() <= activation.largest_slope
    assert slopes.max() > 0.999 * activation.largest_slope


def test_the_velocity_of_an_assembly_is_the_equation_written_out():
    assembly, x, u = an_assembly(), np.asarray(gaussian(4, 9)), np.asarray(gaussian(5, 9))
    phis = (np.tanh, lambda z: np.log1p(np.exp(z)), lambda z: np.tanh(2 * z))
    links, velocity = np.asarray(assembly.links), assembly.velocity(jnp.asarray(x), jnp.asarray(u))
    for own, phi, place in zip(assembly.modules, phis, assembly.places, strict=True):
        weights, mine, given = np.asarray(own.weights), x[place], u[place]
        inner = weights @ phi(mine) + given if own.form is VOLTAGE else phi(weights @ mine + given)
        linked = sum(links[place, other] @ x[other] for other in assembly.places)
        np.testing.assert_allclose(velocity[place], (-mine + inner + linked) / own.time_constant, rtol=1e-12)


def test_the_jacobian_is_the_derivative_of_the_velocity():
    assembly, x, u, batch = an_assembly(), gaussian(4, 9), gaussian(5, 9), gaussian(6, 5, 9)

    @jax.jit
    def told(x, u):
        slopes = []
        for own, place in zip(assembly.modules, assembly.places, strict=True):
            at = own.form.argument(own.weights, x[place], u[place])
            slopes.append(jax.vmap(jax.grad(own.activation))(at))
        slopes = jnp.concatenate(slopes)
        return assembly.jacobian(slopes), jax.jacfwd(assembly.velocity)(x, u), assembly.tangent(slopes, batch)

    jacobian, derivative, tangent = (np.asarray(a) for a in told(x, u))
    np.testing.assert_allclose(jacobian, derivative, atol=1e-12)
    np.testing.assert_allclose(tangent, batch @ jacobian.T, atol=1e-12)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(BadAssembly, match="square"):
        RecurrentNetwork(jnp.zeros((2, 3)), VOLTAGE, TANH)
    with pytest.raises(BadAssembly, match="4 units"):
        Assembly((RecurrentNetwork(jnp.zeros((4, 4)), VOLTAGE, TANH),), jnp.zeros((3, 3)))


@pytest.mark.parametrize(
    "metric",
    [
        Dense(jnp.array([[2.0, 0.5], [0.5, 1.0]])),
        Diagonal(jnp.array([2.0, 3.0, 0.5])),
        BlockDiagonal((Diagonal(jnp.array([2.0])), Dense(jnp.array([[2.0, 0.5], [0.5, 1.0]])), euclidean(2))),
    ],
)
def test_a_norm_is_that_of_the_dense_matrix(metric):
    x = gaussian(0, 7, metric.units)
    expected = np.sqrt(np.einsum("bi,ij,bj->b", x, metric.dense(), x))
    np.testing.assert_allclose(metric.norm(x), expected, rtol=1e-13)


def test_a_linear_network_is_solved_by_its_exponential():
    """x' = (W - 1) x + u with constant u, against the closed form."""
    weights, start, u = 0.5 * gaussian(0, 3, 3), gaussian(1, 3), gaussian(2, 3)
    network = RecurrentNetwork(weights, VOLTAGE, LINEAR)
    times, drive = jnp.array([1.0, 2.0]), Constant(u)
    solved = solve_flow(lambda t, x: network.velocity(x, drive(t)), start, 2.0, TSITOURAS, times=times)
    generator = np.asarray(weights) - np.eye(3)
    rest = -np.linalg.solve(generator, u)
    for time, state in zip(solved.times.tolist(), np.asarray(solved.states), strict=True):
        np.testing.assert_allclose(state, rest + expm(time * generator) @ (start - rest), rtol=1e-9)
    assert solved.outcome == FlowOutcome.reached_end


def test_sinusoids_are_drawn_within_their_range():
    drawn = jax.jit(lambda key: RandomSinusoids(4, 1.0, 0.2, 5.0).draw(key, 500))(jax.random.key(0))
    assert 0.2 <= drawn.frequencies.min() < 0.3
    assert 4 < drawn.frequencies.max() <= 5.0
    time = jnp.array(0.7)
    level, amplitudes, frequencies, phases = (np.asarray(leaf) for leaf in jax.tree.leaves(drawn))
    by_hand = level + sum(amplitudes[:, k] * np.sin(0.7 * frequencies[:, k] + phases[:, k]) for k in range(4))
    np.testing.assert_allclose(drawn(time), by_hand, rtol=1e-10)
