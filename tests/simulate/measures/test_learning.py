"""Weight change and tangent kernels, beside finite differences and whole Jacobians."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from simulate.cells import GRU, LSTM, RELU, Cell, UniformWeights, Vanilla
from simulate.measures import kernel_alignment, weight_change
from simulate.measures.learning import jacobian
from simulate.measures.samples import NotFinite, WrongShape
from simulate.tasks import Batch, NBitFlipFlop, SummedSquares

PROBE = NBitFlipFlop(jax.random.key(1), trials=5, steps=4, bits=2)(jnp.asarray(0))


def drawn(seed: int, units: int = 3, dtype: str = "float64") -> Vanilla:
    return UniformWeights(units=units, inputs=2, outputs=2).draw(jax.random.key(seed), jnp.dtype(dtype))


def by_differences(network: Cell, batch: Batch, step: float = 1e-5) -> np.ndarray:
    """Central differences, an error of step^2."""
    moving, fixed = eqx.partition(network, network.learns())
    flat, unflatten = ravel_pytree(moving)

    @jax.jit
    def answers(flat: Array) -> Array:
        return eqx.combine(unflatten(flat), fixed).outputs(batch).ravel()

    columns = []
    for k in range(len(flat)):
        moved = np.zeros(len(flat))
        moved[k] = step
        columns.append(np.asarray(answers(flat + moved) - answers(flat - moved)) / (2 * step))
    return np.stack(columns, axis=1)


def test_the_jacobian_is_that_of_finite_differences() -> None:
    network = drawn(0)
    np.testing.assert_allclose(jacobian(network, PROBE), by_differences(network, PROBE), atol=1e-8)


@pytest.mark.parametrize("memory", [1, 2 * 4 * 8 * 8 * 27, 2**30])
def test_alignment_is_that_of_whole_kernels_however_trials_are_grouped(memory: int) -> None:
    """Of 5 trials, in groups of one, of two (and one), and of all."""
    before, after = drawn(0), drawn(1)
    J, ended = jacobian(before, PROBE), jacobian(after, PROBE)
    K, L = J @ J.T, ended @ ended.T
    found = kernel_alignment(before, after, PROBE, memory=memory)
    assert found.value == pytest.approx(np.trace(L @ K) / np.linalg.norm(K) / np.linalg.norm(L), rel=1e-12)
    assert (found.start, found.end) == (pytest.approx(np.linalg.norm(K)), pytest.approx(np.linalg.norm(L)))
    assert (found.outputs, found.parameters) == J.shape == (5 * 4 * 2, 9 + 6 + 3 + 6 + 2)


def test_steps_that_do_not_count_have_no_part_in_the_kernel() -> None:
    """What a small step of gradient descent changes of the weighted outputs is the kernel's product with the errors.

    The loss is the weighted sum of squares over all trials, half of it; the change is of first order in the rate, and
    the rest of second order: errors of a hundredth of it at a rate of 1e-6.
    """
    weights = jnp.asarray([[1.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 1.0]] * 2 + [[0.0] * 4])
    probe = eqx.tree_at(lambda batch: batch.mask, PROBE, weights)
    probe = dataclasses.replace(probe, criterion=SummedSquares(2 / 5))
    network, other = drawn(0), drawn(1)
    J = jacobian(network, probe)
    assert len(J) == 2 * 2 * (2 + 1) == kernel_alignment(network, other, probe).outputs
    _, gradient = network.loss_and_gradient(probe)
    moved = jax.tree.map(lambda a, g: a - 1e-6 * g, network, gradient)
    roots, counted = np.sqrt(np.asarray(weights))[..., None], np.asarray(weights) > 0
    errors, change = (
        (roots * np.asarray(each))[counted].ravel()
        for each in (network.outputs(probe) - probe.targets, moved.outputs(probe) - network.outputs(probe))
    )
    np.testing.assert_allclose(change, -1e-6 * J @ J.T @ errors, atol=1e-2 * np.abs(change).max())
    of_other = jacobian(other, probe)
    K, L = J @ J.T, of_other @ of_other.T
    expected = np.trace(K @ L) / np.linalg.norm(K) / np.linalg.norm(L)
    assert kernel_alignment(network, other, probe, memory=1).value == pytest.approx(expected, rel=1e-12)
    changed = eqx.tree_at(lambda batch: batch.inputs, probe, probe.inputs.at[4].set(7.0))  # a trial without a step
    assert kernel_alignment(network, other, changed).value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_any_cell_has_a_tangent_kernel(kind: type) -> None:
    blank = kind.blank(units=2, inputs=2, outputs=2)
    flat, unflatten = ravel_pytree(eqx.filter(blank, blank.learns()))
    rng, fixed = np.random.default_rng(0), eqx.filter(blank, blank.learns(), inverse=True)
    network = eqx.combine(unflatten(jnp.asarray(rng.normal(size=len(flat)))), fixed)
    np.testing.assert_allclose(jacobian(network, PROBE), by_differences(network, PROBE), atol=1e-8)


def test_a_kernel_that_only_grows_is_aligned() -> None:
    """A linear readout without a recurrence: its derivatives are the activity and the readout."""
    network = drawn(2)
    assert kernel_alignment(network, network, PROBE).value == pytest.approx(1.0, abs=1e-14)
    assert kernel_alignment(network, drawn(3), PROBE).value < 1.0


def test_single_precision_networks_are_measured_in_double() -> None:
    single, double = drawn(4, dtype="float32"), drawn(5, dtype="float32")
    wide = [jax.tree.map(lambda a: a.astype(jnp.float64), each) for each in (single, double)]
    assert kernel_alignment(single, double, PROBE) == kernel_alignment(*wide, PROBE)


def test_weight_change_is_a_norm_over_all_that_is_given() -> None:
    before, after = drawn(0), drawn(1)
    squares = sum(
        ((np.asarray(after.parameters[name]) - np.asarray(w)) ** 2).sum() for name, w in before.parameters.items()
    )
    assert weight_change(before.parameters, after.parameters).value == pytest.approx(np.sqrt(squares), rel=1e-12)
    recurrent = weight_change(before.W, after.W)
    assert recurrent.value == pytest.approx(np.linalg.norm(after.W - before.W), rel=1e-12)
    assert recurrent.relative == pytest.approx(recurrent.value / np.linalg.norm(before.W), rel=1e-12)


def test_what_are_not_the_same_weights_is_refused() -> None:
    with pytest.raises(WrongShape):
        weight_change(np.ones(3), np.ones(4))
    with pytest.raises(NotFinite):
        weight_change(np.ones(3), np.full(3, np.nan))
    with pytest.raises(WrongShape):
        kernel_alignment(drawn(0), drawn(0, units=4), PROBE)
    diverged = eqx.tree_at(lambda cell: cell.b, drawn(0), jnp.full(3, jnp.nan))
    with pytest.raises(NotFinite):
        kernel_alignment(drawn(0), diverged, PROBE)


def test_rectified_units_work_as_well() -> None:
    network = UniformWeights(units=3, inputs=2, outputs=2, phi=RELU).draw(jax.random.key(0), jnp.dtype("float64"))
    assert kernel_alignment(network, network, PROBE).value == pytest.approx(1.0, abs=1e-14)
