"""Weights of cells: a transformed network, which computes the same, is at no distance."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from simulate.cells import GRU, LSTM, RELU, TANH, UGRNN, FullRank, Nonlinearity, Vanilla
from simulate.cells.dense import DenseCell
from simulate.measures import WeightsUpTo, all_weights


def drawn(kind: type[DenseCell], phi: Nonlinearity, seed: int) -> DenseCell:
    blank = kind.blank(12, 2, 1, phi)
    flat, unflatten = ravel_pytree(eqx.filter(blank, blank.learns()))
    values = np.random.default_rng(seed).normal(size=len(flat))
    return eqx.combine(unflatten(jnp.asarray(values)), eqx.filter(blank, blank.learns(), inverse=True))


@pytest.mark.parametrize("phi", [TANH, RELU], ids=lambda phi: phi.name)
@pytest.mark.parametrize("kind", [Vanilla, FullRank, UGRNN, GRU, LSTM])
def test_a_transformed_network_is_the_same_network(kind: type[DenseCell], phi: Nonlinearity) -> None:
    network = drawn(kind, phi, 0)
    measure = WeightsUpTo(network.symmetry)
    copy = network.transformed(network.symmetry.draw(jax.random.key(3)))
    found = measure(all_weights(network), all_weights(copy))
    assert found.value <= 1e-12 * found.size
    assert measure(all_weights(network), all_weights(drawn(kind, phi, 1))).relative > 0.3
    entries = sum(np.size(each) for each in network.parameters.values())
    assert found.parameters == entries - 1  # without the constant of the one output
