"""Networks and assemblies: velocities by loops, Jacobians by differentiation, flow against Euler's method."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.assembly.activation import IDENTITY, RELU, SOFTPLUS, TANH, Softplus, Steepened
from simulate.assembly.form import RATE, VOLTAGE
from simulate.assembly.inputs import Constant, RandomSinusoids, Weighted
from simulate.assembly.metric import BlockDiagonal, Dense, Diagonal, euclidean
from simulate.assembly.network import Assembly, BadAssembly, Network
from simulate.assembly.pairs import flow
from simulate.assembly.sequences import shown_by_euler, shown_by_flow
from simulate.integrate import FlowOutcome, MapOutcome, Method

TSITOURAS = Method(  # quicker to compile than the default
    diffrax.Tsit5(), diffrax.PIDController(rtol=1e-11, atol=1e-13), 0.01, diffrax.ForwardMode(), 2**14
)


def gaussian(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


def an_assembly():
    """Three modules that differ in everything."""
    modules = (
        Network(gaussian(0, 3, 3), VOLTAGE, TANH, 0.7),
        Network(gaussian(1, 2, 2), RATE, SOFTPLUS, 1.3),
        Network(gaussian(2, 4, 4), VOLTAGE, Steepened(TANH, 2.0)),
    )
    return Assembly(modules, gaussian(3, 9, 9))


@pytest.mark.parametrize("activation", [RELU, TANH, SOFTPLUS, Softplus(5.0), IDENTITY, Steepened(TANH, 3.0)])
def test_slopes_stay_between_zero_and_the_largest(activation):
    slopes = jax.vmap(jax.grad(activation))(jnp.linspace(-20, 20, 2001))
    assert slopes.min() >= 0
    assert slopes.max() <= activation.largest_slope
    assert slopes.max() > 0.999 * activation.largest_slope


def test_the_velocity_of_an_assembly_is_the_equation_written_out():
    assembly, x, u = an_assembly(), gaussian(4, 9), gaussian(5, 9)
    for i, place in enumerate(assembly.places):
        own = assembly.modules[i]
        inner = (
            own.weights @ own.activation(x[place]) + u[place]
            if own.form is VOLTAGE
            else own.activation(own.weights @ x[place] + u[place])
        )
        linked = sum(assembly.links[place, other] @ x[other] for other in assembly.places)
        expected = (-x[place] + inner + linked) / own.time_constant
        np.testing.assert_allclose(assembly.velocity(x, u)[place], expected, rtol=1e-13, atol=1e-13)


def test_the_jacobian_is_the_derivative_of_the_velocity():
    assembly, x, u = an_assembly(), gaussian(4, 9), gaussian(5, 9)
    slopes = []
    for own, place in zip(assembly.modules, assembly.places, strict=True):
        at = x[place] if own.form is VOLTAGE else own.weights @ x[place] + u[place]
        slopes.append(jax.vmap(jax.grad(own.activation))(at))
    slopes = jnp.concatenate(slopes)
    jacobian = assembly.jacobian(slopes)
    np.testing.assert_allclose(jacobian, jax.jit(jax.jacfwd(assembly.velocity))(x, u), atol=1e-12)
    batch = gaussian(6, 5, 9)
    np.testing.assert_allclose(assembly.tangent(slopes, batch), batch @ jacobian.T, atol=1e-12)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(BadAssembly, match="square"):
        Network(jnp.zeros((2, 3)), VOLTAGE, TANH)
    with pytest.raises(BadAssembly, match="4 units"):
        Assembly((Network(jnp.zeros((4, 4)), VOLTAGE, TANH),), jnp.zeros((3, 3)))


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
    network = Network(weights, VOLTAGE, IDENTITY)
    solved = flow(network, Constant(u), start, jnp.array([1.0, 2.0]), TSITOURAS)
    generator = weights - jnp.eye(3)
    rest = -jnp.linalg.solve(generator, u)
    for time, state in zip(solved.times, solved.states, strict=True):
        expected = rest + jax.scipy.linalg.expm(time * generator) @ (start - rest)
        np.testing.assert_allclose(state, expected, rtol=1e-9)
    assert solved.outcome == FlowOutcome.reached_end


def test_sinusoids_are_drawn_within_their_range_and_spread_by_input_weights():
    drawn = RandomSinusoids(waves=4, slowest=0.2, fastest=5.0).draw(jax.random.key(0), 500)
    assert 0.2 <= drawn.frequencies.min() < 0.3
    assert 4 < drawn.frequencies.max() <= 5.0
    few = RandomSinusoids().draw(jax.random.key(1), 2)
    weights = gaussian(0, 6, 2)
    np.testing.assert_allclose(Weighted(weights, few)(jnp.array(0.7)), weights @ few(jnp.array(0.7)), rtol=1e-14)
    by_hand = few.level + sum(
        few.amplitudes[:, k] * jnp.sin(0.7 * few.frequencies[:, k] + few.phases[:, k]) for k in range(3)
    )
    np.testing.assert_allclose(few(jnp.array(0.7)), by_hand, rtol=1e-13)


def test_euler_s_error_against_the_flow_falls_with_the_first_power_of_the_step():
    assembly, inputs = an_assembly(), gaussian(7, 5, 9)
    exact = shown_by_flow(assembly, inputs, jnp.zeros(9), 0.2, TSITOURAS)
    assert exact.outcome == FlowOutcome.reached_end
    substeps = np.array([16, 32, 64, 128])

    def error(count):
        shown = shown_by_euler(assembly, inputs, jnp.zeros(9), 0.2, int(count))
        assert shown.outcome == MapOutcome.finite
        return float(jnp.linalg.norm(shown.states[-1] - exact.states[-1]))

    slope = np.polyfit(np.log(substeps), np.log([error(count) for count in substeps]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)
