"""Modes at a fixed point against the map itself, a little beside that point."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import Vanilla
from simulate.fixed_points import linearise
from simulate.fixed_points.linearisation import DefectiveJacobian
from simulate.measures import find_fixed_points
from simulate.measures.fixed_points.static_map import StaticMap

RANDOM = np.random.default_rng(0)


def network(W):
    blank = Vanilla.blank(len(W), 2, 2)
    U, V = RANDOM.normal(size=(len(W), 2)), RANDOM.normal(size=(2, len(W)))
    return eqx.tree_at(lambda each: (each.W, each.U, each.V), blank, (jnp.asarray(W), jnp.asarray(U), jnp.asarray(V)))


def test_modes_say_what_a_step_makes_of_a_small_displacement_and_of_a_small_input():
    W = RANDOM.normal(size=(5, 5)) / 3
    cell = network(W)
    found = find_fixed_points(cell, np.zeros((1, 5)), inputs=[0.3, -0.2])
    modes, point = linearise(found, 0), found.points[0]
    assert (np.diff(np.abs(modes.eigenvalues)) <= 1e-12).all()
    np.testing.assert_allclose(modes.left @ modes.right, np.eye(5), atol=1e-12)
    away, kick = 1e-6 * RANDOM.normal(size=5), 1e-6 * RANDOM.normal(size=2)
    after = np.asarray(StaticMap.of(cell, np.array([0.3, -0.2]) + kick)(jnp.asarray(point + away))) - point
    amplitudes = modes.eigenvalues * (modes.left @ away) + modes.driven @ kick
    np.testing.assert_allclose(modes.right @ amplitudes, after, atol=1e-11)
    np.testing.assert_allclose(modes.shown @ amplitudes, np.asarray(cell.V) @ after, atol=1e-11)


def test_a_spiral_turns_and_decays_as_its_eigenvalue_says():
    angle = 2 * np.pi / 8
    W = 0.9 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    modes = linearise(find_fixed_points(network(W), np.zeros((1, 2))), 0)
    np.testing.assert_allclose(np.sort(modes.frequencies), [-1 / 8, 1 / 8], atol=1e-12)
    np.testing.assert_allclose(modes.time_constants, [-1 / np.log(0.9)] * 2, rtol=1e-12)


def test_a_jacobian_without_enough_eigenvectors_is_refused_by_name():
    found = find_fixed_points(network(np.array([[0.5, 1.0], [0.0, 0.5]])), np.zeros((1, 2)))
    with pytest.raises(DefectiveJacobian, match="point 0"):
        linearise(found, 0)
