"""Links by negative feedback are skew in the metric of the modules; what runs is what is reported."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.nonlinearity import RELU, TANH
from simulate.contraction.combo import Scales, draw_singular_modules, draw_sparse_modules, joined
from simulate.contraction.form import RATE, VOLTAGE
from simulate.contraction.links import BALANCED_FEEDBACK, NEGATIVE_FEEDBACK, UNCONSTRAINED, negative_feedback
from simulate.contraction.metric import BlockDiagonal, Dense, Diagonal
from simulate.contraction.parametrise.product import draw_product
from simulate.contraction.parametrise.sparse import SparseModules


def gaussian(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


SPARSE = SparseModules(4, 0.2, 2.0)


def residual(links, metric):
    return np.abs(metric @ links + links.T @ metric).max() / np.abs(metric @ links).max()


@pytest.mark.parametrize("dense", [False, True])
def test_links_are_skew_in_the_metric(dense):
    blocks = []
    for i, units in enumerate((3, 1, 4)):
        root = np.asarray(gaussian(i, units, units))
        matrix = root @ root.T + np.eye(units)
        blocks.append(Dense(jnp.asarray(matrix)) if dense else Diagonal(jnp.asarray(np.diag(matrix))))
    metric = BlockDiagonal(tuple(blocks))
    free = gaussian(5, 8, 8)
    links = eqx.filter_jit(negative_feedback)(free, metric)
    assert residual(np.asarray(links), np.asarray(metric.dense())) < 1e-14
    balanced = np.asarray(eqx.filter_jit(BALANCED_FEEDBACK)(free, metric))
    assert residual(np.asarray(balanced), np.asarray(metric.dense())) < 1e-13
    factor = np.linalg.cholesky(metric.dense()).T
    np.testing.assert_allclose(factor @ balanced @ np.linalg.inv(factor), free - free.T, atol=1e-12)
    m = np.asarray(metric.dense())
    one, two = slice(0, 3), slice(4, 8)  # (3) block by block
    expected = np.asarray(free)[one, two] - np.linalg.inv(m[one, one]) @ np.asarray(free)[two, one].T @ m[two, two]
    np.testing.assert_allclose(links[one, two], expected, atol=1e-12)


@pytest.mark.parametrize("modules", [draw_sparse_modules(3, SPARSE, 0), draw_singular_modules(3, 4, 0)])
def test_a_network_s_links_are_skew_and_leave_modules_alone(modules):
    net = joined(modules, 0.1, 0, scales=Scales(links=3.0))
    links, metric = (np.asarray(a) for a in eqx.filter_jit(lambda n: (n.links(), n.metric().dense()))(net))
    assert residual(links, metric) < 1e-15
    single = np.asarray(eqx.filter_jit(lambda n: n.links())(net.astype(jnp.float32)), float)
    assert residual(single, metric) < 1e-6  # float32 leaves its own rounding
    for place in net.assembly().places:
        assert np.all(links[place, place] == 0)


def test_the_control_has_links_of_its_own_everywhere():
    net = joined(draw_sparse_modules(3, SPARSE, 0), 0.1, 0, rule=UNCONSTRAINED)
    off = UNCONSTRAINED.allowed((4, 4, 4)) == 1
    np.testing.assert_array_equal(net.links()[off], net.free_links[off])
    assert np.all(net.links()[~off] == 0)
    assert 2 * int(NEGATIVE_FEEDBACK.allowed((4, 4, 4)).sum()) == int(off.sum())
    np.testing.assert_array_equal(NEGATIVE_FEEDBACK.allowed((1, 2)), [[0, 0, 0], [1, 0, 0], [1, 0, 0]])


@pytest.mark.parametrize("form", [VOLTAGE, RATE])
@pytest.mark.parametrize("kind", ["sparse", "product"])
@pytest.mark.sampled(2)
def test_the_classifier_s_steps_are_euler_steps_of_its_assembly(form, kind):
    modules = {
        "sparse": lambda: draw_sparse_modules(3, SPARSE, 1),
        "product": lambda: [draw_product(i, 4, form) for i in range(3)],
    }[kind]()
    net = joined(modules, 0.05, 1, form=form, activation=TANH, channels=2)
    sequences = gaussian(0, 3, 11, 2)
    last = eqx.filter_jit(lambda n, s: n.prepared().last_states(s))(net, sequences)
    for sequence, state in zip(sequences, last, strict=True):
        assembly, x = net.assembly(), jnp.zeros(12)
        for u in net.drive(sequence):
            x = x + 0.05 * assembly.velocity(x, u)
        np.testing.assert_allclose(x, state, rtol=1e-11, atol=1e-12)


def test_gradients_of_the_whole_network_agree_with_finite_differences():
    net = joined(draw_singular_modules(2, 3, 0), 0.2, 0, activation=RELU)
    sequences = gaussian(0, 2, 7, 1)

    @jax.jit
    def value(n):
        return jnp.sum(jnp.sin(n.logits(sequences)))

    gradient = jax.jit(jax.grad(value))(net)
    way = jax.tree.map(lambda leaf: jnp.asarray(np.random.default_rng(leaf.size).standard_normal(leaf.shape)), net)
    moved = [value(jax.tree.map(lambda a, b, h=h: np.asarray(a) + h * np.asarray(b), net, way)) for h in (1e-6, -1e-6)]
    directional = sum(np.vdot(a, b) for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(way), strict=True))
    assert float(directional) == pytest.approx(float(moved[0] - moved[1]) / 2e-6, rel=1e-6)


def test_a_module_depends_on_the_seed_and_its_number_alone():
    few, many = draw_sparse_modules(2, SPARSE, 3), draw_sparse_modules(4, SPARSE, 3)
    for one, other in zip(few, many[:2], strict=True):
        np.testing.assert_array_equal(one.weights(), other.weights())
    assert any(np.any(a.weights() != b.weights()) for a, b in zip(many, draw_sparse_modules(4, SPARSE, 4), strict=True))
