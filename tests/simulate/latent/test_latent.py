"""States, basins and separatrices of two latent variables, beside what is known of products of wells."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from simulate.latent import LatentVelocity, basin_boundary, draw_units, latent_portrait, settle, trace_separatrices
from simulate.latent.separatrices import NotAPlane
from theory.universality import Factored, GaussianPopulation, LatentFlow

WELL = float(scipy.optimize.brentq(lambda k: 2 * np.tanh(k) - k, 1.0, 2.0, xtol=1e-15))
TURN = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])


def turned(gains, angle=TURN):
    """Two units, kappa' = -kappa + T diag(gains) tanh(T^T kappa): wells along two turned axes."""
    return LatentVelocity(jnp.asarray(angle.T), jnp.asarray(np.diag(gains) @ angle.T), jnp.zeros(2))


def points_of(velocity):
    flow = LatentFlow(Factored(np.asarray(velocity.M), np.asarray(velocity.N)), np.asarray(velocity.drive))
    return flow, np.array([point.state for point in flow.fixed_points().points])


def test_the_velocity_is_that_of_the_theory_and_of_the_whole_network():
    random = np.random.default_rng(0)
    M, N, d, kappa = random.normal(size=(5, 2)), random.normal(size=(5, 2)), random.normal(size=5), np.ones(2)
    velocity = LatentVelocity(jnp.asarray(M), jnp.asarray(N), jnp.asarray(d))
    flow = LatentFlow(Factored(M, N), d)
    np.testing.assert_allclose(velocity(jnp.asarray(kappa)), flow.velocity(kappa), rtol=1e-13)
    np.testing.assert_allclose(jax.jacfwd(velocity)(jnp.asarray(kappa)), flow.slopes(kappa) - np.eye(2), rtol=1e-12)
    x = M @ kappa + d
    np.testing.assert_allclose(-x + M @ (N.T @ np.tanh(x)) + d, M @ flow.velocity(kappa), rtol=1e-12, atol=1e-12)


def test_states_settle_in_the_quadrant_that_they_start_in():
    wells = turned([2.0, 2.0])
    flow, points = points_of(wells)
    stable = points[flow.unstable_dimensions(points) == 0]
    starts = np.random.default_rng(1).uniform(-3, 3, (100, 2))
    nodes = settle(wells, stable, starts).nodes
    np.testing.assert_array_equal(np.sign(stable[nodes] @ TURN), np.sign(starts @ TURN))


def test_separatrices_of_a_product_are_its_axes():
    wells = turned([2.0, 2.0])
    flow, points = points_of(wells)
    lines = trace_separatrices(wells, points, reach=3.0)
    saddles = np.flatnonzero(flow.unstable_dimensions(points) == 1)
    assert [line.saddle for line in lines] == saddles.tolist()
    for line in lines:
        away = np.abs(line.curve @ TURN)
        place = np.abs(points[line.saddle] @ TURN)
        assert away[:, place.argmin()].max() < 1e-9  # on the axis that the saddle is on, its own half
        ends = np.sort(np.linalg.norm(line.curve[[0, -1]], axis=1))
        assert ends[0] < 1e-6  # from the source
        assert abs(np.abs(line.curve[[0, -1]]).max() - 3.0) < 1e-6  # to the border


def test_both_sides_of_a_curved_separatrix_settle_apart():
    random = np.random.default_rng(5)
    M, N = random.normal(size=(2, 2)), 3 * random.normal(size=(2, 2))
    velocity = LatentVelocity(jnp.asarray(M), jnp.asarray(M @ np.diag([2.5, 1.0]) + 0.1 * N), jnp.asarray([0.1, -0.1]))
    flow, points = points_of(velocity)
    (line,) = trace_separatrices(velocity, points, reach=4.0)
    stable = points[flow.unstable_dimensions(points) == 0]
    assert len(stable) == 2
    curve = line.curve[5:-5:20]
    tangent = np.gradient(line.curve, axis=0)[5:-5:20]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) / np.linalg.norm(tangent, axis=1, keepdims=True)
    sides = [settle(velocity, stable, curve + sign * 1e-3 * normal).nodes for sign in (1, -1)]
    assert set(sides[0].tolist()) == {sides[0][0]}
    assert (sides[0] == 1 - sides[1]).all()


def test_a_basin_ends_where_the_axes_are():
    wells = turned([2.0, 2.0])
    flow, points = points_of(wells)
    stable = points[flow.unstable_dimensions(points) == 0]
    boundary = basin_boundary(wells, stable, 0, reach=4.0, rays=24)
    own, rays = stable[0] @ TURN, boundary.directions @ TURN
    with np.errstate(divide="ignore"):
        crossings = np.where(rays * own < 0, -own / rays, np.inf)
    expected = crossings.min(axis=1)
    met = expected < 4.0
    np.testing.assert_allclose(boundary.distances[met], expected[met], atol=1e-5)
    assert np.isinf(boundary.distances[~met]).all()
    assert (boundary.beyond[~met] == 0).all()
    across = own * np.where(crossings == expected[:, None], -1, 1)
    np.testing.assert_allclose((stable @ TURN)[boundary.beyond[met]], across[met], atol=1e-9)


def test_a_portrait_of_a_cycle_shows_it(monkeypatch):
    """kappa' = -kappa + A tanh(kappa), A turning: no point is stable, and all places go round. Two are followed."""
    monkeypatch.setattr("simulate.latent.portrait.LONGEST", 32.0)
    followed = []

    def counted(velocity, stable, starts, **options):
        followed.append(len(starts))
        return settle(velocity, stable, starts, **options)

    monkeypatch.setattr("simulate.latent.portrait.settle", counted)
    turning = LatentVelocity(jnp.eye(2), jnp.asarray([[2.0, -2.0], [2.0, 2.0]]), jnp.zeros(2))
    portrait = latent_portrait(turning, [[0.0, 0.0]], reach=4.0)
    assert portrait.unstable_dimensions.tolist() == [2]
    assert portrait.separatrices == ()
    assert (portrait.basins == -1).all()
    assert followed == [2]  # of thousands of units all places would take minutes
    for path in portrait.moving:
        radius = np.linalg.norm(path, axis=1)
        assert 0.5 < radius.min() < radius.max() < 4.0
        angle = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
        assert abs(angle[-1] - angle[0]) > 2 * np.pi
    grid = portrait.velocity[3, 7] - np.asarray(turning(jnp.asarray([portrait.axis[7], portrait.axis[3]])))
    np.testing.assert_allclose(grid, 0.0, atol=1e-14)


def test_units_are_drawn_in_their_shares():
    populations = [GaussianPopulation(share, np.full(5, share), 1e-20 * np.eye(5)) for share in (0.3, 0.7)]
    drawn = draw_units(populations, 11, seed=0)
    assert np.round(drawn.drive, 6).tolist() == [0.3] * 3 + [0.7] * 8
    np.testing.assert_allclose(drawn.N[:, 0] * 11, drawn.M[:, 1], atol=1e-6)


def test_other_than_planes_are_refused():
    with pytest.raises(NotAPlane, match="two"):
        trace_separatrices(turned([2.0, 2.0]), np.zeros((1, 3)), reach=1.0)
