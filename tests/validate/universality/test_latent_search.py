"""The search in latent variables: the points it gives are those of all units, whatever the scale of the factors."""

from dataclasses import fields, replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import RELU, Vanilla
from simulate.cells.full_rank import FullRank
from simulate.fixed_points import walk_continua
from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.fixed_points.static_map import StaticMap
from theory.universality import Factored, fixed_point_set
from validate.universality.ball_maps import proofs
from validate.universality.latent_search import LatentSearch
from validate.universality.user_cell import AskedNetwork
from validate.universality.user_graph import graph_at
from validate.universality.user_latent import NearProduct, low_rank_of

UNITS = 7
random = np.random.default_rng(1)
M = random.normal(size=(UNITS, 2))
N = 3.0 * np.linalg.pinv(M).T
DRIVE = 0.05 * random.normal(size=UNITS)
AT = np.ones(1)
"""The constant input."""


def asked(kind, phi=None):
    weights = jnp.asarray(M @ N.T), jnp.asarray(DRIVE[:, None]), jnp.zeros(UNITS), jnp.eye(UNITS), jnp.zeros(UNITS)
    cell = kind(*weights) if phi is None else kind(*weights, phi)
    return AskedNetwork(cell, flow=kind is FullRank)


@pytest.mark.parametrize(("kind", "scale"), [(Vanilla, 1.0), (FullRank, 1e12)])
def test_points_are_all_of_the_network_of_all_units(kind, scale):
    latent = LatentSearch.of(asked(kind), NearProduct(Factored(M * scale, N / scale), 0.0), AT)
    assert latent is not None
    found = latent.search(latent.spread(64, seed=0), seed=0).found
    proved = fixed_point_set(Factored(M, N), DRIVE)
    expected = proved.states if kind is Vanilla else proved.states @ N @ M.T + DRIVE
    assert proved.complete
    assert len(expected) == len(found.points) > 4
    apart = np.abs(found.points[:, None] - expected).max(axis=2)
    assert sorted(apart.argmin(axis=1)) == list(range(len(expected)))
    assert apart.min(axis=1).max() < 1e-12
    assert (found.residuals < 1e-13).all()
    assert found.index_sum == 1
    proved_points = [each for each in latent.proofs(found) if each is not None]
    assert [each.index for each in proved_points] == found.indices.tolist()
    if kind is Vanilla:  # stability of steps
        assert [each.unstable_dimension for each in proved_points] == found.unstable_dimensions.tolist()


@pytest.mark.parametrize("kind", [Vanilla, FullRank])
def test_of_weights_next_to_a_low_rank_the_points_are_those_of_the_weights(kind):
    """In single precision W is no product; points are sought as kappa and stand still under W itself."""
    W = (M @ N.T).astype(np.float32).astype(float)
    network = asked(kind)
    network = AskedNetwork(eqx.tree_at(lambda cell: cell.W, network.cell, jnp.asarray(W)), network.flow)
    low = low_rank_of({"W": W})
    assert low is not None
    latent = LatentSearch.of(network, low, AT)
    search = latent.search(latent.spread(64, seed=0), seed=0)
    found, product = search.found, replace(latent, near=False).search(latent.spread(64, seed=0), seed=0).found.points
    proved = fixed_point_set(W, DRIVE)
    expected = proved.states if kind is Vanilla else proved.states @ W.T + DRIVE
    apart = np.abs(found.points[:, None] - expected).max(axis=2)
    assert sorted(apart.argmin(axis=1)) == list(range(len(expected)))
    assert apart.min(axis=1).max() < 1e-12
    assert 1e-10 < np.abs(found.points[:, None] - product).max(axis=2).min(axis=1).max() < 1e-5
    assert (found.hits.min() > 0, found.hits.tolist()) == (True, sorted(found.hits)[::-1])
    assert (search.closed, found.index_sum) == (True, 1)


def test_networks_of_no_low_rank_are_searched_in_all_units():
    few = NearProduct(Factored(M, N), 0.0)
    all_units = NearProduct(Factored(np.eye(UNITS), np.eye(UNITS)), 0.0)
    assert LatentSearch.of(asked(Vanilla, RELU), few, AT) is None
    assert LatentSearch.of(asked(Vanilla), None, AT) is None
    assert LatentSearch.of(asked(Vanilla), all_units, AT) is None


