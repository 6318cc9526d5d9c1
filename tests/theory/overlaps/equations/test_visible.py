"""Visible, moving and needed overlaps against derivatives of simulated outputs, and against what training moves."""

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from theory.overlaps import gaussian
from theory.overlaps.equations.gram import GramEquations, UnknownBlock, trained_except
from theory.overlaps.equations.shape import BLOCKS, Shape
from theory.overlaps.equations.visible import FROZEN_PATTERNS, Scope, overlap_roles, visible_overlaps
from theory.overlaps.gaussian import Smooth, x

ONE = Shape()
SHAPES = (ONE, Shape(rank=2), Shape(inputs=2, rank=1, outputs=3), Shape(inputs=2, rank=2, outputs=2))
NAMES = ("linear", "erf", "tanh", "relu")
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
GAINS: dict[str, Callable] = {
    "linear": jnp.ones_like,
    "relu": lambda variance: 0.5 * jnp.ones_like(variance),
    "erf": lambda variance: 1 / jnp.sqrt(1 + np.pi / 2 * variance),
    "tanh": lambda variance: jnp.cosh(jnp.sqrt(variance) * NODES) ** -2.0 @ WEIGHTS / np.sqrt(2 * np.pi),
}


def outputs(sigma: jax.Array, name: str, shape: Shape, steps: int = 4) -> jax.Array:
    """The reduced network's outputs to fixed random inputs, by hand."""
    fast, inputs, dt = shape.inputs + shape.rank, np.random.default_rng(7).normal(size=(steps, shape.inputs)), 0.5

    def advance(k: jax.Array, s: jax.Array) -> tuple[jax.Array, jax.Array]:
        old = 1e-30 + k @ sigma[:fast, :fast] @ k  # keeps the root in tanh's gain differentiable at rest
        kappa = GAINS[name](old) * (sigma[fast : fast + shape.rank, :fast] @ k)
        k = k + dt * (-k + jnp.concatenate([s, kappa]))
        return k, GAINS[name](k @ sigma[:fast, :fast] @ k) * (sigma[fast + shape.rank :, :fast] @ k)

    return jax.lax.scan(advance, jnp.zeros(fast), jnp.asarray(inputs))[1].ravel()


def loss(sigma: jax.Array, name: str, shape: Shape) -> jax.Array:
    return jnp.sum((outputs(sigma, name, shape) - 0.7) ** 2)


def random_theta(shape: Shape, neurons: int = 9) -> jax.Array:
    return jnp.asarray(np.random.default_rng(8).normal(size=(neurons, shape.size)))


def gram(theta: jax.Array) -> jax.Array:
    return theta.T @ theta / theta.shape[0]


def names(shape: Shape, table: np.ndarray) -> set[str]:
    """The overlaps where a symmetric table is true."""
    return {shape.overlap(a, b).name for a, b in shape.pairs if table[a, b]}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled(5)
def test_visible_are_those_that_outputs_have_a_derivative_in(name: str, shape: Shape) -> None:
    """A derivative that is not zero is at least 1e-6 of the largest here; one that is zero is a zero bit for bit."""
    slopes = np.abs(np.asarray(jax.jacobian(outputs)(gram(random_theta(shape)), name, shape))).max(0)
    slopes = slopes + slopes.T
    visible = names(shape, slopes > 1e-6 * slopes.max())
    assert visible == names(shape, slopes > 0)
    assert visible == {each.name for each in visible_overlaps(shape, gaussian.NONLINEARITIES[name])}


def test_the_split_of_rank_one() -> None:
    assert names_of(overlap_roles(ONE, gaussian.LINEAR).invisible) == {"mm", "mu", "uu", "vv", "zv", "zz"}
    assert names_of(overlap_roles(ONE, gaussian.TANH).invisible) == {"vv", "zv", "zz"}
    assert visible_overlaps(ONE, gaussian.RELU) == visible_overlaps(ONE, gaussian.LINEAR)
    assert visible_overlaps(ONE, Smooth("doubled", 2 * x)) == visible_overlaps(ONE, gaussian.LINEAR)
    assert visible_overlaps(ONE, Smooth("cubic", x + x**3)) == visible_overlaps(ONE, gaussian.ERF)


def names_of(overlaps: tuple) -> set[str]:
    return {each.name for each in overlaps}


