"""Portraits of maps of two variables: basins of what is known, and what goes round."""

import numpy as np
import pytest

from simulate.latent import LatentVelocity, map_portrait
from simulate.latent.separatrices import NotAPlane

WELL = 1.9150080481545375
"""Of kappa = 2 tanh(kappa)."""


def test_steps_of_two_variables_that_do_not_meet_have_quadrants_for_basins():
    at = np.array([-WELL, 0.0, WELL])
    points = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    portrait = map_portrait(LatentVelocity(np.eye(2), 2 * np.eye(2), np.zeros(2)), points, reach=3.0)
    assert portrait.unstable_dimensions.tolist() == (points == 0).sum(axis=1).tolist()
    places = np.stack(np.meshgrid(portrait.basin_axis, portrait.basin_axis), axis=-1)
    assert (np.sign(points[portrait.basins]) == np.sign(places)).all()
    told = portrait.velocity[-1, 0]  # from (-3, 3)
    assert told == pytest.approx(2 * np.tanh([-3.0, 3.0]) - [-3.0, 3.0])
    assert (portrait.moving, portrait.separatrices, portrait.in_steps) == ((), (), True)


def test_what_a_flow_would_bring_to_rest_goes_round_in_steps_and_not_in_shorter_ones():
    """kappa <- -2 tanh(kappa) changes sides for ever, at kappa = 2 tanh(kappa)."""
    velocity = LatentVelocity(np.eye(2), -2 * np.eye(2), np.zeros(2))
    portrait = map_portrait(velocity, [[0.0, 0.0]], reach=3.0)
    assert (portrait.unstable_dimensions.tolist(), np.unique(portrait.basins).tolist()) == ([2], [-1])
    for visited in portrait.moving:
        np.testing.assert_allclose(np.abs(visited), WELL, atol=1e-9)
        np.testing.assert_allclose(visited[1:], -visited[:-1], atol=1e-9)
    shorter = map_portrait(velocity, [[0.0, 0.0]], reach=3.0, step=0.5)
    assert (shorter.unstable_dimensions.tolist(), np.unique(shorter.basins).tolist()) == ([0], [0])


def test_three_variables_are_no_plane():
    with pytest.raises(NotAPlane, match="3 latent variables"):
        map_portrait(LatentVelocity(np.eye(3), np.eye(3), np.zeros(3)), np.zeros((1, 3)), reach=1.0)