@pytest.mark.parametrize("kind", [Vanilla, FullRank])
def test_the_graph_through_the_factors_is_that_of_all_units(kind):
    """Eigenvalues, indices, branches and perturbations, against the network with its W and Jacobians of all units."""
    network = asked(kind)
    latent = LatentSearch.of(network, NearProduct(Factored(M, N), 0.0), AT)
    found = latent.search(latent.spread(64, seed=0), seed=0).found
    fields = found.points, found.residuals, found.hits, found.slow, found.speeds, found.slow_hits, found.lost
    whole = FixedPoints(StaticMap.of(network.cell, AT), *fields)
    assert np.abs(np.sort_complex(found.eigenvalues) - np.sort_complex(whole.eigenvalues)).max() < 1e-7  # of zeros
    assert found.indices.tolist() == whole.indices.tolist()
    assert all(each is not None for each in proofs(network.cell, found))
    unstable = network.unstable_dimensions(whole)
    graphs = [graph_at(network, each, AT, unstable, seed=3) for each in (found, whole)]
    assert None not in graphs
    few, all_units = graphs
    assert few.branches.edges == all_units.branches.edges != ()
    assert few.perturbations.counts.tolist() == all_units.perturbations.counts.tolist()
    assert np.abs(few.graph.outputs - all_units.graph.outputs).max() < 1e-12


@pytest.mark.parametrize(("kind", "units"), [(Vanilla, UNITS), (FullRank, UNITS), (FullRank, 4)])
def test_singular_values_and_paths_through_the_factors_are_those_of_all_units(kind, units):
    factors = Factored(M[:units], N[:units])
    network = asked(kind)
    if units < UNITS:  # no direction is left beside M and D N
        network = replace(network, cell=FullRank(*_weights(units)))
    latent = LatentSearch.of(network, NearProduct(factors, 0.0), AT)
    states = latent.spread(5, seed=1) + 0.1 * np.random.default_rng(2).normal(size=(5, units))
    found = latent.search(states, seed=0).found
    dense = StaticMap.of(network.cell, AT)
    few = found.singular_values_at(states)
    np.testing.assert_allclose(few, FixedPoints.singular_values_at(replace(found, step=dense), states), atol=1e-12)
    for state in states:
        one, all_units = found.pull_at(state), FixedPoints.pull_at(replace(found, step=dense), state)
        np.testing.assert_allclose(one.residual, all_units.residual, atol=1e-12)
        assert one.steepest == pytest.approx(all_units.steepest, abs=1e-12)
        back = all_units.back(len(state))
        np.testing.assert_allclose(one.back(len(one.values)), back, atol=1e-9 * np.linalg.norm(back))
    np.testing.assert_allclose(
        replace(network, factors=latent.factors).trajectories(AT, states, 20),
        network.trajectories(AT, states, 20),
        atol=1e-10,
    )


@pytest.mark.parametrize("kind", [Vanilla, FullRank])
def test_a_line_is_walked_through_the_factors_as_in_all_units(kind):
    """Along one direction the slope at zero is a thousandth below one, along the other a third."""
    both = np.linalg.qr(np.random.default_rng(3).normal(size=(UNITS, 2)))[0]
    factors = Factored(both, both * np.array([0.999, 0.3]))
    zero = jnp.zeros(UNITS)
    cell = kind(jnp.asarray(factors.M @ factors.N.T), zero[:, None], zero, jnp.eye(UNITS), zero)
    latent = LatentSearch.of(AskedNetwork(cell, flow=kind is FullRank), NearProduct(factors, 0.0), AT)
    found = latent.search(0.1 * np.eye(UNITS), seed=0).found
    (few,) = walk_continua(found)
    # the flow's steps are of length one, as those of the map
    dense = FixedPoints(**{each.name: getattr(found, each.name) for each in fields(FixedPoints)})
    (all_units,) = walk_continua(replace(dense, step=StaticMap.of(cell, AT)))
    assert (few.dimension, few.points.tolist()) == (1, [0])
    assert few.length == pytest.approx(all_units.length, rel=1e-9)
    ends = np.sort(few.states[[0, -1]], axis=0), np.sort(all_units.states[[0, -1]], axis=0)
    np.testing.assert_allclose(*ends, atol=1e-9)


def _weights(units):
    W, drive = M[:units] @ N[:units].T, DRIVE[:units]
    return jnp.asarray(W), jnp.asarray(drive[:, None]), jnp.zeros(units), jnp.eye(units), jnp.zeros(units)