@cache
def pull_on_neurons(name: str) -> np.ndarray:
    return np.asarray(jax.jit(jax.grad(lambda theta: loss(gram(theta), name, ONE)))(random_theta(ONE)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frozen", FROZEN_PATTERNS, ids=lambda blocks: "frozen_" + "".join(sorted(blocks)))
def test_moving_are_those_that_training_explicit_neurons_moves(name: str, frozen: frozenset[str]) -> None:
    """One step on nine neurons' theta, through the Gram matrix by autodiff: what stays, stays bit for bit."""
    theta = np.asarray(random_theta(ONE))
    trained = np.array([block not in frozen for block in BLOCKS])
    after = theta - 0.01 * trained * pull_on_neurons(name)
    moved = np.abs(after.T @ after - theta.T @ theta) / len(theta)
    expected = overlap_roles(ONE, gaussian.NONLINEARITIES[name], frozen)
    assert names(ONE, moved > 1e-8) == names(ONE, moved > 0) == names_of(expected.moving)


def learned(sigma: jax.Array, trained: jax.Array, name: str, shape: Shape) -> jax.Array:
    """All outputs of the next epochs, by the map."""

    def epoch(sigma: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        pull = jax.grad(loss)(sigma, name, shape)
        step = jnp.eye(shape.size) - 0.01 * (pull + pull.T) * trained
        return step.T @ sigma @ step, outputs(sigma, name, shape)

    return jax.lax.scan(epoch, sigma, None, length=4)[1].ravel()


@cache
def futures() -> Callable:
    return jax.jit(jax.jacfwd(learned), static_argnames=("name", "shape"))


@pytest.mark.parametrize("name", NAMES[:3])  # relu: linear with half the gain
@pytest.mark.parametrize("frozen", FROZEN_PATTERNS, ids=lambda blocks: "frozen_" + "".join(sorted(blocks)))
def test_needed_are_those_that_outputs_of_later_epochs_depend_on(name: str, frozen: frozenset[str]) -> None:
    trained = jnp.array([float(block not in frozen) for block in BLOCKS])
    slopes = np.abs(np.asarray(futures()(gram(random_theta(ONE)), trained, name, ONE))).max(0)
    slopes = slopes + slopes.T
    expected = overlap_roles(ONE, gaussian.NONLINEARITIES[name], frozen)
    assert names(ONE, slopes > 1e-9 * slopes.max()) == names_of(expected.needed)


@pytest.mark.parametrize(
    ("name", "shape"), [("linear", ONE), ("erf", ONE), ("linear", SHAPES[1]), ("erf", Shape(inputs=2))]
)
def test_memory_is_felt_unless_one_side_is_frozen(name: str, shape: Shape) -> None:
    """Freezing m and u, or v and z (for erf: v and z leave no memory at all), closes learning in the visible overlaps.

    H links m, u with v, z alone in linear networks; with one of the sides frozen no overlap inside the other is heard.
    """
    phi = gaussian.NONLINEARITIES[name]
    for frozen in FROZEN_PATTERNS:
        roles = overlap_roles(shape, phi, frozen)
        deaf = {"m", "u"} <= frozen or {"v", "z"} <= frozen
        assert (roles.felt_memory == ()) == deaf
        assert set(roles.state) | set(roles.parameters) == set(roles.needed)
        if name == "erf" and {"v", "z"} <= frozen:
            assert roles.memory == ()
    assert overlap_roles(shape, phi).needed == overlap_roles(shape, phi).overlaps


def test_a_step_needs_nothing_that_the_flow_does_not() -> None:
    """The second-order terms of the map bring no further overlap in: closed under the flow is closed under the map."""
    for frozen in FROZEN_PATTERNS:
        roles = overlap_roles(ONE, gaussian.LINEAR, frozen)
        after = GramEquations(ONE, roles.visible, trained_except(frozen)).map
        read = set().union(*(after[each].free_symbols for each in roles.needed)) & set(roles.overlaps)
        assert read <= set(roles.needed)


def test_scope_is_told() -> None:
    """Two ReLU networks of two neurons with all overlaps equal: a rotation of the neurons changes the outputs.

    The reduced theory says 1/2 zm; the two networks answer zm-like numbers that differ. Linear ones agree.
    """
    assert overlap_roles(ONE, gaussian.LINEAR).scope is Scope.EVERY_NETWORK
    for phi in (gaussian.RELU, gaussian.ERF, gaussian.TANH):
        assert overlap_roles(ONE, phi).scope is Scope.GAUSSIAN_ROWS
    theta = np.random.default_rng(9).normal(size=(2, 4))
    rotated = np.array([[0.6, 0.8], [-0.8, 0.6]]) @ theta
    np.testing.assert_allclose(theta.T @ theta, rotated.T @ rotated, rtol=1e-12)

    def first_output(t: np.ndarray, phi: Callable) -> float:
        return float(t[:, 3] @ phi(t[:, 0]) / 2)

    assert abs(first_output(theta, np.asarray) - first_output(rotated, np.asarray)) < 1e-14
    for phi in (np.tanh, lambda a: np.maximum(a, 0)):
        assert abs(first_output(theta, phi) - first_output(rotated, phi)) > 1e-2


def test_an_unknown_block_is_refused() -> None:
    with pytest.raises(UnknownBlock, match="w"):
        overlap_roles(ONE, gaussian.LINEAR, frozenset("w"))
